import { sql } from 'kysely';
import type { Db } from '../database/connect.ts';
import type { Log } from '../log.ts';
import type { RunEntry, RunQueue } from '../queue/run-queue.ts';
import { endLost, type Escalate } from './end-lost.ts';
import { hasBegun, leaseOver, leaseRanOut, mayGoOn, tookMs } from './lease-over.ts';
import { oldestDue, type Cursor } from './oldest-due.ts';

/** Queued runs looked at in one go; the next go continues behind the last one looked at. */
const batch = 500;
/** Cancelled runs that never began and that are ended in one rescue; the rest follows with the next one. */
const mostEnded = 5_000;
/** Goes in one rescue while most of what they look at is lost. */
const mostGoes = 10;

export interface Rescued {
  /** queued runs whose entry was missing */
  queued: number;
  /** running ones whose lease ran out: queued again, or ended when no attempt was left */
  takenOver: number;
  ended: number;
}

/**
 * Makes rows right again after whatever was lost: entries of the queue, workers, manual runs that
 * nobody has queued yet. Any number of processes may do it at once; each row is moved by one
 * conditional update. No attempt is counted for a lost entry.
 */
export function rescuer(
  db: Db,
  queue: RunQueue,
  escalate: Escalate,
  log: Log,
): () => Promise<Rescued> {
  let after: Cursor | null = null;

  async function queueAll(): Promise<Pick<Rescued, 'queued' | 'takenOver'>> {
    // Each is added at once: between its row and its entry it is lost in the eyes of the others, who would
    // queue it again and again, each time behind all that waits.
    const again = await takeOver(db);
    // What was running goes first: behind a backlog its recovery would take as long as the backlog.
    await queue.add(again.map((entry) => ({ ...entry, first: true })));
    await queue.add(await queueFresh(db));
    let queued = 0;
    for (let go = 1; go <= mostGoes; go++) {
      const { lost, end } = await findLost(db, queue, after);
      after = end;
      const found = await queueAgain(db, lost);
      await queue.add(found);
      queued += found.length;
      // Where the whole queue is gone, what follows is lost as well, and workers wait for it.
      if (!end || lost.length < batch / 2) break;
    }
    return { queued, takenOver: again.length };
  }

  return async () => {
    // Beside each other: an end needs no queue, and neither waits for what is in the way of the other.
    const [ended, queued] = await Promise.allSettled([endAll(db, escalate, log), queueAll()]);
    if (ended.status === 'rejected') throw ended.reason;
    if (queued.status === 'rejected') throw queued.reason;
    return { ...queued.value, ended: ended.value };
  };
}

async function endAll(db: Db, escalate: Escalate, log: Log): Promise<number> {
  await hearRequests(db);
  return (await endCancelled(db)) + (await endLost(db, escalate, log));
}

/** Requests to end a run that came while somebody held its row: they are the row's once it is free. */
const hearRequests = (db: Db) =>
  sql`
    WITH heard AS (
      UPDATE bot_executions e
      SET cancel_requested_at = coalesce(e.cancel_requested_at, c.requested_at),
          cancel_reason = coalesce(c.reason, e.cancel_reason)
      FROM engine.cancellations c
      WHERE c.execution_id = e.id AND e.id IN (
        -- Locks bot_executions by id; rows that others hold are skipped.
        SELECT r.id FROM bot_executions r JOIN engine.cancellations a ON a.execution_id = r.id
        WHERE r.status IN ('queued', 'running') ORDER BY r.id FOR NO KEY UPDATE OF r SKIP LOCKED)
      RETURNING e.id
    ), over AS (
      -- Locks engine.cancellations by execution_id; rows that others hold are skipped.
      SELECT c.execution_id FROM engine.cancellations c
      WHERE c.execution_id IN (SELECT id FROM heard)
        OR NOT EXISTS (SELECT FROM bot_executions e WHERE e.id = c.execution_id AND e.status IN ('queued', 'running'))
      ORDER BY c.execution_id FOR UPDATE SKIP LOCKED
    )
    DELETE FROM engine.cancellations c USING over WHERE c.execution_id = over.execution_id`.execute(
    db,
  );

/** `running` with a lease run out and attempts left. Its unfinished heal stays for the next attempt to adopt. */
async function takeOver(db: Db): Promise<RunEntry[]> {
  const { rows } = await sql<RunEntry>`
    WITH dead AS (
      -- Locks bot_executions, those that are lost longest first; rows that others hold are skipped.
      SELECT e.id FROM bot_executions e WHERE ${leaseOver} AND ${mayGoOn}
      ORDER BY e.lease_until LIMIT ${batch} FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE bot_executions e
    SET status = 'queued', reason = 'worker lost', error_message = ${leaseRanOut},
        execution_time_ms = ${tookMs}, generation = e.generation + 1, lease_until = NULL
    FROM dead, bots b WHERE e.id = dead.id AND b.id = e.bot_id
    RETURNING e.id, e.generation, b.priority`.execute(db);
  return rows;
}

/** Queued runs that never began and whose cancellation was requested: no start would take them. */
async function endCancelled(db: Db): Promise<number> {
  const { rows } = await sql`
    WITH given_up AS (
      -- Locks bot_executions by id; rows that others hold are skipped.
      SELECT e.id FROM bot_executions e
      WHERE e.status = 'queued' AND e.cancel_requested_at IS NOT NULL AND NOT ${hasBegun}
      ORDER BY e.id LIMIT ${mostEnded} FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE bot_executions e SET status = 'cancelled', reason = 'cancelled', completed_at = engine.now()
    FROM given_up WHERE e.id = given_up.id
    RETURNING e.id`.execute(db);
  return rows.length;
}

/** Rows that never had an entry: manual runs, which the command line only writes down. */
async function queueFresh(db: Db): Promise<RunEntry[]> {
  const { rows } = await sql<RunEntry>`
    WITH fresh AS (
      -- Locks bot_executions, the oldest first; rows that others hold are skipped.
      SELECT id FROM bot_executions
      WHERE status = 'queued' AND generation = 0 AND coalesce(run_after <= engine.now(), true)
      ORDER BY queued_at LIMIT ${batch} FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE bot_executions e SET generation = 1
    FROM fresh, bots b WHERE e.id = fresh.id AND b.id = e.bot_id
    RETURNING e.id, e.generation, b.priority`.execute(db);
  return rows;
}

/**
 * Queued, due, older than 2 s, its bot with a place free, and its entry gone, or still delayed: a host
 * with a wrong clock queued it. A backlog that waits in the queue is left alone.
 */
async function findLost(db: Db, queue: RunQueue, after: Cursor | null) {
  const { due, end } = await oldestDue(db, { seconds: 2, limit: batch, after });
  const states = await Promise.all(due.map((entry) => queue.look(entry)));
  const lost = due.filter((_, at) => states[at] === 'gone' || states[at] === 'delayed');
  return { lost, end };
}

async function queueAgain(db: Db, lost: RunEntry[]): Promise<RunEntry[]> {
  if (lost.length === 0) return [];
  const { rows } = await sql<RunEntry>`
    WITH free AS (
      -- Locks bot_executions by id; rows that others hold are skipped: they are being started or queued.
      SELECT e.id FROM bot_executions e
      JOIN unnest(${lost.map((row) => row.id)}::uuid[], ${lost.map((row) => row.generation)}::int[]) AS l (id, generation)
        ON e.id = l.id AND e.generation = l.generation
      WHERE e.status = 'queued' ORDER BY e.id FOR NO KEY UPDATE OF e SKIP LOCKED
    )
    UPDATE bot_executions e SET generation = e.generation + 1
    FROM free, bots b WHERE e.id = free.id AND b.id = e.bot_id
    RETURNING e.id, e.generation, b.priority`.execute(db);
  return rows;
}
