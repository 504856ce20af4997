/**
 * All that knows BullMQ. The queue is a hint: its jobs carry a run's id and generation and nothing
 * else, and losing every one of them costs seconds. BullMQ never runs a job twice by itself here;
 * src/maintain/rescue.ts decides that from the rows.
 */
import { createPostgresBackend, Queue, withBackend, Worker, type Job } from 'bullmq';
import { Redis } from 'ioredis';
import type { Config } from '../config.ts';
import type { Db } from '../data/connect.ts';
import { messageOf, RoundsmanError } from '../errors.ts';
import { configuredBackend, queuePrefix, queueSchema, type BackendName } from './backend.ts';

/** One entry for one run; a start needs the row's current generation. */
export interface RunEntry {
  id: string;
  generation: number;
  /** 0 goes first */
  priority?: number;
  delayMs?: number;
}

export type EntryState = 'waiting' | 'active' | 'gone';

export interface RunWorker {
  /** Takes no more entries; resolves when those it carries are done. */
  drain(): Promise<void>;
}

export interface RunQueue {
  readonly backend: BackendName;
  /** Enqueues in as few round trips as the backend allows; an entry that is there already stays. */
  add(entries: RunEntry[]): Promise<void>;
  /** Where an entry is. `active` only while it was taken less than 5 s ago: after that its row says more. */
  look(entry: RunEntry): Promise<EntryState>;
  /** Takes entries, `concurrency` at once. */
  work(
    concurrency: number,
    take: (entry: RunEntry) => Promise<void>,
    onError: (error: Error) => void,
  ): RunWorker;
  close(): Promise<void>;
}

const name = 'runs';
const activeForMs = 5_000;

// attempts 1 and no stall recovery: a second start is decided from the row, never by the queue.
const jobOptions = { attempts: 1, removeOnComplete: true, removeOnFail: true };
const workerOptions = { lockDuration: 60_000, maxStalledCount: 0, stalledInterval: 30_000 };

// BullMQ's ids may not contain ':'.
const jobId = ({ id, generation }: RunEntry) => `run-${id}-${generation}`;

export async function openQueue(
  db: Db,
  config: Pick<Config, 'redisUrl'> & { databaseUrl: string },
  onError: (error: Error) => void,
): Promise<RunQueue> {
  const backend = configuredBackend(config);
  if (backend === 'redis') await knock(config.redisUrl!);
  const { queue, makeWorker } =
    backend === 'redis'
      ? onRedis(config.redisUrl!, await queuePrefix(db))
      : onPostgres(config.databaseUrl);
  queue.on('error', onError);
  await ready(queue, backend);

  return {
    backend,
    async add(entries) {
      if (entries.length === 0) return;
      await queue.addBulk(
        entries.map((entry) => ({
          name: 'run-bot',
          data: { id: entry.id, generation: entry.generation },
          opts: {
            ...jobOptions,
            jobId: jobId(entry),
            priority: entry.priority ?? 0,
            ...(entry.delayMs ? { delay: entry.delayMs } : {}),
          },
        })),
      );
    },
    async look(entry) {
      const job = await queue.getJob(jobId(entry));
      if (!job) return 'gone';
      const state = await job.getState();
      if (state === 'active')
        return Date.now() - (job.processedOn ?? 0) < activeForMs ? 'active' : 'gone';
      return state === 'waiting' || state === 'prioritized' || state === 'delayed'
        ? 'waiting'
        : 'gone';
    },
    work(concurrency, take, failed) {
      const worker = makeWorker(concurrency, (job) => take(job.data as RunEntry));
      worker.on('error', failed);
      return { drain: () => worker.close() };
    },
    close: () => queue.close(),
  };
}

/** The queue's server has this long to answer at start; later outages are ridden out. */
const readyWithinMs = 10_000;

/** The queue's server did not answer. */
export class QueueNotReadyError extends RoundsmanError {
  override readonly retryable = true;
}

/** Asks Redis once, without trying again: what BullMQ opens afterwards tries again for ever. */
async function knock(redisUrl: string): Promise<void> {
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    connectTimeout: readyWithinMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let heard: Error | undefined;
  redis.on('error', (error) => (heard = error));
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    throw new QueueNotReadyError(
      {
        what: 'BullMQ cannot reach its Redis',
        why: messageOf(heard ?? error),
        hint: 'check that Redis runs and that REDIS_URL names it; `npx roundsman doctor` looks closer',
      },
      { cause: error },
    );
  } finally {
    redis.disconnect();
  }
}

/** BullMQ itself would wait for ever. */
async function ready(queue: Queue, backend: BackendName): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let heard = `no answer within ${readyWithinMs / 1000} s`;
  queue.on('error', (error) => (heard = messageOf(error)));
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const why = heard;
      reject(
        new QueueNotReadyError({
          what: `BullMQ cannot reach its ${backend === 'redis' ? 'Redis' : 'database'}`,
          why,
          hint:
            backend === 'redis'
              ? 'check that Redis runs and that REDIS_URL names it; `npx roundsman doctor` looks closer'
              : '`npx roundsman db migrate` brings the tables of the queue',
        }),
      );
    }, readyWithinMs);
  });
  try {
    await Promise.race([queue.waitUntilReady(), late]);
  } catch (error) {
    // Not awaited: it would wait for the connection that there is none of.
    void queue.disconnect().catch(() => {});
    if (error instanceof RoundsmanError) throw error;
    throw new QueueNotReadyError(
      {
        what: `BullMQ cannot use its ${backend === 'redis' ? 'Redis' : 'database'}`,
        why: messageOf(error),
        hint: '`npx roundsman db migrate` brings what it needs; `npx roundsman doctor` looks closer',
      },
      { cause: error },
    );
  } finally {
    clearTimeout(timer);
  }
}

type Processor = (job: Job) => Promise<void>;

function onRedis(redisUrl: string, prefix: string) {
  const connection = { url: redisUrl };
  return {
    queue: new Queue(name, { connection, prefix }) as Queue,
    makeWorker: (concurrency: number, process: Processor): Worker =>
      new Worker(name, process, {
        connection: { ...connection, maxRetriesPerRequest: null },
        prefix,
        concurrency,
        ...workerOptions,
      }),
  };
}

function onPostgres(databaseUrl: string) {
  const classes = withBackend(createPostgresBackend);
  const connection = (max: number) => ({
    connectionString: databaseUrl,
    schema: queueSchema,
    max,
    application_name: 'roundsman queue',
  });
  return {
    queue: new classes.Queue(name, { connection: connection(4) }) as unknown as Queue,
    makeWorker: (concurrency: number, process: Processor): Worker =>
      new classes.Worker(name, process, {
        connection: connection(4),
        concurrency,
        ...workerOptions,
      }) as unknown as Worker,
  };
}
