import { sql, type Transaction } from 'kysely';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { Database, Db } from '../../database/connect.ts';
import type { Autonomy } from '../../ground/autonomy.ts';
import { setAutonomy } from '../../transitions/knowledge/set-autonomy.ts';
import { minAgreements, changeOf, type Agreement } from './autonomy.ts';
import { minCases, figuresOf, type Figures, type TrackRecord } from './figures.ts';
import { restrictByHarm, updateHarm, type ChangeForHarm } from './harm.ts';
import { judgementsOf, type Judgement } from './judgements.ts';
import { lowerBoundsByOthers } from './lower-bounds-by-others.ts';
import { readSolution, riskOf } from '../../catalogue/solution.ts';

/** The actor of the changes of autonomy that the figures ask for. */
const judgingActor = 'roundsman';

interface Entry {
  id: string;
  name: string;
  autonomy: Autonomy;
  solution: string;
}

/** How freely an entry may act has changed, as a whole or on one component, and why. */
export interface AutonomyChange {
  /** the entry's name */
  knowledge: string;
  component: string | null;
  before: Autonomy;
  after: Autonomy;
  why: string;
}

export interface JudgingLimits {
  /** how many entries at most; 100 by default */
  maxEntries?: number;
  /** an entry that any process judged within this many seconds waits for a later call; the default is 0 */
  restSeconds?: number;
}

/**
 * Judges the entries that have new outcomes since they were last judged, each once and in a transaction of its own: as
 * a whole, and for every component with enough outcomes of its own. Every change is recorded with its figures. Returns
 * the changes.
 *
 * Judging an entry reads all of its outcomes, and transactions that write an outcome of it wait meanwhile. If several
 * processes judged after every single outcome, a server with many outcomes would have little time for anything else.
 */
export async function judgeEntries(
  db: Db,
  catalogue: Catalogue,
  { maxEntries = 100, restSeconds = 0 }: JudgingLimits = {},
): Promise<AutonomyChange[]> {
  const changes: AutonomyChange[] = [];
  const done: string[] = [];
  while (done.length < maxEntries) {
    const judgement = await db.transaction().execute(async (trx) => {
      const entry = await lockNext(trx, done, restSeconds);
      return entry && { id: entry.id, changes: await judgeAnew(trx, catalogue, entry) };
    });
    if (!judgement) break;
    done.push(judgement.id);
    changes.push(...judgement.changes);
  }
  return changes;
}

/** The entry that has waited longest and that no other process judges now. */
const lockNext = (trx: Transaction<Database>, done: string[], restSeconds: number) =>
  trx
    .selectFrom('bot_knowledge')
    .select(['id', 'name', 'autonomy', 'solution'])
    .where('unjudged', '=', true)
    .where(sql<boolean>`id <> ALL (${done}::uuid[])`)
    // The server's own clock, because this is about the server's load, and not about the engine's time.
    .where(
      sql<boolean>`(judged_at IS NULL OR judged_at <= clock_timestamp() - make_interval(secs => ${restSeconds}))`,
    )
    .orderBy(sql`judged_at NULLS FIRST`)
    .orderBy('id')
    .limit(1)
    .forNoKeyUpdate()
    .skipLocked()
    .executeTakeFirst();

async function judgeAnew(trx: Transaction<Database>, catalogue: Catalogue, entry: Entry) {
  const changes = await judgeEntry(trx, catalogue, entry);
  await trx
    .updateTable('bot_knowledge')
    .set({ unjudged: false, judged_at: sql<Date>`clock_timestamp()` })
    .where('id', '=', entry.id)
    .execute();
  return changes;
}

async function judgeEntry(
  trx: Transaction<Database>,
  catalogue: Catalogue,
  entry: Entry,
): Promise<AutonomyChange[]> {
  const { id, autonomy } = entry;
  const solution = readSolution(entry.solution, catalogue);
  // The risk of advice, or of steps that cannot run, is not known. What they say in shadow is judged all the same.
  const runs = solution.kind === 'playbook';
  if (!runs && autonomy !== 'shadow') return [];
  const risk = runs ? riskOf(solution.steps) : 'irreversible';
  const agreement = await agreementsOf(trx, id);
  const countedSince = await readCountedSince(trx, id);
  const known = new Map<string | null, Figures>();
  const evidence = async (component: string | null, own: Autonomy | null) => {
    const since = countedSince(component, own);
    const about = { fingerprint: null, component, category: null, since };
    const figures = (await figuresOf(trx, [id], about)).get(id)!;
    known.set(component, figures);
    return {
      ofWhole: component === null,
      record: figures.records[component === null ? 'all' : 'component'],
      untouched: figures.untouched,
      agreement: agreement(component),
    };
  };

  // About the whole entry, whatever its outcomes on one component are.
  const harm = runs ? await updateHarm(trx, id, judgingActor) : null;
  const changeUnlessHarmful: typeof changeOf = (from, ...rest) =>
    restrictByHarm(changeOf(from, ...rest), from, harm);
  const whole = { autonomy, risk, ...(await evidence(null, null)) };
  const toShadow = changeUnlessHarmful(autonomy, risk, whole)?.autonomy === 'shadow';
  const parts = [];
  for (const part of runs ? await componentsOf(trx, id, toShadow) : [])
    parts.push({ ...part, ...(await evidence(part.component, part.own)) });
  const adjusted = lowerBoundsByOthers(parts);
  const judgements = judgementsOf(whole, adjusted, changeUnlessHarmful);
  for (const each of judgements) {
    const { record } = adjusted.find(({ component }) => component === each.component) ?? whole;
    await storeChange(trx, id, each, { ...known.get(each.component)!, record });
  }
  return judgements.map(({ component, before, change }) => ({
    knowledge: entry.name,
    component,
    before,
    after: change.autonomy,
    why: change.why,
  }));
}

const noAgreement: Agreement = { agreed: 0, differed: 0 };

/**
 * How often people did what the entry said in shadow, since it was last put into shadow or edited. Returns a function: given a
 * component, it counts what was said about that component; given null, about all components.
 */
async function agreementsOf(trx: Transaction<Database>, id: string) {
  const { rows } = await sql<Agreement & { component: string | null; whole: boolean }>`
    WITH changed AS MATERIALIZED (
      SELECT component, max(created_at) AS at FROM bot_knowledge_events
      WHERE knowledge_id = ${id}::uuid AND (after ?| '{issue_pattern,solution}' OR after ->> 'autonomy' = 'shadow')
      GROUP BY component)
    SELECT whole, CASE WHEN NOT whole THEN d.component END AS component,
           count(DISTINCT finding_id) FILTER (WHERE answer = 'approved')::int AS agreed,
           count(DISTINCT finding_id) FILTER (WHERE answer = 'rejected')::int AS differed
    FROM bot_decisions d, (VALUES (true), (false)) scope (whole)
    WHERE knowledge_id = ${id}::uuid AND verdict = 'shadowed' AND answer IS NOT NULL AND (whole OR d.component IS NOT NULL)
      AND decided_at > coalesce(greatest(
        (SELECT c.at FROM changed c WHERE c.component IS NULL),
        (SELECT c.at FROM changed c WHERE NOT whole AND c.component = d.component)), '-infinity')
    GROUP BY 1, 2`.execute(trx);
  return (component: string | null): Agreement =>
    rows.find((row) => row.whole === (component === null) && row.component === component) ??
    noAgreement;
}

/**
 * Returns a function: given a component (null: the whole entry) and the component's own autonomy, it returns the time after
 * which outcomes count (null: all of them count). Outcomes from before an entry lost autonomy do not earn it back, and outcomes
 * from before a person gave it more autonomy do not take that away. The outcomes of a component count
 * anew after its own changes, after a person's change of the entry, and, while it shares the entry's autonomy, after every
 * change of the entry.
 */
async function readCountedSince(trx: Transaction<Database>, id: string) {
  const { rows } = await sql<{
    component: string | null;
    at: Date;
    person: boolean;
    restarts: boolean;
  }>`
    SELECT component, created_at AS at, actor <> ${judgingActor} AS person,
           event <> 'kept' AND (actor <> ${judgingActor} OR after ->> 'autonomy' <> 'auto') AS restarts
    FROM bot_knowledge_events
    WHERE knowledge_id = ${id}::uuid AND event IN ('promoted', 'demoted', 'kept') ORDER BY id DESC`.execute(
    trx,
  );
  return (component: string | null, own: Autonomy | null): Date | null => {
    // After the component's first change of its own, the engine's changes of the whole entry do not concern it.
    const firstOwn = own === null ? -1 : rows.findLastIndex((row) => row.component === component);
    const restartsCount = (
      { component: of, person, restarts }: (typeof rows)[number],
      index: number,
    ) => restarts && (of === component || (of === null && (person || index > firstOwn)));
    return rows.find(restartsCount)?.at ?? null;
  };
}

/**
 * Components about which something is known by themselves: they have enough decided heals, or people agreed with the
 * entry often enough on them, or they have an autonomy of their own. With `withHeld`, also components on which any heal
 * held.
 */
async function componentsOf(trx: Transaction<Database>, id: string, withHeld: boolean) {
  const { rows } = await sql<{ component: string; own: Autonomy | null }>`
    SELECT component, own.autonomy AS own
    FROM (
      SELECT component FROM engine.heals WHERE knowledge_id = ${id}::uuid AND outcome IS NOT NULL
      GROUP BY component HAVING count(*) >= ${minCases}::int OR ${withHeld}::boolean AND bool_or(outcome = 'held')
      UNION
      SELECT component FROM bot_decisions WHERE knowledge_id = ${id}::uuid AND verdict = 'shadowed' AND answer = 'approved'
      GROUP BY component HAVING count(DISTINCT finding_id) >= ${minAgreements}::int
    ) known
    FULL JOIN (SELECT * FROM bot_knowledge_autonomy WHERE knowledge_id = ${id}::uuid) own USING (component)
    WHERE component IS NOT NULL ORDER BY component`.execute(trx);
  return rows;
}

const storeChange = (
  trx: Transaction<Database>,
  id: string,
  { component, before, change: { autonomy, why, harm } }: Judgement & { change: ChangeForHarm },
  { record, untouched, lift }: Pick<Figures, 'untouched' | 'lift'> & { record: TrackRecord },
): Promise<void> =>
  setAutonomy(
    trx,
    id,
    { component, before, after: autonomy },
    { actor: judgingActor, why, figures: { ...record, untouched, lift, ...(harm && { harm }) } },
  );
