import { LostRunError } from '../../data/bots/fence.ts';
import { openBatches } from '../../batch/batches.ts';
import { openConnections } from '../../batch/connections.ts';
import type { Emit } from '../../events/events.ts';
import type { RunEntry } from '../../queue/run-queue.ts';
import type { CheckOutcome } from '../tasks/outcome.ts';
import { finishOf, type Ending } from './finish.ts';
import type { RecordResult } from './record.ts';
import { recordInputOf } from './record-input.ts';
import type { Run } from './run.ts';
import { addItem, batchRunner, type Item } from '../../batch/run-batch.ts';
import { emitWritten } from './emit-written.ts';
import { flush, type Ended, type RunWrite, type WriteResult } from './flush.ts';
import { writeCanary } from './write-canary.ts';
import { startBatch } from './start-batch.ts';
import { warmUp } from './warm-up.ts';
import { findCommitted } from './find-committed.ts';

/**
 * Starts, records and ends runs, many in one commit. When a run is no longer running under its fence, the call rejects
 * with LostRunError, and nothing of it was written. Any other error is the server's error for this run alone, or says that the
 * database could not be reached for longer than a lease lasts.
 */
export interface RunWriter {
  /**
   * Opens connections and lets the server plan the statements, so that the first run waits for neither. Rejects when there
   * is no database.
   */
  warmUp(): Promise<void>;
  /** `queued -> running`; null when the run cannot start: it is not queued any more or not yet due, a person asked to
   * cancel it, or its bot has no free place. */
  start(entry: RunEntry): Promise<Run | null>;
  /** Records what the checks saw; the run goes on. */
  record(run: Run, outcomes: CheckOutcome[]): Promise<RecordResult>;
  /** Writes the run's tickets and its end. */
  end(run: Run, ending: Ending): Promise<Ended>;
  /** Records, escalates and finishes in one commit; the ending's `findings` are counted there. */
  recordAndEnd(run: Run, outcomes: CheckOutcome[], ending: Ending): Promise<Ended>;
  /** Records a canary, in one transaction with the statements that write runs. Rejects like the calls for a run. */
  recordCanary(id: string): Promise<void>;
  /** Takes no more calls, and resolves when all earlier ones have resolved or rejected. */
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

/** How much weight one flush may have: about 100 runs, or fewer with many findings. */
const maxWeight = 1_000;
const runWeight = 10;

interface StartItem extends Item {
  entry: RunEntry;
  resolve(run: Run | null): void;
}

interface WriteItem extends Item {
  write: RunWrite;
  resolve(result: NonNullable<WriteResult>): void;
}

interface CanaryItem extends Item {
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
  const starts = openBatches<StartItem>(
    1,
    maxWeight,
    batchRunner(connections, emit, async (client, batch) => {
      const started = await startBatch(client, batch, worker);
      for (const item of batch) item.resolve(started.get(item.entry.id) ?? null);
    }),
  );
  const writes = openBatches<WriteItem>(
    flushesAtOnce,
    maxWeight,
    batchRunner(connections, emit, (client, batch) => resolveItems(client, batch, emit)),
  );
  // Canaries have a batch of their own. It has no connection of its own: it waits until one of the others is free.
  const canaries = openBatches<CanaryItem>(
    1,
    runWeight,
    batchRunner(connections, emit, async (client, batch) => {
      for (const item of batch) {
        await writeCanary(client, item.id);
        item.resolve();
      }
    }),
  );
  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    await Promise.all([starts.idle(), writes.idle(), canaries.idle()]);
    await connections.end();
  }

  const add: typeof addItem = (batches, item) =>
    closing ? Promise.reject(new Error('the run writer is closed')) : addItem(batches, item);

  const write = (content: RunWrite): Promise<NonNullable<WriteResult>> =>
    add(writes, {
      key: content.run.bot.id,
      weight: runWeight + (content.recording?.findings.length ?? 0),
      write: content,
    });

  return {
    warmUp: () => warmUp(connections, flushesAtOnce + 1),
    start: (entry) =>
      add<Run | null, StartItem>(starts, { key: entry.id, weight: runWeight, entry }),
    async record(run, outcomes) {
      const recording = recordInputOf(run, outcomes);
      return (await write({ run, recording, finish: null })).recorded!;
    },
    async end(run, ending) {
      const finish = finishOf(run, ending, false);
      return (await write({ run, recording: null, finish })).finished!;
    },
    async recordAndEnd(run, outcomes, ending) {
      const recording = recordInputOf(run, outcomes);
      const finish = finishOf(run, ending, true);
      return (await write({ run, recording, finish })).finished!;
    },
    recordCanary: (id) => add<void, CanaryItem>(canaries, { key: id, weight: runWeight, id }),
    close: () => (closing ??= close()),
  };
}

/** Flushes a batch and resolves or rejects each item. */
async function resolveItems(
  client: Parameters<typeof flush>[0],
  batch: WriteItem[],
  emit: Emit,
): Promise<void> {
  const writes = batch.map(({ write }) => write);
  const { results, written } = await flush(client, writes);
  // A run that is no longer running may have been ended by an earlier try of the same write: the connection was lost then,
  // and that try may have committed all the same.
  const maybeCommitted = batch.filter((item, index) => item.mayBeCommitted && !results[index]);
  const finishes = maybeCommitted.flatMap(({ write }) => write.finish ?? []);
  const committed = finishes.length > 0 ? await findCommitted(client, finishes) : null;
  for (const [index, item] of batch.entries()) {
    const result = results[index];
    const ended = committed?.get(item.write.run.id);
    if (result) item.resolve(result);
    else if (ended) item.resolve({ recorded: null, finished: { ...ended, next: null } });
    else item.reject(new LostRunError(item.write.run));
  }
  // Events come last: they tell only what is committed, and no caller waits for the log.
  emitWritten(emit, writes, written);
}
