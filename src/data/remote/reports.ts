/** Reads of `engine.remote_reports`: what asynchronous remote bots were asked, and what they have reported. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

/** What a check that waits for a report sees. */
export interface AwaitedRow {
  /** JSON; null until the report has come */
  body: string | null;
  /** the lease has run out, by the database's clock */
  overdue: boolean;
  /** milliseconds until it does */
  leftMs: number;
}

/** Undefined where there is no such request. */
export async function awaitedReport(db: Db, id: string): Promise<AwaitedRow | undefined> {
  const { rows } = await sql<AwaitedRow>`
    SELECT r.body, r.lease_until <= engine.now() AS overdue,
      (extract(epoch FROM r.lease_until - engine.now()) * 1000)::float8 AS "leftMs"
    FROM engine.remote_reports r WHERE r.request_id = ${id}`.execute(db);
  return rows[0];
}

/** The bot whose run a report names. */
export interface ReportingBot {
  name: string;
  endpoint: string;
  config: unknown;
  /** the database's time */
  now: Date;
}

/** The bot of this run; undefined where there is no such run. */
export async function botOfRun(db: Db, run: string): Promise<ReportingBot | undefined> {
  const { rows } = await sql<ReportingBot>`
    SELECT b.name, b.api_endpoint AS endpoint, b.config, engine.now() AS now
    FROM bot_executions e JOIN bots b ON b.id = e.bot_id WHERE e.id = ${run}::uuid`.execute(db);
  return rows[0];
}

/** How a request stands that takes no report. */
export interface ReportStanding {
  /** of the body that was received; null where none was */
  sha256: string | null;
  /** the run was given back by a worker that stopped, and its attempt begins again: then it takes the report */
  begins_again: boolean;
}

/** Undefined where there is no such request. */
export async function reportStanding(db: Db, id: string): Promise<ReportStanding | undefined> {
  const { rows } = await sql<ReportStanding>`
    SELECT r.body_sha256 AS sha256,
      r.given_up_at IS NULL AND r.lease_until > engine.now()
        AND coalesce(e.status = 'queued' AND e.attempt = r.attempt - 1, false) AS begins_again
    FROM engine.remote_reports r LEFT JOIN bot_executions e ON e.id = r.execution_id
    WHERE r.request_id = ${id}`.execute(db);
  return rows[0];
}

/** How long a request is kept, so that a report that comes again is recognised: longer than any run may take. */
const keptDays = 2;

/** Removes old requests with their reports, `max` at most. Returns how many. */
export async function removeOldReports(db: Db, max: number): Promise<number> {
  const { numAffectedRows } = await sql`
    DELETE FROM engine.remote_reports WHERE request_id IN (
      SELECT request_id FROM engine.remote_reports
      WHERE asked_at < engine.now() - make_interval(days => ${keptDays}) LIMIT ${max})`.execute(db);
  return Number(numAffectedRows ?? 0n);
}
