/** Visits: which avatar is in which space, since when. An avatar is in one space at a time, and a space has its capacity. */
import { sql, type Selectable, type Transaction } from 'kysely';
import { NotFoundError, RoundsmanError } from '../../ground/errors.ts';
import { object, uuid } from '../../database/faults/bad-input.ts';
import type { Database, Db } from '../../database/connect.ts';
import { explaining } from '../../database/faults/constraint-errors.ts';
import { inTransaction } from '../../database/transaction.ts';
import { keyset, type Page, type PageRequest } from '../../database/keyset.ts';
import type { SpaceVisits } from '../../database/tables.ts';

export type Visit = Selectable<SpaceVisits>;

/** The avatar does not belong to the user, or the space does not exist or is not open to this user. */
export class ClosedSpaceError extends NotFoundError {}
/** As many avatars are in the space as `virtual_spaces.capacity` allows; it may have room later. */
export class SpaceFullError extends RoundsmanError {
  override readonly retryable = true;
}
/** The avatar is in no space. */
export class NoOpenVisitError extends NotFoundError {}

const now = sql<Date>`public.bots_now()`;
const isOpen = sql<boolean>`exited_at IS NULL`;

/**
 * An avatar of the user enters a space, and leaves the one where it is; if it is in this one already, that visit
 * goes on. For `service_role`: a user does not see who else is there. The capacity holds also for avatars that enter at
 * the same time. Runs in the given transaction, or a new one. Throws BadInputError, {@link ClosedSpaceError}, {@link
 * SpaceFullError}; ConstraintError is retryable when two transactions met.
 */
export async function enterSpace(
  db: Db,
  given: { avatar_id: string; space_id: string; user_id: string },
): Promise<Visit> {
  const { avatar_id, space_id, user_id } = object('given', given);
  const who = { avatar: uuid('avatar_id', avatar_id), user: uuid('user_id', user_id) };
  const space = uuid('space_id', space_id);
  return explaining('the avatar did not enter', {}, () =>
    inTransaction(db, async (trx) => {
      const capacity = await lock(trx, who, space);
      const open = await trx
        .selectFrom('space_visits')
        .selectAll()
        .where('avatar_id', '=', who.avatar)
        .where(isOpen)
        .execute();
      const here = open.find((visit) => visit.space_id === space);
      // This is checked first: a caller may go on in its transaction after a refusal, and then the avatar has not left.
      if (!here) await refuseFullSpace(trx, space, capacity);
      for (const visit of open) if (visit !== here) await end(trx, visit.id);
      if (here) return here;
      return trx
        .insertInto('space_visits')
        .values({ avatar_id: who.avatar, space_id: space, entered_at: now })
        .returningAll()
        .executeTakeFirstOrThrow();
    }),
  );
}

/** Locks the avatar, then the space: every way into a space does so in this order. Returns its capacity. */
async function lock(
  trx: Transaction<Database>,
  { avatar, user }: { avatar: string; user: string },
  space: string,
): Promise<number | null> {
  const ownAvatar = await trx
    .selectFrom('avatars')
    .select('id')
    .where('id', '=', avatar)
    .where('user_id', '=', user)
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (!ownAvatar) throw closedError('avatar_id is not an avatar of user_id');
  const found = await trx
    .selectFrom('virtual_spaces')
    .select('capacity')
    .where('id', '=', space)
    .where((eb) => eb.or([eb('is_public', '=', true), eb('owner_id', '=', user)]))
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (!found) throw closedError('space_id is not a space that user_id may enter');
  return found.capacity;
}

const closedError = (why: string) =>
  new ClosedSpaceError({
    what: 'the avatar did not enter',
    why,
    hint: 'take an avatar from `avatarsOf` and a space from `spacesFor`, both for the same user',
  });

async function refuseFullSpace(trx: Db, space: string, capacity: number | null): Promise<void> {
  if (capacity === null || (await countPresent(trx, space)) < capacity) return;
  throw new SpaceFullError({
    what: 'the avatar did not enter',
    why: `virtual_spaces.capacity is ${capacity} and reached`,
    hint: 'try again when an avatar has left, or raise the capacity',
  });
}

/** Not before the entry, whose time may be in the future: a user has set it, or the clock was set back. */
const exitTime = sql<Date>`greatest(${now}, entered_at)`;

const end = (db: Db, id: string) =>
  db
    .updateTable('space_visits')
    .set({
      exited_at: exitTime,
      duration_seconds: sql<number>`least(extract(epoch FROM ${exitTime} - entered_at), 2147483647)::int`,
    })
    .where('id', '=', id)
    .where(isOpen)
    .returningAll()
    .executeTakeFirst();

/**
 * An avatar leaves the space where it is; its visit gets its end and its duration in whole seconds. Throws
 * BadInputError, {@link NoOpenVisitError}.
 */
export async function leaveSpace(db: Db, avatarId: string): Promise<Visit> {
  const avatar = uuid('avatar_id', avatarId);
  const open = await db
    .selectFrom('space_visits')
    .select('id')
    .where('avatar_id', '=', avatar)
    .where(isOpen)
    .orderBy('entered_at', 'desc')
    .execute();
  const ended: Visit[] = [];
  for (const { id } of open) {
    const visit = await end(db, id);
    if (visit) ended.push(visit);
  }
  if (ended.length === 0)
    throw new NoOpenVisitError({
      what: 'the avatar did not leave',
      why: 'avatar_id is in no space',
      hint: 'enterSpace comes first; a visit ends once',
    });
  return ended[0]!;
}

/** How many avatars are in a space now; under row level security only your own are counted. Throws BadInputError. */
export async function countPresent(db: Db, spaceId: string): Promise<number> {
  const { count } = await db
    .selectFrom('space_visits')
    .select(sql<number>`count(*)::int`.as('count'))
    .where('space_id', '=', uuid('space_id', spaceId))
    .where(isOpen)
    .executeTakeFirstOrThrow();
  return count;
}

/** The visits of an avatar, the last begun first. Throws BadInputError. */
export async function visitsOf(
  db: Db,
  avatarId: string,
  request: PageRequest = {},
): Promise<Page<Visit>> {
  const { after, order, at, take, page } = keyset(request, 'space_visits', 'entered_at');
  const rows = await db
    .selectFrom('space_visits')
    .selectAll()
    .select(at.as('at'))
    .where('avatar_id', '=', uuid('avatar_id', avatarId))
    .where(after)
    .orderBy(order)
    .limit(take)
    .execute();
  return page(rows);
}
