/**
 * What an entry has achieved, from its stored outcomes: the outcomes of its heals by context, and what happens without
 * it.
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { bounds } from '../statistics/betting-bounds.ts';
import type { OpenFinding } from '../finding/open-finding.ts';
import { once } from '../../ground/once.ts';
import { isOfSolutionSince, solutionReplacedAt } from './current-solution.ts';
import { worstStretch, type Stretch } from './worst-stretch.ts';

/** From the narrowest to the widest. */
export const contexts = ['fingerprint', 'component', 'category', 'all'] as const;
export type Context = (typeof contexts)[number];

/**
 * Outcomes of decided heals of the entry's current solution. Shares and bounds use weights. All outcomes of one entry
 * on one finding weigh 1 together, because what failed on this finding once is likely to fail on it again. Each outcome
 * loses half of its weight in each half-life.
 */
export interface TrackRecord {
  decided: number;
  held: number;
  relapsed: number;
  failed: number;
  /** weights of all of these, and of those that held */
  weight: number;
  heldWeight: number;
  /** bounds of the share that held, 0 to 1, each valid with 95 % confidence however often it is read */
  lower: number;
  upper: number;
  /** of all stretches of its newest outcomes, the worst one; null without any outcome */
  recent: Stretch | null;
  newestHeld: boolean;
  /** the newest two outcomes are relapses */
  relapsedTwice: boolean;
  lastRelapse: Date | null;
}

/**
 * Findings that the entry matched and that were left alone, within its half-life: whether they went away by themselves.
 */
export interface Untouched {
  recovered: number;
  persisted: number;
  /** share that recovered, 0 to 1; null when none was seen */
  rate: number | null;
  /** upper bound of that share, valid with 95 % confidence however often it is read */
  upper: number;
}

export interface Figures {
  records: { [context in Context]: TrackRecord };
  /** the narrowest context with enough decided heals, `all` when none has */
  context: Context;
  untouched: Untouched;
  /** share that held in that context minus the share that recovers untouched; null while one of them is unknown */
  lift: number | null;
}

/** With fewer cases (decided heals, or findings that were left alone) nothing is concluded. */
export const minCases = 5;

/** How many of the newest outcomes are searched for a bad stretch. */
const maxOutcomes = 100;

/** What a possible heal is about; where a field is null, the context of that name counts as empty. */
export interface About {
  fingerprint: string | null;
  component: string | null;
  category: string | null;
  /**
   * Outcomes on this finding itself are left out, because they say nothing about what to do with it now. So the figures
   * stay the same while it is open.
   */
  finding?: string;
  /** only outcomes settled after it; what is known about untouched findings does not depend on it */
  since?: Date | null;
}

interface Row {
  knowledge_id: string;
  context: Context;
  decided: number;
  held: number;
  relapsed: number;
  failed: number;
  weight: number;
  held_weight: number;
  newest: string[] | null;
  newest_weights: number[] | null;
  last_relapse: Date | null;
}

interface UntouchedRow {
  knowledge_id: string;
  recovered: number;
  persisted: number;
}

/**
 * The figures of each entry, by its id. `component` also narrows what is known about untouched findings, if there are
 * enough of this component.
 */
export async function figuresOf(
  db: Db,
  ids: string[],
  { fingerprint, component, category, finding, since = null }: About,
): Promise<Map<string, Figures>> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql<Row>`/* prepared */
    SELECT h.knowledge_id, c.context, count(*)::int AS decided,
           count(*) FILTER (WHERE h.outcome = 'held')::int AS held,
           count(*) FILTER (WHERE h.outcome = 'relapsed')::int AS relapsed,
           count(*) FILTER (WHERE h.outcome = 'failed')::int AS failed,
           sum(w.weight)::float8 AS weight,
           coalesce(sum(w.weight) FILTER (WHERE h.outcome = 'held'), 0)::float8 AS held_weight,
           (array_agg(h.outcome ORDER BY h.settled_at DESC, h.heal_id))[:${maxOutcomes}::int] AS newest,
           (array_agg(w.weight ORDER BY h.settled_at DESC, h.heal_id))[:${maxOutcomes}::int] AS newest_weights,
           max(h.settled_at) FILTER (WHERE h.outcome = 'relapsed') AS last_relapse
    FROM (
      SELECT e.*, count(*) OVER (PARTITION BY e.knowledge_id, coalesce(e.finding_id, e.heal_id)) AS tries
      FROM unnest(${ids}::uuid[]) AS entry (id)
      -- OFFSET 0: asked once for each entry, and not once for each of its heals.
      CROSS JOIN LATERAL (SELECT ${solutionReplacedAt(sql`entry.id`)} AS at OFFSET 0) edited
      JOIN engine.heals e ON e.knowledge_id = entry.id
      WHERE e.outcome IS NOT NULL
        -- An outcome that began before the solution was replaced belongs to another solution.
        AND ${isOfSolutionSince('e', sql`edited.at`)}
        AND (${since}::timestamptz IS NULL OR e.settled_at > ${since}::timestamptz)
    ) h JOIN bot_knowledge k ON k.id = h.knowledge_id
    CROSS JOIN LATERAL (VALUES ('fingerprint', h.fingerprint = ${fingerprint}::text),
      ('component', h.component = ${component}::text), ('category', h.category = ${category}::text), ('all', true)) c (context, fits)
    CROSS JOIN LATERAL (SELECT power(0.5, greatest(0, extract(epoch FROM engine.now() - h.settled_at)::float8)
                                          / 86400 / k.half_life_days) / h.tries AS weight) w
    WHERE c.fits
    GROUP BY h.knowledge_id, c.context`.execute(db);
  const untouched = await sql<UntouchedRow & { here: boolean }>`/* prepared */
    SELECT d.knowledge_id, coalesce(d.component = ${component}::text, false) AS here,
           count(*) FILTER (WHERE d.outcome = 'recovered')::int AS recovered,
           count(*) FILTER (WHERE d.outcome = 'persisted')::int AS persisted
    FROM bot_decisions d JOIN bot_knowledge k ON k.id = d.knowledge_id
    WHERE d.knowledge_id = ANY (${ids}::uuid[]) AND d.outcome IN ('recovered', 'persisted')
      AND d.settled_at > engine.now() - make_interval(days => k.half_life_days)
      AND (${finding ?? null}::uuid IS NULL OR d.finding_id IS DISTINCT FROM ${finding ?? null}::uuid)
    GROUP BY d.knowledge_id, here`.execute(db);
  return new Map(
    ids.map((id) => {
      const recordsOfEntry = rows.filter((row) => row.knowledge_id === id);
      const untouchedOfEntry = untouched.rows.filter((row) => row.knowledge_id === id);
      return [id, figuresFrom(recordsOfEntry, untouchedOfEntry)];
    }),
  );
}

/** The figures of the candidates for a finding, about this finding. */
export const figuresFor = (
  db: Db,
  candidates: { id: string }[],
  { id: finding, fingerprint, affected_component: component, category }: OpenFinding,
): Promise<Map<string, Figures>> =>
  figuresOf(
    db,
    candidates.map(({ id }) => id),
    { fingerprint, component, category, finding },
  );

/** `here`: about the component that the figures are for. */
function figuresFrom(rows: Row[], untouchedRows: (UntouchedRow & { here: boolean })[]): Figures {
  const recordIn = (context: Context) => recordOf(rows.find((row) => row.context === context));
  const records = {
    fingerprint: recordIn('fingerprint'),
    component: recordIn('component'),
    category: recordIn('category'),
    all: recordIn('all'),
  };
  const context = contexts.find((each) => records[each].decided >= minCases) ?? 'all';
  const here = untouchedOf(untouchedRows.filter((row) => row.here));
  const untouched = here.recovered + here.persisted >= minCases ? here : untouchedOf(untouchedRows);
  const { weight, heldWeight } = records[context];
  const share = weight > 0 ? heldWeight / weight : null;
  const lift = share === null || untouched.rate === null ? null : share - untouched.rate;
  return { records, context, untouched, lift };
}

function recordOf(row: Row | undefined): TrackRecord {
  const { decided = 0, held = 0, relapsed = 0, failed = 0 } = row ?? {};
  const { weight = 0, held_weight: heldWeight = 0, last_relapse: lastRelapse } = row ?? {};
  const newest = row?.newest ?? [];
  const recent = once(() =>
    worstStretch(
      newest.map((outcome, index) => ({
        held: outcome === 'held',
        weight: row!.newest_weights![index]!,
      })),
    ),
  );
  return {
    decided,
    held,
    relapsed,
    failed,
    weight,
    heldWeight,
    ...bounds({ successes: heldWeight, trials: weight }),
    // Computed when it is read: it takes milliseconds, and only one of the four contexts is read.
    get recent() {
      return recent();
    },
    newestHeld: newest[0] === 'held',
    relapsedTwice: newest.length > 1 && newest.slice(0, 2).every((each) => each === 'relapsed'),
    lastRelapse: lastRelapse ?? null,
  };
}

function untouchedOf(rows: UntouchedRow[]): Untouched {
  const recovered = rows.reduce((sum, row) => sum + row.recovered, 0);
  const persisted = rows.reduce((sum, row) => sum + row.persisted, 0);
  const seen = recovered + persisted;
  return {
    recovered,
    persisted,
    rate: seen > 0 ? recovered / seen : null,
    upper: bounds({ successes: recovered, trials: seen }).upper,
  };
}
