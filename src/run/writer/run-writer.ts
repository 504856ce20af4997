import { LostRunError } from '../../data/bots/fence.ts';
import { openBatches } from '../../batch/batches.ts';
import { openConnections } from '../../batch/connections.ts';
import type { Emit } from '../../events/events.ts';
import type { RunEntry } from '../../queue/run-queue.ts';
import type { CheckOutcome } from '../tasks/outcome.ts';
import { finishOf, type Ending } from './finish.ts';
import type { Recorded } from './record.ts';
import { recordingOf } from './recording.ts';
import type { Run } from './run.ts';
import { addJob, batchRunner, type Job } from '../../batch/run-batch.ts';
import { emitWritten } from './emit-written.ts';
import { flush, type Ended, type Entry, type Outcome } from './flush.ts';
import { writeCanary } from './write-canary.ts';
import { startBatch } from './start-batch.ts';
import { warmUp } from './warm-up.ts';
import { findCommitted } from './find-committed.ts';

/**
 * Starts, records and ends runs, many in one commit. When a run is no longer held under its fence, the call rejects
 * with LostRunError, and nothing of it was written. Any other error is what the server said about this run alone, or
 * says that the database could not be reached for longer than a lease lasts.
 */
export interface RunWriter {
  /**
   * Opens connections and makes plans, so that the first run does not wait for them. Rejects when there is no database.
   */
  warmUp(): Promise<void>;
  /** `queued -> running`; null when the run is not ours. */
  start(entry: RunEntry): Promise<Run | null>;
  /** What the checks saw, while the run goes on. */
  record(run: Run, outcomes: CheckOutcome[]): Promise<Recorded>;
  /** Escalates and finishes. */
  end(run: Run, ending: Ending): Promise<Ended>;
  /** Records, escalates and finishes in one commit; the ending's `findings` are counted there. */
  recordAndEnd(run: Run, outcomes: CheckOutcome[], ending: Ending): Promise<Ended>;
  /** Writes a canary as recorded, with the statements that write runs. Rejects like the calls for a run. */
  recordCanary(id: string): Promise<void>;
  /** Takes no more runs, and resolves when all that were taken are written or rejected. */
  close(): Promise<void>;
}

export interface RunWriterOptions {
  databaseUrl: string;
  /** the name under which runs are leased */
  worker: string;
  emit: Emit;
  /** how many flushes run at once, each on a connection of its own; the default is 2 */
  flushesAtOnce?: number;
}

/** The most weight of one flush: about 100 runs, or fewer with many findings. */
const mostWeight = 1_000;
const runWeight = 10;

interface StartJob extends Job {
  entry: RunEntry;
  resolve(run: Run | null): void;
}

interface WriteJob extends Job {
  entry: Entry;
  resolve(outcome: NonNullable<Outcome>): void;
}

interface CanaryJob extends Job {
  id: string;
  resolve(): void;
}

export function openRunWriter({
  databaseUrl,
  worker,
  emit,
  flushesAtOnce = 2,
}: RunWriterOptions): RunWriter {
  // Starts have a batch of their own, so that no start waits while findings are written.
  const connections = openConnections(databaseUrl, {
    name: 'roundsman run writer',
    max: flushesAtOnce + 1,
  });
  const starts = openBatches<StartJob>(
    1,
    mostWeight,
    batchRunner(connections, emit, async (client, batch) => {
      const started = await startBatch(client, batch, worker);
      for (const job of batch) job.resolve(started.get(job.entry.id) ?? null);
    }),
  );
  const writes = openBatches<WriteJob>(
    flushesAtOnce,
    mostWeight,
    batchRunner(connections, emit, (client, batch) => resolveJobs(client, batch, emit)),
  );
  // Canaries have a batch of their own. It has no connection of its own: it waits until one of the others is free.
  const canaries = openBatches<CanaryJob>(
    1,
    runWeight,
    batchRunner(connections, emit, async (client, batch) => {
      for (const job of batch) {
        await writeCanary(client, job.id);
        job.resolve();
      }
    }),
  );
  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    await Promise.all([starts.idle(), writes.idle(), canaries.idle()]);
    await connections.end();
  }

  const add: typeof addJob = (to, own) =>
    closing ? Promise.reject(new Error('the run writer is closed')) : addJob(to, own);

  const write = (entry: Entry): Promise<NonNullable<Outcome>> =>
    add(writes, {
      key: entry.run.bot.id,
      weight: runWeight + (entry.recording?.findings.length ?? 0),
      entry,
    });

  return {
    warmUp: () => warmUp(connections, flushesAtOnce + 1),
    start: (entry) =>
      add<Run | null, StartJob>(starts, { key: entry.id, weight: runWeight, entry }),
    async record(run, outcomes) {
      const recording = recordingOf(run, outcomes);
      return (await write({ run, recording, finish: null })).recorded!;
    },
    async end(run, ending) {
      const finish = finishOf(run, ending, false);
      return (await write({ run, recording: null, finish })).finished!;
    },
    async recordAndEnd(run, outcomes, ending) {
      const recording = recordingOf(run, outcomes);
      const finish = finishOf(run, ending, true);
      return (await write({ run, recording, finish })).finished!;
    },
    recordCanary: (id) => add<void, CanaryJob>(canaries, { key: id, weight: runWeight, id }),
    close: () => (closing ??= close()),
  };
}

/** Flushes a batch and resolves or rejects each job. */
async function resolveJobs(
  client: Parameters<typeof flush>[0],
  batch: WriteJob[],
  emit: Emit,
): Promise<void> {
  const entries = batch.map(({ entry }) => entry);
  const { outcomes, written } = await flush(client, entries);
  // After a lost connection, a run that is no longer held may have been ended by the flush before.
  const doubted = batch.filter((job, at) => job.doubtful && !outcomes[at]);
  const finishes = doubted.flatMap(({ entry }) => entry.finish ?? []);
  const committed = finishes.length > 0 ? await findCommitted(client, finishes) : null;
  for (const [at, job] of batch.entries()) {
    const outcome = outcomes[at];
    const ended = committed?.get(job.entry.run.id);
    if (outcome) job.resolve(outcome);
    else if (ended) job.resolve({ recorded: null, finished: { ...ended, next: null } });
    else job.reject(new LostRunError(job.entry.run));
  }
  // Last: what it tells is committed, and no run waits for it.
  emitWritten(emit, entries, written);
}
