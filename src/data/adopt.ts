/** A database that has documented tables already, made by hand or by Supabase's editor. */
import { sql, type Kysely, type Transaction } from 'kysely';
import { RoundsmanError } from '../errors.ts';

/** One documented migration: the file's name without `.sql`, and its text. */
export interface DocumentedMigration {
  name: string;
  text: string;
}

/** What is there and what is documented differ; nothing was changed. */
export class SchemaDiffersError extends RoundsmanError {
  readonly differences: string[];

  constructor(differences: string[]) {
    super({
      what: 'this database cannot be taken over as it is',
      why: `it differs from the documented schema in ${differences.length} places: ${differences.join('; ')}`,
      hint: 'change these in the database (docs/rls.md says what is allowed afterwards), or point DATABASE_URL at another one; nothing was changed',
    });
    this.differences = differences;
  }
}

/** The table that a documented migration makes: `v1_10_profiles` makes `profiles`. */
export const tableOf = (name: string): string => name.replace(/^v\d_\d+_/, '');

// The document uses these names twice; which table has them depends on what was run first.
const doubled = [
  'idx_usage_user',
  'idx_javari_usage_user',
  'idx_sessions_user',
  'idx_game_sessions_user',
];

const scratch = 'roundsman_expected';

class RolledBack extends Error {}

/**
 * Compares the documented tables that exist with what their migrations would make, column by column:
 * types, lengths, defaults, NOT NULL, keys, indexes and triggers. Additional tables, indexes, triggers
 * and restrictive policies are yours; a permissive policy of your own is a difference, because it would
 * add to what ours allow, and to drop it is not for a migration to decide. The migrations run in a schema of their own, in a transaction that is always
 * rolled back. Returns the tables that are there; throws {@link SchemaDiffersError}.
 */
export async function documentedTables(
  db: Kysely<any>,
  documented: DocumentedMigration[],
): Promise<Set<string>> {
  const there = await existing(
    db,
    documented.map(({ name }) => tableOf(name)),
  );
  if (there.size === 0) return there;
  const differences: string[] = [];
  await db
    .transaction()
    .execute(async (trx) => {
      await sql.raw(`CREATE SCHEMA ${scratch}`).execute(trx);
      await sql.raw(`SET LOCAL search_path = ${scratch}, extensions`).execute(trx);
      await sql.raw('SET LOCAL check_function_bodies = off').execute(trx);
      for (const { text } of documented) await sql.raw(text).execute(trx);
      const expected = await describe(trx, scratch);
      const actual = await describe(trx, 'public');
      for (const table of there)
        differences.push(...differ(table, expected.get(table) ?? new Map(), actual.get(table)!));
      throw new RolledBack();
    })
    .catch((error: unknown) => {
      if (!(error instanceof RolledBack)) throw error;
    });
  if (differences.length > 0) throw new SchemaDiffersError(differences);
  return there;
}

async function existing(db: Kysely<any>, tables: string[]): Promise<Set<string>> {
  const { rows } = await sql<{ name: string }>`
    SELECT relname AS name FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname = ANY (${tables})`.execute(
    db,
  );
  return new Set(rows.map(({ name }) => name));
}

type Parts = Map<string, string>;

/** Each table's parts by what they are, without the names of schemas. */
async function describe(trx: Transaction<any>, schema: string): Promise<Map<string, Parts>> {
  const { rows } = await sql<{ relation: string; part: string; definition: string }>`
    WITH tables AS (
      SELECT oid, relname FROM pg_class WHERE relnamespace = ${schema}::regnamespace AND relkind IN ('r', 'p')
    )
    SELECT relname AS relation, 'column ' || attname AS part,
           concat_ws(' ', format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'NOT NULL' END,
                     'DEFAULT ' || pg_get_expr(adbin, adrelid)) AS definition
    FROM tables JOIN pg_attribute ON attrelid = tables.oid AND attnum > 0 AND NOT attisdropped
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    UNION ALL
    SELECT relname, 'constraint ' || pg_get_constraintdef(c.oid), 'there'
    FROM tables JOIN pg_constraint c ON conrelid = tables.oid AND contype IN ('p', 'u', 'f')
    UNION ALL
    SELECT relname, 'index ' || i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
    FROM tables JOIN pg_index i ON indrelid = tables.oid
    WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid AND contype IN ('p', 'u', 'x'))
    UNION ALL
    SELECT relname, 'trigger ' || tgname, pg_get_triggerdef(t.oid)
    FROM tables JOIN pg_trigger t ON tgrelid = tables.oid AND NOT tgisinternal
    UNION ALL
    SELECT relname, 'policy ' || quote_ident(polname), 'there'
    FROM tables JOIN pg_policy ON polrelid = tables.oid AND polpermissive`.execute(trx);
  const tables = new Map<string, Parts>();
  const bare = (text: string) => text.replaceAll(/\b(public|roundsman_expected|extensions)\./g, '');
  for (const { relation, part, definition } of rows) {
    const parts = tables.get(relation) ?? new Map<string, string>();
    tables.set(relation, parts.set(bare(part), bare(definition)));
  }
  return tables;
}

function differ(table: string, expected: Parts, actual: Parts): string[] {
  const found: string[] = [];
  for (const [part, definition] of expected) {
    // The document's own five are dropped for others in any case.
    if (part.startsWith('policy ')) continue;
    if (doubled.some((index) => part === `index ${index}`)) continue;
    const is = actual.get(part);
    if (is === undefined) found.push(`${table}: ${part} is missing`);
    else if (is !== definition) found.push(`${table}: ${part} is ${is}, documented ${definition}`);
  }
  for (const part of actual.keys()) {
    if (expected.has(part)) continue;
    if (part.startsWith('column ')) found.push(`${table}: ${part} is not documented`);
    if (part.startsWith('policy '))
      found.push(
        `${table}: ${part} would allow more than Roundsman's own (DROP ${part.replace('policy', 'POLICY')} ON ${table})`,
      );
  }
  return found;
}
