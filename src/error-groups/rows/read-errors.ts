/** The next rows of error_logs that are not counted into a group. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import type { ErrorCursor } from './cursor.ts';

/** How much of a message and of a stack trace is read, in characters; a longer fingerprint names nothing. */
const maxRead = 8_192;
/** No more of a release is kept. */
const maxRelease = 200;
/** A time before this one, or after now, is that of a clock which is wrong: the error is taken to be of now. */
const earliest = '2000-01-01Z';

export interface UngroupedError {
  id: string;
  error_type: string;
  error_message: string;
  stack_trace: string | null;
  /** as the platform's own code names the group in `context.fingerprint`: a text, or a list of texts */
  fingerprint: unknown;
  /** `context.release` */
  release: string | null;
  user_id: string | null;
  seen_at: Date;
}

export interface ErrorBatch {
  errors: UngroupedError[];
  /** the last row that was looked at; null where none is left */
  last: { xact_id: string; error_id: string } | null;
  /** the limit was not reached: all that was committed when the batch was read is in it */
  isLast: boolean;
}

/**
 * At most `limit` rows after the cursor, in the order of their transactions' ids. It sees only rows of transactions that are older
 * than every open one: no row can appear before them any more. Rows that were counted before a restore are passed over.
 */
export async function readErrors(
  db: Db,
  { xact_id, error_id }: ErrorCursor,
  limit: number,
): Promise<ErrorBatch> {
  const { rows } = await sql<UngroupedError & { xact_id: string; grouped: boolean }>`
    SELECT e.id, e.error_type, e.xact_id, e.user_id, g.error_id IS NOT NULL AS grouped,
           left(e.error_message, ${maxRead}) AS error_message, left(e.stack_trace, ${maxRead}) AS stack_trace,
           CASE WHEN jsonb_typeof(e.context) = 'object' AND length(e.context ->> 'fingerprint') <= ${maxRead}
             THEN e.context -> 'fingerprint' END AS fingerprint,
           CASE WHEN jsonb_typeof(e.context) = 'object' THEN left(e.context ->> 'release', ${maxRelease}) END AS release,
           CASE WHEN e.created_at BETWEEN ${earliest}::timestamptz AND engine.now() THEN e.created_at ELSE engine.now() END AS seen_at
    FROM error_logs e LEFT JOIN engine.grouped_errors g ON g.error_id = e.id
    WHERE e.xact_id < pg_snapshot_xmin(pg_current_snapshot())
      AND (e.xact_id, e.id) > (${xact_id}::xid8, ${error_id}::uuid)
    ORDER BY e.xact_id, e.id
    LIMIT ${limit}`.execute(db);
  const last = rows.at(-1);
  return {
    errors: rows.filter(({ grouped }) => !grouped),
    last: last ? { xact_id: last.xact_id, error_id: last.id } : null,
    isLast: rows.length < limit,
  };
}

/** Whether a committed row waits because a transaction that is older than its own is still open. */
export async function hasWaiting(db: Db): Promise<boolean> {
  const { rows } = await sql<{ waiting: boolean }>`
    SELECT EXISTS (SELECT FROM error_logs WHERE xact_id >= pg_snapshot_xmin(pg_current_snapshot())) AS waiting`.execute(
    db,
  );
  return rows[0]!.waiting;
}
