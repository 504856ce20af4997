import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { hasPlatform } from '../../database/migrate/extent.ts';
import { messageOf, UsageError } from '../../ground/errors.ts';
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
  await db.transaction().execute(async (trx) => {
    const found = await functionOf(trx, signatureOf(name)).catch((error: unknown) => {
      throw new AdminTestError(name, messageOf(error), { cause: error });
    });
    const unfit = whyUnfit(found);
    if (unfit !== null || !found) throw new AdminTestError(name, unfit ?? '');
    try {
      await sql`SELECT engine.use_admin_test(${found.oid}::oid::regprocedure)`.execute(trx);
      await sql`SELECT private.is_admin()`.execute(trx);
    } catch (error) {
      throw new AdminTestError(name, messageOf(error), { cause: error });
    }
  });
}

function whyUnfit(found: Found | undefined): string | null {
  if (!found) return 'there is no such function without parameters';
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
  type: string;
  set: boolean;
  volatile: boolean;
}

async function functionOf(db: Db, signature: string): Promise<Found | undefined> {
  const { rows } = await sql<Found>`
    SELECT oid::text AS oid, prorettype::regtype::text AS type, proretset AS set, provolatile = 'v' AS volatile
    FROM pg_proc WHERE oid = to_regprocedure(${signature})`.execute(db);
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
