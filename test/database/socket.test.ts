/** A PostgreSQL that is reached through a Unix socket. */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as dial, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { untilStarted } from '../../src/bin/wait.ts';
import { readConfig } from '../../src/config.ts';
import { connect } from '../../src/database/connect.ts';
import { isOutage } from '../../src/database/faults/outage.ts';
import { prepareDatabase } from '../../src/database/migrate/prepare.ts';
import { testDatabase } from '../support/database.ts';

/** The given database through a socket in a new directory; the socket exists once it is opened. */
async function aSocket(url: string) {
  const directory = mkdtempSync(join(tmpdir(), 'roundsman-socket-'));
  const { hostname, port, username, password, pathname } = new URL(url);
  const server = createServer((client) => {
    const upstream = dial(Number(port), hostname);
    client.pipe(upstream).pipe(client);
    for (const each of [client, upstream]) each.on('error', () => {});
  });
  onTestFinished(() => {
    server.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const login = `${username}:${password}`;
  return {
    open: () =>
      new Promise<void>((done) => server.listen(join(directory, '.s.PGSQL.5432'), () => done())),
    addresses: {
      'percent-encoded': `postgres://${login}@${encodeURIComponent(directory)}${pathname}`,
      'as psql takes it': `postgres://${login}@${pathname}?host=${directory}`,
      'without a login in front': `postgresql://${pathname}?host=${directory}&user=${username}&password=${password}`,
    },
  };
}

test('is waited for while it does not exist, whatever form the address has', async () => {
  const { url } = await testDatabase();
  const { open, addresses } = await aSocket(url);
  const started = Object.entries(addresses).map(async ([name, address]) => {
    const db = connect(readConfig({ DATABASE_URL: address }).databaseUrl!, { max: 1 });
    const said: string[] = [];
    const waited = Promise.withResolvers<void>();
    const start = untilStarted(
      { ask: async () => {}, begin: () => prepareDatabase(db, { migrate: false }) },
      {
        missing(_, why) {
          said.push(why);
          waited.resolve();
        },
        answers: () => said.push('answers'),
      },
      new AbortController().signal,
    );
    await Promise.race([waited.promise, start]);
    return { name, said, start, db };
  });
  const all = await Promise.all(started);
  await open();
  for (const { name, said, start, db } of all) {
    expect(await start, name).toEqual([]);
    expect(said, name).toEqual([expect.stringContaining('ENOENT'), 'answers']);
    await db.destroy();
  }
});

test('a file that does not exist is not an outage', () => {
  const missing = Object.assign(new Error('ENOENT'), { code: 'ENOENT', syscall: 'open' });
  expect(isOutage(missing)).toBe(false);
});
