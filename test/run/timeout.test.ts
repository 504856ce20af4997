import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { performRun } from '../../src/run/perform.ts';
import { aBot, aRemedy, broken, catalogue, entry, playbook } from '../support/builders.ts';
import { anEngine } from '../support/engine.ts';
import { nothingHeldOut, queuedRun, rowOf, run } from '../support/runs.ts';

const postgres = { name: 'postgres' as const };
const never = () => new Promise<never>(() => {});

/** Unhandled rejections end a Node process; here they are collected. */
function unhandled(): unknown[] {
  const others = process.listeners('unhandledRejection');
  const caught: unknown[] = [];
  const collect = (reason: unknown) => void caught.push(reason);
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', collect);
  onTestFinished(() => {
    process.off('unhandledRejection', collect);
    for (const listener of others) process.on('unhandledRejection', listener);
  });
  return caught;
}

/** What is promised within a second or two, on a machine that has other things to do; without it nothing ends for 5 s. */
const busyMs = 4_500;

test('a check that never settles ends as timeout within a second of the deadline', async () => {
  const bot = aBot(
    'stuck',
    { first: async () => broken('disk'), second: never },
    { timeoutSeconds: 1 },
  );
  const engine = await anEngine(postgres, catalogue([bot]));
  const began = performance.now();
  const row = await run(engine, 'stuck');
  expect(performance.now() - began).toBeLessThan(busyMs);
  expect(row).toMatchObject({ status: 'timeout', reason: 'timeout', attempt: 1, issues_found: 1 });
  expect(row.execution_time_ms).toBeGreaterThanOrEqual(900);
  expect(await engine.db.selectFrom('bot_findings').selectAll().execute()).toHaveLength(1);
});

test('a remedy that never settles ends as timeout within a second of the deadline', async () => {
  let letGo: () => void = () => {};
  const remedy = aRemedy('wait.forever', () => new Promise<void>((resolve) => (letGo = resolve)));
  const bot = aBot('stuck', async () => broken('disk'), {
    timeoutSeconds: 1,
    knowledge: [entry('wait', playbook('wait.forever'))],
  });
  const engine = await anEngine(postgres, catalogue([bot], [remedy]));
  await nothingHeldOut(engine.db);
  onTestFinished(() => letGo());
  const id = await queuedRun(engine.db, 'stuck');
  void performRun(engine, { id, generation: 1 });
  await expect
    .poll(async () => (await rowOf(engine.db, id)).status, { timeout: 4_000 })
    .toBe('timeout');
});

test('a deadline that passes while healing is a timeout too', async () => {
  const remedy = aRemedy('wait.long', ({ signal }) => {
    return new Promise((resolve) => signal.addEventListener('abort', resolve));
  });
  const bot = aBot('slow', async () => broken('disk'), {
    timeoutSeconds: 1,
    knowledge: [entry('wait', playbook('wait.long'))],
  });
  const engine = await anEngine(postgres, catalogue([bot], [remedy]));
  await nothingHeldOut(engine.db);
  const caught = unhandled();
  expect(await run(engine, 'slow')).toMatchObject({ status: 'timeout' });
  expect(caught).toEqual([]);
});

test('a check that minds its signal does not end the process after the deadline', async () => {
  const remedy = aRemedy('wait.long', ({ signal }) => {
    return new Promise((resolve) => signal.addEventListener('abort', resolve));
  });
  const mindful = async (_: unknown, { signal }: { signal: AbortSignal }) => {
    signal.throwIfAborted();
    return broken('disk');
  };
  const bot = aBot('mindful', mindful, {
    timeoutSeconds: 1,
    knowledge: [entry('wait', playbook('wait.long'))],
  });
  const engine = await anEngine(postgres, catalogue([bot], [remedy]));
  await nothingHeldOut(engine.db);
  const caught = unhandled();
  await run(engine, 'mindful');
  await new Promise((resolve) => setImmediate(resolve));
  expect(caught).toEqual([]);
});

test('checks that hang on the database do not keep the next run of the worker from its deadline', async () => {
  const hanging = aBot('hanging', (_, { db }) => sql`SELECT pg_sleep(5)`.execute(db) as never, {
    timeoutSeconds: 1,
  });
  const engine = await anEngine(postgres, catalogue([hanging]), { concurrency: 1 });
  for (const number of [1, 2]) {
    const began = performance.now();
    expect(await run(engine, 'hanging'), `run ${number}`).toMatchObject({ status: 'timeout' });
    expect(performance.now() - began, `run ${number}`).toBeLessThan(busyMs);
  }
});

test('a request to cancel ends the run within two seconds, though its check never settles', async () => {
  const engine = await anEngine(postgres, catalogue([aBot('stuck', never)]));
  const id = await queuedRun(engine.db, 'stuck');
  const performed = performRun(engine, { id, generation: 1 });
  await expect.poll(() => engine.leases.all()).toHaveLength(1);
  await sql`UPDATE bot_executions SET cancel_requested_at = engine.now()`.execute(engine.db);
  const began = performance.now();
  await performed;
  expect(performance.now() - began).toBeLessThan(busyMs);
  expect(await rowOf(engine.db, id)).toMatchObject({ status: 'cancelled', attempt: 1 });
});

test('one run that holds its row for long does not cost the others their leases', async () => {
  const engine = await anEngine(postgres, catalogue([aBot('stuck', never), aBot('other', never)]));
  const held = await queuedRun(engine.db, 'stuck');
  const other = await queuedRun(engine.db, 'other');
  void performRun(engine, { id: held, generation: 1 });
  void performRun(engine, { id: other, generation: 1 });
  await expect.poll(() => engine.leases.all()).toHaveLength(2);
  const before = (await rowOf(engine.db, other)).lease_until!;
  // As a remedy does that works for seconds in its transaction.
  await engine.db.transaction().execute(async (trx) => {
    await sql`SELECT FROM bot_executions WHERE id = ${held} FOR UPDATE`.execute(trx);
    await expect
      .poll(async () => (await rowOf(engine.db, other)).lease_until!.getTime(), { timeout: 3_500 })
      .toBeGreaterThan(before.getTime());
  });
});
