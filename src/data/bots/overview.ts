/** The figures behind `roundsman status`: did everything run, and what needs a person. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { healStandings } from './bot-actions.ts';
import { severityRank } from './bot-findings.ts';
import { underMaintenance } from './bot-maintenance.ts';
import { ofFinding, silenced } from './bot-silences.ts';
import { isMerged, isSnoozed, pending } from './bot-tickets.ts';
import { listTickets } from './ticket-list.ts';
import { overdueBots, type BotStatus } from './bots.ts';
import { isSuppressed, itOrItsFlood, needsPersonNow } from './standing-tickets.ts';

const dayAgo = sql<Date>`engine.now() - interval '24 hours'`;
const count = sql<number>`count(*)::int`.as('count');

/** How many rows are named; the counts include the others. */
const maxNamed = 5;

/** Bots by status, always in this order, without those that were removed. */
export const countBots = (db: Db): Promise<{ status: BotStatus; count: number }[]> =>
  db
    .selectFrom('bots')
    .select(['status', count])
    .where('removed_at', 'is', null)
    .groupBy('status')
    .orderBy(sql`array_position('{active,paused,disabled,error}'::text[], status::text)`)
    .execute();

/** Bots whose definition does not allow them to run, with the reason. */
export const botsInError = (db: Db) =>
  db
    .selectFrom('bots')
    .select(['name', 'status_reason', 'status_changed_at'])
    .where('status', '=', 'error')
    .orderBy('name')
    .limit(maxNamed)
    .execute();

/** One skipped row stands for a whole stretch of missed slots. */
const slots = sql<number>`sum(CASE WHEN jsonb_typeof(metadata->'count') = 'number'
  THEN greatest((metadata->>'count')::numeric, 1) ELSE 1 END)::float8`;

/**
 * Runs of the last 24 h by result, what went well first. Skipped ones are counted by reason, and by the number of slots that they stand
 * for.
 */
export const countRuns = (db: Db) =>
  db
    .selectFrom('bot_executions')
    .select(['status', count, slots.as('slots')])
    .select(sql<string | null>`CASE status WHEN 'skipped' THEN reason END`.as('reason'))
    .where('started_at', '>=', dayAgo)
    .groupBy(['status', sql`CASE status WHEN 'skipped' THEN reason END`])
    .orderBy(
      sql`array_position('{success,failed,timeout,cancelled,running,queued,skipped}'::text[], status::text)`,
    )
    .orderBy('reason')
    .execute();

/** The newest failures of the last 24 h, one for each bot: a bot that always fails must not hide the others. */
export const newestFailures = (db: Db) =>
  db
    .selectFrom((eb) =>
      eb
        .selectFrom('bot_executions as run')
        .innerJoin('bots', 'bots.id', 'run.bot_id')
        .distinctOn('run.bot_id')
        .select(['run.id', 'run.bot_id', 'bots.name', 'run.status', 'run.completed_at'])
        .select(['run.reason', 'run.error_message'])
        .where('run.started_at', '>=', dayAgo)
        .where('run.status', 'in', ['failed', 'timeout'])
        .orderBy('run.bot_id')
        .orderBy('run.started_at', 'desc')
        .as('failure'),
    )
    .selectAll()
    .orderBy('completed_at', 'desc')
    .limit(maxNamed)
    .execute();

const suppressed = isSuppressed('bot_findings');
const isSilenced = itOrItsFlood('bot_findings', (alias) => silenced(ofFinding(alias)));
const isMaintained = itOrItsFlood('bot_findings', underMaintenance);

/** Open findings by severity, the worst first; suppressed ones, of which a cause's ticket tells, are left out. */
export const countFindings = (db: Db) =>
  db
    .selectFrom('bot_findings')
    .select(['severity', count])
    .where('resolved_at', 'is', null)
    .where(sql<boolean>`NOT ${suppressed}`)
    .groupBy('severity')
    .orderBy(severityRank('severity'))
    .execute();

/**
 * Open findings of which people are not told themselves: suppressed ones, those among the others that are silenced, and
 * those among the rest that maintenance holds back; a part of a flood is so with its flood.
 */
export const countQuiet = (db: Db) =>
  db
    .selectFrom('bot_findings')
    .select([
      sql<number>`count(*) FILTER (WHERE ${suppressed})::int`.as('suppressed'),
      sql<number>`count(*) FILTER (WHERE ${isSilenced} AND NOT ${suppressed})::int`.as('silenced'),
      sql<number>`count(*) FILTER (WHERE ${isMaintained} AND NOT ${isSilenced} AND NOT ${suppressed})::int`.as(
        'maintenance',
      ),
    ])
    .where('resolved_at', 'is', null)
    .executeTakeFirstOrThrow();

const heals = (standing: keyof typeof healStandings) => sql<number>`
  count(*) FILTER (WHERE state = ANY (${sql.lit(`{${healStandings[standing].join(',')}}`)}::text[]))::int`;

/** Heals of the last 24 h by how they stand, which the last step of each says. */
export const countHeals = (db: Db) =>
  db
    .selectFrom((eb) =>
      eb
        .selectFrom('bot_actions')
        .distinctOn('heal_id')
        .select('state')
        .where('taken_at', '>=', dayAgo)
        // An action of the platform's own code is not a heal.
        .where('fingerprint', 'not like', 'external-%')
        .orderBy('heal_id')
        .orderBy('step', 'desc')
        .as('heal'),
    )
    .select([
      heals('verified').as('verified'),
      heals('held').as('held'),
      heals('waiting').as('waiting'),
      heals('wrong').as('wrong'),
      heals('unknown').as('unknown'),
      heals('untold').as('untold'),
    ])
    .executeTakeFirstOrThrow();

const needsNow = needsPersonNow('bot_tickets');
const isUrgent = sql`(severity IN ('critical', 'high') AND ${needsNow})`;
const isLate = sql`(respond_by < engine.now() AND acknowledged_at IS NULL AND ${needsNow})`;

/**
 * Tickets that are not ended, without merged ones: the worst ones that are not snoozed; how many there are, and how many of them
 * are snoozed; how many are critical or high, and since when; how many are past their response target, with the time and the
 * number of the first.
 */
export async function pendingTickets(db: Db) {
  const top = await listTickets(db, {
    statuses: pending,
    snoozed: false,
    merged: false,
    limit: maxNamed,
  });
  const counts = await db
    .selectFrom('bot_tickets')
    .select([
      sql<number>`count(*)::int`.as('all'),
      sql<number>`count(*) FILTER (WHERE status = 'assigned')::int`.as('assigned'),
      sql<number>`count(*) FILTER (WHERE ${isSnoozed('bot_tickets')})::int`.as('snoozed'),
      sql<number>`count(*) FILTER (WHERE ${isUrgent})::int`.as('urgent'),
      sql<Date | null>`min(created_at) FILTER (WHERE ${isUrgent})`.as('urgent_since'),
      sql<number>`count(*) FILTER (WHERE ${isLate})::int`.as('late'),
      sql<Date | null>`min(respond_by) FILTER (WHERE ${isLate})`.as('late_since'),
      sql<
        string | null
      >`(array_agg(number ORDER BY respond_by, number) FILTER (WHERE ${isLate}))[1]`.as(
        'first_late',
      ),
    ])
    .where('status', 'in', pending)
    .where(sql<boolean>`NOT ${isMerged('bot_tickets')}`)
    .executeTakeFirstOrThrow();
  return { top, ...counts };
}

/** Active bots that should have been claimed or planned: those that have waited longest, and the number of all. */
export async function overdue(db: Db) {
  const top = await overdueBots(db)
    .select(['name', 'next_execution_at'])
    .orderBy('next_execution_at')
    .limit(maxNamed)
    .execute();
  const { count: all, since } = await overdueBots(db)
    .select(count)
    // A bot that was never planned has waited since its last edit.
    .select(sql<Date | null>`min(coalesce(next_execution_at, updated_at))`.as('since'))
    .executeTakeFirstOrThrow();
  return { top, all, since };
}
