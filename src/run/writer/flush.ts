import { sql } from 'kysely';
import type pg from 'pg';
import { isUnderFence } from '../../data/bots/fence.ts';
import { escalateRuns, escalateValues } from './escalate.ts';
import { finishedOf, type Finished } from './finish.ts';
import { finishRuns, type Finish, type FinishedRow } from '../../transitions/runs/finish.ts';
import { pauseBotsOfRuns } from '../../transitions/bots/pause-by-run.ts';
import { rememberChecks } from '../../transitions/bots/remember-checks.ts';
import { queueNextRuns } from '../../transitions/runs/queue-next.ts';
import { renewDelayed } from '../../transitions/runs/renew-lease.ts';
import type { FlushChanges } from './emit-written.ts';
import { recordResultOf, recordRuns, recordValues, type RecordResult } from './record.ts';
import { dependentFindings, memoriesOf, pausesOf, type RecordInput } from './record-input.ts';
import type { RunEntry } from '../../queue/run-queue.ts';
import type { Run } from './run.ts';
import { suppressFindings } from '../../transitions/findings/suppress.ts';
import { send, statement } from '../../batch/statement.ts';

/** What a flush writes for one run: what its checks saw, or its end, or both. */
export interface RunWrite {
  run: Run;
  recording: RecordInput | null;
  finish: Finish | null;
}

/** How an attempt ended, and the entry of the bot's next run, which had waited for this run. */
export type Ended = Finished & { next: RunEntry | null };

/** The result of one write; null when its run is no longer running under its fence: then nothing of the write was written. */
export type WriteResult = {
  recorded: RecordResult | null;
  finished: Ended | null;
} | null;

/**
 * One flush: one transaction over many runs, at most one run of each bot. Rejects with the server's first error; then nothing
 * was written, unless the connection was lost: then the flush may have been committed.
 *
 * No statement needs the answer of an earlier one: each works on the runs that the first one has locked. So all statements are
 * sent without waiting for answers, and no lock is held while the server waits for this process. Only BEGIN is awaited,
 * because without it each statement would be a transaction of its own.
 */
export async function flush(
  client: pg.ClientBase,
  writes: RunWrite[],
): Promise<{ results: WriteResult[]; written: FlushChanges }> {
  const recordingWrites = writes.filter(isRecording);
  const dependent = dependentFindings(recordingWrites);
  const memories = memoriesOf(recordingWrites);
  const pauses = pausesOf(recordingWrites);
  const endingWrites = writes.filter(isEnding);
  const continuingWrites = writes.filter((write) => !isEnding(write));
  await client.query('BEGIN');
  const sent = [
    send(client, lockRuns, [JSON.stringify(writes.map(lockInputOf))]),
    recordingWrites.length > 0 ? send(client, recordRuns, recordValues(recordingWrites)) : [],
    dependent.length > 0 ? send(client, suppressFindings, [JSON.stringify(dependent)]) : [],
    memories.length > 0 ? send(client, rememberChecks, [JSON.stringify(memories)]) : [],
    pauses.length > 0 ? send(client, pauseBotsOfRuns, [JSON.stringify(pauses)]) : [],
    ...(endingWrites.length > 0
      ? ([
          send(client, escalateRuns, escalateValues(endingWrites.map(({ finish }) => finish))),
          send(client, finishRuns, [JSON.stringify(endingWrites.map(({ finish }) => finish))]),
          send(client, queueNextRuns, [endingWrites.map(({ run }) => run.bot.id)]),
        ] as const)
      : ([[], [], []] as const)),
    continuingWrites.length > 0
      ? send(client, renewDelayed, [continuingWrites.map(({ run }) => run.id)])
      : [],
    client.query('COMMIT'),
  ] as const;
  // Wait for all of them before another flush uses the connection; the first error is the cause of the others.
  const failed = (await Promise.allSettled(sent)).find(({ status }) => status === 'rejected');
  if (failed) throw (failed as PromiseRejectedResult).reason;
  const [locked, recorded, , , paused, tickets, finished, next] = await Promise.all(sent);

  const lockedIds = new Set(locked.map(({ id }) => id));
  const recordedOfRun = Map.groupBy(recorded, (row) => row.run);
  const finishedOfRun = new Map((finished as FinishedRow[]).map((row) => [row.id, row]));
  const nextOfBot = new Map(next.map(({ bot_id, ...entry }) => [bot_id, entry]));
  const results = writes.map(({ run, recording, finish }) => {
    if (!lockedIds.has(run.id)) return null;
    return {
      recorded: recording && recordResultOf(run, recording, recordedOfRun.get(run.id) ?? []),
      finished: finish && {
        ...finishedOf(finish, finishedOfRun.get(run.id)!),
        next: nextOfBot.get(run.bot.id) ?? null,
      },
    };
  });
  return { results, written: { recorded, paused, tickets: [...tickets] } };
}

const isRecording = (write: RunWrite): write is RunWrite & { recording: RecordInput } =>
  write.recording !== null;
const isEnding = (write: RunWrite): write is RunWrite & { finish: Finish } => write.finish !== null;

/** What a flush will do with a run: `$1` of {@link lockRuns} is a list of these. */
interface LockInput {
  id: string;
  fence: string;
  /** whether the flush ends the run, and so changes its bot's counters and tickets */
  ends: boolean;
  /** whether the flush records what its checks saw */
  records: boolean;
  /** of the findings that the run reports */
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
 * that writes them holds their bot or their memory. Because of the lock on the bot, two runs of one bot do not record at the
 * same time: otherwise each could insert a memory that the other one does not see. NO KEY: other transactions may insert rows
 * that refer to these rows meanwhile.
 */
export const lockRuns = statement<{ id: string }>(
  'lock-runs',
  sql`
  WITH input AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS a (id uuid, fence bigint, ends boolean, records boolean, fingerprints text[])
  ), locked AS MATERIALIZED (
    SELECT e.id, e.bot_id, input.ends, input.records, input.fingerprints
    FROM input JOIN bot_executions e ON ${isUnderFence('input')}
    -- Locks bot_executions by id.
    ORDER BY e.id FOR NO KEY UPDATE OF e
  ), locked_bots AS MATERIALIZED (
    SELECT b.id FROM bots b WHERE b.id IN (SELECT bot_id FROM locked WHERE ends OR records)
    -- Locks bots by id.
    ORDER BY b.id FOR NO KEY UPDATE
  ), locked_memories AS MATERIALIZED (
    SELECT s.fingerprint FROM bot_finding_states s
    -- A count is always at least 0: it is read here so that the bots are locked before the memories.
    WHERE (SELECT count(*) FROM locked_bots) >= 0 AND s.fingerprint IN (
      SELECT unnest(fingerprints) FROM locked
      UNION
      -- memories that a clean result would change
      SELECT m.fingerprint FROM locked JOIN bot_finding_states m ON m.bot_id = locked.bot_id AND (m.watched OR true = ANY (m.states))
      WHERE locked.records)
    -- Locks bot_finding_states by fingerprint.
    ORDER BY s.fingerprint FOR NO KEY UPDATE
  )
  SELECT id FROM locked WHERE (SELECT count(*) FROM locked_memories) >= 0`,
);
