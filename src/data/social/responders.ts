/** First responders: users register themselves, admins verify them; a user who is verified can only withdraw. */
import type { Selectable } from 'kysely';
import { NotFoundError } from '../../ground/errors.ts';
import { explainingAccess } from '../../database/faults/access-denied.ts';
import { boolean, object, text, uuid, oneOf } from '../../database/faults/bad-input.ts';
import type { Db } from '../../database/connect.ts';
import type { FirstResponders } from '../../database/tables.ts';

export type Responder = Selectable<FirstResponders>;

/** The registration does not exist, or this person may not do that to it. */
export class UnknownResponderError extends NotFoundError {}

const unknown = (what: string, why: string) =>
  new UnknownResponderError({
    what,
    why,
    hint: 'look at the registration with respondersOf; only admins verify, and only its user withdraws',
  });

/**
 * Registers a user as a responder, unverified. Throws BadInputError, ConstraintError for a user who does not exist,
 * AccessDeniedError for another user's id under row level security.
 */
export async function registerResponder(
  db: Db,
  given: {
    user_id: string;
    role: Responder['role'];
    /** 200 characters at most */
    agency?: string | undefined;
    /** 2,000 characters at most */
    verification_doc_url?: string | undefined;
  },
): Promise<Responder> {
  const { agency, verification_doc_url: doc } = object('given', given);
  const row = {
    user_id: uuid('user_id', given.user_id),
    role: oneOf('role', given.role, ['firefighter', 'police', 'ems', 'dispatcher']),
    agency: agency === undefined ? null : text('agency', agency, 200),
    verification_doc_url: doc === undefined ? null : text('verification_doc_url', doc, 2_000),
  };
  return explainingAccess('the responder was not registered', 'user_id', () =>
    db.insertInto('first_responders').values(row).returningAll().executeTakeFirstOrThrow(),
  );
}

/**
 * Says that a responder is verified, or no longer is. Under row level security for admins: a user who tries it on the
 * own registration is refused. Throws BadInputError, {@link UnknownResponderError}, AccessDeniedError.
 */
export async function setResponderVerified(
  db: Db,
  given: { id: string; verified: boolean },
): Promise<Responder> {
  const id = uuid('id', object('given', given).id);
  const verified = boolean('verified', given.verified);
  const changed = await explainingAccess('the responder was not changed', 'verified', () =>
    db
      .updateTable('first_responders')
      .set({ verified })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirst(),
  );
  if (!changed) throw unknown('the responder was not changed', 'id is not one that you may verify');
  return changed;
}

/** A user's registrations, those verified first. Throws BadInputError. */
export const respondersOf = async (db: Db, userId: string): Promise<Responder[]> =>
  db
    .selectFrom('first_responders')
    .selectAll()
    .where('user_id', '=', uuid('user_id', userId))
    .orderBy((eb) => eb.fn.coalesce('verified', eb.lit(false)), 'desc')
    .orderBy('created_at')
    .orderBy('id')
    .limit(200)
    .execute();

/** A user withdraws a registration, verified or not. Throws BadInputError, {@link UnknownResponderError}. */
export async function withdrawResponder(
  db: Db,
  given: { id: string; user_id: string },
): Promise<Responder> {
  const [id, user] = [uuid('id', object('given', given).id), uuid('user_id', given.user_id)];
  const removed = await db
    .deleteFrom('first_responders')
    .where('id', '=', id)
    .where('user_id', '=', user)
    .returningAll()
    .executeTakeFirst();
  if (!removed)
    throw unknown('the responder was not withdrawn', 'id is not a registration of user_id');
  return removed;
}
