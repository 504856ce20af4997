/** Avatars: each belongs to its user, whom no other user needs to know. */
import type { Selectable } from 'kysely';
import { explainingAccess } from '../../database/faults/access-denied.ts';
import { boolean, object, text, uuid } from '../../database/faults/bad-input.ts';
import type { Db } from '../../database/connect.ts';
import { jsonText } from '../../database/json-input.ts';
import { keyset, type Page, type PageRequest } from '../../database/keyset.ts';
import type { Avatars } from '../../database/tables.ts';

export type Avatar = Selectable<Avatars>;

/**
 * Makes an avatar. Throws BadInputError, ConstraintError for a user who does not exist, AccessDeniedError for another
 * user's id under row level security.
 */
export async function addAvatar(
  db: Db,
  given: {
    user_id: string;
    /** 100 characters at most */
    name: string;
    /** what its model looks like, as a plain object */
    appearance: Record<string, unknown>;
    /** true unless given */
    is_active?: boolean | undefined;
  },
): Promise<Avatar> {
  const { is_active = true } = object('given', given);
  const row = {
    user_id: uuid('user_id', given.user_id),
    name: text('name', given.name, 100),
    appearance: jsonText('appearance', given.appearance),
    is_active: boolean('is_active', is_active),
  };
  return explainingAccess('the avatar was not made', 'user_id', () =>
    db.insertInto('avatars').values(row).returningAll().executeTakeFirstOrThrow(),
  );
}

/** The avatars of a user, or only those that are active, newest first. Throws BadInputError. */
export async function avatarsOf(
  db: Db,
  of: { user_id: string; is_active?: boolean | undefined },
  request: PageRequest = {},
): Promise<Page<Avatar>> {
  const { user_id, is_active } = object('of', of);
  const { after, order, at, take, page } = keyset(request, 'avatars');
  let query = db
    .selectFrom('avatars')
    .selectAll()
    .select(at.as('at'))
    .where('user_id', '=', uuid('user_id', user_id))
    .where(after);
  if (is_active !== undefined)
    query = query.where('is_active', '=', boolean('is_active', is_active));
  return page(await query.orderBy(order).limit(take).execute());
}
