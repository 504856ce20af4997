/** Tickets that wait too long for a person. */
import { isMerged, isPending, needsPersonNow, sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult, ReportedFinding } from '../../src/bot.ts';
import { counted } from '../parts/in-words.ts';
import { minuteMs, minutesBefore } from '../parts/time.ts';
import type { Config } from './config.ts';
import { isHerald } from './own.ts';

const component = 'tickets';
/** How many tickets a finding names. */
const maxNamed = 20;
const severities = ['critical', 'high', 'medium', 'low', 'info'] as const;

interface Waiting {
  /** pending tickets that wait for a person now, without the herald's own */
  pending: number;
  /** those of them that the check is about */
  found: number;
  /** the place of the worst of these in `severities`, from 1 */
  worst: number | null;
  since: Date | null;
  named: { ticket: string; severity: string; bot: string | null; title: string; since: string }[];
}

/**
 * Tickets that wait for a person now and fit `found`, since `since`. One finding stands for all of them, with a stable key: a
 * finding for each would open a second ticket for each.
 */
async function readWaiting(
  { db }: CheckContext,
  { found, since }: { found: ReturnType<typeof sql>; since: ReturnType<typeof sql> },
): Promise<Waiting> {
  const { rows } = await sql<Waiting>`
    WITH waiting AS MATERIALIZED (
      SELECT t.number, t.title, t.severity, b.name AS bot, ${since} AS since, ${found} AS found,
        array_position(${[...severities]}::text[], t.severity::text) AS place
      FROM bot_tickets t LEFT JOIN bots b ON b.id = t.bot_id
      WHERE ${isPending('t')} AND NOT ${isMerged('t')} AND t.acknowledged_at IS NULL
        AND NOT ${isHerald('b')} AND ${needsPersonNow('t')}
    )
    SELECT count(*)::int AS pending, (count(*) FILTER (WHERE found))::int AS found,
      min(place) FILTER (WHERE found) AS worst, min(since) FILTER (WHERE found) AS since,
      (SELECT coalesce(jsonb_agg(to_jsonb(first)), '[]') FROM (
         SELECT 'T-' || number AS ticket, severity, bot, left(title, 200) AS title, since FROM waiting
         WHERE found ORDER BY place, since, number LIMIT ${maxNamed}) first) AS named
    FROM waiting`.execute(db);
  return rows[0]!;
}

/** One step less severe than the worst ticket, which itself says how severe its problem is. */
const severityOf = (worst: number | null): ReportedFinding['severity'] =>
  ({ 1: 'high', 2: 'medium' }[worst ?? 0] as 'high' | 'medium') ?? 'low';

const minutesSince = (since: Date | null, now: Date) =>
  since === null ? 0 : Math.max(0, Math.floor((now.getTime() - since.getTime()) / minuteMs));

export async function findLateTickets(
  { late_minutes }: Config,
  context: CheckContext,
): Promise<CheckResult> {
  const { now } = context;
  const bound = minutesBefore(now, late_minutes);
  const waiting = await readWaiting(context, {
    found: sql`coalesce(t.respond_by < ${bound}, false)`,
    since: sql`t.respond_by`,
  });
  const minutes = minutesSince(waiting.since, now);
  const target =
    waiting.found === 1 ? 'is past its response target' : 'are past their response target';
  return {
    examined: [component],
    figures: [
      { name: 'unanswered tickets', value: waiting.pending },
      { name: 'tickets past their response target', value: waiting.found },
      { name: 'longest time past the target', value: minutes * 60, unit: 's' },
    ],
    findings:
      waiting.found === 0
        ? []
        : [
            {
              severity: severityOf(waiting.worst),
              category: 'tickets',
              title: `${counted(waiting.found, 'ticket')} ${target}, the longest for ${counted(minutes, 'minute')}`,
              description: 'No person acknowledged these tickets in time.',
              component,
              metadata: { tickets: waiting.found, late_minutes, named: waiting.named },
            },
          ],
  };
}

export async function findUnassignedTickets(
  { unassigned_minutes, unassigned_from }: Config,
  context: CheckContext,
): Promise<CheckResult> {
  const { now } = context;
  const bound = minutesBefore(now, unassigned_minutes);
  const wanted = severities.slice(0, severities.indexOf(unassigned_from) + 1);
  // A ticket that was reopened or unassigned is open since then; its last event of these kinds says when.
  const since = sql`coalesce((SELECT max(e.created_at) FROM bot_ticket_events e
      WHERE e.ticket_id = t.id AND e.event IN ('reopened', 'unassigned')), t.created_at)`;
  const waiting = await readWaiting(context, {
    found: sql`t.status = 'open' AND t.severity = ANY (${wanted}::text[]) AND coalesce(${since} < ${bound}, false)`,
    since,
  });
  const minutes = minutesSince(waiting.since, now);
  const are = waiting.found === 1 ? 'is' : 'are';
  return {
    examined: [component],
    figures: [
      { name: 'unanswered tickets', value: waiting.pending },
      { name: 'tickets not assigned', value: waiting.found },
    ],
    findings:
      waiting.found === 0
        ? []
        : [
            {
              severity: severityOf(waiting.worst),
              category: 'tickets',
              title: `${counted(waiting.found, 'ticket')} ${are} not assigned, the longest for ${counted(minutes, 'minute')}`,
              description: 'No person is responsible for these tickets.',
              component,
              metadata: {
                tickets: waiting.found,
                unassigned_minutes,
                unassigned_from,
                named: waiting.named,
              },
            },
          ],
  };
}
