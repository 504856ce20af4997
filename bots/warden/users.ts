/** Parts of statements: who users are, and which objects are the platform's own. */
import { sql } from '../../src/bot.ts';
import type { CheckContext } from '../../src/bot.ts';
import type { Config } from './config.ts';

/** A common table `users`: the roles of clients that exist, and PUBLIC, whose oid is 0 as in access lists. */
export const usersOf = ({ anonymous_roles, signed_in_roles }: Config) => sql`
  users AS MATERIALIZED (
    SELECT oid, rolname::text AS name, rolname = ANY (${anonymous_roles}::text[]) AS anonymous FROM pg_roles
    WHERE rolname = ANY (${[...anonymous_roles, ...signed_in_roles]}::text[])
    UNION ALL SELECT 0::oid, 'PUBLIC', true
  )`;

/** A common table `schemas`: the exposed ones. Users reach what is in them only with USAGE. */
export const schemasOf = ({ schemas }: Config) => sql`
  schemas AS MATERIALIZED (SELECT oid, nspname FROM pg_namespace WHERE nspname = ANY (${schemas}::text[]))`;

/** Whether an object was made by CREATE EXTENSION: its author is responsible for it. */
export const isOfExtension = (catalog: 'pg_class' | 'pg_proc', alias: 'c' | 'p') => sql`
  EXISTS (SELECT FROM pg_depend d WHERE d.classid = ${sql.lit(catalog)}::regclass AND d.objid = ${sql.ref(`${alias}.oid`)}
          AND d.deptype = 'e')`;

/** Ends the check where a schema of the settings does not exist: nothing in it could be examined. */
export async function requireSchemas(
  { schemas }: Config,
  { db, skip }: CheckContext,
): Promise<void> {
  const { rows } = await sql<{ name: string }>`
    SELECT name FROM unnest(${schemas}::text[]) name WHERE to_regnamespace(quote_ident(name)) IS NULL`.execute(
    db,
  );
  if (rows.length > 0)
    skip(
      `there is no schema ${rows.map(({ name }) => name).join(', ')}: correct the setting schemas of the bot warden`,
    );
}

/** `anon and authenticated`; PUBLIC stands for all of them. */
export const rolesInWords = (roles: readonly string[]): string =>
  roles.includes('PUBLIC') ? 'PUBLIC' : [...new Set(roles)].join(' and ');
