/** Checks that change their process, their sessions or the worker and do not undo it, each in a real child. */
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { PoolOptions } from '../../src/run/tasks/children.ts';
import { run } from '../support/runs.ts';
import { type TestEngine } from '../support/engine.ts';
import { bots, changes, messages, remedies, sessions, together } from './rude-bots.ts';
import { engineWithChildren as withChildren } from '../support/children.ts';

const engineWithChildren = (options?: Partial<PoolOptions>) =>
  withChildren(new URL('./rude-bots.ts', import.meta.url), { bots, remedies }, options);

const once = { max_attempts: 1 };

async function look(engine: TestEngine): Promise<{ pid: number }> {
  expect(await run(engine, 'looks', once)).toMatchObject({ error_message: null });
  const row = await engine.db
    .selectFrom('bot_findings')
    .select('metadata')
    .executeTakeFirstOrThrow();
  return row.metadata as { pid: number };
}

/** The running processes of `sleep` with this number of seconds. */
async function sleeping(seconds: number): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const commands = pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => ''));
  return (await Promise.all(commands)).filter((command) => command === `sleep\0${seconds}\0`);
}

test('a check that sends anything to the worker fails; the other runs go on', async () => {
  const engine = await engineWithChildren({ size: 2 });
  for (const name of Object.keys(messages)) {
    const beside = run(engine, 'takes-a-second');
    const row = await run(engine, name, once);
    expect(row, name).toMatchObject({ status: 'failed' });
    expect(row.error_message, name).toMatch(
      /cannot read what it sent|the limit is|standard error|send is not a function|ran out of memory/,
    );
    expect((await beside).status, name).toBe('success');
  }
}, 90_000);

test('what a task changes or leaves in its process is told, and the next run gets another process', async () => {
  const told: string[] = [];
  const onChanged = (_kind: string, _task: unknown, changes: string[]) =>
    void told.push(...changes);
  const engine = await engineWithChildren({ size: 1, onChanged });
  for (const [name, [, said]] of Object.entries(changes)) {
    told.length = 0;
    const row = await run(engine, name, once);
    // It may have broken the way in which its result is sent.
    expect(row.status, `${name}: ${row.error_message}`).toMatch(/success|failed/);
    const { status, error_message } = await run(engine, 'well', once);
    expect(`${status} ${error_message}`, name).toBe('success null');
    if (row.status === 'success')
      await expect.poll(() => told.join(), { message: name }).toContain(said);
  }
  await expect.poll(() => sleeping(86_395)).toEqual([]);
}, 120_000);

test.each(Object.entries(together))(
  'each setting and each object that a task changes is named (%s)',
  async (name, all) => {
    const told: string[] = [];
    const onChanged = (_kind: string, _task: unknown, changes: string[]) =>
      void told.push(...changes);
    const engine = await engineWithChildren({ size: 1, onChanged });
    expect(await run(engine, name, once)).toMatchObject({ status: 'success', error_message: null });
    expect(await run(engine, 'well', once)).toMatchObject({ status: 'success' });
    for (const [, said] of Object.values(all))
      await expect
        .poll(() => told.filter((each) => each.includes(said)), { message: said })
        .not.toEqual([]);
  },
);

test('a timer that sets the next one is noticed, although no timer keeps the process alive', async () => {
  const told: string[] = [];
  const onChanged = (_kind: string, _task: unknown, changes: string[]) =>
    void told.push(...changes);
  const engine = await engineWithChildren({ size: 1, onChanged });
  expect((await run(engine, 'starts-again', once)).status).toBe('success');
  await expect.poll(() => told).toEqual(['an unreferenced timer that another one has set']);
});

test('connections that are kept open, and what ends by itself, are no change', async () => {
  const server = createServer((_, answer) => answer.end('well'));
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((done) => server.listen(0, done));
  onTestFinished(() => (server.closeAllConnections(), void server.close()));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const told: string[] = [];
  const onChanged = (_kind: string, _task: unknown, changes: string[]) =>
    void told.push(...changes);
  const engine = await engineWithChildren({ size: 1, isOneAhead: false, onChanged });
  await engine.db
    .updateTable('bots')
    .set({ config: JSON.stringify({ url }) })
    .where('name', '=', 'uses')
    .execute();
  const pids = new Set<number>();
  for (let i = 0; i < 4; i++) {
    const used = await run(engine, 'uses', once);
    expect(`${used.status} ${used.error_message}`).toBe('success null');
    pids.add((await look(engine)).pid);
  }
  expect(told).toEqual([]);
  expect(pids.size).toBe(1);
});

test('an idle process is examined, whatever would use it next', async () => {
  const told: string[] = [];
  const onChanged = (_kind: string, _task: unknown, changes: string[]) =>
    void told.push(...changes);
  const engine = await engineWithChildren({ size: 1, onChanged });
  for (const [name, [, said]] of Object.entries({
    umask: changes.umask!,
    orphan: changes.orphan!,
  })) {
    expect((await run(engine, name, once)).status).toBe('success');
    await expect.poll(() => told.join(), { message: name }).toContain(said);
  }
  await expect.poll(() => sleeping(86_395)).toEqual([]);
});

test('changes that the checks of a bot make in their process last for 64 tasks at most, and no other code meets them', async () => {
  let told = 0;
  const engine = await engineWithChildren({
    size: 1,
    isOneAhead: false,
    onChanged: () => (told += 1),
  });
  const place = await engine.children.take();
  const check = (name: string) =>
    place.do('check', {
      endpoint: `/api/bots/${name}`,
      config: {},
      check: 'is-well',
      now: new Date(),
      run: { id: 'none', attempt: 1, timeoutMs: 60_000, leftMs: 60_000 },
      since: null,
      secrets: [],
      remembered: null,
    });
  for (let i = 0; i < 64; i++) expect(await check('umask')).toMatchObject({ status: 'passed' });
  expect(told).toBe(0);
  expect(await check('umask')).toMatchObject({ status: 'passed' });
  expect(told).toBe(1);
  expect(await check('well')).toMatchObject({ status: 'passed' });
  expect(told).toBe(2);
  place.release();
});

test('a run that waits while the last process ends gets another one', async () => {
  const engine = await engineWithChildren({ size: 1, isOneAhead: false });
  for (let i = 0; i < 2; i++) {
    expect((await run(engine, 'umask', once)).status).toBe('success');
    expect((await run(engine, 'well', once)).status).toBe('success');
  }
});

test('a process in which a task has changed nothing is used again', async () => {
  const told: string[] = [];
  const onChanged = (_kind: string, _task: unknown, changes: string[]) =>
    void told.push(...changes);
  const engine = await engineWithChildren({ size: 1, onChanged });
  const pids = new Set<number>();
  for (let i = 0; i < 6; i++) {
    expect((await run(engine, 'reads')).status).toBe('success');
    pids.add((await look(engine)).pid);
  }
  expect(told).toEqual([]);
  // One process that works, and the spare one.
  expect(pids.size).toBeLessThanOrEqual(2);
});

test('what a check changes in its sessions is undone before the next check', async () => {
  const engine = await engineWithChildren({ size: 1 });
  const { pid, ...fresh } = await look(engine);
  const pids = new Set([pid]);
  for (const name of Object.keys(sessions)) {
    const row = await run(engine, name, once);
    expect(`${row.status} ${row.error_message}`, name).toBe('success null');
    const { pid, ...now } = await look(engine);
    pids.add(pid);
    expect(now, name).toEqual(fresh);
  }
  // One process that works, and the spare one: only the sessions are new.
  expect(pids.size).toBeLessThanOrEqual(2);
});

test.each(['throws-later', 'exits-later'])(
  'what an earlier check has left behind is not the fault of the one that runs (%s)',
  async (name) => {
    const engine = await engineWithChildren({ size: 1 });
    expect((await run(engine, name)).status).toBe('success');
    const row = await run(engine, 'takes-a-second', once);
    expect(row).toMatchObject({ status: 'success', error_message: null });
  },
);

test('memory that checks leave is not counted against the next one', async () => {
  const engine = await engineWithChildren({ size: 1, memoryMb: 256 });
  for (let i = 0; i < 3; i++) expect((await run(engine, 'leaks', once)).status).toBe('success');
  const row = await run(engine, 'takes-100-mb', once);
  expect(row).toMatchObject({ status: 'success', error_message: null });
});

test('a run ends with its process, whatever that process has started', async () => {
  const engine = await engineWithChildren({ size: 1 });
  const began = performance.now();
  const row = await run(engine, 'ends-and-leaves', once);
  expect(row.error_message).toMatch(/exit code 1/);
  expect(performance.now() - began).toBeLessThan(10_000);
  await expect.poll(() => sleeping(86_394)).toEqual([]);
});

test('a process that left the process group of the check ends with it', async () => {
  const engine = await engineWithChildren({ size: 1 });
  expect((await run(engine, 'spins-and-leaves', once)).status).toBe('timeout');
  await expect.poll(() => sleeping(86_393)).toEqual([]);
});

test('components may have the names of inherited properties of objects', async () => {
  const engine = await engineWithChildren();
  expect(await run(engine, 'odd-names', once)).toMatchObject({
    status: 'success',
    issues_found: 4,
  });
  const rows = await engine.db
    .selectFrom('bot_findings')
    .select(['affected_component', 'component_key', 'metadata'])
    .orderBy('affected_component')
    .execute();
  expect(rows.map((row) => [row.affected_component, row.component_key]).toSorted()).toEqual(
    ['__proto__', 'constructor', 'hasOwnProperty', 'toString'].map((name) => [name, name]),
  );
  expect(Object.keys(rows[0]!.metadata as object).toSorted()).toEqual([
    '__proto__',
    'constructor',
    'toString',
  ]);
});

test.each([
  ['counts-too-far', /examined\.count: Too big/],
  ['names-too-much', /examined: its keys have 100000000 characters together/],
  ['throws-oddly', /a value without a text was thrown/],
  ['throws-much', /^is-well: m+…$/],
])('what a check returns beyond a limit is a named error (%s)', async (name, why) => {
  const engine = await engineWithChildren();
  await run(engine, 'well');
  const row = await run(engine, name, once);
  expect(row.status).toBe('failed');
  expect(row.error_message).toMatch(why);
  expect(row.execution_time_ms).toBeLessThan(5_000);
});

test('findings that are too large together are cut short', async () => {
  const engine = await engineWithChildren();
  const row = await run(engine, 'finds-too-much', once);
  expect(row).toMatchObject({ status: 'success', error_message: null });
  expect(row.issues_found).toBeLessThan(100);
});

test('a catalogue that never finishes loading is an error of the run, which does not wait for ever', async () => {
  const engine = await withChildren(
    new URL('./endless-catalogue.ts', import.meta.url),
    { bots, remedies },
    { startWithinMs: 1_500 },
  );
  const row = await run(engine, 'well', once);
  expect(row).toMatchObject({ status: 'failed', reason: 'engine error' });
  expect(row.error_message).toMatch(/not ready within 1.5 s/);
});
