/** How many messages a channel got lately, and when it may get the next one: an outage is to cause few messages. */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';

/** How many urgent messages are sent at once. One more message is about all others, so that an outage causes three. */
const maxAtOnce = 2;
const gatherMs = 30_000;
/** A channel with this many single messages in 10 minutes is busy, and its messages wait longer for each other. */
const minBusyMessages = 20;
const busyMs = 5 * 60_000;

export interface Pace {
  now: Date;
  /** urgent messages that may still go out now */
  urgentLeft: number;
  isBusy: boolean;
  /** when the messages that wait are sent; null if none waits */
  gathersUntil: Date | null;
}

export async function paceOf(
  trx: Transaction<Database>,
  channels: readonly string[],
  editing: readonly string[],
): Promise<Map<string, Pace>> {
  const { rows } = await sql<{
    name: string;
    now: Date;
    at_once: number;
    single: number;
    waiting: number;
    until: Date | null;
  }>`
    SELECT c.name, engine.now() AS now,
           (SELECT count(*)::int FROM bot_notifications n
            WHERE n.channel = c.name AND n.status IN ('pending', 'sent') AND n.opens AND NOT n.gathers AND n.kind = 'ticket'
              AND n.created_at BETWEEN engine.now() - interval '10 seconds' AND engine.now()) AS at_once,
           (SELECT count(*)::int FROM bot_notifications n
            WHERE n.channel = c.name AND n.status = 'sent' AND n.kind <> 'group'
              -- Channels that edit do not notify people of an edit.
              AND (n.opens OR c.name <> ALL (${editing}::text[]))
              AND n.sent_at BETWEEN engine.now() - interval '10 minutes' AND engine.now()) AS single,
           w.waiting, w.until
    FROM unnest(${channels}::text[]) AS c (name),
         LATERAL (SELECT count(*)::int AS waiting, min(n.send_after) FILTER (WHERE n.send_after > engine.now()) AS until
                  FROM bot_notifications n WHERE n.channel = c.name AND n.status = 'pending' AND n.gathers) w`.execute(
    trx,
  );
  return new Map(
    rows.map(({ name, now, at_once, single, waiting, until }) => {
      const isBusy = single >= minBusyMessages;
      const urgentLeft = isBusy || waiting > 3 ? 0 : Math.max(0, maxAtOnce - at_once);
      return [name, { now, urgentLeft, isBusy, gathersUntil: until }];
    }),
  );
}

/** When a message that waits for others is sent; an urgent one never waits longer than 30 s. */
export function gatherUntil({ now, isBusy, gathersUntil }: Pace, isUrgent: boolean): Date {
  const longest = now.getTime() + (isBusy && !isUrgent ? busyMs : gatherMs);
  return new Date(Math.min(longest, gathersUntil?.getTime() ?? Infinity));
}
