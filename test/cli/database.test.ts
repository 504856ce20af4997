/** What leads to the database itself: its address, and its shell. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { libpqEnvironment, withoutPassword } from '../../src/database/libpq.ts';
import { start } from './command.ts';

const address = 'postgres://ann:s%40cret@db.example.com:6543/my%20platform?sslmode=require';

test('an address is told without its password, unless that is asked for', async () => {
  const shown = await start(address, ['db', 'url']).ended;
  expect(shown).toMatchObject({
    code: 0,
    out: 'postgres://ann@db.example.com:6543/my%20platform?sslmode=require\n',
  });
  expect(shown.err).toContain('--with-password');
  expect(shown.out + shown.err).not.toMatch(/s(%40|@)cret/);
  const whole = await start(address, ['db', 'url', '--with-password']).ended;
  expect(whole).toMatchObject({ code: 0, out: `${address}\n` });
  const document = await start(address, ['db', 'url', '--json']).ended;
  expect(document.json()).toEqual({ url: shown.out.trim() });
});

test.each([
  ['in front of the host', 'postgres://a:secret@h/d', 'postgres://a@h/d'],
  ['as a parameter', 'postgres://a@h/d?password=secret&x=1', 'postgres://a@h/d?x=1'],
  ['of a key', 'postgres://a@h/d?sslkey=k&sslpassword=secret', 'postgres://a@h/d?sslkey=k'],
  ['none', 'postgres://a@h/d', 'postgres://a@h/d'],
])('no password is left in an address: %s', (_, given, shown) => {
  expect(withoutPassword(given)).toBe(shown);
});

test.each([
  [
    'all of it',
    `${address}&options=-c%20work_mem%3D8MB`,
    {
      PGHOST: 'db.example.com',
      PGPORT: '6543',
      PGUSER: 'ann',
      PGPASSWORD: 's@cret',
      PGDATABASE: 'my platform',
      PGSSLMODE: 'verify-full',
      PGSSLROOTCERT: 'system',
      PGOPTIONS: '-c work_mem=8MB',
    },
  ],
  [
    'a socket, without a password',
    'postgres://ann@%2Frun%2Fpostgresql/d',
    { PGHOST: '/run/postgresql', PGPORT: '5432', PGUSER: 'ann', PGDATABASE: 'd' },
  ],
  [
    'a certificate that is not looked at',
    'postgres://a@h/d?sslmode=no-verify',
    { PGHOST: 'h', PGPORT: '5432', PGUSER: 'a', PGDATABASE: 'd', PGSSLMODE: 'require' },
  ],
])("PostgreSQL's own programs connect in the same way: %s", (_, given, variables) => {
  expect(libpqEnvironment(given)).toEqual(variables);
});

/** A `psql` that tells what it was given, found first. */
function fakeShell(body: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'roundsman-shell-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  writeFileSync(join(directory, 'psql'), `#!/bin/sh\n${body}\n`);
  chmodSync(join(directory, 'psql'), 0o755);
  return `${directory}:${process.env.PATH}`;
}

test('the shell has the password in its environment, takes options as psql does, and its exit code counts', async () => {
  const PATH = fakeShell('echo "$PGPASSWORD|$PGDATABASE|$*"; exit 3');
  for (const args of [
    ['--', '-c', 'SELECT 1'],
    ['-c', 'SELECT 1'],
  ]) {
    const { code, out } = await start(address, ['db', 'shell', ...args], { PATH }).ended;
    expect({ code, out }).toEqual({ code: 3, out: 's@cret|my platform|-c SELECT 1\n' });
  }
});

test('where there is no psql it is said how to get it', async () => {
  const { code, err } = await start(address, ['db', 'shell'], { PATH: '/nowhere' }).ended;
  expect(code).toBe(1);
  expect(err).toContain('psql could not be started');
  expect(err).toMatch(/try: install .*postgresql-client/);
});

test(
  'which embedded database it is, is said where it was made and beside an error, and nowhere else',
  { timeout: 180_000 },
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'roundsman-home-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const ROUNDSMAN_HOME = join(directory, 'home');
    const on = (...args: string[]) => start(undefined, args, { ROUNDSMAN_HOME }).ended;
    const told = `database: embedded PostgreSQL in ${ROUNDSMAN_HOME}`;
    const made = await on('db', 'migrate');
    expect(made).toMatchObject({ code: 0, err: expect.stringContaining(told) });
    const quiet = await on('bots', 'list');
    expect(quiet).toMatchObject({ code: 0, err: expect.not.stringContaining('database:') });
    const wrong = await on('bots', 'show', 'nobody');
    expect(wrong).toMatchObject({ code: 3, err: expect.stringContaining(told) });
    const url = await on('db', 'url', '--with-password');
    expect(url.out).toMatch(/^postgres:\/\/postgres:[0-9a-f]+@127\.0\.0\.1:\d+\/postgres$/m);
    const PATH = fakeShell('echo "$PGPASSWORD@$PGHOST:$PGPORT"');
    const shell = await start(undefined, ['db', 'shell'], { ROUNDSMAN_HOME, PATH }).ended;
    expect(url.out).toContain(`:${shell.out.trim()}/`);
  },
);
