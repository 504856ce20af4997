/** A database whose name has characters that an address has to encode: the same one is meant everywhere. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { sql } from 'kysely';
import pg from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { connect, connectAlone } from '../../src/database/connect.ts';
import { libpqEnvironment } from '../../src/database/libpq.ts';
import { OwnClient } from '../../src/database/own-client.ts';
import { administer } from '../support/postgres.ts';

/** The address of a new database of this name, which ends with the test. */
async function made(name: string): Promise<string> {
  const server = inject('postgresUrl');
  const quoted = pg.escapeIdentifier(name);
  await administer(server, `CREATE DATABASE ${quoted} TEMPLATE template0`);
  onTestFinished(() => administer(server, `DROP DATABASE ${quoted} WITH (FORCE)`));
  const url = new URL(server);
  url.pathname = `/${encodeURIComponent(name)}`;
  return url.href;
}

test.each([
  'odd/a?b=c$d@e#f&g+h:i;j,k',
  'odd%2Fa 100%',
  'postgres://odd',
  'odd "\' \\ ü',
  'dbname=odd',
])('%s', async (name) => {
  const url = await made(name);
  const { databaseUrl } = readConfig({ DATABASE_URL: url });
  const db = connect(databaseUrl!);
  onTestFinished(() => db.destroy());
  const current = sql<{ name: string }>`SELECT current_database() AS name`;
  expect((await current.execute(db)).rows).toEqual([{ name }]);

  const alone = await connectAlone(url, { name: 'roundsman test' });
  onTestFinished(() => alone.end());
  expect((await alone.query('SELECT current_database() AS name')).rows).toEqual([{ name }]);

  const environment = libpqEnvironment(url);
  expect(environment.PGDATABASE).toBe(name);
  if (!existsSync('/usr/bin/psql')) return;
  const said = execFileSync('/usr/bin/psql', ['-XAtc', 'SELECT current_database()'], {
    env: environment,
    encoding: 'utf8',
  });
  expect(said).toBe(`${name}\n`);
});

test('a name in PGDATABASE is the name as it is', async () => {
  const name = 'odd/a?b#c%2Fd';
  const url = new URL(await made(name));
  url.pathname = '';
  const { databaseUrl } = readConfig({ DATABASE_URL: url.href, PGDATABASE: name });
  const alone = await connectAlone(databaseUrl!, { name: 'roundsman test' });
  onTestFinished(() => alone.end());
  expect((await alone.query('SELECT current_database() AS name')).rows).toEqual([{ name }]);
});

test.each(['/.', '/..', '/a/../b', '/%2e', '/.%2E?sslmode=disable', '/100%zz'])(
  'an address that no reader understands as it stands is refused: %s',
  (path) => {
    expect(() => readConfig({ DATABASE_URL: `postgres://ann:secret@127.0.0.1:1${path}` })).toThrow(
      expect.objectContaining({ why: expect.stringMatching(/name of the database/) }),
    );
  },
);

test('a blank in an address does not change what its password means', () => {
  const address = 'postgres://ann:a%2Fb%C3%BC@127.0.0.1:1/my db';
  const { password, database } = new OwnClient({ connectionString: address });
  expect({ password, database }).toEqual({ password: 'a/bü', database: 'my db' });
});
