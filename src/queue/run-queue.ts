/**
 * The queue of runs of bots and of jobs, on BullMQ. It is a hint: its entries carry only a kind, an id and a generation,
 * and the loss of all of them costs only seconds. BullMQ never starts an entry a second time by itself here: rescue
 * (src/maintain) decides from the rows whether a run starts again.
 */
import type { Queue } from 'bullmq';
import type { Config } from '../config.ts';
import type { Db } from '../database/connect.ts';
import { isOutage } from '../database/faults/outage.ts';
import { messageOf, RoundsmanError } from '../ground/errors.ts';
import { settlesWithin } from '../ground/settles-within.ts';
import { configuredBackend, queuePrefix, type BackendName } from './backend.ts';
import {
  canaryData,
  canaryJobId,
  dataOf,
  jobIdOf,
  readEntry,
  type Entry,
  type JobEntry,
  type RunEntry,
} from './entry.ts';
import { QueueNotReadyError, QueueRefusedError } from './errors.ts';
import { readEntryState, type EntryState } from './entry-state.ts';
import { onPostgres, type QueuePools } from './postgres.ts';
import { askRedis, redisWarnings, onRedis } from './redis.ts';
import { openWorker, type RunWorker, type Take } from './run-worker.ts';

export { namesRow, type Entry, type JobEntry, type RunEntry } from './entry.ts';
export type { RunWorker } from './run-worker.ts';

/** The functions for entries that are not runs of bots. */
export interface OtherHandlers {
  job?: Take<JobEntry>;
  canary?: (id: string) => Promise<void>;
}

export interface RunQueue {
  readonly backend: BackendName;
  /** Warnings about its server, for the log. */
  readonly warnings: readonly string[];
  /** Adds entries, in as few round trips as the backend allows; an entry that already exists stays as it is. */
  add(entries: Entry[]): Promise<void>;
  /** The state of an entry; it is `active` only for a few seconds after it was taken, because then its row says more. */
  entryState(entry: Entry): Promise<EntryState>;
  /** Enqueues a canary ahead of all waiting entries. Its entry carries only its id. */
  addCanary(id: string): Promise<void>;
  /** Removes the entry of a canary, if it still waits. */
  removeCanary(id: string): Promise<void>;
  /**
   * Takes entries of every kind, `concurrency` at once; `take` executes runs of bots. An entry whose kind has no
   * function here is dropped: its row still waits, and rescue queues it again for a process that has such a function.
   */
  work(
    concurrency: number,
    take: Take<RunEntry>,
    onError: (error: Error) => void,
    others?: OtherHandlers,
  ): RunWorker;
  close(): Promise<void>;
}

// attempts 1: the queue never starts an entry again; rescue decides that from the row.
const jobOptions = { attempts: 1, removeOnComplete: true, removeOnFail: true };

/** How long the queue's server may take to answer; no call here waits longer, whatever BullMQ would do. */
const answerTimeoutMs = 10_000;

/**
 * Finds out whether Redis can keep the queue, without opening the queue; on PostgreSQL there is nothing to find out. With
 * the queue's prefix it also writes and reads there. Resolves with warnings.
 */
export async function examineQueueServer(
  { redisUrl }: Pick<Config, 'redisUrl'>,
  prefix: string | null = null,
): Promise<string[]> {
  return redisUrl ? redisWarnings(await askRedis(redisUrl, prefix), redisUrl) : [];
}

/**
 * Opens the queue of this configuration. Throws {@link QueueNotReadyError} when the server does not answer now, and
 * {@link QueueRefusedError} or RedisEvictsError when it cannot be used.
 */
export async function openQueue(
  db: Db,
  config: Pick<Config, 'redisUrl'> & { databaseUrl: string; pools?: QueuePools },
  onError: (error: Error) => void,
): Promise<RunQueue> {
  const backend = configuredBackend(config);
  const { transport, warnings } = config.redisUrl
    ? await openRedis(config.redisUrl, await queuePrefix(db))
    : { transport: onPostgres(config.databaseUrl, config.pools), warnings: [] };
  const { queue, end } = transport.openQueue();
  queue.on('error', onError);
  try {
    await waitUntilReady(queue, backend);
  } catch (error) {
    await settlesWithin(1_000, end()).catch(() => {});
    throw error;
  }

  const stateOf = readEntryState(queue);
  return {
    backend,
    warnings,
    async add(entries) {
      if (entries.length === 0) return;
      const jobs = entries.map((entry) => ({
        ...dataOf(entry),
        opts: {
          ...jobOptions,
          jobId: jobIdOf(entry),
          priority: entry.priority ?? 0,
          ...(entry.delayMs ? { delay: entry.delayMs } : {}),
          ...(entry.first ? { lifo: true } : {}),
        },
      }));
      await withinAnswerTime(queue.addBulk(jobs), backend);
    },
    entryState: (entry) => withinAnswerTime(stateOf(jobIdOf(entry)), backend),
    async addCanary(id) {
      // An entry without a priority goes before all entries with one, and `lifo` puts it before the others without one.
      const opts = { ...jobOptions, jobId: canaryJobId(id), lifo: true };
      await withinAnswerTime(queue.add('canary', canaryData(id), opts), backend);
    },
    async removeCanary(id) {
      await withinAnswerTime(queue.remove(canaryJobId(id)), backend);
    },
    work: (concurrency, take, failed, others = {}) =>
      openWorker<unknown>(transport, concurrency, handleByKind(take, others), failed),
    async close() {
      await settlesWithin(2_000, queue.close()).catch(() => {});
      await settlesWithin(1_000, end()).catch(() => {});
    },
  };
}

/** Gives each entry to the function for its kind. */
const handleByKind =
  (take: Take<RunEntry>, { job, canary }: OtherHandlers): Take<unknown> =>
  async (data, free) => {
    const entry = readEntry(data);
    if (entry?.kind === 'canary') await canary?.(entry.canary);
    else if (entry?.kind === 'job') await job?.(entry, free);
    else if (entry) await take(entry, free);
  };

async function openRedis(redisUrl: string, prefix: string) {
  const facts = await askRedis(redisUrl, prefix);
  return {
    transport: onRedis(redisUrl, prefix, facts.version !== null),
    warnings: redisWarnings(facts, redisUrl),
  };
}

const serverOf = (backend: BackendName) => (backend === 'redis' ? 'its Redis' : 'its database');

const unreachable = (backend: BackendName, why: string, options?: ErrorOptions) =>
  new QueueNotReadyError(
    {
      what: `BullMQ cannot reach ${serverOf(backend)}`,
      why,
      hint: `check that it runs and that ${backend === 'redis' ? 'REDIS_URL' : 'DATABASE_URL'} names it; \`npx roundsman doctor\` looks closer`,
    },
    options,
  );

/** Waits for an answer of the queue's server, but not longer than {@link answerTimeoutMs}: BullMQ would wait for ever. */
async function withinAnswerTime<Value>(
  asked: Promise<Value>,
  backend: BackendName,
): Promise<Value> {
  if (await settlesWithin(answerTimeoutMs, asked)) return asked;
  throw unreachable(backend, `no answer within ${answerTimeoutMs / 1000} s`);
}

async function waitUntilReady(queue: Queue, backend: BackendName): Promise<void> {
  let emitted: unknown;
  queue.on('error', (error) => (emitted = error));
  try {
    await withinAnswerTime(queue.waitUntilReady(), backend);
  } catch (error) {
    const why = messageOf(emitted ?? error);
    if (error instanceof RoundsmanError || isOutage(error) || isOutage(emitted))
      throw unreachable(backend, why, { cause: error });
    throw new QueueRefusedError(
      {
        what: `BullMQ cannot use ${serverOf(backend)}`,
        why,
        hint:
          backend === 'redis'
            ? '`npx roundsman doctor` looks closer'
            : '`npx roundsman db migrate` brings what it needs; `npx roundsman doctor` looks closer',
      },
      { cause: error },
    );
  }
}
