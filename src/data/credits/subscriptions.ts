import { sql, type Selectable } from 'kysely';
import {
  BadInputError,
  boolean,
  object,
  text,
  instant,
  uuid,
  oneOf,
} from '../../database/faults/bad-input.ts';
import type { Db } from '../../database/connect.ts';
import { ConstraintError, explaining } from '../../database/faults/constraint-errors.ts';
import type { Subscriptions } from '../../database/tables.ts';
import { UnknownUserError } from './ledger.ts';

export type SubscriptionRow = Selectable<Subscriptions>;

/** The provider's id belongs to another user or another provider. */
export class SubscriptionConflictError extends ConstraintError {}

export interface SubscriptionEvent {
  user_id: string;
  provider: SubscriptionRow['provider'];
  /** 255 characters at most */
  provider_subscription_id: string;
  tier: SubscriptionRow['tier'];
  /** canceled: paid for until current_period_end; expired: over; past_due: a payment is late */
  status: SubscriptionRow['status'];
  current_period_start?: Date | null | undefined;
  current_period_end?: Date | null | undefined;
  cancel_at_period_end?: boolean | undefined;
  /** 255 characters at most */
  event_id: string;
  /** when it happened at the provider, not when it arrived */
  event_at: Date;
}

// Providers' times have whole seconds. Of two events in one second, the one nearer to the end of a subscription wins,
// then the one with the greater id: the same events lead to the same row in any order.
const place = (row: string) => sql`(
  ${sql.ref(`${row}.last_event_at`)},
  array_position('{active,past_due,canceled,expired}'::text[], ${sql.ref(`${row}.status`)}::text),
  ${sql.ref(`${row}.last_event_id`)} COLLATE "C")`;

function subscriptionOf(event: SubscriptionEvent) {
  object('event', event);
  const at = (field: 'current_period_start' | 'current_period_end') =>
    event[field] == null ? null : instant(field, event[field]);
  const [start, end] = [at('current_period_start'), at('current_period_end')];
  if (start && end && end < start)
    throw new BadInputError('current_period_end', 'must not be before current_period_start');
  return {
    user_id: uuid('user_id', event.user_id),
    provider: oneOf('provider', event.provider, ['stripe', 'paypal']),
    provider_subscription_id: text('provider_subscription_id', event.provider_subscription_id, 255),
    tier: oneOf('tier', event.tier, ['light', 'standard', 'advanced', 'premium']),
    status: oneOf('status', event.status, ['active', 'canceled', 'expired', 'past_due']),
    current_period_start: start,
    current_period_end: end,
    cancel_at_period_end: boolean('cancel_at_period_end', event.cancel_at_period_end ?? false),
    last_event_id: text('event_id', event.event_id, 255),
    last_event_at: instant('event_at', event.event_at),
  };
}

/**
 * Records a provider's event about a subscription. By the provider's time, the newest event wins; an event that came
 * again or late changes nothing (`changed: false`). Throws BadInputError, {@link SubscriptionConflictError},
 * UnknownUserError.
 */
export async function recordSubscription(
  db: Db,
  event: SubscriptionEvent,
): Promise<{ subscription: SubscriptionRow; changed: boolean }> {
  const given = subscriptionOf(event);
  const named = {
    subscriptions_identity: SubscriptionConflictError,
    subscriptions_user_id_fkey: UnknownUserError,
  };
  return explaining('the subscription was not recorded', named, async () => {
    const { provider_subscription_id: _, ...fields } = given;
    const recorded = await db
      .insertInto('subscriptions')
      .values(given)
      .onConflict((conflict) =>
        conflict
          .column('provider_subscription_id')
          .doUpdateSet(fields)
          // A subscription of another user goes on to the trigger, which refuses it whatever its time is.
          .where(
            sql<boolean>`subscriptions.last_event_at IS NULL
              OR (subscriptions.user_id, subscriptions.provider) IS DISTINCT FROM (excluded.user_id, excluded.provider)
              OR ${place('excluded')} > ${place('subscriptions')}`,
          ),
      )
      .returningAll()
      .executeTakeFirst();
    if (recorded) return { subscription: recorded, changed: true };
    const subscription = await db
      .selectFrom('subscriptions')
      .selectAll()
      .where('provider_subscription_id', '=', given.provider_subscription_id)
      .executeTakeFirstOrThrow();
    return { subscription, changed: false };
  });
}
