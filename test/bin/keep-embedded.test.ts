import * as fs from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { connect, type Db } from '../../src/database/connect.ts';
import { joinEmbedded } from '../../src/database/embedded/index.ts';
import { findPostmaster } from '../../src/database/embedded/postmaster.ts';
import { childrenOf, install, roundsman } from '../support/installation.ts';

const checkout = install('slow-bots.ts');
let home: string;

beforeAll(() => {
  home = fs.mkdtempSync(join(tmpdir(), 'roundsman-keep-'));
  fs.chmodSync(home, 0o755);
});
afterAll(() => fs.rmSync(home, { recursive: true, force: true }));

const server = () => findPostmaster(join(home, 'postgres'));
const until = (holds: () => unknown) => vi.waitFor(holds, { timeout: 60_000, interval: 50 });

async function startUp() {
  const up = roundsman(checkout, { ROUNDSMAN_HOME: home }, 'up', '--empty');
  await until(() => expect(up.heard.out).toContain('BullMQ on postgres'));
  const { url, leave } = await joinEmbedded(home, { create: false });
  // From here on only `up` uses it.
  await leave();
  const db = connect(url, { name: 'test', max: 1 });
  onTestFinished(() => db.destroy().catch(() => {}));
  // An earlier test may have left a run in the queue.
  await until(async () => expect(await open(db)).toBe(0));
  const before = await succeeded(db, 'quick');
  // Its worker has begun to take runs.
  await runBot('quick');
  await until(async () => expect(await succeeded(db, 'quick')).toBe(before + 1));
  return { up, db, url };
}

async function open(db: Db): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    SELECT count(*)::int AS count FROM bot_executions WHERE completed_at IS NULL`.execute(db);
  return rows[0]!.count;
}

async function succeeded(db: Db, name: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    SELECT count(*)::int AS count FROM bot_executions e JOIN bots b ON b.id = e.bot_id
    WHERE b.name = ${name} AND e.status = 'success'`.execute(db);
  return rows[0]!.count;
}

async function runBot(name: string) {
  const { heard, ended } = roundsman(checkout, { ROUNDSMAN_HOME: home }, 'bots', 'run', name);
  expect(await ended, heard.err).toBe(0);
}

/** A process and all below it, found by their parents, as a process manager does. */
const treeOf = (pid: number): number[] => [pid, ...childrenOf(pid).flatMap(treeOf)];

test('up has its PostgreSQL again on the same port, in whatever way that was ended', async () => {
  const { up, db } = await startUp();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGKILL'] as const) {
    const before = server()!;
    process.kill(before.pid, signal);
    await until(() => expect(server()?.pid ?? before.pid, signal).not.toBe(before.pid));
    expect(server()!.port).toBe(before.port);
    await until(async () => expect(await sql`SELECT 1`.execute(db)).toBeDefined());
  }
  const before = await succeeded(db, 'quick');
  await runBot('quick');
  await until(async () => expect(await succeeded(db, 'quick')).toBe(before + 1));
  up.child.kill('SIGINT');
  expect(await up.ended).toBe(0);
  expect(server()).toBeUndefined();
}, 180_000);

test('up goes on with it on another port if its port was taken in the meantime', async () => {
  const { up, url } = await startUp();
  const before = server()!;
  up.child.kill('SIGSTOP');
  process.kill(before.pid, 'SIGINT');
  await until(() => expect(server()).toBeUndefined());
  const other = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => other.listen(before.port, '127.0.0.1', resolve));
  up.child.kill('SIGCONT');
  try {
    await until(() => expect(up.heard.out.match(/BullMQ on postgres/g)).toHaveLength(2));
    expect(server()!.port).not.toBe(Number(new URL(url).port));
    expect(up.heard.out).toContain('on another port now, because its own was taken');
    expect(up.heard.out).not.toContain('Stopping');
    await runBot('quick');
  } finally {
    other.close();
  }
  up.child.kill('SIGINT');
  expect(await up.ended).toBe(0);
}, 180_000);

test('a listener of its own answers again when the database has moved, also where no up runs', async () => {
  const { up, url } = await startUp();
  const web = roundsman(checkout, { ROUNDSMAN_HOME: home }, 'web', '--port', '0');
  const message = (msg: string) => web.lines().find((line) => line.msg === msg);
  await until(() => expect(message('listening')).toBeDefined());
  const health = () =>
    fetch(`http://127.0.0.1:${message('listening')!.port as number}/health`).then(
      ({ status }) => status,
    );
  await until(async () => expect(await health()).toBe(200));
  up.child.kill('SIGINT');
  expect(await up.ended).toBe(0);
  const before = server()!;
  web.child.kill('SIGSTOP');
  process.kill(before.pid, 'SIGINT');
  await until(() => expect(server()).toBeUndefined());
  const other = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => other.listen(before.port, '127.0.0.1', resolve));
  web.child.kill('SIGCONT');
  try {
    await until(async () => expect(await health()).toBe(200));
    expect(server()!.port).not.toBe(Number(new URL(url).port));
    expect(web.heard.out.match(/"listening"/g)).toHaveLength(1);
  } finally {
    other.close();
  }
  web.child.kill('SIGTERM');
  expect(await web.ended).toBe(0);
  expect(server()).toBeUndefined();
}, 180_000);

test('when a process manager ends the whole tree, running bots can end, and their database stays until then', async () => {
  const { up, db } = await startUp();
  const { pid } = server()!;
  expect(treeOf(up.pid)).not.toContain(pid);
  await runBot('two-seconds');
  const status = async () => {
    const { rows } = await sql<{ status: string }>`
      SELECT e.status FROM bot_executions e JOIN bots b ON b.id = e.bot_id
      WHERE b.name = 'two-seconds' ORDER BY e.created_at DESC LIMIT 1`.execute(db);
    return rows[0]?.status;
  };
  await until(async () => expect(await status()).toBe('running'));
  // The engine keeps its own connections; this one would end with the server.
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    for (const each of treeOf(up.pid)) process.kill(each, signal);
  expect(await up.ended).toBe(0);
  expect(server()).toBeUndefined();
  const again = await joinEmbedded(home, { create: false });
  const after = connect(again.url, { name: 'test', max: 1 });
  try {
    const { rows } = await sql<{ status: string; attempt: number }>`
      SELECT e.status, e.attempt FROM bot_executions e JOIN bots b ON b.id = e.bot_id
      WHERE b.name = 'two-seconds'`.execute(after);
    expect(rows).toEqual([{ status: 'success', attempt: 1 }]);
  } finally {
    await after.destroy();
    await again.leave();
  }
}, 180_000);
