/** Accounts of fictional people, which are rows of Supabase's table auth.users. */
import { sql } from 'kysely';
import type { Db } from '../database/connect.ts';

/**
 * Adds accounts without profiles: the caller inserts the profiles. A platform may have a trigger that makes a profile for each new
 * account; these profiles are removed again, because they would collide with those of the caller.
 */
export async function addAccounts(
  db: Db,
  accounts: readonly { id: string; email: string }[],
): Promise<void> {
  const ids = accounts.map(({ id }) => id);
  const emails = accounts.map(({ email }) => email);
  await sql`INSERT INTO auth.users (id, email) SELECT * FROM unnest(${ids}::uuid[], ${emails}::text[])`.execute(
    db,
  );
  await sql`DELETE FROM profiles WHERE id = ANY (${ids}::uuid[])`.execute(db);
}
