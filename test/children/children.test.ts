/** Checks that harm their child process: the worker and the other runs are not affected. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { sql } from 'kysely';
import { expect, onTestFinished, test, vi } from 'vitest';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import { cancelRun } from '../../src/transitions/runs/cancel.ts';
import { performRun } from '../../src/run/perform.ts';
import { openChildren, type PoolOptions } from '../../src/run/tasks/children.ts';
import { anEngine, type TestEngine } from '../support/engine.ts';
import { attempt, nothingHeldOut, queuedRun, rowOf, run } from '../support/runs.ts';
import { bots, remedies } from './bots.ts';
import { engineWithChildren as withChildren, entry } from '../support/children.ts';

const module = new URL('./bots.ts', import.meta.url);

const engineWithChildren = (options?: Partial<PoolOptions>) =>
  withChildren(module, { bots, remedies }, options);

/** A process that has ended, but whose parent has not read its exit status, is still listed, as a zombie. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
  return !/\) Z/.test(stat);
}

const isLate = ({ execution_time_ms }: { execution_time_ms: number | null }): boolean =>
  execution_time_ms! >= 2_000 + 1_000;

/** The id of the process in which the next check runs. */
async function lookAround(engine: TestEngine): Promise<number> {
  await run(engine, 'looks-around');
  const row = await engine.db
    .selectFrom('bot_findings')
    .select('metadata')
    .executeTakeFirstOrThrow();
  return (row.metadata as { pid: number }).pid;
}

/** The child processes of this one that still exist. */
async function childPids(): Promise<number[]> {
  const text = await readFile(`/proc/self/task/${process.pid}/children`, 'utf8');
  return text.split(' ').filter(Boolean).map(Number);
}

test.each([
  ['spins', 'timeout', null],
  ['shells', 'timeout', null],
  ['never-settles', 'timeout', null],
  // Where the kernel does not overcommit memory, the allocation itself fails.
  ['allocates', 'timeout|failed', null],
  ['queries', 'timeout', null],
  ['minds', 'timeout', null],
  ['exits', 'failed', /exit code 0/],
  ['kills-itself', 'failed', /SIGKILL/],
  ['leaks', 'failed', /out of memory|the limit is 256 MB/],
  ['fills-buffers', 'failed', /held \d+ MB; the limit is 256 MB/],
  ['floats', 'failed', /nobody heard me/],
  ['writes', 'failed', /read-only transaction/],
] as const)('a check that %s ends as %s, and its child is gone', async (name, status, why) => {
  const engine = await engineWithChildren();
  // A child is free: the deadline starts at once.
  await run(engine, 'well');
  const once = () => run(engine, name, { max_attempts: 1 });
  let row = await once();
  expect(row.status).toMatch(new RegExp(`^(${status})$`));
  // Within a second after its deadline of 2 s. On a busy machine it takes longer, but not each time.
  for (let more = 3; more > 0 && row.status === 'timeout' && isLate(row); more--)
    row = await once();
  if (row.status === 'timeout') expect(isLate(row), `${row.execution_time_ms} ms`).toBe(false);
  if (why) expect(row.error_message).toMatch(why);
  // The other check of the same run was still carried out if there was time left.
  if (status === 'failed') expect(row.checks_performed).toBe(1);
  expect(await run(engine, 'well')).toMatchObject({ status: 'success', checks_performed: 2 });
});

test('when a child ends, what it had begun ends, too, with its database sessions', async () => {
  const engine = await engineWithChildren({ size: 1 });
  await run(engine, 'queries');
  await run(engine, 'spins');
  // Only the spare child that replaces the killed one is left.
  await expect.poll(childPids).toHaveLength(1);
  await expect
    .poll(async () => {
      const { rows } = await sql`
        SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND query = 'SELECT pg_sleep(60)' AND state = 'active'`.execute(
        engine.db,
      );
      return rows;
    })
    .toEqual([]);
});

test('processes that a check started end with its child', async () => {
  const engine = await engineWithChildren({ size: 1 });
  await run(engine, 'shells');
  const sleeping = async () => {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const commands = pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => ''));
    return (await Promise.all(commands)).filter(
      (command) => command === `sleep\u0000${86_397}\u0000`,
    );
  };
  await expect.poll(sleeping).toEqual([]);
});

test('a run beside an endless loop is not slower', async () => {
  const engine = await engineWithChildren({ size: 2 });
  // Long enough for five runs on a machine that is busy with other tests.
  await sql`UPDATE bots SET timeout_seconds = 40 WHERE name = 'spins'`.execute(engine.db);
  const spinning = run(engine, 'spins');
  await expect.poll(() => engine.leases.all()).toHaveLength(1);
  for (let i = 0; i < 5; i++) {
    expect((await run(engine, 'well')).status).toBe('success');
  }
  const [still, ...others] = engine.leases.all();
  expect(others).toEqual([]);
  still!.stop('cancelled');
  expect((await spinning).status).toBe('cancelled');
});

test('the next run uses the child again; a run waits for a free child, and its deadline only starts then', async () => {
  // A spare child would be used while the other one is not ready yet.
  const engine = await engineWithChildren({ size: 1, isOneAhead: false });
  expect(await lookAround(engine)).toBe(await lookAround(engine));
  const ids = await Promise.all(
    ['never-settles', 'never-settles', 'well'].map((bot) => queuedRun(engine.db, bot)),
  );
  await sql`UPDATE bots SET concurrency = 2`.execute(engine.db);
  const rows = await Promise.all(ids.map((id) => attempt(engine, id)));
  expect(rows.map(({ status }) => status)).toEqual(['timeout', 'timeout', 'success']);
});

test('each slow run gets a child of its own', async () => {
  const engine = await engineWithChildren({ size: 5 });
  await sql`UPDATE bots SET concurrency = 5`.execute(engine.db);
  const before = (await childPids()).length;
  const ids = await Promise.all(
    Array.from({ length: 5 }, () => queuedRun(engine.db, 'waits-for-word')),
  );
  const waiting = Promise.all(ids.map((id) => attempt(engine, id)));
  await expect.poll(async () => (await childPids()).length - before).toBe(5);
  await sql`UPDATE bots SET display_name = 'go on'`.execute(engine.db);
  expect((await waiting).map(({ status }) => status)).toEqual(Array(5).fill('success'));
});

test('a child gets no secrets: not the settings of its worker', async () => {
  const secret = ['REDIS_PASSWORD', 'PGPASSWORD', 'PGOPTIONS', 'NODE_OPTIONS', 'HTTPS_PROXY'];
  const unsafe = ['NODE_TLS_REJECT_UNAUTHORIZED', 'NODE_USE_ENV_PROXY'];
  for (const name of secret) process.env[name] = '';
  for (const name of unsafe) vi.stubEnv(name, '0');
  onTestFinished(() => secret.forEach((name) => delete process.env[name]));
  const engine = await engineWithChildren();
  await run(engine, 'looks-around');
  const row = await engine.db
    .selectFrom('bot_findings')
    .select('metadata')
    .executeTakeFirstOrThrow();
  const { names } = row.metadata as { names: string[] };
  const known = new Set(
    (
      'PATH LD_LIBRARY_PATH HOME TMPDIR TZ LANG LC_ALL NODE_EXTRA_CA_CERTS NODE_USE_SYSTEM_CA ' +
      'SSL_CERT_FILE SSL_CERT_DIR OPENSSL_CONF PGPASSFILE RES_OPTIONS LOCALDOMAIN HOSTALIASES ROUNDSMAN_CHILD ' +
      // Where what was compiled is kept, if it is: not a setting, and written by Node.
      'NODE_COMPILE_CACHE'
    ).split(' '),
  );
  expect(names.filter((name) => !known.has(name))).toEqual([]);
});

test('what a check returns is cut to its limits before it is sent to the worker', async () => {
  const engine = await engineWithChildren();
  expect(await run(engine, 'returns-too-much', { max_attempts: 1 })).toMatchObject({
    error_message: null,
    status: 'success',
    issues_found: 1_000,
  });
  const row = await engine.db
    .selectFrom('bot_findings')
    .select(['title', 'metadata'])
    .executeTakeFirstOrThrow();
  expect([...row.title]).toHaveLength(200);
  expect(row.metadata).toEqual({ note: 'nul \uFFFD and a lone \uFFFD' });
});

test.each([
  ['cured-by-spin', 'timeout', 'aborted'],
  ['cured-by-exit', 'success', 'failed'],
  ['cured-by-leak', 'success', 'failed'],
  // Its statement is cancelled at its own deadline: this is not an error of the database.
  ['cured-by-query', 'timeout', 'aborted'],
] as const)(
  'a remedy that ends its process leaves nothing behind (%s)',
  async (bot, status, state) => {
    const engine = await engineWithChildren();
    await nothingHeldOut(engine.db);
    await sql`INSERT INTO engine.settings (key, value) VALUES ('touched', '"no"')`.execute(
      engine.db,
    );
    const row = await run(engine, bot);
    expect(row.status).toBe(status);
    const { rows } = await sql`SELECT value FROM engine.settings WHERE key = 'touched'`.execute(
      engine.db,
    );
    expect(rows).toEqual([{ value: 'no' }]);
    expect(await engine.db.selectFrom('bot_actions').select('state').execute()).toEqual([
      { state },
    ]);
  },
);

test('a request to cancel reaches the check as its signal, and ends a check that ignores it', async () => {
  const engine = await engineWithChildren();
  for (const bot of ['minds', 'spins']) {
    await engine.db.updateTable('bots').set({ timeout_seconds: 60 }).execute();
    const id = await queuedRun(engine.db, bot);
    const performed = performRun(engine, { id, generation: 1 });
    await expect.poll(() => engine.leases.all()).toHaveLength(1);
    await sql`UPDATE bot_executions SET cancel_requested_at = engine.now() WHERE id = ${id}`.execute(
      engine.db,
    );
    await performed;
    expect(await rowOf(engine.db, id)).toMatchObject({ status: 'cancelled' });
  }
});

test('a request to cancel reaches a run whose row is locked by its own remedy, and ends the remedy', async () => {
  const engine = await engineWithChildren();
  await nothingHeldOut(engine.db);
  await engine.db.updateTable('bots').set({ timeout_seconds: 60 }).execute();
  const id = await queuedRun(engine.db, 'cured-by-spin');
  const performed = performRun(engine, { id, generation: 1 });
  const spinning = async () => {
    const { rows } = await sql`
      SELECT FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'
        AND query LIKE '%engine.settings%'`.execute(engine.db);
    return rows.length;
  };
  await expect.poll(spinning, { timeout: 15_000 }).toBe(1);
  const began = performance.now();
  expect(await cancelRun(engine.db, id, 'it hangs')).toMatchObject({ status: 'running' });
  expect(performance.now() - began).toBeLessThan(4_000);
  await performed;
  // The request is seen within 2 s, and the child then has 2 s to end by itself. The timeout of the bot is a minute.
  expect(performance.now() - began).toBeLessThan(10_000);
  const row = await rowOf(engine.db, id);
  expect(row).toMatchObject({ status: 'cancelled', cancel_reason: 'it hangs' });
  expect(row.cancel_requested_at).not.toBeNull();
  expect(await engine.db.selectFrom('engine.cancellations').selectAll().execute()).toEqual([]);
}, 40_000);

test('a child in an endless loop ends with its worker, however the worker ends', async () => {
  const engine = await anEngine({ name: 'postgres' }, catalogueOf(bots, remedies));
  const worker = fork(new URL('./worker.ts', import.meta.url), [engine.url]);
  onTestFinished(() => void worker.kill('SIGKILL'));
  const [pid] = (await once(worker, 'message')) as [number];
  expect(await isAlive(pid)).toBe(true);
  worker.kill('SIGKILL');
  await expect.poll(() => isAlive(pid)).toBe(false);
});

test('a child ignores signals to the whole group, as of Ctrl-C and process managers: its worker decides', async () => {
  const engine = await engineWithChildren({ size: 1, isOneAhead: false });
  const pid = await lookAround(engine);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(pid, signal);
  expect(await lookAround(engine)).toBe(pid);
});

test('a catalogue that cannot be loaded is an error of the run, which does not wait for ever', async () => {
  const engine = await anEngine({ name: 'postgres' }, catalogueOf(bots, remedies));
  const children = openChildren({
    entry,
    catalogue: new URL('./there-is-no-such-file.ts', import.meta.url),
    databaseUrl: engine.url,
    size: 1,
    memoryMb: 256,
    onEnded() {},
  });
  onTestFinished(() => children.close());
  const row = await run({ ...engine, children }, 'well', { max_attempts: 1 });
  expect(row).toMatchObject({ status: 'failed', reason: 'engine error' });
  expect(row.error_message).toMatch(/Cannot find module/);
});
