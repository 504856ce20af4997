import { sql, type Selectable } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { countRows } from '../../database/rows/count-rows.ts';
import { timeOf, type Since } from '../../database/rows/since.ts';
import { object, text, uuid } from '../../database/faults/bad-input.ts';
import type { BotKnowledge } from '../../database/tables.ts';
import { rowLimit } from './row-limit.ts';

export type KnowledgeRow = Selectable<BotKnowledge>;

/** The columns that are the content of an entry. Its autonomy, and whether it is enabled, do not belong to it. */
const content = ['category', 'issue_pattern', 'solution', 'half_life_days'] as const;
type Content = Pick<KnowledgeRow, (typeof content)[number]>;

/** The content of an entry: its pattern, its solution, and what belongs to them. */
export const contentOf = (entry: KnowledgeRow): Content => pick(entry, content);

export type KnowledgeEdit = Partial<Content & Pick<KnowledgeRow, 'autonomy' | 'enabled'>>;

/** Whether an edit replaces the solution: the outcomes of the old solution say nothing about the new one. */
export const replacesSolution = (before: KnowledgeRow, { solution }: KnowledgeEdit): boolean =>
  solution !== undefined && solution !== before.solution;

/**
 * The autonomy of an entry after an edit: an edit that replaces the solution and names no autonomy makes the new
 * solution earn it.
 */
export const autonomyAfter = (
  before: KnowledgeRow,
  edit: KnowledgeEdit,
): KnowledgeRow['autonomy'] =>
  edit.autonomy ??
  (replacesSolution(before, edit) && before.autonomy === 'auto' ? 'suggest' : before.autonomy);

export const pick = <Row extends object, Column extends keyof Row>(
  row: Row,
  columns: readonly Column[],
) => Object.fromEntries(columns.map((column) => [column, row[column]])) as Pick<Row, Column>;

export interface KnowledgeFilter {
  /** 50 characters at most */
  category?: string | undefined;
  /** also those that were removed */
  removed?: boolean | undefined;
  /** 1 to 1,000,001 */
  limit: number;
}

/** Entries of knowledge by name, removed ones only if the filter wants them. Throws BadInputError. */
export async function listKnowledge(db: Db, filter: KnowledgeFilter): Promise<KnowledgeRow[]> {
  const { category, removed, limit } = object('filter', filter);
  let query = db.selectFrom('bot_knowledge').selectAll().orderBy('name').limit(rowLimit(limit));
  if (!removed) query = query.where('removed_at', 'is', null);
  if (category !== undefined) query = query.where('category', '=', text('category', category, 50));
  return query.execute();
}

/** The recorded changes of an entry, all or those since a time, the newest first. Throws BadInputError. */
export const knowledgeEvents = async (db: Db, id: string, limit: number, since?: Since) =>
  changesOf(db, id, since).selectAll().orderBy('id', 'desc').limit(rowLimit(limit)).execute();

/** How many recorded changes there are; null: very many. */
export const countKnowledgeEvents = (db: Db, id: string, since?: Since) =>
  countRows(db, changesOf(db, id, since));

const changesOf = (db: Db, id: string, since: Since | undefined) =>
  db
    .selectFrom('bot_knowledge_events')
    .where('knowledge_id', '=', uuid('knowledge_id', id))
    .$if(since !== undefined, (query) => query.where('created_at', '>=', timeOf(since!)));

/** The entries among these whose success_rate has a meaning: at least one of their heals is decided. */
export async function decidedEntries(db: Db, ids: string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const { rows } = await sql<{ id: string }>`
    SELECT k.id FROM bot_knowledge k
    WHERE k.id = ANY (${ids}::uuid[]) AND (k.times_successful > 0 OR EXISTS (
      SELECT FROM engine.heals h WHERE h.knowledge_id = k.id AND h.outcome IS NOT NULL)
      OR EXISTS (SELECT FROM engine.removed_heals m WHERE m.knowledge_id = k.id AND m.decided > 0))`.execute(
    db,
  );
  return new Set(rows.map(({ id }) => id));
}

/** The components on which heals of an entry are decided, those with the most such heals first. */
export async function decidedComponents(db: Db, id: string, limit: number): Promise<string[]> {
  const { rows } = await sql<{ component: string }>`
    SELECT component FROM engine.heals
    WHERE knowledge_id = ${id}::uuid AND outcome IS NOT NULL AND component IS NOT NULL
    GROUP BY component ORDER BY count(*) DESC, component LIMIT ${limit}`.execute(db);
  return rows.map(({ component }) => component);
}

/** A documented figure of an entry that differs from what its heals (engine.heals) say. */
export interface FigureDifference {
  id: string;
  name: string;
  column: 'times_applied' | 'times_successful' | 'success_rate';
  is: number | null;
  ought: number;
}

/**
 * Compares the documented figures with the heals in one statement, so that a heal that is decided at this moment counts
 * in both or in neither.
 */
export async function figureDifferences(db: Db, ids?: string[]): Promise<FigureDifference[]> {
  const { rows } = await sql<FigureDifference>`
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

/** Counts those figures that differ again from the heals, stores them, and returns those that differed. */
export const correctDifferences = (db: Db): Promise<FigureDifference[]> =>
  db.transaction().execute(async (trx) => {
    const suspects = [...new Set((await figureDifferences(trx)).map(({ id }) => id))];
    // Locks bot_knowledge by id. Figures that are counted under the locks stay true.
    await sql`SELECT FROM bot_knowledge WHERE id = ANY (${suspects}::uuid[])
              ORDER BY id FOR NO KEY UPDATE`.execute(trx);
    const differences = await figureDifferences(trx, suspects);
    await sql`
      UPDATE bot_knowledge k
      SET times_applied = c.times_applied, times_successful = c.times_successful, success_rate = c.success_rate
      FROM engine.counted(${differences.map(({ id }) => id)}::uuid[]) c WHERE k.id = c.knowledge_id`.execute(
      trx,
    );
    return differences;
  });

/** An enabled entry whose playbook names a remedy that a catalogue does not have: it heals nothing. */
export interface EntryWithoutRemedy {
  name: string;
  remedy: string;
}

/** `known`: the names of the catalogue's remedies. The first 100 by name. */
export async function entriesWithoutRemedy(
  db: Db,
  known: readonly string[],
): Promise<EntryWithoutRemedy[]> {
  const { rows } = await sql<EntryWithoutRemedy>`
    SELECT DISTINCT k.name, step[1] AS remedy
    FROM bot_knowledge k, regexp_matches(k.solution, '\\mremedy:\\s*["'']?([a-z0-9][a-z0-9.-]*)', 'g') AS step
    WHERE k.enabled AND k.removed_at IS NULL AND k.solution ~ '^\\s*steps:' AND step[1] <> ALL (${known}::text[])
    ORDER BY k.name, remedy LIMIT 100`.execute(db);
  return rows;
}
