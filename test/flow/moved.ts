/** Which of BullMQ's backends moved a run: what it left behind in its own place, and nothing in the other. */
import { Redis } from 'ioredis';
import { sql } from 'kysely';
import type { Db } from '../../src/database/connect.ts';
import { queuePrefix } from '../../src/queue/backend.ts';
import { backends, type Backend } from '../support/backends.ts';

export interface Traces {
  /** events of the run's jobs, as BullMQ names them */
  events: string[];
  /** of this database's queue: keys in Redis, events in PostgreSQL */
  redis: number;
  postgres: number;
}

export async function traces({ redisUrl }: Backend, db: Db, runId: string): Promise<Traces> {
  const prefix = await queuePrefix(db);
  const server = backends.find((backend) => backend.redisUrl)?.redisUrl;
  const inRedis = server ? await eventsInRedis(server, prefix) : { keys: 0, events: [] };
  const inPostgres = await eventsInPostgres(db);
  const events = redisUrl ? inRedis.events : inPostgres;
  return {
    events: events.filter(({ job }) => job?.startsWith(`run-${runId}-`)).map(({ event }) => event),
    redis: inRedis.keys,
    postgres: inPostgres.length,
  };
}

interface Event {
  job: string | undefined;
  event: string;
}

async function eventsInRedis(url: string, prefix: string) {
  const redis = new Redis(url);
  try {
    const keys = await redis.keys(`${prefix}:*`);
    const entries = await redis.xrange(`${prefix}:runs:events`, '-', '+');
    const events = entries.map(([, fields]): Event => {
      const of = (name: string) => fields[fields.indexOf(name) + 1];
      return { job: of('jobId'), event: of('event') ?? '' };
    });
    return { keys: keys.length, events };
  } finally {
    await redis.quit();
  }
}

async function eventsInPostgres(db: Db): Promise<Event[]> {
  const { rows } = await sql<{ there: boolean }>`
    SELECT to_regclass('bullmq.event') IS NOT NULL AS there`.execute(db);
  if (!rows[0]!.there) return [];
  const events = await sql<Event>`
    SELECT data ->> 'jobId' AS job, event FROM bullmq.event ORDER BY id`.execute(db);
  return events.rows;
}
