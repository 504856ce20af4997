import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { openLog, redactionOf } from '../../src/log.ts';

let file: string;

beforeEach(() => {
  const directory = fs.mkdtempSync(join(tmpdir(), 'roundsman-log-'));
  onTestFinished(() => fs.rmSync(directory, { recursive: true, force: true }));
  file = join(directory, 'roundsman.log');
});

const logOf = (environment: NodeJS.ProcessEnv) =>
  openLog(readConfig({ ROUNDSMAN_LOG_LEVEL: 'info', ...environment }), file);
const written = (): string => fs.readFileSync(file, 'utf8');
const lines = (): Record<string, unknown>[] =>
  written()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('no line holds a password of the configuration', () => {
  const passwords = ['pa"ss', "pa'ss", 'pa\\ss', 'p%C3%A4ss', 'pä ss', 'p&a=s#s', 'a', '0', 'null'];
  const ways = [
    ['before the host', (password: string) => `:${encodeURIComponent(password)}@`, ''],
    ['as a parameter', () => '', (password: string) => `?password=${encodeURIComponent(password)}`],
  ] as const;
  for (const [where, user, query] of ways)
    test.each(passwords)(`${where}: %s`, (password) => {
      const url = `redis://${user(password)}localhost:6379/0${typeof query === 'string' ? query : query(password)}`;
      const log = logOf({ REDIS_URL: url });
      const err = Object.assign(new Error(`WRONGPASS with ${password} at ${url}`), {
        command: { name: 'auth', args: ['default', password] },
        nested: JSON.stringify({ args: [password, JSON.stringify({ password })] }),
      });
      log.error({ err, [password]: 1, url, list: [{ deep: `${password}!` }] }, `lost: ${password}`);
      const [line] = lines();
      // Numbers and structure are as they were.
      expect(line).toMatchObject({ level: 50, pid: process.pid, time: expect.any(Number) });
      // A short one is a part of other words; but nothing that was said about it is left.
      const values = JSON.stringify(line!.msg) + JSON.stringify(line!.list);
      expect(values.replaceAll('[redacted]', '')).not.toContain(password);
      if (password.length > 3) {
        for (const form of [password, encodeURIComponent(password), JSON.stringify(password)])
          expect(written()).not.toContain(form);
        expect(written()).not.toContain(JSON.stringify(JSON.stringify(password)).slice(1, -1));
      }
    });

  test.each(['level', 'msg', 'err', 'message', 'time', 'e'])(
    'and one that is called as a part of a line, %s, leaves the line what it is',
    (password) => {
      const log = logOf({ REDIS_URL: `redis://:${password}@localhost:6379/0` });
      log.error({ err: new Error(`no ${password} there`) }, `lost ${password}`);
      expect(lines()).toMatchObject([
        {
          level: 50,
          pid: process.pid,
          time: expect.any(Number),
          msg: expect.stringContaining('[redacted]'),
          err: { message: expect.any(String) },
        },
      ]);
      expect(JSON.stringify(lines()[0]!.err)).not.toContain(`no ${password} there`);
    },
  );

  test('nor a key that seals, nor what it is told later, nor the end of what it was told', () => {
    const key = randomBytes(32).toString('base64');
    const log = logOf({ ROUNDSMAN_KEYS: `k1:${key}` });
    redactionOf(log).learn([{ value: 'told-a-secret', as: '{{secret:TOLD}}' }]);
    log.info({ key, env: `ROUNDSMAN_KEYS=k1:${key}`, told: 'told-a-secret' }, 'x');
    expect(written()).not.toContain(key.slice(0, 12));
    expect(lines()).toMatchObject([{ told: '{{secret:TOLD}}' }]);
  });

  test('whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 6, unit: 'grapheme' }), (password) => {
        fc.pre(!/^\s|\s$/.test(password) && password.isWellFormed());
        fs.rmSync(file, { force: true });
        const log = logOf({ DATABASE_URL: `postgres://u:${encodeURIComponent(password)}@h/d` });
        log.info({ args: [password] }, `with ${password}`);
        expect(lines()[0]).toMatchObject({ args: ['[redacted]'], msg: 'with [redacted]' });
      }),
      { numRuns: 200 },
    );
  });

  test('also what the client of Redis says of its own commands', async () => {
    const url = `redis://:${encodeURIComponent('se"cret')}@127.0.0.1:1/0`;
    const log = logOf({ REDIS_URL: url });
    const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
    client.on('error', (err) => log.error({ err }));
    await client.auth('se"cret').catch((err: unknown) => log.error({ err }, 'refused'));
    client.disconnect();
    expect(lines().length).toBeGreaterThan(0);
    expect(written()).not.toMatch(/se\\*"cret/);
  });
});

test('a reader that does not read does not stop the process, and hears how much it missed', async () => {
  const source = (path: string) =>
    JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href);
  const program = `
    const { openLog } = await import(${source('log.ts')});
    const { readConfig } = await import(${source('config.ts')});
    const log = openLog(readConfig({}));
    const text = 'x'.repeat(1_000);
    for (let line = 0; line < 5_000; line += 1) {
      log.info({ line, text });
      if (line % 100 === 0) await new Promise(setImmediate);
    }
    process.stderr.write('written');
    process.on('SIGUSR2', () => log.info('last'));
    setInterval(() => {}, 1_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program]);
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stderr, 'data');
  let heard = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => (heard += more));
  await expect.poll(() => heard.length).toBeGreaterThan(900_000);
  await expect.poll(() => (child.kill('SIGUSR2'), heard.includes('"msg":"last"'))).toBe(true);
  const told = heard
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const { left_out } = told.find(({ msg }) => msg?.startsWith('lines were left out'));
  expect(told.filter(({ line }) => line !== undefined).length + left_out).toBe(5_000);
});

describe('the file', () => {
  test('that cannot be put aside grows, and the process goes on', () => {
    fs.mkdirSync(`${file}.1`);
    const log = logOf({});
    for (let line = 0; line < 120; line += 1) log.info({ line, text: 'x'.repeat(100_000) });
    expect(lines().at(-1)).toMatchObject({ line: 119 });
  });

  test('on a disk that is full loses lines, and the process goes on; each line is whole', () => {
    // A limit on the size of files takes the place of the disk's.
    const script = `
      import { openLog } from ${JSON.stringify(new URL('../../src/log.ts', import.meta.url).href)};
      const log = openLog({ logLevel: 'info' }, ${JSON.stringify(file)});
      for (let line = 0; line < 2_000; line += 1) log.info({ line }, 'a line of some length');
      console.log('goes on');`;
    const { stdout, stderr } = spawnSync(
      'sh',
      ['-c', 'ulimit -f 100; exec "$0" --input-type=module -e "$1"', process.execPath, script],
      { encoding: 'utf8' },
    );
    expect({ stdout, stderr }).toMatchObject({ stdout: 'goes on\n' });
    const whole = written().split('\n').slice(0, -1);
    expect(whole.length).toBeGreaterThan(300);
    for (const line of whole) JSON.parse(line);
  });

  test('is its owner’s alone, also one that others could read before', () => {
    fs.writeFileSync(file, '', { mode: 0o644 });
    fs.chmodSync(file, 0o644);
    logOf({}).info('again');
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
  });

  test('is put aside when it has grown, and twice as much is kept at most', () => {
    const log = logOf({});
    const text = 'x'.repeat(100_000);
    for (let line = 0; line < 330; line += 1) log.info({ line, text });
    const sizes = [file, `${file}.1`].map((each) => fs.statSync(each).size);
    expect(Math.max(...sizes)).toBeLessThan(11 * 1024 * 1024);
    expect(fs.readdirSync(join(file, '..')).toSorted()).toEqual([
      'roundsman.log',
      'roundsman.log.1',
    ]);
    expect(fs.statSync(`${file}.1`).mode & 0o777).toBe(0o600);
    // Nothing is lost between the two.
    expect(lines().at(-1)).toMatchObject({ line: 329 });
    const before = fs.readFileSync(`${file}.1`, 'utf8').trimEnd().split('\n');
    expect(JSON.parse(before.at(-1)!).line).toBe((lines()[0]!.line as number) - 1);
  });
});
