import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { jobRescuer } from '../../src/maintain/rescue-jobs.ts';
import { registerJobs } from '../../src/schedule/register-jobs.ts';
import { backends } from '../support/backends.ts';
import { anEngine, startFlow } from '../support/engine.ts';
import { aJob, aRun, jobRow, loseEntries, noBots } from './job-flow.ts';

const ago = (seconds: number) => sql<Date>`engine.now() - make_interval(secs => ${seconds})`;
const job = aJob('work', async () => ({ done: true }));
const dead = {
  status: 'running',
  worker: 'dead',
  fence: '1',
  attempt: 1,
  lease_until: ago(1),
} as const;

describe.each(backends)('on $name', (backend) => {
  test('a run whose entry is lost is queued again and run once', async () => {
    const engine = await anEngine(backend, noBots);
    const { db, url, queue } = engine;
    await registerJobs(db, [job]);
    const entry = await aRun(db, job);
    await queue.add([entry]);
    await loseEntries(backend, db);
    await startFlow(backend, noBots, {
      jobs: [job],
      roles: ['worker'],
      database: { db, url, name: '' },
    });
    await expect
      .poll(() => jobRow(db, entry.id))
      .toMatchObject({ status: 'success', attempt: 1, generation: 2 });
  });

  test('one that waits in the queue is left alone, and so is one whose job has no place free', async () => {
    const { db, queue } = await anEngine(backend, noBots);
    await registerJobs(db, [job]);
    const rescue = jobRescuer(db, queue, [job]);
    const entry = await aRun(db, job);
    await db
      .updateTable('engine.job_runs')
      .set({ queued_at: ago(60) })
      .execute();
    await queue.add([entry]);
    expect(await rescue()).toEqual({ queued: 0, takenOver: 0, ended: 0 });
    await loseEntries(backend, db);
    const busy = await aRun(db, job);
    const set = (values: object) =>
      db.updateTable('engine.job_runs').set(values).where('id', '=', busy.id).execute();
    await set({ ...dead, lease_until: ago(-60) });
    expect(await rescue()).toMatchObject({ queued: 0 });
    await set({ status: 'success', completed_at: ago(0) });
    expect(await rescue()).toMatchObject({ queued: 1 });
    expect(await queue.entryState({ ...entry, generation: 2 })).toBe('waiting');
  });

  test('a lost worker costs an attempt, and the last one ends the run', async () => {
    const { db, queue } = await anEngine(backend, noBots);
    await registerJobs(db, [job]);
    const again = await aRun(db, job);
    const last = await aRun(db, job);
    const stopped = await aRun(db, job);
    await db.updateTable('engine.job_runs').set(dead).execute();
    await db.updateTable('engine.job_runs').set({ attempt: 3 }).where('id', '=', last.id).execute();
    await db
      .updateTable('engine.job_runs')
      .set({ cancel_requested_at: ago(1) })
      .where('id', '=', stopped.id)
      .execute();
    expect(await jobRescuer(db, queue, [job])()).toEqual({ queued: 0, takenOver: 1, ended: 2 });
    expect(await jobRow(db, again.id)).toMatchObject({
      status: 'queued',
      reason: 'worker lost',
      attempt: 1,
      generation: 2,
    });
    expect(await queue.entryState({ ...again, generation: 2 })).toBe('waiting');
    expect(await jobRow(db, last.id)).toMatchObject({ status: 'failed', reason: 'worker lost' });
    expect(await jobRow(db, stopped.id)).toMatchObject({ status: 'cancelled' });
  });

  test('a run that waits and is to end is cancelled, and not queued again', async () => {
    const { db, queue } = await anEngine(backend, noBots);
    await registerJobs(db, [job]);
    const { id } = await aRun(db, job);
    const asked = { cancel_requested_at: ago(1), queued_at: ago(60) };
    await db.updateTable('engine.job_runs').set(asked).where('id', '=', id).execute();
    const rescue = jobRescuer(db, queue, [job]);
    expect(await rescue()).toEqual({ queued: 0, takenOver: 0, ended: 1 });
    expect(await rescue()).toEqual({ queued: 0, takenOver: 0, ended: 0 });
    expect(await jobRow(db, id)).toMatchObject({
      status: 'cancelled',
      reason: 'cancelled',
      completed_at: expect.any(Date),
    });
  });

  test('a row with the highest generation keeps no other from the queue', async () => {
    const { db, queue } = await anEngine(backend, noBots);
    await registerJobs(db, [job]);
    const odd = await aRun(db, job);
    const other = await aRun(db, job);
    await db
      .updateTable('engine.job_runs')
      .set({ queued_at: ago(60) })
      .execute();
    await db
      .updateTable('engine.job_runs')
      .set({ generation: 2_000_000_000 })
      .where('id', '=', odd.id)
      .execute();
    expect(await jobRescuer(db, queue, [job])()).toMatchObject({ queued: 2 });
    expect(await queue.entryState({ ...other, generation: 2 })).toBe('waiting');
  });
});
