/**
 * Application code under row level security: one transaction as one of Supabase's roles, with the claims that
 * `auth.uid()` reads. Role and claims are local to the transaction: they are gone from the connection when the
 * transaction ends, in whatever way it ends.
 *
 * The connection's own role has to be a member of the roles that it takes, as Supabase's `authenticator` and
 * `postgres` are.
 */
import { sql, type Transaction } from 'kysely';
import { RoundsmanError } from '../ground/errors.ts';
import { accessDenied } from './faults/access-denied.ts';
import { BadInputError, uuid } from './faults/bad-input.ts';
import type { Database, Db } from './connect.ts';

/** Who asks: a signed-in user, or a visitor who has no id. */
export type Claims =
  | { sub: string; role?: 'authenticated' | 'anon' }
  | { sub?: undefined; role: 'anon' };

/** A second role was asked for inside a transaction: the rest of one user's transaction would run as another user. */
export class NestedRoleError extends RoundsmanError {}

/**
 * Runs `fn` in one transaction as the user `sub` (a UUID) and commits. An error of `fn` rolls the transaction back
 * and is thrown again. `role` is `authenticated` by default; `anon` needs no `sub`. Use only the transaction that
 * `fn` gets: `db` itself keeps its own rights. Throws {@link BadInputError} for a wrong `sub` or `role`, {@link
 * NestedRoleError} when `db` is a transaction already, and AccessDeniedError for what a policy or a grant refuses.
 */
export async function asUser<Result>(
  db: Db,
  claims: Claims,
  fn: (trx: Transaction<Database>) => Promise<Result>,
): Promise<Result> {
  if (typeof claims !== 'object' || claims === null)
    throw new BadInputError('claims', 'have to be an object with sub');
  const { sub, role = 'authenticated' } = claims;
  // JavaScript callers may pass a role from a request: `service_role` must not be accepted here.
  if (role !== 'authenticated' && role !== 'anon')
    throw new BadInputError('role', 'has to be authenticated or anon');
  return asRole(db, role, role === 'anon' && sub === undefined ? undefined : uuid('sub', sub), fn);
}

/**
 * Runs `fn` in one transaction as `service_role`, which bypasses row level security: for the platform's own server
 * code, never on behalf of a request's claims. Throws {@link NestedRoleError}.
 */
export const asService = <Result>(
  db: Db,
  fn: (trx: Transaction<Database>) => Promise<Result>,
): Promise<Result> => asRole(db, 'service_role', undefined, fn);

/** Runs `fn` in one transaction as this role, with claims that name it and the user `sub`. */
async function asRole<Result>(
  db: Db,
  role: 'anon' | 'authenticated' | 'service_role',
  sub: string | undefined,
  fn: (trx: Transaction<Database>) => Promise<Result>,
): Promise<Result> {
  if (db.isTransaction)
    throw new NestedRoleError({
      what: `a transaction cannot go on as ${role}`,
      why: 'its role and claims have been fixed since it began',
      hint: 'pass the Kysely that connect() gave, and end the other transaction first',
    });
  const claims = JSON.stringify(sub === undefined ? { role } : { sub, role });
  try {
    return await db.transaction().execute(async (trx) => {
      // set_config(..., true) is SET LOCAL with parameters: one round trip, and no SQL text is built from values.
      // Supabase's auth.uid() and auth.role() read the two older settings first, so these must not contradict the new
      // one.
      await sql`SELECT set_config('request.jwt.claims', ${claims}, true),
                       set_config('request.jwt.claim.sub', ${sub ?? ''}, true),
                       set_config('request.jwt.claim.role', ${role}, true),
                       set_config('role', ${role}, true)`.execute(trx);
      return fn(trx);
    });
  } catch (error) {
    throw accessDenied(error);
  }
}
