/** Runs of jobs that a person asks for, ends and reads, with an engine that carries them. */
import { hostname, userInfo } from 'node:os';
import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { jobs } from '../../jobs/index.ts';
import { tidy } from '../../jobs/tidy.ts';
import { aJob, jobRow, noBots } from '../jobs/job-flow.ts';
import { backends, type Backend } from '../support/backends.ts';
import { testDatabase } from '../support/database.ts';
import { startFlow, type Flow } from '../support/engine.ts';
import { hasTerminal, inTerminal } from '../support/terminal.ts';
import { roundsman, start } from './command.ts';

const [postgres] = backends as [Backend];
const settled = { timeout: 20_000, interval: 50 };
let flow: Flow;
/** Ends the run of `send-report` that is under way. */
let endReport: (error?: Error) => void = () => {};

beforeEach(async () => {
  // The engine carries jobs of these names; the command line has its own jobs.
  flow = await startFlow(postgres, noBots, {
    jobs: [
      tidy,
      // Of another version, which takes something else.
      aJob('rollup', async () => {}, { payload: z.strictObject({ hours: z.int() }) }),
      aJob(
        'send-report',
        ({ signal }) =>
          new Promise((resolve, reject) => {
            endReport = (error) => (error ? reject(error) : resolve({}));
            signal.addEventListener('abort', () => reject(signal.reason as Error));
          }),
      ),
    ].map((job) => ({ ...job, maxAttempts: 1 })),
  });
});

const me = userInfo().username;
const ask = (...args: string[]) => roundsman(flow.url, 'jobs', ...args);
const rowOf = (id: string) => jobRow(flow.db, id);

test('a run that is asked for is carried by a worker, and shows who asked; --wait prints its outcome', async () => {
  const { code, out, json } = await ask('run', 'tidy', '--wait', '--json', '--as', 'ann');
  expect(code, out).toBe(0);
  const run = json() as { id: string };
  expect(run).toMatchObject({
    job: 'tidy',
    status: 'success',
    scheduled_for: null,
    requested_by: 'ann',
    attempt: 1,
    figures: { job_runs: 0 },
  });
  expect(await rowOf(run.id)).toMatchObject({ status: 'success', requested_by: 'ann' });
  const words = await ask('run', 'tidy', '--wait');
  expect(words.out).toMatch(/^tidy: success in \d.*\n\{"job_runs":0,/);
  const history = await ask('history', 'tidy', '-o', 'table');
  expect(history.out).toMatch(new RegExp(`- +manual, by ${me} +success`));
  expect(history.out).toMatch(/manual, by ann +success .* job_runs: 0; messages: 0;/);
  const data = (await ask('history', 'tidy', '--json')).json() as object[];
  expect(data.at(-1)).toMatchObject({
    id: run.id,
    trigger: 'manual',
    host: expect.stringMatching(/^worker-/),
    took_ms: expect.any(Number),
    figures: { job_runs: 0 },
  });
});

test('a run that fails gives the exit code 1, and says why', async () => {
  const { code, out } = await ask('run', 'rollup', '--wait');
  expect(code).toBe(1);
  expect(out).toMatch(/^rollup: failed in .* \(payload: hours: is missing\)/);
});

test('without a terminal it does not wait; a second run waits for the first on whatever host, and either can be ended', async () => {
  const first = (await ask('run', 'send-report', '--json', '--as', 'bob')).json() as { id: string };
  await expect.poll(async () => (await rowOf(first.id)).status, settled).toBe('running');
  const second = await ask('run', 'send-report');
  expect(second.code).toBe(0);
  expect(second.out).toMatch(
    /^Asked for a run of send-report: \S+\nSee `npx roundsman jobs history send-report`\.$/m,
  );
  expect(second.err.replaceAll(/\s+/g, ' ')).toContain(
    `1 other run of it is open, and this one waits for the one that is running on ${(await rowOf(first.id)).worker}`,
  );
  const waiting = /: (\S{36})/.exec(second.out)![1]!;
  // It stays queued, because as many runs as the job's concurrency allows are running.
  expect(await rowOf(waiting)).toMatchObject({ status: 'queued' });
  const gone = await ask('cancel', waiting.slice(0, 8), '--as', 'eve');
  expect(gone.out).toBe(
    `Cancelled run ${waiting.slice(0, 8)} of send-report: it had not started.\n`,
  );
  expect(await rowOf(waiting)).toMatchObject({ status: 'cancelled', cancel_requested_by: 'eve' });

  const ended = await ask('cancel', first.id, '--wait', '--as', 'eve');
  expect(ended.code, ended.err).toBe(0);
  expect(ended.out).toMatch(/: cancelled \(cancelled by eve\)$/m);
  expect(await rowOf(first.id)).toMatchObject({
    status: 'cancelled',
    requested_by: 'bob',
    cancel_requested_by: 'eve',
  });
  const again = await ask('cancel', first.id);
  expect(again.code).toBe(1);
  expect(again.err).toContain('it ended as cancelled');
  expect((await ask('cancel', 'ffffffff')).code).toBe(3);
});

test('Ctrl-C ends the wait and not the run', async () => {
  const command = start(flow.url, ['jobs', 'run', 'send-report', '--wait']);
  await command.said('waiting for');
  const id = async () =>
    (
      await sql<{ id: string }>`
        SELECT id FROM engine.job_runs WHERE job = 'send-report' AND status = 'running'`.execute(
        flow.db,
      )
    ).rows[0]?.id;
  await expect.poll(id, settled).toBeDefined();
  const running = (await id())!;
  command.stop('SIGINT');
  expect(await command.ended).toMatchObject({ code: 130 });
  expect(await rowOf(running)).toMatchObject({ status: 'running', cancel_requested_at: null });
  endReport();
  await expect.poll(async () => (await rowOf(running)).status, settled).toBe('success');
}, 30_000);

test.each([
  [['tidy', '--payload', '{'], 2, '--payload is no JSON'],
  [['tidy', '--payload', '{"days":3}'], 2, 'there is no "days"'],
  [['tidy', '--payload', '[]'], 2, 'has to be an object'],
  [['maintenance', '--payload', '{"minutes":0}'], 2, 'minutes: has to be 1 at least'],
  [
    ['maintenance', '--payload', '{"minutes":1,"minutes":30}'],
    2,
    'the key "minutes" is given twice, and the first would be ignored',
  ],
  [['tidi'], 3, 'did you mean tidy?'],
  [['tidy', '--as', 'roundsman'], 2, 'is not a person'],
])('jobs run %j is refused, and nothing is asked for', async (args, code, why) => {
  const count = async () =>
    (
      await flow.db
        .selectFrom('engine.job_runs')
        .select(({ fn }) => fn.countAll().as('n'))
        .execute()
    )[0];
  const before = await count();
  const refused = await ask('run', ...args);
  expect(refused.code).toBe(code);
  expect(refused.err.replaceAll(/\s+/g, ' ')).toContain(why);
  expect(await count()).toEqual(before);
});

test('where no process ever ran a job can be asked for, and what is missing is said', async () => {
  const { url, db } = await testDatabase();
  const { code, err, out } = await roundsman(url, 'jobs', 'run', 'tidy');
  expect(code, err).toBe(0);
  expect(err).toContain('no worker is alive');
  const id = /: (\S{36})/.exec(out)![1]!;
  expect(await jobRow(db, id)).toMatchObject({ job: 'tidy', status: 'queued', worker: null });
});

test('slots, runs that a timer asks for and those of a person are told apart, with their hosts', async () => {
  const { url, db } = await testDatabase();
  await sql`INSERT INTO engine.jobs (name) VALUES ('backup')`.execute(db);
  await sql`
    INSERT INTO engine.job_runs (job, scheduled_for, status, requested_by, worker, queued_at, started_at, completed_at)
    SELECT 'backup', slot, 'success', who, ${`${hostname()}-42-0a1b2c3d`}, at, at, at + interval '2 s'
    FROM (VALUES ('2026-11-22 04:00Z'::timestamptz, NULL, 1), (NULL, NULL, 2), (NULL, 'ann', 3)) r (slot, who, n),
      LATERAL (SELECT engine.now() - make_interval(hours => n) AS at) t`.execute(db);
  const shown = (await roundsman(url, 'jobs', 'history', 'backup', '--json')).json() as object[];
  expect(shown).toMatchObject([
    {
      trigger: 'schedule',
      host: hostname(),
      took_ms: 2_000,
      scheduled_for: '2026-11-22T04:00:00.000Z',
    },
    { trigger: 'engine', host: hostname(), requested_by: null },
    { trigger: 'manual', requested_by: 'ann' },
  ]);
  const few = await roundsman(url, 'jobs', 'history', 'backup', '--limit', '1');
  expect(few.err).toContain('1 of 3');
  expect((await roundsman(url, 'jobs', 'history', 'rollup', '-o', 'table')).out).toContain(
    'has not run yet',
  );
});

test.runIf(hasTerminal)('on a terminal it waits, unless --no-wait', async () => {
  const told = await inTerminal(flow.url, ['jobs', 'run', 'tidy'], []);
  expect(told.shown).toContain('tidy: success in');
  expect(told.shown).toMatch(/^job_runs +0\r?$/m);
  const asked = await inTerminal(flow.url, ['jobs', 'run', 'tidy', '--no-wait'], []);
  expect(asked.shown).toContain('Asked for a run of tidy');
});

test('the command line knows the jobs of the engine', () => {
  expect(jobs.map(({ name }) => name)).toEqual(expect.arrayContaining(['tidy', 'send-report']));
});
