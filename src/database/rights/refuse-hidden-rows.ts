import { connect, type Db } from '../connect.ts';
import { letChecksRead } from './grant-reader.ts';
import { readerRole, usableReader } from '../reader.ts';
import { RoundsmanError } from '../../ground/errors.ts';
import { sql } from 'kysely';

/** Row level security would hide rows from the role with which checks read. */
export class HiddenRowsError extends RoundsmanError {}

/** The most tables that a message names. */
const maxNamed = 5;

/**
 * Makes sure that checks see all rows that this process sees. With `grantFirst`, it first grants the reader access to
 * tables and sequences that were made after the last migration, where this login owns them. Throws {@link HiddenRowsError} with
 * the tables that stay hidden. Returns true when checks read as roundsman_reader, false when they read as this login.
 */
export async function refuseHiddenRows(
  db: Db,
  databaseUrl: string,
  { grantFirst }: { grantFirst: boolean },
): Promise<boolean> {
  if (!(await hasReader(db))) return false;
  const reader = connect(databaseUrl, { name: 'roundsman', max: 1, readOnly: true });
  try {
    // A login that may not grant, or a table in use, leaves what it leaves: what is hidden is said below.
    if (grantFirst)
      await db
        .transaction()
        .execute(letChecksRead)
        .catch(() => {});
    const hidden = await hiddenFrom(reader, db);
    if (hidden.length === 0) return true;
    const named = hidden.slice(0, maxNamed).join(', ');
    const more = hidden.length > maxNamed ? ` and ${hidden.length - maxNamed} more` : '';
    throw new HiddenRowsError({
      what: 'checks would not see all rows',
      why: `row level security hides rows of ${named}${more} from roundsman_reader, the role with which checks read`,
      hint: 'as the owner of these tables: SELECT engine.let_checks_read(), or a SELECT policy for roundsman_reader on each',
    });
  } finally {
    await reader.destroy();
  }
}

/** Whether checks read as that role on this database. */
async function hasReader(db: Db): Promise<boolean> {
  const { rows } = await sql<{ there: boolean }>`
    SELECT EXISTS (${sql.raw(usableReader)}) AS there`.execute(db);
  return rows[0]!.there;
}

/** Rows of a table are counted up to this number, which is enough to show that a policy hides rows. */
const maxCounted = 1_000;

/**
 * Tables of the platform of which `reader` sees fewer rows than `db`: row level security would hide rows from checks
 * without an error. Tables that `reader` may not read at all are left out: a check that reads one gets an error.
 */
export async function hiddenFrom(reader: Db, db: Db): Promise<string[]> {
  const { rows: tables } = await sql<{ name: string }>`
    SELECT c.oid::regclass::text AS name FROM pg_class c
    WHERE c.relnamespace IN ('public'::regnamespace, 'engine'::regnamespace) AND c.relrowsecurity
      AND has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(${readerRole}, c.oid, 'SELECT')
    ORDER BY 1`.execute(db);
  if (tables.length === 0) return [];
  // The server has already quoted the names.
  const counts = sql.join(
    tables.map(
      ({ name }) =>
        sql`SELECT ${name}::text AS name, count(*)::int AS count FROM (SELECT FROM ${sql.raw(name)} LIMIT ${sql.lit(maxCounted)}) seen`,
    ),
    sql` UNION ALL `,
  );
  const countRows = async (session: Db) => {
    const { rows } = await sql<{ name: string; count: number }>`${counts}`.execute(session);
    return new Map(rows.map(({ name, count }) => [name, count]));
  };
  // The reader, which may see fewer rows, counts first. Rows that are added between the counts make a table look
  // hidden, but never hide one.
  const [byReader, byAll] = [await countRows(reader), await countRows(db)];
  const suspects = [...byAll].filter(([name, count]) => (byReader.get(name) ?? 0) < count);
  if (suspects.length === 0) return [];
  // The reader's second count includes rows that were only added in between.
  const secondByReader = await countRows(reader);
  return suspects
    .filter(([name, count]) => (secondByReader.get(name) ?? 0) < count)
    .map(([name]) => name);
}
