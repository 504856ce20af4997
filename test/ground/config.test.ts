/** What settings say, and what is said of those that cannot be used. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { knownSettings, oddSettings } from '../../src/odd-settings.ts';
import { hostsOf } from '../../src/ground/addresses/http-address.ts';
import { openLog } from '../../src/log.ts';
import { allowedBy } from '../../src/outbound/hosts.ts';
import { UsageError } from '../../src/ground/errors.ts';
import { hasOpenssl } from '../support/certificates.ts';

const address = 'postgres://ann:hunter2000@127.0.0.1/x';

function refused(environment: NodeJS.ProcessEnv): UsageError {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('it was taken');
}

/** A file of a directory that is removed when the test is over. */
function aFile(content: string | Buffer): string {
  const directory = mkdtempSync(join(tmpdir(), 'roundsman-config-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'file.crt');
  writeFileSync(path, content);
  return path;
}

test('all settings that cannot be used are named at once', () => {
  const { what, why, hint } = refused({
    ROUNDSMAN_CONNECTIONS: 'x',
    ROUNDSMAN_CONCURRENCY: 'y',
    ROUNDSMAN_LOG_LEVEL: 'z',
    ROUNDSMAN_KEYS: 'k1',
    DATABASE_URL: `mysql://ann:hunter2000@host/x`,
  });
  expect(what).toBe('5 settings cannot be used');
  for (const name of ['DATABASE_URL', 'ROUNDSMAN_CONCURRENCY', 'ROUNDSMAN_CONNECTIONS'])
    expect([why, hint]).toEqual([
      expect.stringContaining(`${name}: `),
      expect.stringContaining(`${name}: `),
    ]);
  expect(why).toContain('ROUNDSMAN_CONCURRENCY: it is y; ROUNDSMAN_CONNECTIONS: it is x');
  expect(why + hint).not.toContain('hunter');
  expect(refused({ ROUNDSMAN_CONCURRENCY: 'y' }).what).toBe('ROUNDSMAN_CONCURRENCY cannot be used');
});

describe('what looks like a setting and is none', () => {
  const none = join(tmpdir(), 'there', 'is', 'none');

  test.each([
    [
      'ROUNDSMAN_CONNECTION',
      'ROUNDSMAN_CONNECTION is not a setting; did you mean ROUNDSMAN_CONNECTIONS?',
    ],
    [
      'ROUNDSMAN_LOGLEVEL',
      'ROUNDSMAN_LOGLEVEL is not a setting; did you mean ROUNDSMAN_LOG_LEVEL?',
    ],
    ['ROUNDSMAN_X', 'ROUNDSMAN_X is not a setting'],
    ['database_url', 'database_url is not read: it is called DATABASE_URL'],
    ['Roundsman_Keys', 'Roundsman_Keys is not read: it is called ROUNDSMAN_KEYS'],
  ])('%s is told of, without its value', (name, told) => {
    const [first, ...more] = oddSettings({ [name]: 'hunter2000' }, none);
    expect([first, more]).toEqual([expect.stringContaining(told), []]);
    expect(first).not.toContain('hunter');
  });

  test('a setting, a process of ours and another program say nothing', () => {
    const known = Object.fromEntries(knownSettings.map((name) => [name, 'x']));
    const others = {
      PATH: '/bin',
      DATABASE_URI: 'x',
      ROUNDSMAN_CHILD: 'x',
      ROUNDSMAN_HANDED_OVER_BY: '1',
    };
    expect(oddSettings({ ...known, ...others }, none)).toEqual([]);
  });

  test.each([
    ['DATABSE_URL', 'DATABASE_URL'],
    ['DATABASE_URI', 'DATABASE_URL'],
    ['datbase_url', 'DATABASE_URL'],
    ['REDIS_ULR', 'REDIS_URL'],
    ['ROUDNSMAN_KEYS', 'ROUNDSMAN_KEYS'],
  ])('%s in .env is told of with the name that it is spelt almost as', (name, meant) => {
    const file = aFile(`${name}=postgres://u:hunter2000@host/name`);
    const told = `${name} is not a setting; did you mean ${meant}?`;
    expect(oddSettings({}, file)).toEqual([told]);
    // Where the setting itself is given, the other name is another program's.
    expect(oddSettings({ [meant]: 'x' }, file)).toEqual([]);
    // An environment is every program's.
    expect(oddSettings({ [name]: 'x' }, none)).toEqual(
      meant.startsWith('ROUNDSMAN_') ? [told] : [],
    );
  });

  test('names in .env that are far from any setting say nothing', () => {
    const others = ['FOO', 'DATABASE_NAME', 'DATABASE_URL_2', 'REDIS_TTL', 'REDIS_HOST', 'DB_URL'];
    expect(oddSettings({}, aFile(others.map((name) => `${name}=x`).join('\n')))).toEqual([]);
  });

  test('lines of .env that set nothing are told of by their numbers; of a value of several lines none is', () => {
    const file = aFile(
      [
        '# of ours',
        '',
        'REDIS_URL',
        'export A=1',
        'PEM="first',
        'second',
        'third"',
        "B='x'",
        'a: b',
        '=c',
        'OPEN="x',
        'ROUNDSMAN_KEY=hunter2000',
      ].join('\n'),
    );
    const told = oddSettings({}, file);
    expect(told.map((each) => Number(/^line (\d+)/.exec(each)?.[1] ?? 0))).toEqual([3, 9, 10, 0]);
    expect(told.at(-1)).toContain('did you mean ROUNDSMAN_KEYS?');
    expect(told.join()).not.toMatch(/hunter|second/);
  });
});

describe('a line of .env that looks as if it gave a setting', () => {
  test.each([
    'DATABASE_URL: postgres://u:hunter2000@host/name',
    'DATABASE_URL: postgres://u:hunter2000@host/name?sslmode=require',
    'set DATABASE_URL=postgres://u:hunter2000@host/name',
    'setx DATABASE_URL postgres://u:hunter2000@host/name',
    '$env:DATABASE_URL="postgres://u:hunter2000@host/name"',
    '$env:database_url = "hunter2000"',
    'ENV DATABASE_URL=hunter2000',
    '- DATABASE_URL=hunter2000',
    '"DATABASE_URL": "hunter2000"',
    'declare -x DATABASE_URL=hunter2000',
    'DATABASE_URL hunter2000',
    'DATABASE_URL := hunter2000',
  ])('is told of by its number and the name, without its value: %s', (line) => {
    const told = oddSettings({}, aFile(`# first\n${line}\n`));
    expect(told).toEqual([
      expect.stringMatching(/^line 2 of .* does not set DATABASE_URL: write it as DATABASE_URL=$/),
    ]);
  });

  test.each(['NODE_EXTRA_CA_CERTS=/etc/ca.crt', 'export NODE_OPTIONS=--use-system-ca'])(
    'is told of where Node reads it before the file: %s',
    (line) => {
      expect(oddSettings({}, aFile(line))).toEqual([
        expect.stringMatching(/^line 1 of .* sets NODE_\w+ too late: .*in the environment$/),
      ]);
    },
  );

  test('is told of where a comment cuts its value', () => {
    const told = (line: string) => oddSettings({}, aFile(line));
    for (const line of [
      'DATABASE_URL=postgres://u:hunter#2000@host/name',
      'export REDIS_URL=redis://:hunter#2000@host',
    ])
      expect(told(line)).toEqual([
        expect.stringMatching(/^line 1 of .* only as far as its #.* %23/),
      ]);
    for (const line of [
      'DATABASE_URL="postgres://u:hunter#2000@host/name"',
      'DATABASE_URL=postgres://host/name # of ours',
      'OTHER=a#b',
      'ROUNDSMAN_LOG_LEVEL=debug',
    ])
      expect(told(line)).toEqual([]);
  });

  test.each([
    'MY_DATABASE_URL=x',
    'DATABASE_URL_OLD=x',
    'NEXT_PUBLIC_REDIS_URL=x',
    "NOTE='DATABASE_URL: of theirs'",
    '# DATABASE_URL: x',
    'A="\nDATABASE_URL: x\n"',
  ])('is none of another name: %s', (line) => {
    expect(oddSettings({}, aFile(line))).toEqual([]);
  });

  test('with a key behind its name does not show it', () => {
    const told = oddSettings({}, aFile('ROUNDSMAN_KEYS: k1:hunter2000hunter2000='));
    expect(told).toEqual([expect.stringContaining('does not set ROUNDSMAN_KEYS')]);
    expect(told.join()).not.toContain('hunter');
  });
});

describe('a password that is not encoded', () => {
  test.each(['pa#ss', '12#34', '12/34', '12?34', 'pa/ss', 'pa?ss', '#ss'])(
    '%s is refused with how to write it',
    (password) => {
      for (const [name, scheme] of [
        ['DATABASE_URL', 'postgres'],
        ['REDIS_URL', 'redis'],
      ]) {
        const { why, hint, message } = refused({
          [name!]: `${scheme}://hunter:${password}@host/0`,
        });
        expect(why).toMatch(/not a URL|ends at a character/);
        expect(hint).toContain('# is %23, / is %2F, ? is %3F');
        expect(message + hint).not.toContain('hunter');
      }
    },
  );

  test.each(['?user=a@b', '?options=-c%20a%3Db', '?application_name=a@b'])(
    'is not seen in an address without one: %s',
    (query) => {
      const url = `postgres://host:5432/name${query}`;
      expect(readConfig({ DATABASE_URL: url }).databaseUrl).toContain('host:5432/name');
    },
  );
});

describe('the address of the database', () => {
  test.each(['\t', '\n', '\r\n', '\0', '\u0085'])(
    'with %j inside is refused: its readers would not agree on it',
    (inside) => {
      const { why, message } = refused({ DATABASE_URL: `${address}${inside}y` });
      expect(why).toContain('another control character');
      expect(message).not.toContain('hunter');
      expect(readConfig({ DATABASE_URL: ` \uFEFF${address}\n` }).databaseUrl).toBe(address);
    },
  );

  test.each(['bogus', 'Require', 'verify_full', 'allow', 'true'])(
    'with sslmode=%s is refused by name, with the modes that there are',
    (mode) => {
      const { why, hint, message } = refused({ DATABASE_URL: `${address}?sslmode=${mode}` });
      expect(why).toBe(`sslmode=${mode} does not exist`);
      expect(hint).toContain('disable, prefer, require, verify-ca, verify-full, no-verify');
      expect(message + hint).not.toContain('hunter');
    },
  );

  test('whose last of two modes is one, but not the first, is refused too; none and an empty one are taken', () => {
    refused({ DATABASE_URL: `${address}?sslmode=bogus&sslmode=require` });
    for (const query of ['', '?sslmode=', '?sslmode=no-verify', '?application_name=x'])
      expect(readConfig({ DATABASE_URL: address + query }).databaseUrl).toBe(address + query);
  });

  test.each(['sslrootcert', 'sslcert', 'sslkey'])('whose %s is none is refused by name', (name) => {
    for (const content of ['', 'no certificate\n', Buffer.from([0x30, 0x82, 1, 2])]) {
      const path = aFile(content);
      const { why, hint } = refused({ DATABASE_URL: `${address}?sslmode=require&${name}=${path}` });
      expect(why).toContain(`${path}, which ${name} names, contains no`);
      expect(hint).toContain('-----BEGIN');
    }
  });

  test.runIf(hasOpenssl)(
    'whose sslrootcert is the key in place of the certificate is refused',
    () => {
      const args = ['genpkey', '-algorithm', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
      const key = aFile(execFileSync('openssl', args, { stdio: 'pipe' }));
      const at = (name: string) => ({ DATABASE_URL: `${address}?${name}=${key}` });
      expect(refused(at('sslrootcert')).why).toContain('contains no certificate');
      expect(readConfig(at('sslkey')).databaseUrl).toContain('sslkey=');
    },
  );
});

describe('ROUNDSMAN_PING_URL', () => {
  const key = '0f6d52b4-9a3e-4c1b-8f57-3c2e9d1a7b60';

  test.each([
    [`https://hc-ping.com/${key}`, 'hc-ping.com'],
    [` https://hc-ping.com/${key}/\n`, 'hc-ping.com'],
    [`HTTPS://HC-Ping.com/${key}?create=1`, 'hc-ping.com'],
    [`https://hc-ping.com:443/${key}`, 'hc-ping.com:443'],
    [`http://10.0.0.5:80/${key}`, '10.0.0.5:80'],
    [`http://10.0.0.5/${key}`, '10.0.0.5'],
    [`http://[::1]:8000/${key}`, '[::1]:8000'],
    [`http://[::1]/${key}:80`, '[::1]'],
    [`https://a.example?x=b:90`, 'a.example'],
    [`https://a.example/failing`, 'a.example'],
  ])('%j is taken, and allows %s', (address, allowed) => {
    const { pingUrl } = readConfig({ ROUNDSMAN_PING_URL: address });
    expect(pingUrl).toBe(address.trim());
    expect(hostsOf(pingUrl!)).toEqual([allowed]);
    expect(allowedBy(hostsOf(pingUrl!), new URL(pingUrl!))).toEqual({
      exactly: allowed.endsWith(':443') || /:\d+$/.test(allowed.replace(/\[.*\]/, '')),
    });
  });

  test.each([
    [key, 'it is not a URL'],
    [`hc-ping.com/${key}`, 'it is not a URL'],
    [`ftp://hc-ping.com/${key}`, 'it begins with ftp:'],
    [`file:///${key}`, 'it begins with file:'],
    [`https://ann:${key}@hc-ping.com/`, 'a user or a password'],
    [`https://${key}@hc-ping.com/`, 'a user or a password'],
    [`https://hc-ping.com/#${key}`, 'it holds a #'],
    [`https://hc-ping.com/${key}/fail`, 'it ends in /fail'],
    [`https://hc-ping.com/${key}/START/`, 'it ends in /start'],
    [`https://hc-ping.com/${key}/log?x=1`, 'it ends in /log'],
    [`https://hc_ping.com/${key}`, 'its host holds something else'],
    [`https://hc-ping.com./${key}`, 'its host holds something else'],
    [`https://hc-ping.com/\t${key}`, 'a tab, a line break'],
  ])('%j is refused, without being repeated', (address, why) => {
    const error = refused({ ROUNDSMAN_PING_URL: address });
    expect(error.what).toBe('ROUNDSMAN_PING_URL cannot be used');
    expect(error.why).toContain(why);
    expect(error.why + error.hint).not.toContain(key);
  });

  test('an empty one is none', () => {
    expect(readConfig({ ROUNDSMAN_PING_URL: ' ' }).pingUrl).toBeUndefined();
  });

  test.each([
    `https://hc-ping.com/${key}`,
    `https://hc-ping.com/${key}/roundsman`,
    `https://hc-ping.com/${key}?create=1`,
    `https://push.example/api/ping?token=${key}`,
  ])('no line of the log shows the key of %s', (address) => {
    const file = aFile('');
    const log = openLog(
      readConfig({ ROUNDSMAN_PING_URL: address, ROUNDSMAN_LOG_LEVEL: 'info' }),
      file,
    );
    const { pathname, search } = new URL(address);
    log.info(
      { address, err: new Error(`GET ${pathname}${search} failed: ${key}`) },
      `to ${address}/fail`,
    );
    const written = readFileSync(file, 'utf8');
    expect(written).toContain('failed');
    expect(written).not.toContain(key);
  });
});
