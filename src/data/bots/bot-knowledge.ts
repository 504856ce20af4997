import { sql, type Selectable } from 'kysely';
import type { Db } from '../../database/connect.ts';
import type { BotKnowledge } from '../../database/tables.ts';

export type KnowledgeRow = Selectable<BotKnowledge>;

/** What an entry says; how freely it may act and whether at all are columns of their own. */
const content = ['category', 'issue_pattern', 'solution', 'half_life_days'] as const;
type Content = Pick<KnowledgeRow, (typeof content)[number]>;

/** What an entry says: its pattern, its solution, and what belongs to them. */
export const contentOf = (entry: KnowledgeRow): Content => pick(entry, content);

export type KnowledgeEdit = Partial<Content & Pick<KnowledgeRow, 'autonomy' | 'enabled'>>;

/** Whether an edit replaces the solution: what came of the one before says nothing of it. */
export const isAnother = (before: KnowledgeRow, { solution }: KnowledgeEdit): boolean =>
  solution !== undefined && solution !== before.solution;

/**
 * How freely an entry may act after an edit: who replaces its solution, and does not say how freely the new one may
 * act, leaves that to be earned.
 */
export const freedomAfter = (before: KnowledgeRow, edit: KnowledgeEdit): KnowledgeRow['autonomy'] =>
  edit.autonomy ??
  (isAnother(before, edit) && before.autonomy === 'auto' ? 'suggest' : before.autonomy);

export const pick = <Row extends object, Column extends keyof Row>(
  row: Row,
  columns: readonly Column[],
) => Object.fromEntries(columns.map((column) => [column, row[column]])) as Pick<Row, Column>;

/** What happened to an entry, the newest first. */
export const knowledgeEvents = (db: Db, id: string, limit: number) =>
  db
    .selectFrom('bot_knowledge_events')
    .selectAll()
    .where('knowledge_id', '=', id)
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();

/** Those of the entries whose success_rate stands for something: a heal of theirs is decided. */
export async function decidedEntries(db: Db, ids: string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const { rows } = await sql<{ id: string }>`
    SELECT k.id FROM bot_knowledge k
    WHERE k.id = ANY (${ids}::uuid[]) AND (k.times_successful > 0 OR EXISTS (
      SELECT FROM engine.heals h WHERE h.knowledge_id = k.id AND h.outcome IS NOT NULL))`.execute(
    db,
  );
  return new Set(rows.map(({ id }) => id));
}

/** The components in which an entry's heals are decided, those with the most of them first. */
export async function decidedComponents(db: Db, id: string, limit: number): Promise<string[]> {
  const { rows } = await sql<{ component: string }>`
    SELECT component FROM engine.heals
    WHERE knowledge_id = ${id}::uuid AND outcome IS NOT NULL AND component IS NOT NULL
    GROUP BY component ORDER BY count(*) DESC, component LIMIT ${limit}`.execute(db);
  return rows.map(({ component }) => component);
}

/** A documented figure of an entry that is not what the ledger says. */
export interface CacheDifference {
  id: string;
  name: string;
  column: 'times_applied' | 'times_successful' | 'success_rate';
  is: number | null;
  ought: number;
}

/** Compares the cache with the ledger in one statement, so that a heal that is just decided differs in neither. */
export async function cacheDifferences(db: Db, ids?: string[]): Promise<CacheDifference[]> {
  const { rows } = await sql<CacheDifference>`
    SELECT k.id, k.name, d."column", d."is"::float8 AS "is", d.ought::float8 AS ought
    FROM engine.counted(coalesce(${ids ?? null}::uuid[], ARRAY(SELECT id FROM bot_knowledge))) c
    JOIN bot_knowledge k ON k.id = c.knowledge_id
    CROSS JOIN LATERAL (VALUES
      (1, 'times_applied', k.times_applied::numeric, c.times_applied::numeric),
      (2, 'times_successful', k.times_successful, c.times_successful),
      (3, 'success_rate', k.success_rate, c.success_rate)) d (place, "column", "is", ought)
    WHERE d."is" IS DISTINCT FROM d.ought
    ORDER BY k.name, d.place`.execute(db);
  return rows;
}

/** Writes what the ledger says over what the cache says, and returns what differed. */
export const mendCache = (db: Db): Promise<CacheDifference[]> =>
  db.transaction().execute(async (trx) => {
    const suspects = [...new Set((await cacheDifferences(trx)).map(({ id }) => id))];
    // Locks bot_knowledge by id. What is counted once they are locked stays true.
    await sql`SELECT FROM bot_knowledge WHERE id = ANY (${suspects}::uuid[])
              ORDER BY id FOR NO KEY UPDATE`.execute(trx);
    const differences = await cacheDifferences(trx, suspects);
    await sql`
      UPDATE bot_knowledge k
      SET times_applied = c.times_applied, times_successful = c.times_successful, success_rate = c.success_rate
      FROM engine.counted(${differences.map(({ id }) => id)}::uuid[]) c WHERE k.id = c.knowledge_id`.execute(
      trx,
    );
    return differences;
  });
