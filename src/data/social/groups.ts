import type { Selectable } from 'kysely';
import { NotFoundError } from '../../ground/errors.ts';
import { explainingAccess } from '../../database/faults/access-denied.ts';
import { object, uuid } from '../../database/faults/bad-input.ts';
import type { Db } from '../../database/connect.ts';
import { ConstraintError } from '../../database/faults/constraint-errors.ts';
import type { GroupMembers } from '../../database/tables.ts';

export type GroupMember = Selectable<GroupMembers>;

/** The group has as many members as `support_groups.max_members` allows. */
export class GroupFullError extends ConstraintError {}
/** The user is a member of the group already. */
export class AlreadyInGroupError extends ConstraintError {}
/** The group does not exist, or is private and this person may not add members to it. */
export class ForeignGroupError extends NotFoundError {}

/**
 * Adds a member on behalf of `added_by`. Users may add themselves to a public group; the group's creator and its
 * members with the role admin may add any user to it. The limit holds also when several users join at the same time.
 * Throws BadInputError, {@link ForeignGroupError}, {@link GroupFullError}, {@link AlreadyInGroupError},
 * ConstraintError for a user who does not exist, AccessDeniedError for the group of another user under row level
 * security.
 */
export async function joinGroup(
  db: Db,
  given: { group_id: string; user_id: string; added_by: string },
): Promise<GroupMember> {
  const row = {
    group_id: uuid('group_id', object('given', given).group_id),
    user_id: uuid('user_id', given.user_id),
    role: 'member',
  };
  const by = uuid('added_by', given.added_by);
  const theirs = await db
    .selectFrom('support_groups as g')
    .select('g.id')
    .where('g.id', '=', row.group_id)
    .where((eb) =>
      eb.or([
        eb('g.created_by', '=', by),
        ...(by === row.user_id ? [eb('g.is_private', '=', false)] : []),
        eb.exists(
          eb
            .selectFrom('group_members as m')
            .select('m.id')
            .whereRef('m.group_id', '=', 'g.id')
            .where('m.user_id', '=', by)
            .where('m.role', '=', 'admin'),
        ),
      ]),
    )
    .executeTakeFirst();
  if (!theirs)
    throw new ForeignGroupError({
      what: 'the user did not join the group',
      why: 'group_id is not a group to which added_by may add this user',
      hint: 'let its creator or one of its admins add the member',
    });
  const named = {
    group_members_limit: GroupFullError,
    group_members_group_id_user_id_key: AlreadyInGroupError,
  };
  return explainingAccess(
    'the user did not join the group',
    'group_id',
    () => db.insertInto('group_members').values(row).returningAll().executeTakeFirstOrThrow(),
    named,
  );
}
