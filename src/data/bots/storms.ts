/**
 * Whether a bot has a storm: more than half of its components are broken. The gate (src/heal/gate.ts) and, at the end of a run,
 * the statement that escalates (src/run/writer/escalate.ts) find that out by {@link brokenOf}.
 *
 * A storm is a problem of its own, and has one ticket of its own: with its title, its components, and how many of them
 * are broken now. As long as it lasts, the findings for which it stands get no ticket: those that count as broken. The
 * others, at which no check looks any more or which the platform wrote, get theirs as usual. It is over when a run sees that
 * fewer are broken; a run in which no check gave an answer leaves a storm as it is, and so does one that only judges a cure.
 */
import { sql, type RawBuilder } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { countsAsBroken, severityRank } from './bot-findings.ts';
import { isPending, stormOf } from './pending-tickets.ts';

/** How many components a storm's ticket names; it says how many more there are. */
const maxNamed = 50;

/** An int from a value of JSONB, which other programs may write, too; NULL if it is not a number. */
const asCount = (json: RawBuilder<unknown>) => sql`CASE jsonb_typeof(${json})
    WHEN 'number' THEN least(greatest((${json} #>> '{}')::numeric, 0), 2147483647)::int END`;

/**
 * One row for a bot: `broken` is how many of its components count as broken; `known` is how many there are, by the newest
 * answer of each of its checks, which may look at the same ones, or NULL if a check's number is not known. `botId` is SQL of
 * type uuid.
 */
export const brokenOf = (botId: RawBuilder<unknown>) => sql`(
    SELECT counted.broken, greatest(counted.broken, looks.known) AS known
    FROM (SELECT count(DISTINCT f.affected_component)::int AS broken FROM bot_findings f
          WHERE f.bot_id = ${botId} AND ${countsAsBroken('f')}) counted,
         (SELECT CASE WHEN bool_and(jsonb_typeof(e.value) = 'number' OR e.value = 'false') THEN nullif(max(${asCount(sql`e.value`)}), 0) END AS known
          FROM bots b, jsonb_each(b.examined) e WHERE b.id = ${botId}) looks)`;

/**
 * The number of components; if it is not known, the number of broken ones. Then there is rather a storm too many than one too
 * few: a storm stops healing and tells people.
 */
export const knownOrBroken = (broken: RawBuilder<unknown>, known: RawBuilder<unknown>) =>
  sql`coalesce(${known}, ${broken})`;

/** `storm_states`: the runs whose bot has a storm, or the ticket of one. Reads `runs`. */
export const findStormStates = sql`storm_states AS MATERIALIZED (
    SELECT runs.id AS run, runs.bot_id, t.id AS ticket, n.broken, judged.is_storm,
           CASE WHEN n.known IS NOT NULL THEN greatest(n.known, n.broken) END AS known,
           greatest(n.broken, ${asCount(sql`t.metadata #> '{storm,most}'`)}) AS most,
           EXISTS (SELECT FROM bot_findings f WHERE f.bot_id = runs.bot_id AND f.last_execution_id = runs.id
                     AND ${countsAsBroken('f')}) AS seen
    FROM runs CROSS JOIN LATERAL ${brokenOf(sql`runs.bot_id`)} n
    LEFT JOIN bot_tickets t ON t.bot_id = runs.bot_id AND t.fingerprint = ${stormOf(sql`runs.bot_id`)} AND ${isPending('t')}
    CROSS JOIN LATERAL (
      SELECT CASE WHEN runs.answered THEN coalesce(n.broken >= engine.healing_limit('storm_components')
               AND n.broken > ${knownOrBroken(sql`n.broken`, sql`n.known`)} * engine.healing_limit('storm_share'), false)
             ELSE t.id IS NOT NULL END AS is_storm) judged
    WHERE judged.is_storm OR t.id IS NOT NULL
  )`;

/**
 * `storms`: the rows of `storm_states` with what their tickets say. `worst` is the worst of a storm's findings of which people may be
 * told (`mayBeTold` for a row `f` of `candidates`), NULL if there is none. Reads `storm_states` and `candidates`
 * (./needing-tickets.ts).
 */
export const findStorms = (mayBeTold: RawBuilder<unknown>) => sql`storms AS MATERIALIZED (
    SELECT w.run, w.bot_id, w.ticket, w.broken, w.seen, w.is_storm, worst.id AS worst, worst.severity, worst.detected_at,
           'Storm: ' || w.broken || coalesce(' of ' || w.known, '') || ' components of ' || b.name || ' are broken' AS title,
           'One ticket stands for all of them, because the cause is probably one. While the storm lasts no heal begins, '
             || 'and none of them gets a ticket of its own; what is left after it gets one as its '
             || 'severity asks for.' || E'\n\nBroken now: ' || names.listed AS description,
           'The storm is over: ' || CASE w.broken WHEN 0 THEN 'no component '
                 || CASE unexamined.count WHEN 0 THEN '' ELSE 'that the checks look at ' END || 'is broken any more'
             WHEN 1 THEN '1 component is broken still: ' || names.listed
             ELSE w.broken || ' components are broken still: ' || names.listed END || '.'
             || CASE unexamined.count WHEN 0 THEN '' WHEN 1 THEN ' Not looked at any more, and open: 1 finding.'
                ELSE ' Not looked at any more, and open: ' || unexamined.count || ' findings.' END AS over,
           'Storm: up to ' || w.most || ' components of ' || b.name || ' were broken' AS past,
           jsonb_build_object('storm', jsonb_build_object('broken', w.broken, 'of', w.known, 'most', w.most,
                                                          'components', names.components)) AS storm
    FROM storm_states w JOIN bots b ON b.id = w.bot_id
    LEFT JOIN LATERAL (
      SELECT f.id, f.severity, f.detected_at FROM candidates f
      WHERE f.run = w.run AND f.in_storm AND ${mayBeTold}
      ORDER BY ${severityRank('f.severity')}, f.detected_at, f.id LIMIT 1) worst ON w.is_storm
    CROSS JOIN LATERAL (
      SELECT count(*) FROM bot_findings f
      WHERE f.bot_id = w.bot_id AND f.resolved_at IS NULL AND f.unexamined_since IS NOT NULL) unexamined
    CROSS JOIN LATERAL (
      SELECT coalesce(jsonb_agg(c.component ORDER BY c.component), '[]') AS components,
             coalesce(string_agg(c.component, ', ' ORDER BY c.component), '')
               || CASE WHEN w.broken > count(*) THEN ' and ' || w.broken - count(*) || ' more' ELSE '' END AS listed
      FROM (SELECT DISTINCT f.affected_component AS component FROM bot_findings f
            WHERE f.bot_id = w.bot_id AND ${countsAsBroken('f')} AND f.affected_component IS NOT NULL
            ORDER BY 1 LIMIT ${sql.lit(maxNamed)}) c) names
  )`;

/**
 * For how many open findings the storm of each bot stands, including those with a ticket of their own; bots without such a
 * finding are left out.
 */
export async function countInStorms(db: Db, botIds: string[]): Promise<Map<string, number>> {
  const { rows } = await sql<{ bot_id: string; count: number }>`
    SELECT f.bot_id, count(*)::int AS count FROM bot_findings f
    WHERE f.bot_id = ANY (${botIds}::uuid[]) AND ${countsAsBroken('f')} GROUP BY f.bot_id`.execute(
    db,
  );
  return new Map(rows.map(({ bot_id, count }) => [bot_id, count]));
}
