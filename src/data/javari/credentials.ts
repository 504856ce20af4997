/**
 * Credentials for automation, one for each user and service, sealed before they reach the database (see
 * src/ground/secrets/sealing.ts). For `service_role`: users can neither read nor write the sealed column.
 */
import { randomUUID } from 'node:crypto';
import { sql, type Transaction } from 'kysely';
import { NotFoundError } from '../../ground/errors.ts';
import { BadInputError, object, text, uuid, wholeNumber } from '../../database/faults/bad-input.ts';
import type { Database, Db } from '../../database/connect.ts';
import { explaining } from '../../database/faults/constraint-errors.ts';
import { KeyRing } from '../../ground/secrets/key-ring.ts';
import { BrokenSealError, rewrap, seal, unseal } from './sealing.ts';

/** The user has no credential for this service. */
export class NoCredentialError extends NotFoundError {}

/** An opened credential. Its secret is not a property, so inspect, JSON and logs do not show it. */
export class Credential {
  readonly id: string;
  readonly user_id: string;
  readonly service: string;
  readonly #secret: string;

  constructor({ id, user_id, service }: Owned & { id: string }, secret: string) {
    this.id = id;
    this.user_id = user_id;
    this.service = service;
    this.#secret = secret;
  }

  /** The secret itself: keep it out of logs and errors. */
  reveal(): string {
    return this.#secret;
  }
}

export interface Owned {
  user_id: string;
  /** github, vercel, stripe and the like: 50 characters at most */
  service: string;
}

/** How long a secret may be, in bytes of UTF-8. */
const maxSecretBytes = 64 * 1024;

const readOwned = (given: Owned): Owned => ({
  user_id: uuid('user_id', object('given', given).user_id),
  service: text('service', given.service, 50),
});

function checkRing(ring: unknown): void {
  if (!(ring instanceof KeyRing)) throw new BadInputError('ring', 'has to be a KeyRing');
}

/**
 * Stores `secret` (well-formed text of 1 to 65,536 bytes; JSON for several fields) for a user and service. It
 * replaces the present one; the row keeps its id. Returns the id. It takes a transaction, because the row has to stay
 * locked between reading its id and writing its text. Throws BadInputError, ConstraintError for a user who does not
 * exist.
 */
export async function storeCredential(
  trx: Transaction<Database>,
  ring: KeyRing,
  given: Owned & { secret: string },
): Promise<string> {
  checkRing(ring);
  const owner = readOwned(given);
  const { secret } = given;
  checkSecret(secret);
  const fresh = { id: randomUUID(), ...owner };
  const { id } = await explaining('the credential was not stored', {}, () =>
    trx
      .insertInto('javari_credentials')
      .values({ ...fresh, ...seal(ring, fresh, secret) })
      // Changes nothing: it locks the existing row and returns its id.
      .onConflict((conflict) =>
        conflict
          .columns(['user_id', 'service'])
          .doUpdateSet((eb) => ({ service: eb.ref('excluded.service') })),
      )
      .returning('id')
      .executeTakeFirstOrThrow(),
  );
  if (id !== fresh.id)
    await trx
      .updateTable('javari_credentials')
      .set({ ...seal(ring, { ...owner, id }, secret), last_used_at: null })
      .where('id', '=', id)
      .execute();
  return id;
}

function checkSecret(secret: unknown): void {
  if (typeof secret !== 'string' || secret === '' || Buffer.byteLength(secret) > maxSecretBytes)
    throw new BadInputError('secret', `has to be a text of 1 to ${maxSecretBytes} bytes`);
  // UTF-8 cannot hold half of a surrogate pair: opening would return another text.
  if (!secret.isWellFormed())
    throw new BadInputError(
      'secret',
      'has to be well-formed Unicode: it contains half of a surrogate pair',
    );
}

/**
 * Opens a user's credential for a service and records its use in `last_used_at`. Throws BadInputError, {@link
 * NoCredentialError}, MissingKeyError when the ring does not have its key, BrokenSealError when the stored text was
 * changed; then `last_used_at` stays as it was.
 */
export async function openCredential(db: Db, ring: KeyRing, given: Owned): Promise<Credential> {
  checkRing(ring);
  const { user_id, service } = readOwned(given);
  const row = await db
    .selectFrom('javari_credentials')
    .select(['id', 'encrypted_credentials', 'encryption_key_id'])
    .where('user_id', '=', user_id)
    .where('service', '=', service)
    .executeTakeFirst();
  if (!row)
    throw new NoCredentialError({
      what: 'the credential cannot be opened',
      why: `user ${user_id} has none for ${service}`,
      hint: 'store one first',
    });
  const credential = new Credential(
    { id: row.id, user_id, service },
    unseal(ring, { ...row, user_id, service }),
  );
  await db
    .updateTable('javari_credentials')
    .set({ last_used_at: sql<Date>`engine.now()` })
    .where('id', '=', row.id)
    .execute();
  return credential;
}

export interface Rotation {
  /** rows that the current key wraps now */
  rewrapped: number;
  /** rows that were left as they were because their seal is broken */
  broken: string[];
  /** `after` for the next batch; null when this was the last one */
  next: string | null;
}

/**
 * Wraps one batch of credentials, in the order of their ids, with the ring's current key, if another key of the ring
 * wraps them now; the sealed data keeps its bytes. A batch is one transaction, so an interrupted rotation can continue
 * where it stopped. Other sessions may rotate, store and open meanwhile. Rows whose key the ring does not have are left
 * alone: {@link credentialKeys} counts them.
 *
 *     let next: string | null = null;
 *     do ({ next } = await asService(db, (trx) => rotateCredentials(trx, ring, { after: next })));
 *     while (next);
 */
export async function rotateCredentials(
  trx: Transaction<Database>,
  ring: KeyRing,
  batch: { after?: string | null; limit?: number } = {},
): Promise<Rotation> {
  checkRing(ring);
  const { after = null, limit = 100 } = object('batch', batch);
  const most = wholeNumber('limit', limit, 1, 1000);
  const from = after === null ? null : uuid('after', after);
  const others = ring.ids.filter((id) => id !== ring.current);
  if (others.length === 0) return { rewrapped: 0, broken: [], next: null };
  let query = trx
    .selectFrom('javari_credentials')
    .select(['id', 'user_id', 'service', 'encrypted_credentials', 'encryption_key_id'])
    .where('encryption_key_id', 'in', others)
    // Locks javari_credentials by id.
    .orderBy('id')
    .limit(most)
    .forNoKeyUpdate();
  if (from !== null) query = query.where('id', '>', from);
  const rows = await query.execute();

  const broken: string[] = [];
  const sealed: { id: string; text: string }[] = [];
  for (const { user_id, ...row } of rows)
    try {
      // A row that has lost its owner belongs to no user: its seal is not valid for it.
      const { encrypted_credentials } = rewrap(ring, { ...row, user_id: user_id ?? '' });
      sealed.push({ id: row.id, text: encrypted_credentials });
    } catch (error) {
      if (!(error instanceof BrokenSealError)) throw error;
      broken.push(row.id);
    }
  await sql`
    UPDATE javari_credentials c
    SET encrypted_credentials = r.text, encryption_key_id = ${ring.current}
    FROM unnest(${sealed.map(({ id }) => id)}::uuid[], ${sealed.map(({ text }) => text)}::text[]) AS r (id, text)
    WHERE c.id = r.id`.execute(trx);
  return {
    rewrapped: sealed.length,
    broken,
    next: rows.length < most ? null : rows.at(-1)!.id,
  };
}

/** How many credentials each key wraps: a key that is not listed here may be removed from the ring. */
export async function credentialKeys(db: Db): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('javari_credentials')
    .select(['encryption_key_id', sql<number>`count(*)::int`.as('rows')])
    .groupBy('encryption_key_id')
    .execute();
  return new Map(rows.map(({ encryption_key_id, rows: count }) => [encryption_key_id, count]));
}
