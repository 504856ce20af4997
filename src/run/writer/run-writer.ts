import { LostRunError } from '../../data/bots/fence.ts';
import { forEngine, pool, shortStatements } from '../../database/connect.ts';
import type { Log } from '../../log.ts';
import type { RunEntry } from '../../queue/run-queue.ts';
import type { CheckOutcome } from '../tasks/outcome.ts';
import { finishOf, type Ending } from './finish.ts';
import type { Recorded } from './record.ts';
import { recordingOf } from './recording.ts';
import { runOf, type StartedRow } from './start.ts';
import type { Run } from './run.ts';
import { carrier, type Job } from '../../batch/run-batch.ts';
import { flush, type Ended, type Entry, type Outcome } from './flush.ts';
import { openLanes } from '../../batch/batches.ts';
import { writeCanary } from './write-canary.ts';
import { startBatch } from './start-batch.ts';
import { warmUp } from './warm-up.ts';
import { findWon } from './find-committed.ts';

/**
 * Starts, records and ends runs, many in one commit. A run that is no longer held under its fence gets
 * LostRunError, and nothing of it was written. Any other error is what the server said about this run
 * alone, or that the database could not be reached for longer than a lease lasts.
 */
export interface Ledger {
  /** Before the first run comes: it would wait for connections and plans. Rejects when there is no database. */
  warmUp(): Promise<void>;
  /** `queued -> running`; null when the run is not ours. */
  start(entry: RunEntry): Promise<Run | null>;
  /** What the checks saw, while the run goes on. */
  record(run: Run, outcomes: CheckOutcome[]): Promise<Recorded>;
  /** Escalates and finishes. */
  end(run: Run, ending: Ending): Promise<Ended>;
  /** Records, escalates and finishes in one commit; the ending's `findings` are counted there. */
  recordAndEnd(run: Run, outcomes: CheckOutcome[], ending: Ending): Promise<Ended>;
  /** Writes a canary as recorded, the way runs are. Rejects as for a run. */
  recordCanary(id: string): Promise<void>;
  /** Takes nothing more and resolves when all that was taken is settled. */
  close(): Promise<void>;
}

export interface LedgerOptions {
  databaseUrl: string;
  /** the name under which runs are leased */
  worker: string;
  log: Log;
  /** flushes at once, each on a connection of its own; 2 unless told */
  lanes?: number;
}

/** A flush's bound: about 100 runs, or fewer with many findings. */
const mostWeight = 1_000;
const runWeight = 10;

interface StartJob extends Job {
  entry: RunEntry;
  resolve(row: StartedRow | null): void;
}

interface WriteJob extends Job {
  entry: Entry;
  resolve(outcome: NonNullable<Outcome>): void;
}

interface CanaryJob extends Job {
  id: string;
  resolve(): void;
}

export function openLedger({ databaseUrl, worker, log, lanes = 2 }: LedgerOptions): Ledger {
  // Starts have a lane of their own: nobody waits for a place in it while findings are written.
  const connections = pool(databaseUrl, {
    name: 'roundsman ledger',
    max: lanes + 1,
    keep: true,
    ...shortStatements,
    ...forEngine,
  });
  connections.on('connect', (client) => {
    // All statements of a flush are sent at once (see flush.ts).
    Object.assign(client, { pipeline: true });
    // A row that somebody holds must not make the leases of a whole batch run out. To plan a statement
    // again, or to compile it to machine code, costs more than a flush; a plan that was made while the tables
    // were small must still be right when they have grown: by key.
    const settings =
      "SET lock_timeout = '2s'; SET jit = off; SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off";
    client.query(settings).catch(() => {});
  });
  const starts = openLanes<StartJob>(
    1,
    mostWeight,
    carrier(connections, log, async (client, batch) => {
      const rows = await startBatch(client, batch, worker);
      for (const job of batch) job.resolve(rows.get(job.entry.id) ?? null);
    }),
  );
  const writes = openLanes<WriteJob>(
    lanes,
    mostWeight,
    carrier(connections, log, async (client, batch) => settle(client, batch)),
  );
  // A lane of its own, on a connection that one of the others leaves free for a moment.
  const canaries = openLanes<CanaryJob>(
    1,
    runWeight,
    carrier(connections, log, async (client, batch) => {
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

  function add<Result, Kind extends Job>(
    to: { add(job: Kind): void },
    key: string,
    weight: number,
    rest: Omit<Kind, keyof Job | 'resolve'>,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (closing) throw new Error('the ledger is closed');
      const job = {
        key,
        weight,
        alone: false,
        since: performance.now(),
        tries: 0,
        doubtful: false,
        resolve,
        reject,
      };
      to.add({ ...job, ...rest } as unknown as Kind);
    });
  }

  const write = (entry: Entry): Promise<NonNullable<Outcome>> =>
    add(writes, entry.run.bot.id, runWeight + (entry.recording?.findings.length ?? 0), { entry });

  return {
    warmUp: () => warmUp(connections, lanes + 1),
    async start(entry) {
      const row = await add<StartedRow | null, StartJob>(starts, entry.id, runWeight, { entry });
      return row && runOf(row);
    },
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
    recordCanary: (id) => add<void, CanaryJob>(canaries, id, runWeight, { id }),
    close: () => (closing ??= close()),
  };
}

/** Flushes a batch and tells each job what became of it. */
async function settle(client: Parameters<typeof flush>[0], batch: WriteJob[]): Promise<void> {
  const outcomes = await flush(
    client,
    batch.map(({ entry }) => entry),
  );
  // After a lost connection a run that is held no more may have been ended by the flush before.
  const doubted = batch.filter((job, at) => job.doubtful && !outcomes[at]);
  const finishes = doubted.flatMap(({ entry }) => entry.finish ?? []);
  const won = finishes.length > 0 ? await findWon(client, finishes) : null;
  for (const [at, job] of batch.entries()) {
    const outcome = outcomes[at];
    const ended = won?.get(job.entry.run.id);
    if (outcome) job.resolve(outcome);
    else if (ended) job.resolve({ recorded: null, finished: { ...ended, next: null } });
    else job.reject(new LostRunError(job.entry.run));
  }
}
