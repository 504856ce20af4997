/** Whether healing comes to an end, or an entry repeatedly heals what it or another entry causes. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult, ReportedFinding } from '../../src/bot.ts';
import type { Config } from './config.ts';

/** What one entry did since yesterday, or since a person resolved the last ticket about it. */
interface Entry {
  name: string;
  autonomy: string;
  heals: number;
  aftermath: Aftermath | null;
  /**
   * components on which it has reached its daily limit, the one with the most heals first; `minutes` is the median time
   * after which the problem came back
   */
  full: { component: string | null; heals: number; minutes: number | null }[];
  /**
   * set when it has reached its daily limit over all components; `minutes` is the median time from a heal to the next
   * problem
   */
  whole: { components: number; heals: number; minutes: number | null } | null;
  /** gates that blocked it, the one that did so in the most hours first */
  kept: { gate: string; hours: number; decisions: number }[];
}

/** What the newest judgement recorded on the entry. */
type Aftermath = { why: string } & (
  | { pattern: 'alternates'; with: string; forth: Direction; back: Direction }
  | { pattern: 'harms'; bot: string; minutes: number; healed: Sample }
  | { pattern: 'circles'; heals: number; components: number; hours: number }
);
interface Sample {
  successes: number;
  trials: number;
}
/** One of the two directions in which entries undo each other. */
interface Direction {
  healed: Sample;
  minutes: number | null;
}

/** How many of the newest decisions are searched for those of the last day. */
const maxDecisions = 20_000;

/**
 * The heals in the 24 hours that end with each heal. An entry that has reached a limit counts as being at it for a
 * day: otherwise the finding would come and go each time a heal grows too old to count.
 */
const healsInDay = (columns: ReturnType<typeof sql>) => sql`count(*) OVER (
  PARTITION BY ${columns} ORDER BY taken RANGE BETWEEN interval '23:59:59.999999' PRECEDING AND CURRENT ROW)`;

/** How many minutes after the heal before it the problem of a heal began. */
const minutesSinceHeal = (columns: ReturnType<typeof sql>) => sql`
  extract(epoch FROM began - lag(applied) OVER (PARTITION BY ${columns} ORDER BY taken))::float8 / 60`;

/** Reads what entries with more than one heal did: a single heal says nothing about a loop. */
const entries = (now: Date, hours: number) => {
  const hoursAgo = sql`floor(extract(epoch FROM ${now}::timestamptz - d.decided_at) / 3600)`;
  return sql<Entry>`
  WITH seen AS MATERIALIZED (
    SELECT d.knowledge_id, d.verdict, d.gate, d.decided_at
    FROM (SELECT * FROM bot_decisions ORDER BY id DESC LIMIT ${sql.lit(maxDecisions)}) d
    WHERE d.decided_at > ${now}::timestamptz - interval '24 hours'
  ), resolved AS MATERIALIZED (
    SELECT metadata ->> 'component' AS name, max(resolved_at) AS at FROM bot_tickets
    WHERE resolved_at > ${now}::timestamptz - interval '24 hours' AND resolved_by <> 'roundsman'
      AND metadata ->> 'check' = 'healing-loops'
    GROUP BY 1
  ), active AS MATERIALIZED (
    SELECT k.id, k.name, k.autonomy, k.aftermath,
           coalesce(r.at, ${now}::timestamptz - interval '24 hours') AS since,
           coalesce(r.at, ${now}::timestamptz - interval '48 hours') AS before
    FROM bot_knowledge k LEFT JOIN resolved r ON r.name = k.name
    WHERE k.removed_at IS NULL AND (k.id IN (SELECT knowledge_id FROM seen WHERE verdict = 'blocked') OR EXISTS (
      SELECT FROM bot_actions a
      WHERE a.knowledge_id = k.id AND a.taken_at > ${now}::timestamptz - interval '24 hours'))
  ), heals AS MATERIALIZED (
    SELECT e.id, e.since, a.component, min(a.taken_at) AS taken, max(a.applied_at) AS applied, min(f.detected_at) AS began
    FROM active e JOIN bot_actions a ON a.knowledge_id = e.id AND a.taken_at > e.before AND a.state <> 'aborted'
    LEFT JOIN bot_findings f ON f.id = a.finding_id
    GROUP BY e.id, e.since, a.component, a.heal_id
  ), full_ones AS (
    SELECT id, component, max(day) FILTER (WHERE taken > since)::int AS heals,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY minutes) AS minutes
    FROM (SELECT *, ${healsInDay(sql`id, component`)} AS day, ${minutesSinceHeal(sql`id, component`)} AS minutes FROM heals) h
    GROUP BY id, component
    HAVING max(day) FILTER (WHERE taken > since) >= greatest(2, engine.healing_limit('heals_per_day'))
  ), whole_ones AS (
    SELECT id, max(day) FILTER (WHERE taken > since)::int AS heals,
           count(DISTINCT component) FILTER (WHERE taken > since)::int AS components,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY minutes) FILTER (WHERE minutes > 0) AS minutes
    FROM (SELECT *, ${healsInDay(sql`id`)} AS day, ${minutesSinceHeal(sql`id`)} AS minutes FROM heals) h
    GROUP BY id HAVING max(day) FILTER (WHERE taken > since) >= greatest(2, engine.heals_a_day(id, ${now}::timestamptz))
  ), kept_back AS (
    SELECT e.id, d.gate, count(*)::int AS decisions, count(DISTINCT ${hoursAgo})::int AS hours
    FROM active e JOIN seen d ON d.knowledge_id = e.id AND d.decided_at > e.since
    WHERE d.verdict = 'blocked' AND d.gate IN ('attempts', 'breaker', 'budget')
    GROUP BY e.id, d.gate HAVING count(DISTINCT ${hoursAgo}) >= ${hours}::int
  )
  SELECT e.name, e.autonomy, h.heals, CASE WHEN h.heals > 1 THEN e.aftermath END AS aftermath,
         coalesce(f.full, '[]') AS full, to_jsonb(w) - 'id' AS whole, coalesce(b.kept, '[]') AS kept
  FROM active e
  CROSS JOIN LATERAL (SELECT count(*)::int AS heals FROM heals WHERE heals.id = e.id AND taken > since) h
  LEFT JOIN (SELECT id, jsonb_agg(to_jsonb(l) - 'id' ORDER BY heals DESC, component) AS full
             FROM full_ones l GROUP BY id) f ON f.id = e.id
  LEFT JOIN whole_ones w ON w.id = e.id
  LEFT JOIN (SELECT id, jsonb_agg(to_jsonb(l) - 'id' ORDER BY hours DESC, gate) AS kept
             FROM kept_back l GROUP BY id) b ON b.id = e.id
  WHERE e.aftermath IS NOT NULL AND h.heals > 1 OR f.full IS NOT NULL OR w.id IS NOT NULL OR b.kept IS NOT NULL
  ORDER BY h.heals DESC, e.name`;
};

const limitNames: Record<string, string> = {
  attempts: 'its limit of heals an hour',
  breaker: 'its breaker',
  budget: 'the budget of all entries',
};

const wholeMinutes = (count: number | null) => Math.max(1, Math.round(count ?? 0));

/** A sentence for each way in which the entry heals without end, the most important first. */
function patternsInWords({ name, heals, aftermath, full, whole, kept }: Entry): string[] {
  const [first] = full;
  return [
    ...(aftermath?.pattern === 'alternates'
      ? [
          `${name} and ${aftermath.with} alternate: ${heals} heals in 24 h, ` +
            `each within ${Math.max(wholeMinutes(aftermath.forth.minutes), wholeMinutes(aftermath.back.minutes))} minutes of the other`,
        ]
      : []),
    ...(aftermath?.pattern === 'harms'
      ? [
          `${name} makes problems: another one began at ${aftermath.bot} within ${wholeMinutes(aftermath.minutes)} minutes ` +
            `after ${aftermath.healed.successes} of ${aftermath.healed.trials} heals`,
        ]
      : []),
    ...(aftermath?.pattern === 'circles'
      ? [
          `${name} causes what it heals: ${aftermath.heals} heals of ${aftermath.components} components in three days, ` +
            `and no new problem in the ${Math.round(aftermath.hours)} hours in which its limit stopped it`,
        ]
      : []),
    ...(whole
      ? [
          `${name} healed ${whole.components} components ${whole.heals} times in 24 h and is at its daily limit over all of them` +
            (whole.minutes === null
              ? ''
              : `; another problem followed after about ${wholeMinutes(whole.minutes)} minutes`),
        ]
      : []),
    ...(first
      ? [
          `${name} healed ${first.component ?? 'a finding without a component'} ${first.heals} times in 24 h and is at its daily limit` +
            (first.minutes === null
              ? ''
              : `; the problem came back after about ${wholeMinutes(first.minutes)} minutes`) +
            (full.length > 1 ? `; ${full.length - 1} more like it` : ''),
        ]
      : []),
    ...kept.map(
      ({ gate, hours }) =>
        `${name} was stopped by ${limitNames[gate]} in ${hours} of the last 24 hours`,
    ),
  ];
}

function findingOf(entry: Entry): ReportedFinding {
  const { name, autonomy, heals, aftermath, full, whole, kept } = entry;
  const [title, ...others] = patternsInWords(entry);
  return {
    severity: 'high',
    category: 'healing',
    title: title!,
    description: [
      ...others.map((pattern) => `${pattern}.`),
      ...(aftermath ? [`Judged by what came after its heals: ${aftermath.why}.`] : []),
      `Its autonomy is ${autonomy} now, except on components with one of their own. See ` +
        `\`npx roundsman knowledge history ${name}\`; \`knowledge disable\` stops it; if these heals are right, raise its \`limits\`.`,
    ].join(' '),
    component: name,
    metadata: { autonomy, heals, aftermath, full, whole, kept },
  };
}

/** A finding for each entry that stays at a limit, alternates with another entry, or does harm. */
export async function findHealingLoops(
  { limit_hours, max_findings: max }: Config,
  { db, now }: CheckContext,
): Promise<CheckResult> {
  const { rows } = await sql<Entry>`${entries(now, limit_hours)} LIMIT ${max + 1}`.execute(db);
  const { rows: known } = await sql<{ count: number }>`
    SELECT count(*)::int FROM bot_knowledge`.execute(db);
  return {
    examined: { count: known[0]?.count ?? 0, except: [] },
    findings: rows.slice(0, max).map(findingOf),
    figures: [
      { name: 'entries of knowledge', value: known[0]?.count ?? 0 },
      { name: 'entries that heal without end', value: Math.min(rows.length, max) },
    ],
    truncated: rows.length > max,
  };
}
