import { sql } from 'kysely';
import type pg from 'pg';
import { isHeldAs } from '../../data/bots/fence.ts';
import { escalateRuns, escalateValues } from './escalate.ts';
import { finishedOf, type Finished } from './finish.ts';
import { finishRuns, type Finish, type FinishedRow } from '../../transitions/runs/finish.ts';
import { queueNextRuns } from '../../transitions/runs/queue-next.ts';
import { renewDelayed } from '../../transitions/runs/renew-lease.ts';
import type { Written } from './emit-written.ts';
import { recordedOf, recordRuns, recordValues, type Recorded } from './record.ts';
import { dependentFindings, type Recording } from './recording.ts';
import type { RunEntry } from '../../queue/run-queue.ts';
import type { Run } from './run.ts';
import { suppressFindings } from '../../transitions/findings/suppress.ts';
import { send, statement } from '../../batch/statement.ts';

/** What one run writes in one flush: what its checks saw, or its end, or both. */
export interface RunWrite {
  run: Run;
  recording: Recording | null;
  finish: Finish | null;
}

/** How an attempt ended, and the bot's next run, which had to wait for this run. */
export type Ended = Finished & { next: RunEntry | null };

/**
 * The result for one write; null when its run is no longer held under its fence: then nothing of the write was written.
 */
export type Outcome = {
  recorded: Recorded | null;
  finished: Ended | null;
} | null;

/**
 * One flush: one transaction over many runs, at most one of a bot. Rejects with the server's first error; then nothing
 * was written, unless the connection was lost: then the flush may have been committed.
 *
 * No statement needs a value from this process: each one works on the runs that are held. So all statements are sent
 * without waiting for answers, and no lock waits for this process. Only BEGIN is awaited, because without it the
 * statements would be transactions of their own.
 */
export async function flush(
  client: pg.ClientBase,
  writes: RunWrite[],
): Promise<{ outcomes: Outcome[]; written: Written }> {
  const recording = writes.filter(isRecording);
  const dependent = dependentFindings(recording);
  const ending = writes.filter(isEnding);
  const going = writes.filter((write) => !isEnding(write));
  await client.query('BEGIN');
  const sent = [
    send(client, lockRuns, [JSON.stringify(writes.map(lockInputOf))]),
    recording.length > 0 ? send(client, recordRuns, recordValues(recording)) : [],
    dependent.length > 0 ? send(client, suppressFindings, [JSON.stringify(dependent)]) : [],
    ...(ending.length > 0
      ? ([
          send(client, escalateRuns, escalateValues(ending.map(({ finish }) => finish))),
          send(client, finishRuns, [JSON.stringify(ending.map(({ finish }) => finish))]),
          send(client, queueNextRuns, [ending.map(({ run }) => run.bot.id)]),
        ] as const)
      : ([[], [], []] as const)),
    going.length > 0 ? send(client, renewDelayed, [going.map(({ run }) => run.id)]) : [],
    client.query('COMMIT'),
  ] as const;
  // Wait for all of them before another flush uses the connection; the first error is the cause of the others.
  const failed = (await Promise.allSettled(sent)).find(({ status }) => status === 'rejected');
  if (failed) throw (failed as PromiseRejectedResult).reason;
  const [held, recorded, , tickets, finished, next] = await Promise.all(sent);

  const isHeld = new Set(held.map(({ id }) => id));
  const recordedBy = Map.groupBy(recorded, (row) => row.run);
  const finishedBy = new Map((finished as FinishedRow[]).map((row) => [row.id, row]));
  const nextBy = new Map(next.map(({ bot_id, ...entry }) => [bot_id, entry]));
  const outcomes = writes.map(({ run, recording, finish }) => {
    if (!isHeld.has(run.id)) return null;
    return {
      recorded: recording && recordedOf(run, recording, recordedBy.get(run.id) ?? []),
      finished: finish && {
        ...finishedOf(finish, finishedBy.get(run.id)!),
        next: nextBy.get(run.bot.id) ?? null,
      },
    };
  });
  return { outcomes, written: { recorded, tickets: [...tickets] } };
}

const isRecording = (write: RunWrite): write is RunWrite & { recording: Recording } =>
  write.recording !== null;
const isEnding = (write: RunWrite): write is RunWrite & { finish: Finish } => write.finish !== null;

/** What a flush asks for: `$1` of {@link lockRuns} is a list of these. */
interface LockInput {
  id: string;
  fence: string;
  /** whether the flush ends it, and so moves its bot's counters and tickets */
  ends: boolean;
  /** whether the flush records what its checks saw */
  records: boolean;
  /** of the findings that it reports */
  fingerprints: string[];
}

const lockInputOf = ({ run, recording, finish }: RunWrite): LockInput => ({
  id: run.id,
  fence: run.fence,
  ends: finish !== null,
  records: recording !== null,
  fingerprints: recording?.findings.map(({ fingerprint }) => fingerprint) ?? [],
});

/**
 * The first statement of a flush. It returns only runs that are still running under their fence. All rows that the
 * flush will write are locked here, in one order everywhere: the runs by id, then their bots by id where the runs end
 * or record, then the memories of their fingerprints. Findings and tickets need no lock of their own: each transaction
 * that writes them holds their bot or their memory. The lock on the bot also keeps apart two runs of one bot that
 * record at once: each could insert a memory that the other does not see here. NO KEY: other transactions may insert
 * rows that refer to these rows meanwhile.
 */
export const lockRuns = statement<{ id: string }>(
  'lock-runs',
  sql`
  WITH input AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS a (id uuid, fence bigint, ends boolean, records boolean, fingerprints text[])
  ), held AS MATERIALIZED (
    SELECT e.id, e.bot_id, input.ends, input.records, input.fingerprints
    FROM input JOIN bot_executions e ON ${isHeldAs('input')}
    -- Locks bot_executions by id.
    ORDER BY e.id FOR NO KEY UPDATE OF e
  ), bots_held AS MATERIALIZED (
    SELECT b.id FROM bots b WHERE b.id IN (SELECT bot_id FROM held WHERE ends OR records)
    -- Locks bots by id.
    ORDER BY b.id FOR NO KEY UPDATE
  ), states_held AS MATERIALIZED (
    SELECT s.fingerprint FROM bot_finding_states s
    WHERE (SELECT count(*) FROM bots_held) >= 0 AND s.fingerprint IN (
      SELECT unnest(fingerprints) FROM held
      UNION
      -- memories that a clean result would still change
      SELECT m.fingerprint FROM held JOIN bot_finding_states m ON m.bot_id = held.bot_id AND (m.watched OR true = ANY (m.states))
      WHERE held.records)
    -- Locks bot_finding_states by fingerprint.
    ORDER BY s.fingerprint FOR NO KEY UPDATE
  )
  SELECT id FROM held WHERE (SELECT count(*) FROM states_held) >= 0`,
);
