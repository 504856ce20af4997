import { createPostgresBackend, Queue, withBackend, Worker, type Job } from 'bullmq';
import type { Servers } from './servers.ts';
import { sized } from '../size.ts';

const due = sized(10_000, 20);
/** How far ahead they come due: all of them have to be registered by then. */
const aheadMs = (backend: 'redis' | 'postgres') =>
  sized(backend === 'redis' ? 20_000 : 60_000, 3_000);
const roundMs = sized(60_000, 1_000);

/**
 * BullMQ's own schedules: 10,000 Job Schedulers due in the same minute, and how long after that minute
 * the last one was started, in ms, by an empty worker.
 */
export async function jobSchedulers(
  { redisUrl, postgresUrl }: Servers,
  backend: 'redis' | 'postgres',
): Promise<number> {
  const classes = withBackend(createPostgresBackend);
  const name = `schedulers-${backend}`;
  const postgres = { connectionString: postgresUrl, schema: 'bullmq', max: 10 };
  const queue = (
    backend === 'redis'
      ? new Queue(name, { connection: { url: redisUrl } })
      : new classes.Queue(name, { connection: postgres })
  ) as Queue;
  const minute = Math.ceil((Date.now() + aheadMs(backend)) / roundMs) * roundMs;
  const at = new Date(minute);
  const pattern = `${at.getUTCSeconds()} ${at.getUTCMinutes()} ${at.getUTCHours()} * * *`;
  for (let i = 0; i < due; i += 500)
    await Promise.all(
      Array.from({ length: Math.min(500, due) }, (_, j) =>
        queue.upsertJobScheduler(`s${i + j}`, { pattern, tz: 'UTC' }, { name: 'empty' }),
      ),
    );
  if (Date.now() > minute) throw new Error('the schedulers were not registered in time');
  let started = 0;
  const { promise, resolve } = Promise.withResolvers<number>();
  const process = async (_: Job) => {
    started += 1;
    if (started === due) resolve(Date.now() - minute);
  };
  const worker = (
    backend === 'redis'
      ? new Worker(name, process, {
          connection: { url: redisUrl, maxRetriesPerRequest: null },
          concurrency: 50,
        })
      : new classes.Worker(name, process, { connection: postgres, concurrency: 50 })
  ) as Worker;
  worker.on('error', () => {});
  try {
    return await promise;
  } finally {
    await worker.close();
    await queue.obliterate({ force: true }).catch(() => {});
    await queue.close();
  }
}
