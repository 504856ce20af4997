/**
 * Whether the bot of a run that ends has a storm: more than half of its components are broken. As parts of the statement
 * that escalates (src/run/writer/escalate.ts), which reads `runs` (see ./wanting-tickets.ts).
 *
 * A storm is a problem of its own, and has one ticket of its own: with its title, its components, and how many of them
 * are broken now. As long as it lasts, the other findings of the bot get no ticket. It is over when a run sees that less
 * is broken; a run that cannot tell how many components there are leaves a storm as it is.
 */
import { sql, type RawBuilder } from 'kysely';
import { countsAsBroken, severityWords } from './bot-findings.ts';
import { isPending, stormOf } from './pending-tickets.ts';

/** How many components a storm's ticket names. It says how many there are more. */
const named = 50;

/** Open findings of this bot whose component counts as broken, under the alias `f`. */
const isBroken = (botId: RawBuilder<unknown>) =>
  sql`f.bot_id = ${botId} AND ${countsAsBroken('f')}`;

/** A number in the `storm` of the metadata of `t`, as int; NULL where there is none. Other programs may write it, too. */
const kept = (name: string) => sql`CASE jsonb_typeof(t.metadata #> ${sql.lit(`{storm,${name}}`)})
    WHEN 'number' THEN least(greatest((t.metadata #>> ${sql.lit(`{storm,${name}}`)})::numeric, 0), 2147483647)::int END`;

/** `weather`: runs whose bot has a storm, or has the ticket of one. Reads `runs`. */
export const findWeather = sql`weather AS MATERIALIZED (
    SELECT runs.id AS run, runs.bot_id, t.id AS ticket, broken.components AS broken, broken.seen, judged.rages,
           -- What earlier runs knew, where this one does not; NULL where none did.
           coalesce(judged.known, CASE WHEN ${kept('of')} > broken.components THEN ${kept('of')} END) AS known,
           greatest(broken.components, ${kept('most')}) AS most
    FROM runs CROSS JOIN LATERAL (
      SELECT count(DISTINCT f.affected_component)::int AS components,
             coalesce(bool_or(f.last_execution_id = runs.id), false) AS seen
      FROM bot_findings f WHERE ${isBroken(sql`runs.bot_id`)}) broken
    LEFT JOIN bot_tickets t ON t.bot_id = runs.bot_id AND t.fingerprint = ${stormOf(sql`runs.bot_id`)} AND ${isPending('t')}
    CROSS JOIN LATERAL (
      SELECT CASE WHEN runs.examined > 0 THEN greatest(broken.components, runs.examined) END AS known) known
    CROSS JOIN LATERAL (
      SELECT known.known,
             coalesce(broken.components >= engine.healing_limit('storm_components')
               AND CASE WHEN known.known IS NOT NULL THEN broken.components > known.known * engine.healing_limit('storm_share')
                   -- How much a lost run has looked at is lost with its worker: so much that is broken is taken for a storm.
                   ELSE runs.examined IS NULL OR t.id IS NOT NULL END, false) AS rages) judged
    WHERE judged.rages OR t.id IS NOT NULL
  )`;

/**
 * `storms`: the same with what their tickets say. `worst` is the worst finding of which people may be told (`mayBeTold`),
 * NULL where there is none. Reads `weather`.
 */
export const findStorms = (mayBeTold: RawBuilder<unknown>) => sql`storms AS MATERIALIZED (
    SELECT w.run, w.bot_id, w.ticket, w.broken, w.seen, w.rages, worst.id AS worst, worst.severity, worst.detected_at,
           'Storm: ' || w.broken || coalesce(' of ' || w.known, '') || ' components of ' || b.name || ' are broken' AS title,
           'One ticket stands for all of them, because the cause is probably one. While the storm lasts no heal begins, '
             || 'and the other findings of this bot get no ticket of their own; what is left after it gets one as its '
             || 'severity asks for.' || E'\n\nBroken now: ' || names.listed AS description,
           'The storm is over: ' || CASE w.broken WHEN 0 THEN 'no component is broken any more'
             WHEN 1 THEN '1 component is broken still: ' || names.listed
             ELSE w.broken || ' components are broken still: ' || names.listed END || '.' AS over,
           'Storm: up to ' || w.most || ' components of ' || b.name || ' were broken' AS past,
           jsonb_build_object('storm', jsonb_build_object('broken', w.broken, 'of', w.known, 'most', w.most,
                                                          'components', names.components)) AS storm
    FROM weather w JOIN bots b ON b.id = w.bot_id
    LEFT JOIN LATERAL (
      SELECT f.id, f.severity, f.detected_at FROM bot_findings f
      WHERE f.bot_id = w.bot_id AND f.resolved_at IS NULL AND f.fingerprint NOT LIKE 'external-%' AND ${mayBeTold}
      ORDER BY array_position(${severityWords}, f.severity::text), f.detected_at, f.id LIMIT 1) worst ON w.rages
    CROSS JOIN LATERAL (
      SELECT coalesce(jsonb_agg(c.component ORDER BY c.component), '[]') AS components,
             coalesce(string_agg(c.component, ', ' ORDER BY c.component), '')
               || CASE WHEN w.broken > count(*) THEN ' and ' || w.broken - count(*) || ' more' ELSE '' END AS listed
      FROM (SELECT DISTINCT f.affected_component AS component FROM bot_findings f
            WHERE ${isBroken(sql`w.bot_id`)} AND f.affected_component IS NOT NULL
            ORDER BY 1 LIMIT ${sql.lit(named)}) c) names
  )`;
