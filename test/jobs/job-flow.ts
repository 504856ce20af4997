/** Jobs of a test, their rows, and an engine that carries them one by one. */
import { Redis } from 'ioredis';
import { sql } from 'kysely';
import { z } from 'zod';
import { defineJob, type Job } from '../../src/contract/job.ts';
import type { Db } from '../../src/database/connect.ts';
import { queuePrefix } from '../../src/queue/backend.ts';
import type { JobEntry } from '../../src/queue/run-queue.ts';
import { performJob } from '../../src/run/jobs/perform-job.ts';
import type { JobEngine } from '../../src/run/jobs/job-engine.ts';
import { requestJob } from '../../src/transitions/jobs/request.ts';
import type { Backend } from '../support/backends.ts';
import { aBot, catalogue, clean } from '../support/builders.ts';

export const noBots = catalogue([aBot('watch', async () => clean('x'))]);

export const aJob = (name: string, handler: Job['handler'], rest: Partial<Job> = {}): Job =>
  defineJob({
    name,
    title: `Do ${name}`,
    payload: z.looseObject({}),
    schedule: null,
    concurrency: 1,
    maxAttempts: 3,
    timeoutSeconds: 60,
    handler,
    ...rest,
  });

export const jobRow = (db: Db, id: string) =>
  db.selectFrom('engine.job_runs').selectAll().where('id', '=', id).executeTakeFirstOrThrow();

/** All rows of a job, the oldest slot first. */
export const jobRows = (db: Db, job: string) =>
  db
    .selectFrom('engine.job_runs')
    .selectAll()
    .where('job', '=', job)
    .orderBy('scheduled_for')
    .orderBy('queued_at')
    .execute();

/** The slots of a job that are owed begin so long ago. */
export const owedSince = (db: Db, job: string, ago: string) =>
  sql`UPDATE engine.jobs SET last_slot_at = engine.now() - ${ago}::interval WHERE name = ${job}`.execute(
    db,
  );

/** A run that was asked for and is in the queue, as far as its row says. */
export async function aRun(db: Db, job: Job, payload: unknown = {}): Promise<JobEntry> {
  const id = await requestJob(db, job, payload);
  await db.updateTable('engine.job_runs').set({ generation: 1 }).where('id', '=', id).execute();
  return { kind: 'job', id, generation: 1 };
}

/** Carries it from start to end; the row afterwards. */
export async function carried(engine: JobEngine, entry: JobEntry) {
  await performJob(engine, entry);
  return jobRow(engine.db, entry.id);
}

/** All that BullMQ knows is lost. */
export async function loseEntries(backend: Backend, db: Db): Promise<void> {
  if (!backend.redisUrl) return void (await sql`DELETE FROM bullmq.job`.execute(db));
  const redis = new Redis(backend.redisUrl);
  const keys = await redis.keys(`${await queuePrefix(db)}:*`);
  if (keys.length > 0) await redis.del(...keys);
  await redis.quit();
}
