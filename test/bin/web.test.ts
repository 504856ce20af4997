/** `web` as a process: it listens before PostgreSQL answers, and ends in order. */
import { expect, test } from 'vitest';
import { install, roundsman, type Running } from '../support/installation.ts';
import { ownPostgres } from '../support/own-servers.ts';
import { testDatabase } from '../support/database.ts';

const checkout = install('slow-bots.ts');
const settled = { timeout: 20_000, interval: 50 };

/** The address that a process listens on, as it reports it. */
async function addressOf(web: Running): Promise<string> {
  const listening = () => web.lines().find(({ msg }) => msg === 'listening');
  await expect.poll(listening, settled).toBeDefined();
  return `http://127.0.0.1:${listening()!.port as number}`;
}

const healthOf = (address: string) =>
  fetch(`${address}/health`).then(async (answer) => [answer.status, await answer.json()]);

test('it answers 503 until PostgreSQL comes, while it is away, and 200 else', async () => {
  const postgres = await ownPostgres();
  await postgres.kill();
  const web = roundsman(checkout, { DATABASE_URL: postgres.url }, 'web', '--port', '0');
  const address = await addressOf(web);
  expect(await healthOf(address)).toEqual([503, { status: 'no database' }]);
  await postgres.start();
  await expect.poll(() => healthOf(address), settled).toEqual([200, { status: 'ok' }]);
  await postgres.kill();
  await expect.poll(() => healthOf(address), settled).toEqual([503, { status: 'no database' }]);
  await postgres.start();
  await expect.poll(() => healthOf(address), settled).toEqual([200, { status: 'ok' }]);
  web.child.kill('SIGTERM');
  expect(await web.ended).toBe(0);
  expect(web.lines().map(({ msg }) => msg)).toContain('stopped');
  await expect(healthOf(address)).rejects.toThrow('fetch failed');
}, 60_000);

test('it says that it is alive, and no longer when it ends; a killed one is silent', async () => {
  const { db, url } = await testDatabase();
  const start = () => roundsman(checkout, { DATABASE_URL: url }, 'web', '--port', '0');
  const rows = () => db.selectFrom('engine.listeners').selectAll().execute();
  const [ends, dies] = [start(), start()];
  await expect.poll(async () => (await rows()).length, settled).toBe(2);
  const { host } = new URL(await addressOf(ends));
  expect((await rows()).find(({ pid }) => pid === ends.pid)).toMatchObject({
    role: 'web',
    address: host,
    problem: null,
  });
  const before = (await rows()).find(({ pid }) => pid === ends.pid)!.heartbeat_at;
  await expect
    .poll(async () => (await rows()).find(({ pid }) => pid === ends.pid)!.heartbeat_at, settled)
    .not.toEqual(before);
  ends.child.kill('SIGTERM');
  dies.child.kill('SIGKILL');
  expect(await ends.ended).toBe(0);
  await dies.ended;
  expect(await rows()).toMatchObject([{ pid: dies.pid }]);
}, 60_000);

test('it ends in order when it is asked to before the database has answered', async () => {
  const settings = { DATABASE_URL: 'postgres://roundsman:secret@127.0.0.1:1/x' };
  const web = roundsman(checkout, settings, 'web', '--port', '0');
  await addressOf(web);
  web.child.kill('SIGINT');
  expect(await web.ended).toBe(0);
  expect(web.heard.out).not.toContain('secret@');
});

test('a port that is taken, and a host that is not of this machine, end it with the reason', async () => {
  const { url } = await testDatabase();
  const first = roundsman(checkout, { DATABASE_URL: url }, 'web', '--port', '0');
  const { port } = new URL(await addressOf(first));
  const second = roundsman(checkout, { DATABASE_URL: url }, 'web', '--port', port);
  expect(await second.ended).toBe(1);
  expect(second.heard.err).toMatch(/cannot be listened on[^]*EADDRINUSE[^]*--port/);
  const nowhere = roundsman(checkout, { DATABASE_URL: url }, 'web', '--host', '203.0.113.1');
  expect(await nowhere.ended).toBe(1);
  expect(nowhere.heard.err).toContain('EADDRNOTAVAIL');
});
