/** Documented tables part by part: columns, keys, indexes, triggers, policies, checks. */
import { sql, type Transaction } from 'kysely';
import { bare, doubledIndexes } from './differences.ts';

type Parts = Map<string, string>;

/** Each table's parts by kind and name, without schema names. */
export async function partsOf(trx: Transaction<any>, schema: string): Promise<Map<string, Parts>> {
  const { rows } = await sql<{ relation: string; part: string; definition: string }>`
    WITH tables AS (
      SELECT oid, relname FROM pg_class WHERE relnamespace = ${schema}::regnamespace AND relkind = 'r'
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
    SELECT relname, 'check ' || quote_ident(conname), pg_get_constraintdef(c.oid)
    FROM tables JOIN pg_constraint c ON conrelid = tables.oid AND contype = 'c'
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
  for (const { relation, part, definition } of rows) {
    const parts = tables.get(relation) ?? new Map<string, string>();
    tables.set(relation, parts.set(bare(part), bare(definition)));
  }
  return tables;
}

/**
 * The parts that the document has and the table lacks or has in another form, and the additional parts of the table
 * that would change what is allowed.
 */
export function differ(table: string, expected: Parts, actual: Parts): string[] {
  const found: string[] = [];
  for (const [part, definition] of expected) {
    // The migrations replace the document's own five policies in any case.
    if (part.startsWith('policy ')) continue;
    if (doubledIndexes.some((index) => part === `index ${index}`)) continue;
    const is = actual.get(part);
    if (is === undefined) found.push(`${table}: ${part} is missing`);
    else if (is !== definition) found.push(`${table}: ${part} is ${is}, documented ${definition}`);
  }
  for (const part of actual.keys()) {
    if (expected.has(part)) continue;
    const name = part.replace(/^\w+ /, '');
    if (part.startsWith('column ')) found.push(`${table}: ${part} is not documented`);
    if (part.startsWith('policy '))
      found.push(
        `${table}: ${part} would allow more than Roundsman's own (DROP POLICY ${name} ON ${table})`,
      );
    // The engine writes its own words and values into these tables.
    if (part.startsWith('check ') && /^bots$|^bot_/.test(table))
      found.push(
        `${table}: ${part} may refuse what the engine writes (ALTER TABLE ${table} DROP CONSTRAINT ${name})`,
      );
  }
  return found;
}

/**
 * The engine's own additions to documented tables that may exist already, made by hand under the same name: a
 * vocabulary's check, an index of a foreign key, an updated_at trigger. If the existing one is the same it is taken
 * over, else it is a difference. `additions` is what scratch contains after the engine's own files.
 */
export function differFromOurs(table: string, additions: Parts, actual: Parts): string[] {
  const found: string[] = [];
  const trigger = `update_${table}_updated_at`;
  const wanted = new Map(additions).set(
    `trigger ${trigger}`,
    `CREATE TRIGGER ${trigger} BEFORE UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION update_updated_at()`,
  );
  for (const [part, definition] of wanted) {
    const is = actual.get(part);
    if (is === undefined || is === definition) continue;
    const name = part.replace(/^\w+ /, '');
    const rename = part.startsWith('check ')
      ? `ALTER TABLE ${table} RENAME CONSTRAINT ${name} TO own_${name}`
      : part.startsWith('index ')
        ? `ALTER INDEX ${name} RENAME TO own_${name}`
        : `ALTER TRIGGER ${name} ON ${table} RENAME TO own_${name}`;
    found.push(`${table}: ${part} is ${is}, Roundsman's is ${definition} (${rename})`);
  }
  return found;
}
