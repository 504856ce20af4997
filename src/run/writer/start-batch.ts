import { sql } from 'kysely';
import type pg from 'pg';
import { isRunning } from '../../data/bots/fence.ts';
import type { Stop } from '../../children/protocol.ts';
import type { RunEntry } from '../../queue/run-queue.ts';
import { startRuns, startValues, type StartedRow } from '../../transitions/runs/start.ts';
import { send, statement } from '../../batch/statement.ts';
import type { Run } from './run.ts';

/** Reads runs that this worker has already started, by id and generation. */
const startedBefore = statement<StartedRow>(
  'started-before',
  sql`
  SELECT e.id, e.fence, e.attempt, e.max_attempts, e.trigger, e.started_at, e.bot_id, b.name, b.api_endpoint, b.config,
         b.timeout_seconds
  FROM unnest($1::uuid[], $2::int[]) AS a (id, generation)
  JOIN bot_executions e ON e.id = a.id AND e.generation = a.generation
  JOIN bots b ON b.id = e.bot_id
  WHERE e.worker = $3 AND ${isRunning}`,
);

/** Starts a batch of runs. Returns those that this worker may execute, by id. */
export async function startBatch(
  client: pg.ClientBase,
  batch: { entry: RunEntry; mayBeCommitted: boolean }[],
  worker: string,
): Promise<Map<string, Run>> {
  const ask = (statement: typeof startRuns, entries: RunEntry[]) =>
    send(client, statement, startValues(entries, worker));
  const rows = await ask(
    startRuns,
    batch.map(({ entry }) => entry),
  );
  const started = new Map(rows.map((row) => [row.id, runOf(row)]));
  // The statement may have committed although its connection was lost: then these runs are this worker's.
  const maybeCommitted = batch.filter(
    ({ entry, mayBeCommitted }) => mayBeCommitted && !started.has(entry.id),
  );
  if (maybeCommitted.length > 0)
    for (const row of await ask(
      startedBefore,
      maybeCommitted.map(({ entry }) => entry),
    ))
      started.set(row.id, runOf(row));
  return started;
}

function runOf(row: StartedRow): Run {
  const controller = new AbortController();
  return {
    id: row.id,
    fence: row.fence,
    attempt: row.attempt,
    maxAttempts: row.max_attempts,
    trigger: row.trigger,
    startedAt: row.started_at,
    bot: { id: row.bot_id, name: row.name, endpoint: row.api_endpoint, config: row.config },
    timeoutMs: row.timeout_seconds * 1000,
    pendingEffects: row.leftovers ?? true,
    progress: null,
    signal: controller.signal,
    stop: (why: Stop) => controller.abort(why),
  };
}
