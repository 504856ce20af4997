/** Opens PostgreSQL as BullMQ's backend, on connections of our own. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createPostgresBackend, withBackend, type Queue, type Worker } from 'bullmq';
import type pg from 'pg';
import { forEngine, pool, shortStatements } from '../database/connect.ts';
import { queueSchema } from './backend.ts';
import { queueName, workerOptions, type Processor, type Transport } from './transport.ts';

/** The most connections: `queue` for adding entries, `queueWorker` for taking them; one of the latter listens. */
export interface QueuePools {
  queue: number;
  queueWorker: number;
}

export function onPostgres(
  databaseUrl: string,
  pools: QueuePools = { queue: 4, queueWorker: 5 },
): Transport {
  const classes = withBackend(createPostgresBackend);
  const connections = (max: number) =>
    pool(databaseUrl, {
      name: 'roundsman queue',
      max,
      searchPath: queueSchema,
      ...shortStatements,
      ...forEngine,
    });
  return {
    openQueue() {
      const pool = connections(pools.queue);
      const queue = new classes.Queue(queueName, { connection: pool as never });
      return { queue: queue as unknown as Queue, end: () => endNow(pool) };
    },
    openWorker(concurrency: number, process: Processor) {
      const pool = connections(pools.queueWorker);
      const worker = new classes.Worker(queueName, process, {
        connection: pool as never,
        concurrency,
        ...workerOptions,
      });
      forgetFailedStart(worker);
      return { worker: worker as unknown as Worker, end: () => endNow(pool) };
    },
  };
}

/** The pause before a worker tries to connect again. */
const retryDelayMs = 500;

/** Fields of BullMQ's connection that its types do not declare. */
interface BullWorker {
  backend: {
    connection: { readyPromise?: Promise<void> | undefined; waitUntilReady(): Promise<void> };
  };
}

/**
 * When a server that is starting or full refuses BullMQ's first connection, BullMQ keeps the rejected promise for ever
 * and waits for it again and again without a pause, which would block this process. So the promise is removed after
 * {@link retryDelayMs}.
 */
function forgetFailedStart(worker: unknown): void {
  const { connection } = (worker as BullWorker).backend;
  const waitUntilReady = connection.waitUntilReady.bind(connection);
  connection.waitUntilReady = async () => {
    try {
      await waitUntilReady();
    } catch (error) {
      await sleep(retryDelayMs, undefined, { ref: false });
      connection.readyPromise = undefined;
      throw error;
    }
  };
}

/** Closes the pool, because BullMQ does not close a pool that was passed to it. */
async function endNow(pool: pg.Pool): Promise<void> {
  if (!pool.ending) await pool.end();
}
