/** SQL that counts the errors of groups, and says which are new, spike or came back. */
import { sql } from '../../src/bot.ts';
import type { EventContext } from '../../src/bot.ts';
import type { Counted } from '../parts/count-events.ts';
import { daysBefore, hoursBefore } from '../parts/time.ts';
import type { Config } from './config.ts';

type Fragment = ReturnType<typeof sql>;

/** Counts are kept by spans of ten minutes, as the job group-errors writes them. */
const span = sql`interval '10 minutes'`;
/** With how many days an hour is compared; each weekday is among them once. */
const meanDays = 7;

/** A group that is reported, or the small new groups of one type together where there are too many to report each. */
export interface Told extends Counted {
  error_type: string;
  /** of the group, or of one of the groups */
  template: string;
  /** what the template's text is: words of messages, a name that code gave, or a part of messages that a person split off */
  template_kind: 'mined' | 'flood' | 'fingerprint' | 'text';
  /** how many groups it stands for: more than one in a flood */
  groups: number;
  /** there were too many different messages to tell them apart */
  flood: boolean;
  /** why it is reported apart from its rate: it is new, or came back after it was resolved */
  kind: 'new' | 'back' | null;
  spikes: boolean;
  /** errors since its start in the last hour, and the mean of an hour before */
  hour: number;
  usual: number;
  first_seen_at: string;
  users: number;
}

/** The key of the small new groups of a type, and that of all types together. */
const floodOf = sql`'flood ' || g.error_type`;
const floodOfTypes = 'flood';

/** The start of the span in which a moment lies. */
const spanOf = (moment: Fragment) => sql`date_bin(${span}, ${moment}, '2000-01-01Z')`;

/**
 * Groups that had an error since their start, and what was found about them before. Where nothing was, the answer to a group
 * that was merged into it counts: what a person resolved there comes back here. Starts and findings are read once, and not once for
 * each group.
 */
const present = ({ new_hours }: Config, { from, now, only }: EventContext) => sql`
  SELECT g.id, g.error_type, g.first_seen_at, g.last_seen_at, is_new, own_start, since,
         greatest(since, ${hoursBefore(now, 1)}::timestamptz) AS hour_since,
         p.kind AS prior_kind, p.resolved_at AS prior_end, p.by_person
  FROM engine.error_groups g LEFT JOIN started ON started.key = g.id::text
  LEFT JOIN started of_type ON of_type.key = ${floodOf} LEFT JOIN prior p ON p.key = g.id::text
  LEFT JOIN started of_prior ON of_prior.key = p.of_key
  CROSS JOIN LATERAL (SELECT g.first_seen_at > ${hoursBefore(now, new_hours)} AS is_new) n
  CROSS JOIN LATERAL (SELECT greatest(started."from", of_prior."from", CASE WHEN is_new THEN of_type."from" END,
    CASE WHEN is_new THEN (SELECT "from" FROM started WHERE key = ${sql.lit(floodOfTypes)}) END) AS own_start) s
  -- What came before the end of a finding was told with it; that of a muted group ends while its errors are in the window.
  CROSS JOIN LATERAL (SELECT greatest(coalesce(own_start, ${from}), p.resolved_at) AS since) w
  WHERE g.merged_into IS NULL AND g.last_seen_at >= since
    AND NOT (g.muted_at IS NOT NULL AND coalesce(g.muted_until > ${now}, true))
    ${only ? sql`AND (g.id::text = ANY (${[...only]}::text[]) OR ${floodOf} = ANY (${[...only]}::text[]) OR ${floodOfTypes} = ANY (${[...only]}::text[]))` : sql``}`;

/**
 * How many errors each group had since its start, and in the last hour since then: whole spans. Each of both moments lies within a span,
 * its edge; where there were errors in that, single ones are counted from the moment on.
 */
const spans = ({ now, from }: EventContext) => sql`
  SELECT g.id,
    coalesce(sum(c.errors) FILTER (WHERE c.starts_at >= g.since), 0) AS since,
    bool_or(c.starts_at < g.since AND c.starts_at = ${spanOf(sql`g.since`)}) AS since_edge,
    coalesce(sum(c.errors) FILTER (WHERE c.starts_at >= g.hour_since), 0) AS hour,
    bool_or(c.starts_at < g.hour_since AND c.starts_at = ${spanOf(sql`g.hour_since`)}) AS hour_edge
  FROM present g JOIN engine.error_templates t ON t.group_id = g.id JOIN engine.error_counts c ON c.template_id = t.id
  WHERE c.starts_at BETWEEN ${spanOf(sql`least(${from}::timestamptz, (SELECT min("from") FROM started))`)} AND ${now}
  GROUP BY g.id`;

/** How many single errors there were from a moment on, up to the end of its span. */
const singles = (moment: Fragment) => sql`(
  SELECT count(*) FROM engine.error_templates t JOIN engine.grouped_errors e ON e.template_id = t.id
  WHERE t.group_id = g.id AND e.seen_at >= ${moment} AND e.seen_at < ${spanOf(moment)} + ${span})`;

/** How many hours its counts reach back, from the last hour: to the first of these days, or to its first error. */
const hoursKnown = (now: Date) => sql`
  greatest(1, extract(epoch FROM ${hoursBefore(now, 1)}::timestamptz
    - greatest(g.first_seen_at, ${daysBefore(now, meanDays)}::timestamptz)) / 3600)`;

/** The mean of an hour before the last one. */
const usual = (now: Date) => sql`(
  SELECT coalesce(sum(c.errors), 0) / ${hoursKnown(now)}
  FROM engine.error_templates t JOIN engine.error_counts c ON c.template_id = t.id
  WHERE t.group_id = g.id AND c.starts_at >= ${daysBefore(now, meanDays)} AND c.starts_at < ${hoursBefore(now, 1)})::float8`;

/**
 * How many errors its busy hours had in the same days: the count that one of twenty hours has exceeded. Where users come by day, each
 * afternoon is far above the mean; and an incident of some hours must not hide the next one, as the busiest hour would.
 */
const busy = (now: Date) => sql`(
  SELECT coalesce((array_agg(errors ORDER BY errors DESC))[1 + floor(${hoursKnown(now)} / 20)::int], 0)::int FROM (
    SELECT sum(c.errors)::int AS errors FROM engine.error_templates t JOIN engine.error_counts c ON c.template_id = t.id
    WHERE t.group_id = g.id AND c.starts_at >= ${daysBefore(now, meanDays)} AND c.starts_at < ${hoursBefore(now, 1)}
    GROUP BY floor(extract(epoch FROM ${hoursBefore(now, 1)}::timestamptz - c.starts_at) / 3600)
  ) by_hour)`;

/**
 * An open finding keeps its kind, so that it stays open while there are errors. Errors after a person's answer have come back.
 * A group that only spiked is not back when it occurs at its usual rate again, unless a person had resolved it.
 */
const kind = sql`
  CASE WHEN prior_kind IS NOT NULL AND (own_start IS NOT NULL OR prior_end IS NOT NULL) AND (prior_kind <> 'spikes' OR by_person)
         THEN 'back'
       WHEN prior_kind IN ('new', 'back') AND prior_end IS NULL THEN prior_kind
       WHEN is_new THEN 'new' END`;

/** The common tables that {@link counted} reads. */
export const tables = (config: Config, context: EventContext) => sql`
  started AS MATERIALIZED (SELECT key, max("from") AS "from" FROM starts GROUP BY key),
  prior AS MATERIALIZED (
    SELECT DISTINCT ON (key) coalesce(m.merged_into::text, f.component_key) AS key, f.component_key AS of_key,
           f.metadata ->> 'kind' AS kind, f.resolved_at,
           EXISTS (SELECT FROM bot_tickets t WHERE t.finding_id = f.id AND t.resolved_by <> 'roundsman') AS by_person
    FROM bot_findings f LEFT JOIN engine.error_groups m ON m.id::text = f.component_key
    WHERE f.check_name = 'error-groups'
      AND (m.merged_into IS NULL OR f.component_key IN (SELECT key FROM started))
    ORDER BY key, m.merged_into IS NULL DESC, f.detected_at DESC
  ),
  present AS MATERIALIZED (${present(config, context)}),
  spans AS MATERIALIZED (${spans(context)}),
  rated AS MATERIALIZED (
    SELECT g.id, g.error_type, g.first_seen_at, g.last_seen_at, own_start, ${kind} AS kind,
      (coalesce(n.since, 0) + CASE WHEN since_edge THEN ${singles(sql`g.since`)} ELSE 0 END)::int AS bad,
      (coalesce(n.hour, 0) + CASE WHEN hour_edge THEN ${singles(sql`g.hour_since`)} ELSE 0 END)::int AS hour,
      g.id IN (SELECT group_id FROM engine.error_templates WHERE kind = 'flood') AS flood
    FROM present g LEFT JOIN spans n ON n.id = g.id
  ), judged AS MATERIALIZED (
    -- CASE: the mean and the busy hours are computed for those that are frequent enough. A group of this hour has no earlier mean.
    SELECT g.*, CASE WHEN hour >= ${config.spike_errors} AND g.first_seen_at < ${hoursBefore(context.now, 1)} THEN
             hour >= ${config.spike_factor}::float8 * ${usual(context.now)} AND hour >= ${config.busy_factor}::float8 * ${busy(context.now)}
           ELSE false END AS spikes,
           coalesce(kind = 'new' AND bad > 0 AND (flood OR bad < ${config.medium_errors}), false) AS is_small
    FROM rated g
  ), small_of_types AS MATERIALIZED (
    SELECT error_type, count(*) > ${config.flood_groups} AS in_flood, count(*) AS groups FROM judged WHERE is_small GROUP BY 1
  )`;

/** A row for each key; what is told of no group, nor asked for, is one row. */
export const counted = ({ max_findings }: Config, { only }: EventContext) => sql`
  SELECT key, min(id) AS id, sum(bad)::int AS bad, NULL::int AS "of", max(last_seen_at) AS newest,
    min(error_type) AS error_type, count(*)::int AS groups, bool_or(flood) AS flood,
    min(kind) AS kind, bool_or(spikes) AND count(*) = 1 AND NOT bool_or(flood AND kind = 'new') AS spikes,
    sum(hour)::int AS hour, min(first_seen_at) AS first_seen_at
  FROM (
    SELECT g.*, CASE
      WHEN is_small AND error_type IN (SELECT error_type FROM small_of_types WHERE in_flood) THEN ${floodOf}
      WHEN is_small AND (SELECT sum(groups) FROM small_of_types WHERE NOT in_flood) > ${max_findings} THEN ${sql.lit(floodOfTypes)}
      WHEN kind IS NULL AND NOT spikes AND own_start IS NULL AND ${only === null} THEN ''
      ELSE g.id::text END AS key
    FROM judged g
  ) keyed ${only ? sql`WHERE key = ANY (${[...only]}::text[])` : sql``}
  GROUP BY key`;

/** Of the template with most errors. */
const ofMainTemplate = (what: Fragment) => sql`(
  SELECT ${what} FROM engine.error_templates t
  WHERE t.group_id = g.id AND t.merged_into IS NULL ORDER BY t.errors DESC, t.id LIMIT 1)`;

/** What only a finding tells, of `g`, a row of {@link counted}. */
export const details = ({ now }: EventContext) => sql`
  ${usual(now)} AS usual,
  ${ofMainTemplate(sql`left(array_to_string(t.tokens, ' '), 200)`)} AS template, ${ofMainTemplate(sql`t.kind`)} AS template_kind,
  (SELECT count(DISTINCT f.value)::int FROM engine.error_templates t JOIN engine.error_facets f ON f.template_id = t.id
   WHERE t.group_id = g.id AND f.kind = 'user' AND f.value <> '') AS users`;

/** The group of all that has no room in a flood of its own type has no type. */
export const isFloodOfTypes = ({ key, error_type, flood }: Told): boolean =>
  key === floodOfTypes || (flood && error_type === '');
