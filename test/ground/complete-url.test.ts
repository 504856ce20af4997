/** What an address leaves to the environment, as `pg` itself understands both. */
import pg from 'pg';
import { expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { completeUrl } from '../../src/ground/addresses/complete-url.ts';

/** What `pg` connects with where the environment says nothing. */
function read(url: string) {
  const { connectionParameters: read } = new pg.Client({ connectionString: url }) as unknown as {
    connectionParameters: Record<string, unknown>;
  };
  const { user, password, host, port, database, ssl, options } = read;
  return { user, password, host, port, database, ssl, options };
}

const plain = {
  user: 'u',
  password: 'p',
  host: 'h',
  port: 5432,
  database: 'db',
  ssl: false,
  options: undefined,
};
const anything = {
  PGHOST: 'x',
  PGPORT: '1',
  PGUSER: 'x',
  PGPASSWORD: 'x',
  PGDATABASE: 'x',
  PGSSLMODE: 'require',
  USER: 'x',
};

test.each([
  ['what it says itself stays', 'postgres://u:p@h:5432/db?sslmode=disable', anything, {}],
  ['a password', 'postgres://u@h/db', { PGPASSWORD: 'a b%/@:ü' }, { password: 'a b%/@:ü' }],
  ['a user', 'postgres://h/db', { PGUSER: 'me', USER: 'other', PGPASSWORD: 'p' }, { user: 'me' }],
  ['the user who runs it', 'postgres://h/db', { USER: 'me', PGPASSWORD: 'p' }, { user: 'me' }],
  ['a port', 'postgres://u:p@h/db', { PGPORT: '99' }, { port: 99 }],
  ['a name', 'postgres://u:p@h', { PGDATABASE: 'ä b' }, { database: 'ä b' }],
  [
    'a host',
    'postgres:///db',
    { PGHOST: 'other', PGUSER: 'u', PGPASSWORD: 'p' },
    { host: 'other' },
  ],
  ['of IPv6', 'postgres:///db', { PGHOST: '::1', PGUSER: 'u', PGPASSWORD: 'p' }, { host: '::1' }],
  [
    'a socket',
    'postgres:///db',
    { PGHOST: '/tmp/x y', PGUSER: 'u', PGPASSWORD: 'p' },
    { host: '/tmp/x y' },
  ],
  [
    'a socket behind ?',
    'postgres://u:p@/db?host=/run/pg',
    { PGPORT: '9', PGHOST: 'x' },
    { host: '/run/pg', port: 9 },
  ],
  ['and with a port', 'postgres://u:p@:77/db?host=/run/pg', {}, { host: '/run/pg', port: 77 }],
  ['only a socket', 'postgresql:///db?host=/run/pg&user=u&password=p', {}, { host: '/run/pg' }],
  ['TLS', 'postgres://u:p@h/db', { PGSSLMODE: 'require' }, { ssl: {} }],
  [
    'TLS unverified',
    'postgres://u:p@h/db',
    { PGSSLMODE: 'no-verify' },
    { ssl: { rejectUnauthorized: false } },
  ],
  ['no TLS', 'postgres://u:p@h/db', { PGSSLMODE: 'disable' }, {}],
  ['options', 'postgres://u:p@h/db', { PGOPTIONS: '-c a=b -c c=d' }, { options: '-c a=b -c c=d' }],
])('%s', (_, url, environment, more) => {
  const complete = completeUrl(url, environment);
  expect(read(complete)).toMatchObject({ ...plain, ...more });
  expect(completeUrl(complete, environment), 'once is enough').toBe(complete);
});

test('nothing to add leaves it as it was written, also what is no address', () => {
  for (const text of ['postgres://u:p@h/db?a=%41', 'nonsense', 'mysql://h/db', 'postgres://[/db'])
    expect(completeUrl(text, {})).toBe(text);
});

test('DATABASE_URL may name a socket as psql takes it, and its password is where others look for it', () => {
  const { databaseUrl } = readConfig({
    DATABASE_URL: 'postgres://user@/db?host=/run/pg',
    PGPASSWORD: 'geheim',
  });
  expect(databaseUrl).toBe('postgres://user:geheim@%2Frun%2Fpg/db');
});
