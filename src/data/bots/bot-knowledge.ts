import { sql, type Selectable, type Transaction } from 'kysely';
import type { Database, Db } from '../../database/connect.ts';
import type { BotKnowledge } from '../../database/tables.ts';

export type KnowledgeRow = Selectable<BotKnowledge>;

/** What an entry says; how freely it may act and whether at all are columns of their own. */
const content = ['category', 'issue_pattern', 'solution', 'half_life_days'] as const;
type Content = Pick<KnowledgeRow, (typeof content)[number]>;

export type KnowledgeEdit = Partial<Content & Pick<KnowledgeRow, 'autonomy' | 'enabled'>>;

/** Who changes an entry, why if they said so, and what its figures were if it is about its autonomy. */
export interface Change {
  actor: string;
  why?: string | null;
  figures?: object | undefined;
}

/** From the least to the most that an entry may do. */
export const freedom: KnowledgeRow['autonomy'][] = ['shadow', 'suggest', 'auto'];

/** Undefined when the name is taken. */
export const addKnowledge = (
  db: Db,
  values: Pick<KnowledgeRow, 'name' | 'category' | 'issue_pattern' | 'solution' | 'autonomy'>,
  change: Change,
): Promise<KnowledgeRow | undefined> =>
  db.transaction().execute(async (trx) => {
    const entry = await trx
      .insertInto('bot_knowledge')
      .values(values)
      .onConflict((conflict) => conflict.column('name').doNothing())
      .returningAll()
      .executeTakeFirst();
    if (!entry) return undefined;
    const after = { ...pick(entry, content), autonomy: entry.autonomy };
    await writeEvent(trx, entry.id, { event: 'added', before: null, after }, change);
    return entry;
  });

/**
 * Changes what `edit` makes of the entry while it is locked; null when that is nothing. Every change is
 * written down: of the content as `edited`, after which what it said in shadow counts anew, and what came of
 * another solution not any more. Who lowers an entry, or replaces its solution, lowers it everywhere: no component is
 * left with more freedom by its own outcomes.
 */
export const editKnowledge = (
  db: Db,
  id: string,
  edit: (entry: KnowledgeRow) => KnowledgeEdit,
  change: Change,
): Promise<{ before: KnowledgeRow; after: KnowledgeRow } | null> =>
  db.transaction().execute(async (trx) => {
    const before = await trx
      .selectFrom('bot_knowledge')
      .selectAll()
      .where('id', '=', id)
      .forNoKeyUpdate()
      .executeTakeFirstOrThrow();
    const asked = edit(before);
    const autonomy = freedomAfter(before, asked);
    const wanted: KnowledgeEdit = autonomy === before.autonomy ? asked : { ...asked, autonomy };
    const columns = (Object.keys(wanted) as (keyof KnowledgeEdit)[]).filter(
      (column) => wanted[column] !== before[column],
    );
    if (columns.length === 0) return null;
    const after = await trx
      .updateTable('bot_knowledge')
      .set({ ...pick(wanted, columns), ...(beginsAnew(before, wanted) && { aftermath: null }) })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow();
    const lowered = asked.autonomy === undefined && after.autonomy !== before.autonomy;
    const told = lowered ? { ...change, why: change.why ?? anotherSolution } : change;
    for (const event of eventsOf(before, after, change.figures))
      await writeEvent(trx, id, event, told);
    if (
      isAnother(before, wanted) ||
      freedom.indexOf(after.autonomy) < freedom.indexOf(before.autonomy)
    )
      await lowerComponents(trx, after, told);
    return { before, after };
  });

const anotherSolution = 'its solution is another one now, which has not earned it';

const isAnother = (before: KnowledgeRow, { solution }: KnowledgeEdit): boolean =>
  solution !== undefined && solution !== before.solution;

/**
 * How freely an entry may act after an edit: who replaces its solution, and does not say how freely the new one may
 * act, leaves that to be earned.
 */
export const freedomAfter = (before: KnowledgeRow, edit: KnowledgeEdit): KnowledgeRow['autonomy'] =>
  edit.autonomy ??
  (isAnother(before, edit) && before.autonomy === 'auto' ? 'suggest' : before.autonomy);

/** What was found to begin after its heals says nothing of another solution, nor when a person knows and trusts it. */
const beginsAnew = (before: KnowledgeRow, wanted: KnowledgeEdit): boolean =>
  isAnother(before, wanted) || risesIn(before, wanted);

const risesIn = (before: KnowledgeRow, { autonomy }: KnowledgeEdit): boolean =>
  autonomy !== undefined && freedom.indexOf(autonomy) > freedom.indexOf(before.autonomy);

/** Takes away what components may do beyond the entry. */
async function lowerComponents(
  trx: Transaction<Database>,
  { id, autonomy }: KnowledgeRow,
  change: Change,
): Promise<void> {
  const above = freedom.slice(freedom.indexOf(autonomy) + 1);
  if (above.length === 0) return;
  const freer = await trx
    .deleteFrom('bot_knowledge_autonomy')
    .where('knowledge_id', '=', id)
    .where('autonomy', 'in', above)
    .returning(['component', 'autonomy'])
    .execute();
  const after = { autonomy };
  for (const { component, autonomy: had } of freer.toSorted(byComponent)) {
    const event = { event: 'demoted', component, before: { autonomy: had }, after };
    await writeEvent(trx, id, event, { ...change, why: change.why ?? 'with the whole entry' });
  }
}

const byComponent = (a: { component: string }, b: { component: string }) =>
  a.component < b.component ? -1 : 1;

interface Event {
  event: string;
  /** null for the whole entry */
  component?: string;
  before: object | null;
  after: object;
  figures?: object | undefined;
}

function eventsOf(before: KnowledgeRow, after: KnowledgeRow, figures?: object): Event[] {
  const edited = content.filter((column) => before[column] !== after[column]);
  const told = (event: string, columns: readonly (keyof KnowledgeEdit)[]): Event => ({
    event,
    before: pick(before, columns),
    after: pick(after, columns),
  });
  const risen = freedom.indexOf(after.autonomy) > freedom.indexOf(before.autonomy);
  return [
    ...(edited.length > 0 ? [told('edited', edited)] : []),
    ...(before.autonomy !== after.autonomy
      ? [{ ...told(risen ? 'promoted' : 'demoted', ['autonomy']), figures }]
      : []),
    ...(before.enabled !== after.enabled
      ? [told(after.enabled ? 'enabled' : 'disabled', ['enabled'])]
      : []),
  ];
}

export const writeEvent = (
  trx: Transaction<Database>,
  knowledge_id: string,
  { event, component, before, after, figures }: Event,
  { actor, why }: Change,
) =>
  trx
    .insertInto('bot_knowledge_events')
    .values({
      knowledge_id,
      component: component ?? null,
      event,
      before: before && JSON.stringify(before),
      after: JSON.stringify(after),
      figures: JSON.stringify({ ...(why && { why }), ...figures }),
      actor,
      created_at: sql<Date>`engine.now()`,
    })
    .execute();

const pick = <Row extends object, Column extends keyof Row>(row: Row, columns: readonly Column[]) =>
  Object.fromEntries(columns.map((column) => [column, row[column]])) as Pick<Row, Column>;

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
