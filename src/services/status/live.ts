import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { countHeldBack } from '../../data/bots/bot-maintenance.ts';
import { countHidden } from '../../data/bots/bot-silences.ts';
import {
  isMerged,
  isPending,
  isSnoozed,
  reopenedAt,
  worstFirst,
} from '../../data/bots/bot-tickets.ts';
import type { HeldBackNow, HiddenNow } from '../../ground/kept-back.ts';

/** Columns of `bots` with the result of the newest run and the number of open findings. */
export interface LiveBot {
  name: string;
  status: 'active' | 'paused' | 'disabled' | 'error';
  status_reason: string | null;
  schedule_cron: string;
  next_execution_at: Date | null;
  last_status: string | null;
  last_started_at: Date | null;
  /** the progress of the newest run while it is running, 0 to 1; null if no check has told any */
  share: number | null;
  open_findings: number;
}

export interface LiveTicket {
  number: string;
  severity: string;
  title: string;
  assigned_to: string | null;
  /** when its problem came back; null if it did not */
  reopened_at: Date | null;
}

export interface LiveStatus {
  now: Date;
  mode: string | null;
  bots: LiveBot[];
  bot_count: number;
  /** pending tickets that are not snoozed, and how many of them are assigned */
  open_tickets: number;
  assigned_tickets: number;
  snoozed_tickets: number;
  tickets: LiveTicket[];
  maintenance: HeldBackNow;
  silences: HiddenNow;
}

/** What the screen of `up` shows: the bots that run next and the worst tickets, up to these numbers. */
export async function readLive(db: Db, maxBots: number, maxTickets: number): Promise<LiveStatus> {
  const { rows: bots } = await sql<LiveBot>`
    SELECT b.name, b.status, b.status_reason, b.schedule_cron, b.next_execution_at,
           run.status AS last_status, run.started_at AS last_started_at, p.share,
           (SELECT count(*)::int FROM bot_findings f WHERE f.bot_id = b.id AND f.resolved_at IS NULL) AS open_findings
    FROM bots b
    LEFT JOIN LATERAL (
      SELECT e.id, e.fence, e.status, e.started_at FROM bot_executions e
      WHERE e.bot_id = b.id AND e.status NOT IN ('queued', 'skipped')
      ORDER BY e.started_at DESC LIMIT 1
    ) run ON true
    LEFT JOIN engine.run_progress p ON p.execution_id = run.id AND p.fence = run.fence AND run.status = 'running'
    WHERE b.removed_at IS NULL
    ORDER BY b.status <> 'error', b.next_execution_at NULLS LAST, b.name
    LIMIT ${maxBots}`.execute(db);
  const { rows } = await sql<Omit<LiveStatus, 'bots' | 'tickets' | 'maintenance' | 'silences'>>`
    SELECT engine.now() AS now,
           (SELECT value #>> '{}' FROM engine.settings WHERE key = 'mode') AS mode,
           (SELECT count(*)::int FROM bots WHERE removed_at IS NULL) AS bot_count,
           tickets.*
    FROM (SELECT count(*) FILTER (WHERE NOT ${isSnoozed('t')})::int AS open_tickets,
                 count(*) FILTER (WHERE t.status = 'assigned' AND NOT ${isSnoozed('t')})::int AS assigned_tickets,
                 count(*) FILTER (WHERE ${isSnoozed('t')})::int AS snoozed_tickets
          FROM bot_tickets t WHERE ${isPending('t')} AND NOT ${isMerged('t')}) tickets`.execute(db);
  const tickets = await db
    .selectFrom('bot_tickets')
    .select(['number', 'severity', 'title', 'assigned_to', reopenedAt('bot_tickets')])
    .where(isPending())
    .where(sql<boolean>`NOT ${isMerged('bot_tickets')} AND NOT ${isSnoozed('bot_tickets')}`)
    .orderBy(worstFirst('bot_tickets'))
    .limit(maxTickets)
    .execute();
  const maintenance = await countHeldBack(db);
  const silences = await countHidden(db);
  return { ...rows[0]!, bots, tickets, maintenance, silences };
}

export interface EndedRun {
  id: string;
  name: string | null;
  status: string;
  reason: string | null;
  error_message: string | null;
  checks_performed: number | null;
  issues_found: number | null;
  actions_taken: number | null;
  execution_time_ms: number | null;
  completed_at: Date;
}

/**
 * Runs and skipped slots that ended after `since`, oldest first. `since` is text with microseconds, from the same
 * function.
 */
export async function endedSince(
  db: Db,
  since: string | null,
): Promise<{ runs: EndedRun[]; until: string }> {
  const { rows } = await sql<EndedRun & { at: string }>`
    SELECT e.id, b.name, e.status, e.reason, e.error_message, e.checks_performed, e.issues_found, e.actions_taken,
           e.execution_time_ms, e.completed_at, e.completed_at::text AS at
    FROM bot_executions e LEFT JOIN bots b ON b.id = e.bot_id
    WHERE e.completed_at > coalesce(${since}::timestamptz, engine.now())
    ORDER BY e.completed_at LIMIT 1000`.execute(db);
  if (rows.length > 0) return { runs: rows, until: rows.at(-1)!.at };
  if (since !== null) return { runs: [], until: since };
  const now = await sql<{ now: string }>`SELECT engine.now()::text AS now`.execute(db);
  return { runs: [], until: now.rows[0]!.now };
}
