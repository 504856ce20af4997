/** PostgreSQL as BullMQ's backend, on connections of our own making. */
import { createPostgresBackend, withBackend, type Queue, type Worker } from 'bullmq';
import type pg from 'pg';
import { forEngine, pool, shortStatements } from '../data/connect.ts';
import { queueSchema } from './backend.ts';
import { queueName, workerOptions, type Processor, type Transport } from './transport.ts';

/** Connections at most, for what is queued and for what is taken: of these one listens. */
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
      const own = connections(pools.queue);
      const queue = new classes.Queue(queueName, { connection: own as never });
      return { queue: queue as unknown as Queue, end: () => endNow(own) };
    },
    openWorker(concurrency: number, process: Processor) {
      const own = connections(pools.queueWorker);
      const worker = new classes.Worker(queueName, process, {
        connection: own as never,
        concurrency,
        ...workerOptions,
      });
      return { worker: worker as unknown as Worker, end: () => endNow(own) };
    },
  };
}

/** BullMQ leaves a pool that it was given alone. */
async function endNow(own: pg.Pool): Promise<void> {
  if (!own.ending) await own.end();
}
