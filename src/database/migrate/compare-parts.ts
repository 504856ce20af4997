/** Compares the documented tables part by part, and says of each difference what mends it. */
import { doubledIndexes } from './differences.ts';
import { addColumn, alterColumn, freeName, rename } from './mends.ts';
import { obstacleOf, whyNoForeignKey, whyNoKey } from './obstacle-words.ts';
import type { Obstacles } from './obstacles.ts';
import { invalidSuffix, splitPart, type Parts } from './parts.ts';
import { meaningOfCheck, meaningOfExpression } from './same-meaning.ts';

const isSame = (kind: string, existing: string, documented: string): boolean =>
  kind === 'check'
    ? meaningOfCheck(existing) === meaningOfCheck(documented)
    : kind === 'constraint' || meaningOfExpression(existing) === meaningOfExpression(documented);

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
    const { kind, name } = splitPart(part);
    const existing = actual.get(part);
    // The migrations drop the document's own five policies: one that is missing is not a difference.
    if (existing === undefined && kind !== 'policy')
      found.push(
        `${table}: ${part} is missing${describeMissing(table, { kind, name, definition, actual }, obstacles)}`,
      );
    else if (existing !== undefined && !isSame(kind, existing, definition)) {
      const obstacle = kind === 'column' ? obstacleOf(`${table}.${name}`, obstacles) : undefined;
      const mend = obstacle
        ? `, and ${obstacle.why} (${obstacle.mend})`
        : ` (${mendOther(table, kind, name, existing, definition)})`;
      found.push(`${table}: ${part} is ${existing}, documented ${definition}${mend}`);
    }
  }
  for (const [part, definition] of actual) {
    if (expected.has(part)) continue;
    const { kind, name } = splitPart(part);
    if (kind === 'column' && definition.endsWith(' NOT NULL'))
      found.push(
        `${table}: ${part} is NOT NULL without a default, and Roundsman's inserts do not give it (ALTER TABLE ${table} ALTER ${name} DROP NOT NULL)`,
      );
    // The engine itself makes this policy for its checks (engine.let_checks_read) where only the bots were installed.
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

/** The end of the sentence about a missing part: what the table has in its place, and the statement that mends it. */
function describeMissing(
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
    const sameIndex = [...actual].find(
      ([part, existing]) =>
        part.startsWith('index ') &&
        existing.replace(` ${splitPart(part).name} ON `, ` ${name} ON `) === definition,
    );
    if (sameIndex === undefined) return ` (${definition})`;
    const own = splitPart(sameIndex[0]).name;
    return `, and ${own} is the same under another name (ALTER INDEX ${own} RENAME TO ${name})`;
  }
  if (kind !== 'constraint') return ` (${definition})`;
  const columns = /^[A-Z ]+\([^)]*\)/.exec(name)![0];
  // A table has one primary key, whatever its columns are.
  const place = columns.startsWith('PRIMARY KEY') ? 'PRIMARY KEY' : columns;
  const other = [...actual].find(([part]) => part.startsWith(`constraint ${place}`));
  const first = whyNoForeignKey(table, name, obstacles) ?? whyNoKey(table, name, obstacles);
  if (other === undefined) return first ?? ` (ALTER TABLE ${table} ADD ${name})`;
  const [part, own] = other;
  const instead = `, and ${own} is ${splitPart(part).name}`;
  if (first) return `${instead}${first}`;
  const by = obstacles.referred.get(`${table}.${own}`);
  if (by)
    return `${instead}, to which ${by} refers (let it refer to a UNIQUE of its own, or drop it; then run it again: it will show the statement then)`;
  return `${instead} (ALTER TABLE ${table} DROP CONSTRAINT ${own}, ADD ${name})`;
}

function mendOther(
  table: string,
  kind: string,
  name: string,
  existing: string,
  documented: string,
): string {
  if (kind === 'column') return alterColumn(table, name, existing, documented);
  // Renaming does not help with a permissive policy: under another name it would still be a difference.
  if (kind === 'policy' && existing.startsWith('permissive'))
    return `DROP POLICY ${name} ON ${table}`;
  if (kind === 'policy') return rename(kind, table, name);
  if (existing === `${documented}${invalidSuffix}`) return `REINDEX INDEX ${name}`;
  return `${freeName(kind, table, name, existing)}; ${documented}`;
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
  // A trigger that the document has itself is compared with the document, and not here.
  if (!documented.has(`trigger ${trigger}`))
    wanted.set(
      `trigger ${trigger}`,
      `CREATE TRIGGER ${trigger} BEFORE UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION update_updated_at()`,
    );
  for (const [part, definition] of wanted) {
    const existing = actual.get(part);
    const { kind, name } = splitPart(part);
    if (existing === undefined || isSame(kind, existing, definition)) continue;
    const mend =
      existing === `${definition}${invalidSuffix}`
        ? `REINDEX INDEX ${name}`
        : freeName(kind, table, name, existing);
    found.push(`${table}: ${part} is ${existing}, Roundsman's is ${definition} (${mend})`);
  }
  return found;
}
