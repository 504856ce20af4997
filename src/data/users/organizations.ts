import type { Selectable } from 'kysely';
import { NotFoundError } from '../../ground/errors.ts';
import { explainingAccess } from '../../database/faults/access-denied.ts';
import { object, uuid, oneOf } from '../../database/faults/bad-input.ts';
import type { Db } from '../../database/connect.ts';
import { ConstraintError } from '../../database/faults/constraint-errors.ts';
import type { OrganizationMembers } from '../../database/tables.ts';

export type OrganizationMember = Selectable<OrganizationMembers>;

/** The organization has as many members as `organizations.max_members` allows. */
export class OrganizationFullError extends ConstraintError {}
/** The user is a member of the organization already. */
export class AlreadyMemberError extends ConstraintError {}
/** The organization does not exist, or this person may not add members to it. */
export class ForeignOrganizationError extends NotFoundError {}

/**
 * Adds a member on behalf of `added_by`, who has to be the organization's owner or a member with the role owner or
 * admin; only owners may add another owner. The limit holds also when several users join at the same time. Throws
 * BadInputError, {@link ForeignOrganizationError}, {@link OrganizationFullError}, {@link AlreadyMemberError},
 * ConstraintError for a user who does not exist, AccessDeniedError for the organization of another user under row
 * level security.
 */
export async function addOrganizationMember(
  db: Db,
  given: {
    organization_id: string;
    user_id: string;
    role?: 'owner' | 'admin' | 'member' | undefined;
    added_by: string;
  },
): Promise<OrganizationMember> {
  const row = {
    organization_id: uuid('organization_id', object('given', given).organization_id),
    user_id: uuid('user_id', given.user_id),
    role: oneOf('role', given.role ?? 'member', ['owner', 'admin', 'member']),
  };
  const by = uuid('added_by', given.added_by);
  const theirs = await db
    .selectFrom('organizations as o')
    .select('o.id')
    .where('o.id', '=', row.organization_id)
    .where((eb) =>
      eb.or([
        eb('o.owner_id', '=', by),
        eb.exists(
          eb
            .selectFrom('organization_members as m')
            .select('m.id')
            .whereRef('m.organization_id', '=', 'o.id')
            .where('m.user_id', '=', by)
            .where('m.role', 'in', row.role === 'owner' ? ['owner'] : ['owner', 'admin']),
        ),
      ]),
    )
    .executeTakeFirst();
  if (!theirs)
    throw new ForeignOrganizationError({
      what: 'the member was not added',
      why:
        row.role === 'owner'
          ? 'role is owner, and organization_id is not one in which added_by is an owner'
          : 'organization_id is not one in which added_by is an owner or admin',
      hint: `let one of its ${row.role === 'owner' ? 'owners' : 'admins'} add the member`,
    });
  const named = {
    organization_members_limit: OrganizationFullError,
    organization_members_organization_id_user_id_key: AlreadyMemberError,
  };
  return explainingAccess(
    'the member was not added',
    'organization_id',
    () =>
      db.insertInto('organization_members').values(row).returningAll().executeTakeFirstOrThrow(),
    named,
  );
}
