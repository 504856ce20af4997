import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { JobStoppedError, type Job, type JobContext } from '../../src/contract/job.ts';
import { LostRunError } from '../../src/data/bots/fence.ts';
import type { Db } from '../../src/database/connect.ts';
import { jobRescuer } from '../../src/maintain/rescue-jobs.ts';
import type { JobEntry } from '../../src/queue/run-queue.ts';
import { giveBack } from '../../src/run/jobs/give-back.ts';
import { performJob } from '../../src/run/jobs/perform-job.ts';
import { cancelJobRun } from '../../src/transitions/jobs/cancel.ts';
import { backends, type Backend } from '../support/backends.ts';
import { startFlow } from '../support/engine.ts';
import { aJob, aRun, carried, jobRow, noBots } from './job-flow.ts';

/** Nothing takes from the queue here: the test carries runs itself. */
const quiet = (backend: Backend, job: Job) =>
  startFlow(backend, noBots, { roles: ['scheduler'], jobs: [job] });

const set = (db: Db, id: string, values: object) =>
  db.updateTable('engine.job_runs').set(values).where('id', '=', id).execute();
const past = sql<Date>`engine.now() - interval '1 second'`;

describe.each(backends)('on $name', (backend) => {
  test('a run that was asked for gets its payload, and leaves its figures', async () => {
    const job = aJob('add', async (_, { a, b }) => ({ sum: a + b }), {
      payload: z.object({ a: z.number(), b: z.number() }),
    });
    const { db, jobEngine } = await quiet(backend, job);
    const row = await carried(jobEngine, await aRun(db, job, { a: 2, b: 3 }));
    expect(row).toMatchObject({ status: 'success', attempt: 1, figures: { sum: 5 }, reason: null });
    expect(row.completed_at).not.toBeNull();
    expect(row.lease_until).toBeNull();
  });

  test('a payload that does not fit fails at once, by name, and calls no handler', async () => {
    let calls = 0;
    const handler = async () => void calls++;
    const job = aJob('add', handler, { payload: z.object({ a: z.number() }) });
    const { db, jobEngine } = await quiet(backend, job);
    const row = await carried(jobEngine, await aRun(db, job, { a: 'two' }));
    expect(row).toMatchObject({ status: 'failed', reason: 'payload', attempt: 1 });
    // The validator's own text, and what was given, are not repeated.
    expect(row.error_message).toBe('a: has to be a number');
    expect(calls).toBe(0);
  });

  test('a run that throws is tried again after a while, and fails when no attempt is left', async () => {
    const attempts: number[] = [];
    const handler = async ({ run }: JobContext) => {
      attempts.push(run.attempt);
      throw new Error(`no luck \0 ${run.attempt}`);
    };
    const job = aJob('throw', handler, { maxAttempts: 2 });
    const { db, jobEngine, queue } = await quiet(backend, job);
    const entry = await aRun(db, job);
    const first = await carried(jobEngine, { ...entry });
    expect(first).toMatchObject({ status: 'queued', reason: 'job failed', generation: 2 });
    expect(first.run_after!.getTime()).toBeGreaterThan(Date.now() + 4_000);
    expect(await queue.entryState({ ...entry, generation: 2 })).toBe('delayed');
    expect(await carried(jobEngine, { ...entry, generation: 2 }), 'not before').toEqual(first);
    await set(db, entry.id, { run_after: past });
    expect(await carried(jobEngine, { ...entry, generation: 2 })).toMatchObject({
      status: 'failed',
      reason: 'job failed',
      error_message: 'no luck \uFFFD 2',
      attempt: 2,
    });
    expect(attempts).toEqual([1, 2]);
  });

  test('what attempts that failed or were stopped have done stays in the figures', async () => {
    const begun = Promise.withResolvers<void>();
    const handler = async ({ run, report, signal }: JobContext) => {
      const figures = { removed: 0 };
      report(() => figures);
      figures.removed = run.attempt * 10;
      if (run.attempt < 3) throw new Error('refused');
      begun.resolve();
      await sleep(60_000, undefined, { signal });
    };
    const job = aJob('work', handler);
    const { db, jobEngine } = await quiet(backend, job);
    const entry = await aRun(db, job);
    for (const generation of [1, 2]) {
      const row = await carried(jobEngine, { ...entry, generation });
      expect(row).toMatchObject({ status: 'queued', figures: { removed: generation * 10 } });
      await set(db, entry.id, { run_after: past });
    }
    const last = carried(jobEngine, { ...entry, generation: 3 });
    await begun.promise;
    await cancelJobRun(db, entry.id);
    expect(await last).toMatchObject({
      status: 'cancelled',
      figures: { removed: 30, earlier_attempts: [{ removed: 10 }, { removed: 20 }] },
    });
  });

  test('a run past its time is recorded at once, also when its handler does not hear', async () => {
    let signal: AbortSignal | undefined;
    const handler = async (context: JobContext) => {
      ({ signal } = context);
      await sleep(60_000, undefined, { ref: false });
    };
    const job = aJob('slow', handler, { timeoutSeconds: 0.2 });
    const { db, jobEngine } = await quiet(backend, job);
    const began = performance.now();
    const row = await carried(jobEngine, await aRun(db, job));
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(row).toMatchObject({ status: 'timeout', reason: 'timeout', attempt: 1 });
    expect(signal!.reason).toBeInstanceOf(JobStoppedError);
    expect(signal!.reason.why).toBe('timeout');
  });

  test('a write under an old fence is refused, and so are the results of that attempt', async () => {
    const begun = [1, 2].map(() => Promise.withResolvers<JobContext>());
    const ends = [1, 2].map(() => Promise.withResolvers<void>());
    const job = aJob('write', async (context) => {
      const at = context.run.attempt - 1;
      begun[at]!.resolve(context);
      await ends[at]!.promise;
      return { attempt: at + 1 };
    });
    const { db, jobEngine } = await quiet(backend, job);
    const entry = await aRun(db, job);
    const old = performJob(jobEngine, entry);
    const { commit } = await begun[0]!.promise;
    // To the others it looks killed.
    for (const run of jobEngine.leases.all()) jobEngine.leases.remove(run);
    await set(db, entry.id, { lease_until: past });
    await expect.poll(async () => (await jobRow(db, entry.id)).generation).toBe(2);
    const second = performJob(jobEngine, { ...entry, generation: 2 });
    await begun[1]!.promise;
    const write = commit((trx) => trx.deleteFrom('engine.settings').execute());
    await expect(write).rejects.toBeInstanceOf(LostRunError);
    expect(await db.selectFrom('engine.settings').select('key').execute()).not.toEqual([]);
    ends[0]!.resolve();
    await old;
    expect(await jobRow(db, entry.id)).toMatchObject({ status: 'running', figures: null });
    ends[1]!.resolve();
    await second;
    expect(await jobRow(db, entry.id)).toMatchObject({
      status: 'success',
      attempt: 2,
      figures: { attempt: 2 },
    });
  });

  test('what a handler commits is there, and a transaction of it that fails leaves nothing', async () => {
    const job = aJob('write', async ({ commit }) => {
      const insert = (key: string) =>
        commit(async (trx) => {
          await trx.insertInto('engine.settings').values({ key, value: '1' }).execute();
          if (key === 'bad') throw new Error('no');
        });
      await insert('good');
      await insert('bad').catch(() => {});
    });
    const { db, jobEngine } = await quiet(backend, job);
    expect(await carried(jobEngine, await aRun(db, job))).toMatchObject({ status: 'success' });
    const keys = await db
      .selectFrom('engine.settings')
      .select('key')
      .where('key', 'in', ['good', 'bad'])
      .execute();
    expect(keys).toEqual([{ key: 'good' }]);
  });

  test('no more runs of a job run at once than it allows, and the next one follows', async () => {
    let now = 0;
    let most = 0;
    const job = aJob('one', async () => {
      most = Math.max(most, ++now);
      await sleep(50);
      now -= 1;
    });
    const flow = await startFlow(backend, noBots, { jobs: [job] });
    const { db, url } = flow;
    await startFlow(backend, noBots, { jobs: [job], database: { db, url, name: '' } });
    const entries: JobEntry[] = [];
    for (let count = 0; count < 4; count++) entries.push(await aRun(db, job));
    await flow.queue.add(entries);
    const ended = async () =>
      (await Promise.all(entries.map(({ id }) => jobRow(db, id)))).map(({ status }) => status);
    await expect
      .poll(ended, { timeout: 25_000 })
      .toEqual(['success', 'success', 'success', 'success']);
    expect(most).toBe(1);
  }, 40_000);

  test('a drain gives a run back: queued, its attempt not counted, its handler told', async () => {
    const began = Promise.withResolvers<AbortSignal>();
    const job = aJob('long', async ({ signal }) => {
      began.resolve(signal);
      await sleep(60_000, undefined, { signal });
    });
    const { db, jobEngine, queue } = await quiet(backend, job);
    const entry = await aRun(db, job);
    const running = performJob(jobEngine, entry);
    const signal = await began.promise;
    expect(await giveBack(jobEngine, jobEngine.leases.all())).toBe(1);
    await running;
    expect(signal.reason.why).toBe('drain');
    expect(await jobRow(db, entry.id)).toMatchObject({
      status: 'queued',
      attempt: 0,
      generation: 2,
      reason: 'given back',
    });
    expect(await queue.entryState({ ...entry, generation: 2 })).toBe('waiting');
  });

  test('a drain waits for a transaction of a run, and gives the run back after it', async () => {
    const locked = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const job = aJob('long', async ({ commit }) =>
      commit(async () => {
        locked.resolve();
        await goOn.promise;
      }),
    );
    const { db, jobEngine } = await quiet(backend, job);
    const entry = await aRun(db, job);
    const running = performJob(jobEngine, entry);
    await locked.promise;
    const given = giveBack(jobEngine, jobEngine.leases.all());
    await sleep(300);
    goOn.resolve();
    expect(await given).toBe(1);
    await running;
    expect(await jobRow(db, entry.id)).toMatchObject({ status: 'queued', attempt: 0 });
  });

  test('a run whose end is asked for ends: at once while it waits, else when its lease is renewed', async () => {
    const began = Promise.withResolvers<AbortSignal>();
    const job = aJob('long', async ({ signal }) => {
      began.resolve(signal);
      await sleep(60_000, undefined, { signal });
    });
    const { db, jobEngine } = await quiet(backend, job);
    const waits = await aRun(db, job);
    expect(await cancelJobRun(db, waits.id)).toBe('cancelled');
    expect(await carried(jobEngine, waits)).toMatchObject({ status: 'cancelled', attempt: 0 });
    const entry = await aRun(db, job);
    const running = performJob(jobEngine, entry);
    const signal = await began.promise;
    expect(await cancelJobRun(db, entry.id)).toBe('running');
    await running;
    expect(signal.reason.why).toBe('cancelled');
    expect(await jobRow(db, entry.id)).toMatchObject({ status: 'cancelled', reason: 'cancelled' });
    expect(await cancelJobRun(db, entry.id)).toBeNull();
  });

  test('a run of a job that this version does not know stays queued for one that does', async () => {
    const job = aJob('later', async () => {});
    const { db, jobEngine, queue } = await quiet(backend, job);
    const entry = await aRun(db, job);
    expect(await carried({ ...jobEngine, jobs: [] }, entry)).toMatchObject({ status: 'queued' });
    await set(db, entry.id, { queued_at: sql<Date>`engine.now() - interval '1 minute'` });
    expect((await jobRescuer(db, queue, [])()).queued).toBe(0);
  });
});
