/** Tells a fictional platform's people from real ones. */
import { sql } from 'kysely';
import type { Db } from '../database/connect.ts';
import { RoundsmanError } from '../ground/errors.ts';

/** The database contains real people: problems are planted only where everything is fictional. */
export class RealPeopleError extends RoundsmanError {
  constructor() {
    super({
      what: 'no fault was planted',
      why: 'this database holds real people: the address of one of them does not end in .test, as all addresses of the fictional platform do',
      hint: 'plant faults in a database of its own: set DATABASE_URL, or ROUNDSMAN_HOME for another embedded one',
    });
  }
}

/**
 * Throws {@link RealPeopleError} unless all people are fictional. The addresses of fictional people end in `.test`; RFC 6761 reserves
 * that ending, so no real address has it. The database may be an older one, or contain nothing yet.
 */
export async function refuseRealPeople(db: Db): Promise<void> {
  const { rows } = await sql<{ profiles: boolean; users: boolean }>`
    SELECT to_regclass('public.profiles') IS NOT NULL AS profiles, to_regclass('auth.users') IS NOT NULL AS users`.execute(
    db,
  );
  const { profiles, users } = rows[0]!;
  if (!profiles) return;
  // As JSON, because the table of an older platform may not have this column.
  const address = (of: string) => sql`lower(coalesce(to_jsonb(${sql.ref(of)}) ->> 'email', ''))`;
  const real = await db.transaction().execute(async (trx) => {
    // Where row level security would hide people, the query fails: hidden people must not be taken for none.
    await sql`SET LOCAL row_security = off`.execute(trx);
    const found = await sql`
      SELECT FROM public.profiles p WHERE ${address('p')} NOT LIKE '%.test' LIMIT 1`.execute(trx);
    if (found.rows.length > 0 || !users) return found.rows.length > 0;
    // The account of a person who signs in by telephone has no address. If it has a profile, that was checked already.
    const accounts = await sql`
      SELECT FROM auth.users u WHERE ${address('u')} NOT LIKE '%.test'
        AND NOT EXISTS (SELECT FROM public.profiles p WHERE p.id = u.id) LIMIT 1`.execute(trx);
    return accounts.rows.length > 0;
  });
  if (real) throw new RealPeopleError();
}
