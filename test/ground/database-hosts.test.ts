import { expect, test } from 'vitest';
import { completeUrl } from '../../src/ground/addresses/complete-url.ts';
import {
  nameOfServer,
  problemOfHosts,
  serversIn,
  withFirstHost,
} from '../../src/ground/addresses/database-hosts.ts';

const named = (address: string, environment = {}) =>
  serversIn(completeUrl(address, { USER: 'u', ...environment })).map(nameOfServer);

test.each([
  ['postgres://u:p@one/db', ['one:5432']],
  ['postgres://u:p@one:5433,two:5434/db', ['one:5433', 'two:5434']],
  ['postgresql://u:p@one,two,three:1/db?sslmode=disable', ['one:5432', 'two:5432', 'three:1']],
  ['postgres://u:a,b@one,two/db', ['one:5432', 'two:5432']],
  ['postgres://[::1],[fe80::1]:99/db', ['[::1]:5432', '[fe80::1]:99']],
  ['postgres://10.0.0.1,10.0.0.1:5432,two/db', ['10.0.0.1:5432', 'two:5432']],
  ['postgres://u@/db?host=one,two', ['one:5432', 'two:5432']],
  ['postgres://u@/db?host=one,two&port=1,2', ['one:1', 'two:2']],
  ['postgres:///db?host=/run/a,/run/b&port=7', ['/run/a:7', '/run/b:7']],
])('%s names %j', (address, servers) => {
  expect(named(address)).toEqual(servers);
});

test('servers without a port, and a list without an address, take those of the environment', () => {
  expect(named('postgres://one,two:3/db', { PGPORT: '9' })).toEqual(['one:9', 'two:3']);
  expect(named('postgres:///db', { PGHOST: 'one,::1', PGPORT: '1,2' })).toEqual([
    'one:1',
    '[::1]:2',
  ]);
});

test('an address that was read once is read the same again', () => {
  const once = completeUrl('postgres://u:p@one:1,two:2/db?sslmode=disable', {});
  expect(completeUrl(once, { PGHOST: 'other', PGPORT: '9' })).toBe(once);
  expect(withFirstHost(once)).toBe(once);
});

test('an empty host and one that is no host are named', () => {
  expect(problemOfHosts(completeUrl('postgres://u@one,,two/db', {}))).toBe(
    'one of its hosts is empty',
  );
  expect(problemOfHosts(completeUrl('postgres://u@one,t o/db', {}))).toBe('t o:5432 is not a host');
  expect(problemOfHosts(completeUrl('postgres://u@one,two/db', {}))).toBeNull();
});
