/** Rows of other tables, which are not the product's, that refer to rows of which retention removes some. */
import { sql, type RawBuilder } from 'kysely';
import type { Db } from '../../database/connect.ts';
import type { Reason, RetainedTable } from './retained-table.ts';

/** The product's own tables in `public` with such foreign keys: the reasons of each table name them (test/data/retention-tables.test.ts). */
const own = [
  'bot_actions',
  'bot_decisions',
  'bot_findings',
  'bot_notifications',
  'bot_ticket_events',
  'bot_tickets',
];

/** Rows under the alias `v` that go together with the row `t`: the table, and the condition. */
interface Going {
  table: string;
  when: RawBuilder<boolean>;
}

function goingWith({
  table,
  key,
  removedBy = key.column,
  time,
  takesAlong = [],
}: RetainedTable): Going[] {
  const columns = time && removedBy === key.column ? [removedBy, time.column] : [removedBy];
  const same = sql<boolean>`${sql.join(
    columns.map((column) => sql`${sql.ref(`v.${column}`)} = ${sql.ref(`t.${column}`)}`),
    sql` AND `,
  )}`;
  return [
    { table, when: same },
    ...takesAlong.map(({ table: other, column }) => ({
      table: other,
      when: sql<boolean>`${sql.ref(`v.${column}`)} = ${sql.ref(`t.${key.column}`)}`,
    })),
  ];
}

interface ForeignKey {
  schema: string;
  name: string;
  columns: string[];
  referred: string[];
  /** whether the login sees every row */
  is_readable: boolean;
}

/**
 * Why rows stay because of tables that the product does not know: a foreign key would remove or change their rows too, or refuse to let
 * the row go. Where the login cannot see every row of such a table, no row may go.
 */
export const foreignReasons = async (db: Db, table: RetainedTable): Promise<Reason[]> =>
  reasonsFor(db, table, await kindOf(db, table.table));

async function reasonsFor(db: Db, table: RetainedTable, kind: Kind): Promise<Reason[]> {
  const reasons: Reason[] = [];
  if (kind === 'other')
    reasons.push({ why: 'is shown by a view: it is not known what refers to it', when: sql`true` });
  for (const going of goingWith(table))
    for (const key of await foreignKeysTo(db, going.table)) reasons.push(reasonOf(going, key));
  return reasons;
}

type Kind = 'plain' | 'divided' | 'other';

/** A view (`other`) has no foreign keys, and may show rows of any table. */
async function kindOf(db: Db, name: string): Promise<Kind> {
  const { rows } = await sql<{ kind: Kind }>`
    SELECT CASE WHEN relkind = 'r' AND NOT relhassubclass THEN 'plain' WHEN relkind IN ('r', 'p') THEN 'divided' ELSE 'other' END AS kind
    FROM pg_class WHERE oid = ${name}::regclass`.execute(db);
  return rows[0]?.kind ?? 'other';
}

async function foreignKeysTo(db: Db, table: string): Promise<ForeignKey[]> {
  const { rows } = await sql<ForeignKey>`
    WITH RECURSIVE part AS (
      SELECT ${table}::regclass::oid AS oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN part ON i.inhparent = part.oid
    )
    SELECT n.nspname AS schema, r.relname AS name,
           has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(r.oid, 'SELECT') AND NOT row_security_active(r.oid) AS is_readable,
           ARRAY(SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY k (attnum, nth)
                 JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum ORDER BY k.nth) AS columns,
           ARRAY(SELECT a.attname::text FROM unnest(c.confkey) WITH ORDINALITY k (attnum, nth)
                 JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.attnum ORDER BY k.nth) AS referred
    FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid JOIN pg_namespace n ON n.oid = r.relnamespace
    -- A key to a partitioned table has a copy for each partition; one to a partition alone counts by itself.
    WHERE c.contype = 'f' AND c.conparentid = 0
      AND c.confrelid IN (SELECT oid FROM part)
      AND n.nspname <> 'engine' AND NOT (n.nspname = 'public' AND r.relname = ANY (${own}::text[]))
    ORDER BY 1, 2, c.conname`.execute(db);
  return rows;
}

function reasonOf(
  going: Going,
  { schema, name, columns, referred, is_readable: isReadable }: ForeignKey,
): Reason {
  // A name may have any characters, and the reason is a literal of the statement.
  const shown =
    /^\w{1,63}$/.test(name) && /^\w{1,63}$/.test(schema) ? `${schema}.${name}` : 'another table';
  if (!isReadable)
    return { why: `rows of ${shown} may refer to it, which the login cannot see`, when: sql`true` };
  const same = columns.map(
    (column, at) => sql`${sql.id('x', column)} = ${sql.id('v', referred[at]!)}`,
  );
  return {
    why: `a row of ${shown} refers to it`,
    when: sql`EXISTS (SELECT FROM ${sql.table(going.table)} v JOIN ${sql.id(schema, name)} x ON ${sql.join(same, sql` AND `)} WHERE ${going.when})`,
  };
}

/** The table with these reasons to stay, too, and with what else of it is looked up. */
export async function withForeignReasons(db: Db, table: RetainedTable): Promise<RetainedTable> {
  const kind = await kindOf(db, table.table);
  return {
    ...table,
    isPlain: kind === 'plain',
    stays: [...table.stays, ...(await reasonsFor(db, table, kind))],
  };
}
