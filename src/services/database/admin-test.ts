import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { extentOf, hasPlatform } from '../../database/migrate/extent.ts';
import { messageOf, UsageError } from '../../ground/errors.ts';
import { quotedIdentifier } from '../../ground/text.ts';
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

/** The engine's function, which calls that of the platform: the platform's function cannot be this one. */
const engineFunction = 'private.is_admin';

/**
 * Throws {@link AdminTestError} if {@link useAdminTest} would refuse this function, also in a database that is not migrated yet.
 * Does not throw for a database that has the platform's tables. Writes nothing: what it tries is rolled back. For owners.
 */
export async function checkAdminTest(
  { db, actor }: { db: Db; actor: Actor },
  { name }: { name: string },
): Promise<void> {
  authorise(actor, 'say who is an admin', 'owner');
  const extent = await extentOf(db);
  // `--only bots` itself refuses a database that has the platform's tables.
  if (extent === 'whole' || extent === 'grown') return;
  const rollback = new RolledBack();
  await db
    .transaction()
    .execute(async (trx) => {
      const found = await usableFunction(trx, name);
      if (extent === 'bots') await useFunction(trx, name, found);
      else await tryFunction(trx, name, found);
      throw rollback;
    })
    .catch((error: unknown) => {
      if (error !== rollback) throw error;
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
      'this database has profiles of its own, and profiles.role says who is an admin',
    );
  await db
    .transaction()
    .execute(async (trx) => useFunction(trx, name, await usableFunction(trx, name)));
}

/** The function, if a row-level security policy can ask it. Throws {@link AdminTestError}. */
async function usableFunction(trx: Db, name: string): Promise<FoundFunction> {
  const found = await functionOf(trx, signatureOf(name)).catch((error: unknown) => {
    throw new AdminTestError(name, messageOf(error), { cause: error });
  });
  const unfit = whyUnfit(found);
  if (unfit !== null || !found) throw new AdminTestError(name, unfit ?? '');
  return found;
}

async function useFunction(trx: Db, name: string, { oid }: FoundFunction): Promise<void> {
  try {
    await sql`SELECT engine.use_admin_test(${oid}::oid::regprocedure)`.execute(trx);
    await sql`SELECT private.is_admin()`.execute(trx);
  } catch (error) {
    throw new AdminTestError(name, messageOf(error), { cause: error });
  }
}

/** Calls the function as `private.is_admin()` will call it, in a database that does not have that one yet. */
async function tryFunction(
  trx: Db,
  name: string,
  { schema, function: own }: FoundFunction,
): Promise<void> {
  try {
    await sql`SELECT set_config('search_path', ${`${quotedIdentifier(schema)}, public, pg_temp`}, true)`.execute(
      trx,
    );
    await sql`SELECT ${sql.id(schema, own)}()`.execute(trx);
  } catch (error) {
    throw new AdminTestError(name, messageOf(error), { cause: error });
  }
}

function whyUnfit(found: FoundFunction | undefined): string | null {
  if (!found) return 'there is no such function without parameters';
  if (found.called === engineFunction)
    return "it is Roundsman's own function, which would call itself";
  if (found.type !== 'boolean' || found.set)
    return `it returns ${found.set ? 'SETOF ' : ''}${found.type}`;
  return found.volatile
    ? 'it is VOLATILE, and a row-level security policy would ask it for every row'
    : null;
}

/** Why the function that was named can no longer say who is an admin; null if it can. */
export async function adminTestFault(db: Db): Promise<{ name: string; why: string } | null> {
  const name = await adminTest(db);
  if (name === null || (await hasPlatform(db))) return null;
  const why = whyUnfit(await functionOf(db, name));
  return why === null ? null : { name, why };
}

interface FoundFunction {
  oid: string;
  schema: string;
  function: string;
  /** schema and name, as `public.is_admin` */
  called: string;
  type: string;
  set: boolean;
  volatile: boolean;
}

async function functionOf(db: Db, signature: string): Promise<FoundFunction | undefined> {
  const { rows } = await sql<FoundFunction>`
    SELECT p.oid::text AS oid, nspname AS schema, proname AS function, nspname || '.' || proname AS called,
           prorettype::regtype::text AS type, proretset AS set, provolatile = 'v' AS volatile
    FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE p.oid = to_regprocedure(${signature})`.execute(
    db,
  );
  return rows[0];
}

/**
 * The function that says who is an admin. Null if none was named: then profiles.role says it where the database has the platform's
 * tables, and elsewhere no user is an admin.
 */
export async function adminTest(db: Db): Promise<string | null> {
  const row = await db
    .selectFrom('engine.settings')
    .select('value')
    .where('key', '=', 'admin_test')
    .executeTakeFirst();
  return typeof row?.value === 'string' ? row.value : null;
}
