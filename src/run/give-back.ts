import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { isRunning } from '../data/bots/fence.ts';
import type { Db } from '../database/connect.ts';
import type { RunEntry } from '../queue/run-queue.ts';
import type { Engine } from './engine.ts';
import type { Run } from './writer/run.ts';

/** A row that a transaction of its run still holds is asked for again, for less than a stop waits for all of it. */
const patienceMs = 4_500;
const pauseMs = 100;

/**
 * Gives runs back that a drain could not wait for: `queued` again, the attempt not counted. What they
 * still do is dropped, because their fence is gone with the status. They are stopped first: a remedy in its
 * transaction holds its run's row until its child has ended. One that somebody wants to end is left with a
 * lease that has run out: rescue ends it, as it ends every run without a worker.
 */
export async function giveBack(
  { db, queue }: Pick<Engine, 'db' | 'queue'>,
  runs: Run[],
): Promise<number> {
  for (const run of runs) run.stop('lost');
  const adding: Promise<void>[] = [];
  const until = performance.now() + patienceMs;
  let given = 0;
  for (let left = runs; left.length > 0;) {
    const free = await giveBackFree(db, left);
    given += free.length;
    // A queue that is away must not keep the rest: rescue finds rows without an entry.
    const added = queue.add(free.filter(({ status }) => status === 'queued'));
    added.catch(() => {});
    adding.push(added);
    left = await stillHeld(db, left);
    if (left.length === 0 || performance.now() > until) break;
    await sleep(pauseMs);
  }
  await Promise.all(adding);
  return given;
}

const held = (runs: Run[]) =>
  sql`unnest(${runs.map((run) => run.id)}::uuid[], ${runs.map((run) => run.fence)}::bigint[]) AS held (id, fence)`;

const isToGive = sql`(e.cancel_requested_at IS NULL OR e.lease_until > engine.now())`;

/** Of those whose rows nobody has locked. */
async function giveBackFree(db: Db, runs: Run[]): Promise<(RunEntry & { status: string })[]> {
  const { rows } = await sql<RunEntry & { status: string }>`
    UPDATE bot_executions e
    SET status = CASE WHEN f.cancelled THEN e.status ELSE 'queued' END,
        reason = CASE WHEN f.cancelled THEN e.reason ELSE 'given back' END,
        attempt = e.attempt - (NOT f.cancelled)::int, generation = e.generation + (NOT f.cancelled)::int,
        -- Until when it was carried, so that it counts as waiting from then on.
        execution_time_ms = CASE WHEN f.cancelled THEN e.execution_time_ms
          ELSE least(extract(epoch FROM engine.now() - e.started_at) * 1000, 2147483647) END,
        lease_until = CASE WHEN f.cancelled THEN least(e.lease_until, engine.now()) END, run_after = NULL
    FROM bots b, (
      SELECT e.id, e.cancel_requested_at IS NOT NULL AS cancelled
      FROM bot_executions e JOIN ${held(runs)} ON e.id = held.id AND e.fence = held.fence
      WHERE ${isRunning} AND ${isToGive}
      -- Locks bot_executions by id; rows that others hold are skipped.
      ORDER BY e.id FOR NO KEY UPDATE OF e SKIP LOCKED
    ) f
    WHERE b.id = e.bot_id AND e.id = f.id
    RETURNING e.id, e.generation, b.priority, e.status`.execute(db);
  return rows;
}

/** Those that could not be given back yet. */
async function stillHeld(db: Db, runs: Run[]): Promise<Run[]> {
  const { rows } = await sql<{ id: string }>`
    SELECT e.id FROM bot_executions e JOIN ${held(runs)} ON e.id = held.id AND e.fence = held.fence
    WHERE ${isRunning} AND ${isToGive}`.execute(db);
  const ids = new Set(rows.map(({ id }) => id));
  return runs.filter(({ id }) => ids.has(id));
}
