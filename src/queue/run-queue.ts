/**
 * The queue of runs on BullMQ. It is a hint: its jobs carry a run's id and generation and nothing else,
 * and losing every one of them costs seconds. BullMQ never runs a job twice by itself here;
 * src/maintain/rescue.ts decides that from the rows.
 */
import type { Queue } from 'bullmq';
import type { Config } from '../config.ts';
import type { Db } from '../database/connect.ts';
import { isOutage } from '../database/faults/outage.ts';
import { messageOf, RoundsmanError } from '../ground/errors.ts';
import { within } from '../ground/within.ts';
import { configuredBackend, queuePrefix, type BackendName } from './backend.ts';
import { QueueNotReadyError, QueueRefusedError } from './errors.ts';
import { looker, type EntryState } from './look.ts';
import { onPostgres, type QueuePools } from './postgres.ts';
import { askRedis, judgeRedis, onRedis } from './redis.ts';
import { openWorker, type RunWorker, type Take } from './run-worker.ts';

export type { EntryState } from './look.ts';
export type { RunWorker } from './run-worker.ts';

/** One entry for one run; a start needs the row's current generation. */
export interface RunEntry {
  id: string;
  generation: number;
  /** 0 goes first */
  priority?: number;
  delayMs?: number;
  /** ahead of those that wait already: it has waited its time before */
  first?: boolean;
}

export interface RunQueue {
  readonly backend: BackendName;
  /** What is worth knowing about its server, for the log. */
  readonly warnings: readonly string[];
  /** Enqueues in as few round trips as the backend allows; an entry that is there already stays. */
  add(entries: RunEntry[]): Promise<void>;
  /** Where an entry is. `active` only while it was taken a moment ago: after that its row says more. */
  look(entry: RunEntry): Promise<EntryState>;
  /** Enqueues a canary ahead of all that waits. Its entry carries its id and nothing else. */
  addCanary(id: string): Promise<void>;
  /** Takes the entry of a canary away, if it still waits. */
  removeCanary(id: string): Promise<void>;
  /**
   * Takes entries, `concurrency` at once. A canary takes a place like any other entry; without `carryCanary`
   * it is dropped.
   */
  work(
    concurrency: number,
    take: Take<RunEntry>,
    onError: (error: Error) => void,
    carryCanary?: (id: string) => Promise<void>,
  ): RunWorker;
  close(): Promise<void>;
}

// attempts 1: a second start is decided from the row, never by the queue.
// BullMQ's ids may not contain ':'.
const jobId = ({ id, generation }: RunEntry) => `run-${id}-${generation}`;
const canaryJobId = (id: string) => `canary-${id}`;

/** The data of a canary's job; a run's has no such field. */
interface CanaryEntry {
  canary: string;
}
const isCanary = (data: RunEntry | CanaryEntry): data is CanaryEntry => 'canary' in data;

const jobOptions = { attempts: 1, removeOnComplete: true, removeOnFail: true };

/** The queue's server has this long to answer; nothing here waits longer, whatever BullMQ would do. */
const patienceMs = 10_000;

/**
 * Asks Redis whether it can hold the queue, without opening anything; nothing to ask on PostgreSQL. With the
 * queue's prefix it writes and reads there. Resolves with what is worth a warning.
 */
export async function examineQueueServer(
  { redisUrl }: Pick<Config, 'redisUrl'>,
  prefix: string | null = null,
): Promise<string[]> {
  return redisUrl ? judgeRedis(await askRedis(redisUrl, prefix), redisUrl) : [];
}

/**
 * Throws {@link QueueNotReadyError} when its server does not answer now, {@link QueueRefusedError} or
 * RedisEvictsError when it cannot be used.
 */
export async function openQueue(
  db: Db,
  config: Pick<Config, 'redisUrl'> & { databaseUrl: string; pools?: QueuePools },
  onError: (error: Error) => void,
): Promise<RunQueue> {
  const backend = configuredBackend(config);
  const { transport, warnings } = config.redisUrl
    ? await overRedis(config.redisUrl, await queuePrefix(db))
    : { transport: onPostgres(config.databaseUrl, config.pools), warnings: [] };
  const { queue, end } = transport.openQueue();
  queue.on('error', onError);
  try {
    await ready(queue, backend);
  } catch (error) {
    await within(1_000, end()).catch(() => {});
    throw error;
  }

  const look = looker(queue);
  return {
    backend,
    warnings,
    async add(entries) {
      if (entries.length === 0) return;
      const jobs = entries.map((entry) => ({
        name: 'run-bot',
        data: { id: entry.id, generation: entry.generation },
        opts: {
          ...jobOptions,
          jobId: jobId(entry),
          priority: entry.priority ?? 0,
          ...(entry.delayMs ? { delay: entry.delayMs } : {}),
          ...(entry.first ? { lifo: true } : {}),
        },
      }));
      await answered(queue.addBulk(jobs), backend);
    },
    look: (entry) => answered(look(jobId(entry)), backend),
    async addCanary(id) {
      // No priority goes before every priority, and `lifo` before what waits without one.
      const opts = { ...jobOptions, jobId: canaryJobId(id), lifo: true };
      const entry: CanaryEntry = { canary: id };
      await answered(queue.add('canary', entry, opts), backend);
    },
    async removeCanary(id) {
      await answered(queue.remove(canaryJobId(id)), backend);
    },
    work: (concurrency, take, failed, carryCanary = async () => {}) =>
      openWorker<RunEntry | CanaryEntry>(
        transport,
        concurrency,
        (data, free) => (isCanary(data) ? carryCanary(data.canary) : take(data, free)),
        failed,
      ),
    async close() {
      await within(2_000, queue.close()).catch(() => {});
      await within(1_000, end()).catch(() => {});
    },
  };
}

async function overRedis(redisUrl: string, prefix: string) {
  const facts = await askRedis(redisUrl, prefix);
  return {
    transport: onRedis(redisUrl, prefix, facts.version !== null),
    warnings: judgeRedis(facts, redisUrl),
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

/** BullMQ itself would wait for ever. */
async function answered<Value>(asked: Promise<Value>, backend: BackendName): Promise<Value> {
  if (await within(patienceMs, asked)) return asked;
  throw unreachable(backend, `no answer within ${patienceMs / 1000} s`);
}

async function ready(queue: Queue, backend: BackendName): Promise<void> {
  let heard: unknown;
  queue.on('error', (error) => (heard = error));
  try {
    await answered(queue.waitUntilReady(), backend);
  } catch (error) {
    const why = messageOf(heard ?? error);
    if (error instanceof RoundsmanError || isOutage(error) || isOutage(heard))
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
