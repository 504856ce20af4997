/** What the engine may reach outside is set by `settings`. */
import { readSetting, readWebUrl, removeSetting } from '../../src/data/settings/rows.ts';
import { changeHosts } from '../../src/services/settings/change-hosts.ts';
import { settingNames } from '../../src/services/settings/kinds/index.ts';
import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { serveHttp } from '../support/http-server.ts';
import { hasTerminal, inTerminalOf } from '../support/terminal.ts';
import { roundsman } from './command.ts';

const { db, url } = await testDatabase();

const stored = async (key: string) => {
  const { rows } = await sql<{ value: unknown; changed_by: string | null }>`
    SELECT value, changed_by FROM engine.settings WHERE key = ${key}`.execute(db);
  return rows[0];
};

const noneSet = Object.fromEntries(settingNames.map((name) => [name, null]));

beforeEach(() =>
  sql`DELETE FROM engine.settings WHERE key IN ('connectivity_url', 'http_hosts', 'web_url')`.execute(
    db,
  ),
);

test('a new database has none of them, and each says what it is for', async () => {
  expect((await roundsman(url, 'settings', '--json')).json()).toEqual(noneSet);
  const { out } = await roundsman(url, 'settings', '-o', 'table');
  expect(out).toMatch(/^Setting +Is +What\n/);
  expect(out).toMatch(/^connectivity_url +not set +an address/m);
});

test('an address that answers is set, with who did it, and taken away again', async () => {
  const { url: address } = await serveHttp((_, response) => response.writeHead(404).end());
  const set = await roundsman(url, 'settings', 'connectivity_url', address, '--as', 'ann');
  expect(set).toMatchObject({
    code: 0,
    out: `connectivity_url is ${address} now, it was not set.\n`,
    err: expect.not.stringContaining('no answer'),
  });
  expect(await stored('connectivity_url')).toEqual({ value: address, changed_by: 'ann' });
  const unset = await roundsman(url, 'settings', 'connectivity_url', '--unset');
  expect([unset.code, unset.out]).toEqual([0, 'connectivity_url is not set any more.\n']);
  expect(await stored('connectivity_url')).toBeUndefined();
  const again = await roundsman(url, 'settings', 'connectivity_url', '--unset');
  expect(again.out).toBe('connectivity_url is not set.\n');
});

test('one that gives no answer is set, and that is said', async () => {
  const set = await roundsman(url, 'settings', 'connectivity_url', 'http://127.0.0.1:1/', '--json');
  expect([set.code, set.json()]).toEqual([0, { connectivity_url: 'http://127.0.0.1:1/' }]);
  expect(set.err).toContain('it gives this machine no answer: 127.0.0.1:1:');
});

test('hosts are a list', async () => {
  const set = await roundsman(url, 'settings', 'http_hosts', 'Hooks.example.com, 10.0.0.5:8080');
  expect([set.code, set.out]).toEqual([
    0,
    'http_hosts is hooks.example.com,10.0.0.5:8080 now, it was not set.\n',
  ]);
  expect((await stored('http_hosts'))?.value).toEqual(['hooks.example.com', '10.0.0.5:8080']);
});

test('a new list says which hosts are no longer in it', async () => {
  await roundsman(url, 'settings', 'http_hosts', 'a.example,10.0.0.5:8080');
  const set = await roundsman(url, 'settings', 'http_hosts', 'b.example,a.example');
  expect(set.out).toBe(
    'http_hosts is b.example,a.example now, it was a.example,10.0.0.5:8080.\n' +
      'No longer in it: 10.0.0.5:8080. To put back: `npx roundsman settings http_hosts --add 10.0.0.5:8080`.\n',
  );
});

test('hosts are added to the list and taken out of it, and the others stay', async () => {
  const hosts = async (...args: string[]) =>
    (await roundsman(url, 'settings', 'http_hosts', ...args)).out;
  expect(await hosts('--add', 'B.example, a.example', '--as', 'ann')).toBe(
    'http_hosts is b.example,a.example now, it was not set.\n',
  );
  expect(await stored('http_hosts')).toEqual({
    value: ['b.example', 'a.example'],
    changed_by: 'ann',
  });
  expect(await hosts('--add', 'a.example,10.0.0.5:8080', '--remove', 'b.example')).toBe(
    'http_hosts is a.example,10.0.0.5:8080 now, it was b.example,a.example.\n',
  );
  const absent = await roundsman(url, 'settings', 'http_hosts', '--remove', 'c.example', '--json');
  expect(absent.err).toContain('http_hosts did not have c.example');
  expect(absent.json()).toEqual({ http_hosts: ['a.example', '10.0.0.5:8080'] });
  expect(await hosts('--remove', 'a.example,10.0.0.5:8080')).toBe(
    'http_hosts is not set now, it was a.example,10.0.0.5:8080.\n',
  );
  expect(await stored('http_hosts')).toBeUndefined();
});

test.each([
  [['connectivity_url', '--add', 'a.example'], 2, /for the list http_hosts/],
  [['--remove', 'a.example'], 2, /for the list http_hosts/],
  [['http_hosts', 'a.example', '--add', 'b.example'], 2, /replaces the whole list/],
  [['http_hosts', '--unset', '--add', 'b.example'], 2, /takes the whole list away/],
  [['http_hosts', '--add', 'a,,b'], 2, /is no host/],
  [['connectivity_url', 'example.com'], 2, /not a URL/],
  [['connectivity_url', 'ftp://example.com'], 2, /begins with ftp:/],
  [['connectivity_url', 'https://a:b@example.com'], 2, /a user or a password/],
  [['http_hosts', 'a,,b'], 2, /is no host/],
  [['web_url', 'http://roundsman.example.com'], 2, /could be read on the way/],
  [['web_url', 'https://roundsman.example.com/?a'], 2, /holds a \?/],
  [['web_url', 'roundsman.example.com'], 2, /not a URL/],
  [['http_hosts', 'https://example.com'], 2, /is no host/],
  [['connectivity', 'https://example.com'], 2, /did you mean connectivity_url\?/],
  [['backup_recipients', 'age1nonsense'], 2, /is no recipient of age/],
  [['runs_keep_days', '0'], 2, /from 3 to 36500, or keep/],
  [['runs_keep_days', '2'], 2, /from 3 to 36500, or keep/],
  [['runs_keep_days', '36501'], 2, /from 3 to 36500, or keep/],
  [['runs_keep_days', '1e3'], 2, /whole number/],
  [['runs_keep_days', '30.5'], 2, /whole number/],
  [['runs_keep_days', 'null'], 2, /or keep/],
  [['retention_minutes', '361'], 2, /from 1 to 360/],
  [['retention_from', 'tomorrow'], 2, /a time such as/],
  [['--unset'], 2, /needs the name/],
  [['http_hosts', 'a.example', '--unset'], 2, /takes no value/],
  [['http_hosts', '--as', 'ann'], 2, /--as belongs to a change/],
])('%j is refused, and nothing is set', async (given, code, why) => {
  const refused = await roundsman(url, 'settings', ...given);
  expect(refused).toMatchObject({ code, err: expect.stringMatching(why) });
  expect((await roundsman(url, 'settings', '--json')).json()).toEqual(noneSet);
});

test.each(['https://roundsman.example.com/engine', 'http://127.0.0.1:8080', 'http://[::1]:8080/'])(
  'the address of the web process may be %s, and is read without a slash at its end',
  async (address) => {
    const set = await roundsman(url, 'settings', 'web_url', address, '--json');
    expect(set.json()).toEqual({ web_url: address });
    expect(await readWebUrl(db)).toBe(address.replace(/\/$/, ''));
  },
);

test.skipIf(!hasTerminal)('in 80 columns nothing of it is cut', async () => {
  const { shown } = await inTerminalOf(80, url, ['settings']);
  const words = shown.replaceAll(/\s+/g, ' ');
  expect(words).toContain('is skipped. Not set: nothing is asked');
  expect(words).not.toContain('…');
});

test('two changes at once of a list that is not set yet both stay', async () => {
  const { db } = await testDatabase();
  const actor = { name: 'ann', role: 'admin' } as const;
  const hosts = Array.from({ length: 6 }, (_, i) => `h${i}.example`);
  for (let round = 0; round < 5; round += 1) {
    await removeSetting(db, 'http_hosts');
    await Promise.all(hosts.map((host) => changeHosts({ db, actor }, { add: [host], remove: [] })));
    const stored = (await readSetting(db, 'http_hosts'))!.value as string[];
    expect(stored.toSorted()).toEqual(hosts);
  }
});

test('an age is days or for ever, and the time at which retention begins is a time', async () => {
  for (const [name, typed, is] of [
    ['api_logs_keep_days', '30', 30],
    ['api_logs_keep_days', 'Keep', 'keep'],
    ['retention_minutes', '120', 120],
    ['retention_from', '2026-12-24T01:00:00+01:00', '2026-12-24T00:00:00.000Z'],
  ] as const) {
    const set = await roundsman(url, 'settings', name, typed, '--json');
    expect([set.code, set.json()]).toEqual([0, { [name]: is }]);
    expect((await roundsman(url, 'settings', name, '--unset')).code).toBe(0);
  }
});

test('whoever sets an age is told how to see what would go', async () => {
  const hint = 'What would go now: `npx roundsman retention preview`.';
  expect((await roundsman(url, 'settings', 'api_logs_keep_days', '30')).out).toContain(hint);
  expect((await roundsman(url, 'settings', 'backup_keep_days', '30')).out).not.toContain(hint);
  for (const name of ['api_logs_keep_days', 'backup_keep_days'])
    await roundsman(url, 'settings', name, '--unset');
});
