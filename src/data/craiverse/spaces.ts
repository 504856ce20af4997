/** Virtual spaces: seen by all where they are public, and otherwise by their owner. */
import type { Selectable } from 'kysely';
import { explainingAccess } from '../../database/faults/access-denied.ts';
import { boolean, object, text, uuid, wholeNumber } from '../../database/faults/bad-input.ts';
import type { Db } from '../../database/connect.ts';
import { jsonText } from '../../database/json-input.ts';
import { keyset, type Page, type PageRequest } from '../../database/keyset.ts';
import type { VirtualSpaces } from '../../database/tables.ts';

export type Space = Selectable<VirtualSpaces>;

export interface NewSpace {
  /** under row level security your own id */
  owner_id: string;
  /** 200 characters at most */
  name: string;
  /** 50 characters at most */
  type: string;
  /** avatars that may be in it at once, 100 unless given */
  capacity?: number | undefined;
  /** true unless given */
  is_public?: boolean | undefined;
  coordinates?: Record<string, unknown> | undefined;
  metadata?: Record<string, unknown> | undefined;
}

/**
 * Opens a space. Throws BadInputError, ConstraintError for an owner who does not exist, AccessDeniedError for another
 * user's id under row level security.
 */
export async function addSpace(db: Db, given: NewSpace): Promise<Space> {
  const { capacity = 100, is_public = true, coordinates, metadata } = object('given', given);
  const row = {
    owner_id: uuid('owner_id', given.owner_id),
    name: text('name', given.name, 200),
    type: text('type', given.type, 50),
    capacity: wholeNumber('capacity', capacity, 0, 2_147_483_647),
    is_public: boolean('is_public', is_public),
    coordinates: coordinates === undefined ? null : jsonText('coordinates', coordinates),
    metadata: metadata === undefined ? null : jsonText('metadata', metadata),
  };
  return explainingAccess('the space was not opened', 'owner_id', () =>
    db.insertInto('virtual_spaces').values(row).returningAll().executeTakeFirstOrThrow(),
  );
}

/** Spaces that a user may enter, or every public one without a user, newest first. Throws BadInputError. */
export async function spacesFor(
  db: Db,
  userId: string | null,
  request: PageRequest = {},
): Promise<Page<Space>> {
  const user = userId === null ? null : uuid('user_id', userId);
  const { after, order, at, take, page } = keyset(request, 'virtual_spaces');
  const rows = await db
    .selectFrom('virtual_spaces')
    .selectAll()
    .select(at.as('at'))
    .where((eb) =>
      eb.or([eb('is_public', '=', true), ...(user === null ? [] : [eb('owner_id', '=', user)])]),
    )
    .where(after)
    .orderBy(order)
    .limit(take)
    .execute();
  return page(rows);
}
