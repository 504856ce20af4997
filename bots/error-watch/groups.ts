/** Finds groups of errors that are new, spike or came back. */
import { sql } from '../../src/bot.ts';
import type { EventContext, EventResult, ReportedFinding } from '../../src/bot.ts';
import { countEvents, type Counted } from '../parts/count-events.ts';
import { number, shortened } from '../parts/in-words.ts';
import { daysBefore, hoursBefore } from '../parts/time.ts';
import type { Config } from './config.ts';

/** Counts are kept by spans of ten minutes, as the job group-errors writes them. */
const spanMinutes = 10;
/** With how many days an hour is compared: all weekdays, as often. */
const meanDays = 7;

interface Group extends Counted {
  error_type: string;
  template: string;
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

/**
 * Groups that had an error in the window. Of a finding that is open the kind stays, so that it goes on while there are errors; errors
 * after a person's answer have come back. A group that only spiked is not back when it occurs at its usual rate again, unless a
 * person had resolved it.
 */
const groups = ({ from, now, only }: EventContext) => sql`
  groups AS MATERIALIZED (
    SELECT g.id, g.error_type, g.first_seen_at, g.last_seen_at, starts."from" AS own_start, coalesce(starts."from", ${from}) AS since,
           p.kind AS prior_kind, p.resolved_at AS prior_end, p.by_person
    FROM engine.error_groups g LEFT JOIN starts ON starts.key = g.id::text
    LEFT JOIN LATERAL (
      SELECT f.metadata ->> 'kind' AS kind, f.resolved_at,
             EXISTS (SELECT FROM bot_tickets t WHERE t.finding_id = f.id AND t.resolved_by <> 'roundsman') AS by_person
      FROM bot_findings f WHERE f.check_name = 'error-groups' AND f.component_key = g.id::text
      ORDER BY f.detected_at DESC LIMIT 1
    ) p ON true
    WHERE g.merged_into IS NULL AND g.last_seen_at >= coalesce(starts."from", ${from})
      AND NOT (g.muted_at IS NOT NULL AND coalesce(g.muted_until > ${now}, true))
      ${only ? sql`AND g.id::text = ANY (${[...only]}::text[])` : sql``}
  )`;

/** Spans that lie behind a moment as a whole, and single errors up to the first of them. */
const errorsSince = (since: ReturnType<typeof sql>, now: Date) => sql`(
  SELECT coalesce(sum(n), 0)::int FROM (
    SELECT sum(c.errors) AS n FROM engine.error_templates t JOIN engine.error_counts c ON c.template_id = t.id
    WHERE t.group_id = g.id AND c.starts_at >= ${since} AND c.starts_at <= ${now}
    UNION ALL
    SELECT count(*) FROM engine.error_templates t JOIN engine.grouped_errors e ON e.template_id = t.id
    WHERE t.group_id = g.id AND e.seen_at >= ${since}
      AND e.seen_at < date_bin(make_interval(mins => ${sql.lit(spanMinutes)}), ${since} + make_interval(mins => ${sql.lit(spanMinutes)}) - interval '1 microsecond', '2000-01-01Z')
  ) parts)`;

/** The mean of an hour in the days before the last one, or since the group's first error if that is later. */
const usual = (now: Date) => sql`(
  SELECT coalesce(sum(c.errors), 0) / greatest(1, extract(epoch FROM ${hoursBefore(now, 1)}::timestamptz
           - greatest(g.first_seen_at, ${daysBefore(now, meanDays)}::timestamptz)) / 3600)
  FROM engine.error_templates t JOIN engine.error_counts c ON c.template_id = t.id
  WHERE t.group_id = g.id AND c.starts_at >= ${daysBefore(now, meanDays)} AND c.starts_at < ${hoursBefore(now, 1)})::float8`;

const counted = (config: Config, context: EventContext) => sql`
  SELECT g.id::text AS key, bad, NULL::int AS "of", to_json(g.last_seen_at) #>> '{}' AS newest, g.error_type, hour, usual,
    to_json(g.first_seen_at) #>> '{}' AS first_seen_at,
    (SELECT left(array_to_string(t.tokens, ' '), 200) FROM engine.error_templates t
     WHERE t.group_id = g.id AND t.merged_into IS NULL ORDER BY t.errors DESC, t.id LIMIT 1) AS template,
    EXISTS (SELECT FROM engine.error_templates t WHERE t.group_id = g.id AND t.kind = 'flood') AS flood,
    (SELECT count(DISTINCT f.value)::int FROM engine.error_templates t JOIN engine.error_facets f ON f.template_id = t.id
     WHERE t.group_id = g.id AND f.kind = 'user' AND f.value <> '') AS users,
    CASE WHEN prior_kind IS NOT NULL AND (own_start IS NOT NULL OR prior_end IS NOT NULL) AND (prior_kind <> 'spikes' OR by_person)
           THEN 'back'
         WHEN prior_kind IN ('new', 'back') AND prior_end IS NULL THEN prior_kind
         WHEN g.first_seen_at > ${hoursBefore(context.now, config.new_hours)} THEN 'new' END AS kind,
    hour >= ${config.spike_errors} AND hour >= ${config.spike_factor}::float8 * usual AS spikes
  FROM groups g, LATERAL (
    SELECT ${errorsSince(sql`g.since`, context.now)} AS bad,
           ${errorsSince(sql`greatest(g.since, ${hoursBefore(context.now, 1)}::timestamptz)`, context.now)} AS hour,
           ${usual(context.now)} AS usual
  ) n`;

export const findErrorGroups = (config: Config, context: EventContext): Promise<EventResult> =>
  countEvents<Group>(
    context,
    {
      tables: groups(context),
      counted: counted(config, context),
      wrong: sql`bad > 0 AND (kind IS NOT NULL OR spikes)`,
      worst: sql`spikes DESC, kind = 'back' DESC, bad DESC`,
      max: config.max_findings,
      figures: ({ keys, wrong, bad }) => [
        { name: 'groups with errors', value: keys },
        { name: 'groups that are new, spike or came back', value: wrong },
        { name: 'errors', value: bad },
      ],
    },
    findingOf(config),
  );

const findingOf =
  (config: Config) =>
  (group: Group): Omit<ReportedFinding, 'key'> => {
    const { key, error_type, template, flood, kind, spikes, bad, hour, users } = group;
    const usual = Math.round(group.usual * 10) / 10;
    const what = flood ? error_type : `${error_type}: ${template}`;
    const times = spikes
      ? `, ${number(hour)} in an hour, ${number(usual)} are usual`
      : `, ${number(bad)} ${bad === 1 ? 'time' : 'times'}`;
    const begin = flood ? 'Flood of different errors' : beginOf(kind, spikes);
    return {
      severity: severityOf(config, group),
      category: 'errors',
      title: `${begin}: ${shortened(what, 190 - begin.length - times.length)}${times}`,
      description:
        `Group ${key} had its first error at ${group.first_seen_at.slice(0, 16).replace('T', ' ')} UTC` +
        `${users > 0 ? `, and ${number(users)}${users >= 100 ? ' or more' : ''} signed-in ${users === 1 ? 'user' : 'users'} met it` : ''}. ` +
        `\`npx roundsman errors show ${key}\` shows an example, its stack frames and its releases.`,
      component: shortened(error_type),
      metadata: {
        kind: kind ?? 'spikes',
        group: key,
        template,
        errors: bad,
        last_hour: hour,
        usual_hour: usual,
        ...(flood && { flood }),
      },
    };
  };

const beginOf = (kind: Group['kind'], spikes: boolean): string =>
  kind === 'back' ? 'Error came back' : kind === 'new' ? 'New error' : spikes ? 'Error spikes' : '';

function severityOf({ medium_errors }: Config, { kind, spikes, bad }: Group) {
  // A new error that is frequent at once has no mean that it could exceed.
  if (spikes && kind !== 'new') return 'high';
  return kind === 'back' || bad >= medium_errors ? 'medium' : 'low';
}
