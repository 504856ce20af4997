/** Documented tables part by part: columns, keys, indexes, triggers, policies, checks. */
import { sql, type Transaction } from 'kysely';
import { bare, doubledIndexes } from './differences.ts';
import { addColumn, alterColumn, giveWay, rename } from './mends.ts';
import type { Obstacle, Obstacles } from './obstacles.ts';
import { meaning, meaningOfCheck } from './same-meaning.ts';

/** What an index is called that a broken CREATE INDEX CONCURRENTLY has left: no query uses it. */
const invalid = ' INVALID';

type Parts = Map<string, string>;

/** Each table's parts by kind and name, without schema names. */
export async function partsOf(trx: Transaction<any>, schema: string): Promise<Map<string, Parts>> {
  const { rows } = await sql<{ relation: string; part: string; definition: string }>`
    WITH tables AS (
      SELECT oid, relname FROM pg_class WHERE relnamespace = ${schema}::regnamespace AND relkind = 'r'
    )
    SELECT relname AS relation, 'column ' || quote_ident(attname) AS part,
           concat_ws(' ', format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'NOT NULL' END,
                     CASE WHEN attidentity <> '' THEN format('GENERATED %s AS IDENTITY', CASE attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END)
                          WHEN attgenerated <> '' THEN format('GENERATED ALWAYS AS (%s) %s', pg_get_expr(adbin, adrelid), CASE attgenerated WHEN 's' THEN 'STORED' ELSE 'VIRTUAL' END)
                          ELSE 'DEFAULT ' || pg_get_expr(adbin, adrelid) END) AS definition
    FROM tables JOIN pg_attribute ON attrelid = tables.oid AND attnum > 0 AND NOT attisdropped
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    UNION ALL
    SELECT relname, 'constraint ' || pg_get_constraintdef(c.oid), quote_ident(conname)
    FROM tables JOIN pg_constraint c ON conrelid = tables.oid AND contype IN ('p', 'u', 'f')
    UNION ALL
    SELECT relname, 'check ' || quote_ident(conname), pg_get_constraintdef(c.oid)
    FROM tables JOIN pg_constraint c ON conrelid = tables.oid AND contype = 'c'
    UNION ALL
    SELECT relname, 'index ' || i.indexrelid::regclass::text,
           concat(pg_get_indexdef(i.indexrelid), CASE WHEN NOT indisvalid THEN ${invalid}::text END)
    FROM tables JOIN pg_index i ON indrelid = tables.oid
    WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid AND contype IN ('p', 'u', 'x'))
    UNION ALL
    SELECT relname, 'trigger ' || quote_ident(tgname), pg_get_triggerdef(t.oid)
    FROM tables JOIN pg_trigger t ON tgrelid = tables.oid AND NOT tgisinternal
    UNION ALL
    SELECT relname, 'policy ' || quote_ident(polname),
           concat_ws(' ', CASE WHEN polpermissive THEN 'permissive' ELSE 'restrictive' END,
                     CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END, 'TO',
                     (SELECT string_agg(CASE role WHEN 0 THEN 'public' ELSE role::regrole::text END, ', ' ORDER BY role) FROM unnest(polroles) role),
                     'USING (' || pg_get_expr(polqual, polrelid) || ')', 'WITH CHECK (' || pg_get_expr(polwithcheck, polrelid) || ')')
    FROM tables JOIN pg_policy ON polrelid = tables.oid
    ORDER BY relation, part`.execute(trx);
  const tables = new Map<string, Parts>();
  for (const { relation, part, definition } of rows) {
    const parts = tables.get(relation) ?? new Map<string, string>();
    tables.set(relation, parts.set(bare(part), bare(definition)));
  }
  return tables;
}

const split = (part: string) => {
  const at = part.indexOf(' ');
  return { kind: part.slice(0, at), name: part.slice(at + 1) };
};

const same = (kind: string, is: string, documented: string): boolean =>
  kind === 'check'
    ? meaningOfCheck(is) === meaningOfCheck(documented)
    : kind === 'constraint' || meaning(is) === meaning(documented);

/**
 * The parts that the document has and the table lacks or has in another form, and the additional parts of the table
 * that would change what is allowed, or what the engine can write.
 */
export function differ(
  table: string,
  { expected, actual }: { expected: Parts; actual: Parts },
  obstacles: Obstacles,
): string[] {
  const found: string[] = [];
  for (const [part, definition] of expected) {
    if (doubledIndexes.some((index) => part === `index ${index}`)) continue;
    const { kind, name } = split(part);
    const is = actual.get(part);
    // The migrations drop the document's own five policies: one that is not there is no difference.
    if (is === undefined && kind !== 'policy')
      found.push(
        `${table}: ${part} is missing${missing(table, { kind, name, definition, actual }, obstacles)}`,
      );
    else if (is !== undefined && !same(kind, is, definition)) {
      const obstacle = kind === 'column' ? obstacleOf(`${table}.${name}`, obstacles) : undefined;
      const mend = obstacle
        ? `, and ${obstacle.why} (${obstacle.mend})`
        : ` (${mendOther(table, kind, name, is, definition)})`;
      found.push(`${table}: ${part} is ${is}, documented ${definition}${mend}`);
    }
  }
  for (const [part, definition] of actual) {
    if (expected.has(part)) continue;
    const { kind, name } = split(part);
    if (kind === 'column' && definition.endsWith(' NOT NULL'))
      found.push(
        `${table}: ${part} is NOT NULL without a default, and Roundsman's inserts do not give it (ALTER TABLE ${table} ALTER ${name} DROP NOT NULL)`,
      );
    // The engine gives its checks this one (engine.let_checks_read) where the bots were installed alone.
    const isOurs =
      name === '"Checks read"' &&
      definition === 'permissive SELECT TO roundsman_reader USING (true)';
    if (kind === 'policy' && !isOurs && definition.startsWith('permissive'))
      found.push(
        `${table}: ${part} would allow more than Roundsman's own (DROP POLICY ${name} ON ${table})`,
      );
    // The engine writes its own words and values into these tables.
    if (kind === 'check' && /^bots$|^bot_/.test(table))
      found.push(
        `${table}: ${part} may refuse what the engine writes (ALTER TABLE ${table} DROP CONSTRAINT ${name})`,
      );
  }
  return found;
}

/** What is there in place of a missing part, and the statement that mends it. */
function missing(
  table: string,
  {
    kind,
    name,
    definition,
    actual,
  }: { kind: string; name: string; definition: string; actual: Parts },
  obstacles: Obstacles,
): string {
  if (kind === 'column') return ` (${addColumn(table, name, definition)})`;
  if (kind === 'index') {
    const twin = [...actual].find(
      ([part, is]) =>
        part.startsWith('index ') &&
        is.replace(` ${split(part).name} ON `, ` ${name} ON `) === definition,
    );
    if (twin === undefined) return ` (${definition})`;
    const own = split(twin[0]).name;
    return `, and ${own} is the same under another name (ALTER INDEX ${own} RENAME TO ${name})`;
  }
  if (kind !== 'constraint') return ` (${definition})`;
  const columns = /^[A-Z ]+\([^)]*\)/.exec(name)![0];
  // A table has one primary key, whatever its columns are.
  const place = columns.startsWith('PRIMARY KEY') ? 'PRIMARY KEY' : columns;
  const other = [...actual].find(([part]) => part.startsWith(`constraint ${place}`));
  const first = unreferable(table, name, obstacles) ?? unkeyable(table, name, obstacles);
  if (other === undefined) return first ?? ` (ALTER TABLE ${table} ADD ${name})`;
  const [part, own] = other;
  const instead = `, and ${own} is ${split(part).name}`;
  if (first) return `${instead}${first}`;
  const by = obstacles.referred.get(`${table}.${own}`);
  if (by)
    return `${instead}, to which ${by} refers (let it refer to a UNIQUE of its own, or drop it; then run it again: it has the statement then)`;
  return `${instead} (ALTER TABLE ${table} DROP CONSTRAINT ${own}, ADD ${name})`;
}

const inRows = (count: number): string => `${count} ${count === 1 ? 'row' : 'rows'}`;

/** What stands in the way of the statement that would change this column. */
function obstacleOf(column: string, { types, rows }: Obstacles): Obstacle | undefined {
  const empty = rows.get(column);
  if (types.has(column) || empty === undefined) return types.get(column);
  return {
    why: `it is NULL in ${inRows(empty)}`,
    mend: 'give it a value in each, then run it again: it has the statement then',
  };
}

/** Why PostgreSQL would not make this foreign key, and what to do; null where it is none, or can be made. */
function unreferable(
  table: string,
  key: string,
  { types, rows, twins, relations }: Obstacles,
): string | null {
  const [, columns, to, keys] =
    /^FOREIGN KEY \(([^)]*)\) REFERENCES ([\w.]+)\(([^)]*)\)/.exec(key) ?? [];
  if (to === undefined) return null;
  if (!relations.has(to))
    return `, and ${to} is not there (make ${to} first, with a row for each that ${table} refers to; then run it again: it has the statement then)`;
  const fixed = [`${table}.${columns}`, `${to}.${keys}`].find((column) => types.has(column));
  if (fixed)
    return ` (first give ${fixed} its documented type, then run it again: it has the statement then)`;
  if (['PRIMARY KEY', 'UNIQUE'].some((kind) => twins.has(`${to}.${kind} (${keys})`)))
    return ` (first give ${to} its documented key, then run it again: it has the statement then)`;
  const astray = rows.get(`${table}.${key}`);
  if (astray === undefined) return null;
  return `, and ${inRows(astray)} of ${table} ${astray === 1 ? 'refers' : 'refer'} to none in ${to} (correct or delete them, then run it again: it has the statement then)`;
}

/** Why the rows would refuse this key, and what to do; null where they would not. */
function unkeyable(table: string, key: string, { rows, twins }: Obstacles): string | null {
  const [, kind, columns] = /^(UNIQUE|PRIMARY KEY) \(([^)]*)\)/.exec(key) ?? [];
  if (columns === undefined) return null;
  const twin = twins.get(`${table}.${key}`);
  if (twin) {
    const example = twin.example === null ? '' : `, such as ${twin.example}`;
    return `, and ${inRows(twin.count)} of ${table} have the same ${columns.replace(', ', ' and ')} as another one${example} (keep one of each or make them different, then run it again: it has the statement then)`;
  }
  const empty =
    kind === 'PRIMARY KEY'
      ? columns.split(', ').find((column) => rows.has(`${table}.${column}`))
      : undefined;
  return empty === undefined
    ? null
    : ` (first give ${table}.${empty} a value in each row, then run it again: it has the statement then)`;
}

function mendOther(
  table: string,
  kind: string,
  name: string,
  is: string,
  documented: string,
): string {
  if (kind === 'column') return alterColumn(table, name, is, documented);
  // What is permissive under another name would be a difference, too.
  if (kind === 'policy' && is.startsWith('permissive')) return `DROP POLICY ${name} ON ${table}`;
  if (kind === 'policy') return rename(kind, table, name);
  if (is === `${documented}${invalid}`) return `REINDEX INDEX ${name}`;
  return `${kind === 'index' ? giveWay(table, name, is) : rename(kind, table, name)}; ${documented}`;
}

/**
 * The engine's own additions to documented tables that may exist already, made by hand under the same name: a
 * vocabulary's check, an index of a foreign key, an updated_at trigger. If the existing one is the same it is taken
 * over, else it is a difference. `additions` is what scratch contains after the engine's own files, and `documented` what
 * it contained before.
 */
export function differFromOurs(
  table: string,
  { additions, documented }: { additions: Parts; documented: Parts },
  actual: Parts,
): string[] {
  const found: string[] = [];
  const trigger = `update_${table}_updated_at`;
  const wanted = new Map(additions);
  // The document's own is compared with the document.
  if (!documented.has(`trigger ${trigger}`))
    wanted.set(
      `trigger ${trigger}`,
      `CREATE TRIGGER ${trigger} BEFORE UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION update_updated_at()`,
    );
  for (const [part, definition] of wanted) {
    const is = actual.get(part);
    const { kind, name } = split(part);
    if (is === undefined || same(kind, is, definition)) continue;
    const makesRoom = kind === 'index' ? giveWay(table, name, is) : rename(kind, table, name);
    found.push(
      `${table}: ${part} is ${is}, Roundsman's is ${definition} (${is === `${definition}${invalid}` ? `REINDEX INDEX ${name}` : makesRoom})`,
    );
  }
  return found;
}
