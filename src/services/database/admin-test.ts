import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { extentOf, hasPlatform } from '../../database/migrate/extent.ts';
import { messageOf, UsageError } from '../../ground/errors.ts';
import { quotedName } from '../../ground/text.ts';
import { authorise, type Actor } from '../actor.ts';

/** The function cannot say who is an admin. Nothing was changed. */
export class AdminTestError extends UsageError {
  constructor(name: string, why: string, options?: ErrorOptions) {
    super(
      {
        what: `--admin-test ${JSON.stringify(name)} cannot say who is an admin`,
        why,
        hint: 'name a function of the platform that takes nothing, returns a boolean and is STABLE, such as public.is_admin',
      },
      options,
    );
  }
}

const signatureOf = (name: string): string => `${name.replace(/\(\s*\)$/, '')}()`;

/** What the engine itself asks; it cannot be what that asks. */
const ours = 'private.is_admin';

/**
 * Throws {@link AdminTestError} where {@link useAdminTest} would refuse this function, in a database that is not
 * migrated yet, too. Writes nothing: what has to be tried is rolled back. For owners.
 */
export async function checkAdminTest(
  { db, actor }: { db: Db; actor: Actor },
  { name }: { name: string },
): Promise<void> {
  authorise(actor, 'say who is an admin', 'owner');
  const extent = await extentOf(db);
  // What has the platform's tables, `--only bots` refuses itself.
  if (extent === 'whole' || extent === 'grown') return;
  const tried = new RolledBack();
  await db
    .transaction()
    .execute(async (trx) => {
      const found = await usable(trx, name);
      if (extent === 'bots') await use(trx, name, found);
      else await ask(trx, name, found);
      throw tried;
    })
    .catch((error: unknown) => {
      if (error !== tried) throw error;
    });
}

class RolledBack extends Error {}

/**
 * In a database that has only the bots' tables, this function of the platform says from now on which users may read
 * them. It is asked once to see that it answers. For owners. Throws {@link AdminTestError}.
 */
export async function useAdminTest(
  { db, actor }: { db: Db; actor: Actor },
  { name }: { name: string },
): Promise<void> {
  authorise(actor, 'say who is an admin', 'owner');
  if (await hasPlatform(db))
    throw new AdminTestError(
      name,
      'this database has profiles of its own, and profiles.role says it',
    );
  await db.transaction().execute(async (trx) => use(trx, name, await usable(trx, name)));
}

/** The function, if it is one that a policy can ask. Throws {@link AdminTestError}. */
async function usable(trx: Db, name: string): Promise<Found> {
  const found = await functionOf(trx, signatureOf(name)).catch((error: unknown) => {
    throw new AdminTestError(name, messageOf(error), { cause: error });
  });
  const unfit = whyUnfit(found);
  if (unfit !== null || !found) throw new AdminTestError(name, unfit ?? '');
  return found;
}

async function use(trx: Db, name: string, { oid }: Found): Promise<void> {
  try {
    await sql`SELECT engine.use_admin_test(${oid}::oid::regprocedure)`.execute(trx);
    await sql`SELECT private.is_admin()`.execute(trx);
  } catch (error) {
    throw new AdminTestError(name, messageOf(error), { cause: error });
  }
}

/** Asks it as `private.is_admin()` will do, where there is none yet. */
async function ask(trx: Db, name: string, { schema, function: own }: Found): Promise<void> {
  try {
    await sql`SELECT set_config('search_path', ${`${quotedName(schema)}, public, pg_temp`}, true)`.execute(
      trx,
    );
    await sql`SELECT ${sql.id(schema, own)}()`.execute(trx);
  } catch (error) {
    throw new AdminTestError(name, messageOf(error), { cause: error });
  }
}

function whyUnfit(found: Found | undefined): string | null {
  if (!found) return 'there is no such function without parameters';
  if (found.called === ours) return 'it is what Roundsman asks itself, and would ask itself';
  if (found.type !== 'boolean' || found.set)
    return `it returns ${found.set ? 'SETOF ' : ''}${found.type}`;
  return found.volatile ? 'it is VOLATILE, and a policy would ask it for every row' : null;
}

/** What became of the function since it was named, so that it cannot say any more who is an admin; null where it can. */
export async function adminTestFault(db: Db): Promise<{ name: string; why: string } | null> {
  const name = await adminTest(db);
  if (name === null || (await hasPlatform(db))) return null;
  const why = whyUnfit(await functionOf(db, name));
  return why === null ? null : { name, why };
}

interface Found {
  oid: string;
  schema: string;
  function: string;
  /** both, as in `public.is_admin` */
  called: string;
  type: string;
  set: boolean;
  volatile: boolean;
}

async function functionOf(db: Db, signature: string): Promise<Found | undefined> {
  const { rows } = await sql<Found>`
    SELECT p.oid::text AS oid, nspname AS schema, proname AS function, nspname || '.' || proname AS called,
           prorettype::regtype::text AS type, proretset AS set, provolatile = 'v' AS volatile
    FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE p.oid = to_regprocedure(${signature})`.execute(
    db,
  );
  return rows[0];
}

/** The function that says who is an admin, or null: in a whole schema profiles.role does, and else no user is. */
export async function adminTest(db: Db): Promise<string | null> {
  const row = await db
    .selectFrom('engine.settings')
    .select('value')
    .where('key', '=', 'admin_test')
    .executeTakeFirst();
  return typeof row?.value === 'string' ? row.value : null;
}
