/** SQL that counts the errors of groups, and says which are new, spike or came back. */
import { sql } from '../../src/bot.ts';
import type { EventContext } from '../../src/bot.ts';
import type { Counted } from '../parts/count-events.ts';
import { daysBefore, hoursBefore } from '../parts/time.ts';
import type { Config } from './config.ts';

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

/** How many errors there were since a moment: whole spans after it, and single errors up to the first of these. */
const errorsSince = (since: ReturnType<typeof sql>, now: Date) => sql`(
  SELECT coalesce(sum(n), 0)::int FROM (
    SELECT sum(c.errors) AS n FROM engine.error_templates t JOIN engine.error_counts c ON c.template_id = t.id
    WHERE t.group_id = g.id AND c.starts_at >= ${since} AND c.starts_at <= ${now}
    UNION ALL
    SELECT count(*) FROM engine.error_templates t JOIN engine.grouped_errors e ON e.template_id = t.id
    WHERE t.group_id = g.id AND e.seen_at >= ${since}
      AND e.seen_at < date_bin(${span}, ${since} + ${span} - interval '1 microsecond', '2000-01-01Z')
  ) parts)`;

/** The mean of an hour in the days before the last one, or since the group's first error if that is later. */
const usual = (now: Date) => sql`(
  SELECT coalesce(sum(c.errors), 0) / greatest(1, extract(epoch FROM ${hoursBefore(now, 1)}::timestamptz
           - greatest(g.first_seen_at, ${daysBefore(now, meanDays)}::timestamptz)) / 3600)
  FROM engine.error_templates t JOIN engine.error_counts c ON c.template_id = t.id
  WHERE t.group_id = g.id AND c.starts_at >= ${daysBefore(now, meanDays)} AND c.starts_at < ${hoursBefore(now, 1)})::float8`;

/** Groups that had an error since their start, and what was found about them before. */
const present = ({ new_hours }: Config, { from, now, only }: EventContext) => sql`
  SELECT g.*, g.first_seen_at > ${hoursBefore(now, new_hours)} AS is_new, s.own_start,
         -- What came before the end of a finding was told with it; that of a muted group ends while its errors are in the window.
         greatest(coalesce(s.own_start, ${from}), p.resolved_at) AS since,
         p.kind AS prior_kind, p.resolved_at AS prior_end, p.by_person
  FROM engine.error_groups g LEFT JOIN LATERAL (
    SELECT max("from") AS own_start FROM starts
    WHERE key = g.id::text
       OR g.first_seen_at > ${hoursBefore(now, new_hours)} AND key IN (${floodOf}, ${sql.lit(floodOfTypes)})
  ) s ON true LEFT JOIN LATERAL (
    SELECT f.metadata ->> 'kind' AS kind, f.resolved_at,
           EXISTS (SELECT FROM bot_tickets t WHERE t.finding_id = f.id AND t.resolved_by <> 'roundsman') AS by_person
    FROM bot_findings f WHERE f.check_name = 'error-groups' AND f.component_key = g.id::text
    ORDER BY f.detected_at DESC LIMIT 1
  ) p ON true
  WHERE g.merged_into IS NULL AND g.last_seen_at >= greatest(coalesce(s.own_start, ${from}), p.resolved_at)
    AND NOT (g.muted_at IS NOT NULL AND coalesce(g.muted_until > ${now}, true))
    ${only ? sql`AND (g.id::text = ANY (${[...only]}::text[]) OR ${floodOf} = ANY (${[...only]}::text[]) OR ${floodOfTypes} = ANY (${[...only]}::text[]))` : sql``}`;

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
  present AS MATERIALIZED (${present(config, context)}),
  rated AS MATERIALIZED (
    SELECT g.*, n.*, ${kind} AS kind,
      -- A group of this hour has no earlier mean.
      g.first_seen_at < ${hoursBefore(context.now, 1)} AND hour >= ${config.spike_errors} AND hour >= ${config.spike_factor}::float8 * usual AS spikes,
      t.template, t.template_kind,
      EXISTS (SELECT FROM engine.error_templates t WHERE t.group_id = g.id AND t.kind = 'flood') AS flood
    FROM present g, LATERAL (
      SELECT ${errorsSince(sql`g.since`, context.now)} AS bad,
             ${errorsSince(sql`greatest(g.since, ${hoursBefore(context.now, 1)}::timestamptz)`, context.now)} AS hour,
             ${usual(context.now)} AS usual
    ) n LEFT JOIN LATERAL (
      SELECT left(array_to_string(tokens, ' '), 200) AS template, kind AS template_kind FROM engine.error_templates
      WHERE group_id = g.id AND merged_into IS NULL ORDER BY errors DESC, id LIMIT 1
    ) t ON true
  ), small AS MATERIALIZED (
    SELECT *, kind = 'new' AND bad > 0 AND (flood OR bad < ${config.medium_errors}) AS is_small FROM rated
  ), of_types AS MATERIALIZED (
    SELECT *, is_small AND count(*) FILTER (WHERE is_small) OVER (PARTITION BY error_type) > ${config.flood_groups} AS in_flood FROM small
  ), keyed AS MATERIALIZED (
    SELECT g.*, CASE
      WHEN in_flood THEN ${floodOf}
      WHEN is_small AND count(*) FILTER (WHERE is_small AND NOT in_flood) OVER () > ${config.max_findings} THEN ${floodOfTypes}
      ELSE g.id::text END AS key
    FROM of_types g
  )`;

/** A row for each key. */
export const counted = ({ only }: EventContext) => sql`
  SELECT key, sum(bad)::int AS bad, NULL::int AS "of", to_json(max(last_seen_at)) #>> '{}' AS newest,
    min(error_type) AS error_type, min(template) AS template, min(template_kind) AS template_kind, count(*)::int AS groups, bool_or(flood) AS flood,
    min(kind) AS kind, bool_or(spikes) AND count(*) = 1 AND NOT bool_or(flood AND kind = 'new') AS spikes,
    sum(hour)::int AS hour, sum(usual) AS usual, to_json(min(first_seen_at)) #>> '{}' AS first_seen_at,
    (SELECT count(DISTINCT f.value)::int FROM engine.error_templates t JOIN engine.error_facets f ON f.template_id = t.id
     WHERE t.group_id = min(keyed.id) AND f.kind = 'user' AND f.value <> '') AS users
  FROM keyed ${only ? sql`WHERE key = ANY (${[...only]}::text[])` : sql``}
  GROUP BY key`;

/** The group of all that has no room in a flood of its own type has no type. */
export const isFloodOfTypes = ({ key, error_type }: Told): boolean =>
  key === floodOfTypes || error_type === '';
