/** The audit trail of users: the platform's server writes it, users read their own part, admins all of it. */
import type { Selectable } from 'kysely';
import { explainingAccess } from '../../database/faults/access-denied.ts';
import { address, object, text, uuid } from '../../database/faults/bad-input.ts';
import type { Db } from '../../database/connect.ts';
import { jsonText } from '../../database/json-input.ts';
import { keyset, type Page, type PageRequest } from '../../database/keyset.ts';
import type { UserActivityLog } from '../../database/tables.ts';

export type Activity = Selectable<UserActivityLog>;

export interface NewActivity {
  user_id: string;
  /** 50 characters at most */
  action_type: string;
  /** what it was done to, both or none; the type has 50 characters at most */
  resource?: { type: string; id: string } | undefined;
  details?: Record<string, unknown> | undefined;
  ip_address?: string | null | undefined;
}

/**
 * Notes what a user did. For `service_role`: a trail that its subject can write proves nothing. Throws BadInputError,
 * ConstraintError for a user who does not exist, AccessDeniedError under row level security.
 */
export async function noteActivity(db: Db, given: NewActivity): Promise<Activity> {
  const { resource, details, ip_address: ip } = object('given', given);
  const on = resource === undefined ? undefined : object('resource', resource);
  const row = {
    user_id: uuid('user_id', given.user_id),
    action_type: text('action_type', given.action_type, 50),
    resource_type: on === undefined ? null : text('resource_type', on.type, 50),
    resource_id: on === undefined ? null : uuid('resource_id', on.id),
    details: details === undefined ? null : jsonText('details', details),
    ip_address: ip == null ? null : address('ip_address', ip),
  };
  return explainingAccess('the activity was not noted', 'user_id', () =>
    db.insertInto('user_activity_log').values(row).returningAll().executeTakeFirstOrThrow(),
  );
}

/** What a user did, all or only actions of one type, newest first. Throws BadInputError. */
export async function activityOf(
  db: Db,
  of: { user_id: string; action_type?: string | undefined },
  request: PageRequest = {},
): Promise<Page<Activity>> {
  const { user_id, action_type } = object('of', of);
  const { after, order, at, take, page } = keyset(request, 'user_activity_log');
  let query = db
    .selectFrom('user_activity_log')
    .selectAll()
    .select(at.as('at'))
    .where('user_id', '=', uuid('user_id', user_id))
    .where(after);
  if (action_type !== undefined)
    query = query.where('action_type', '=', text('action_type', action_type, 50));
  return page(await query.orderBy(order).limit(take).execute());
}
