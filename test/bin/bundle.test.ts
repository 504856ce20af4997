/** The commands in a few files: the same as from the sources, used only while these are what they were. */
import { execFile } from 'node:child_process';
import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { insertBot, insertTicket } from '../cli/rows.ts';
import { testDatabase } from '../support/database.ts';
import { install } from '../support/installation.ts';

const { db, url } = await testDatabase();
const checkout = install('slow-bots.ts');
const source = join(checkout, 'src/cli/jobs/list.ts');

const watching = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  const loaded = [];
  registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
  process.on('exit', () => process.stderr.write('loaded: ' + JSON.stringify(loaded)));`)}`;

interface Ended {
  code: number;
  out: string;
  err: string;
  /** the files that it loaded */
  loaded: string[];
}

async function node(...args: string[]): Promise<Ended> {
  const env = { PATH: process.env.PATH, HOME: checkout, DATABASE_URL: url, REDIS_URL: '' };
  const all = ['--import', watching, ...args];
  const ended = await promisify(execFile)(process.execPath, all, { cwd: checkout, env }).catch(
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
  const [err, loaded = '[]'] = ended.stderr.split('loaded: ');
  const files = (JSON.parse(loaded) as string[]).filter((file) => !file.startsWith('node:'));
  return { code: 'code' in ended ? ended.code : 0, out: ended.stdout, err: err!, loaded: files };
}
const roundsman = (...args: string[]) => node('src/bin/roundsman.js', ...args);
const build = () => node('src/bin/bundle.js');
const isBundled = ({ loaded }: Ended) => loaded.some((file) => file.includes('/.commands/cli.js'));

/** A time that any file system keeps as it is, in seconds. */
const longAgo = 1_000_000_000;

beforeAll(async () => {
  utimesSync(source, longAgo, longAgo);
  await insertTicket(db, await insertBot(db, 'watch'), 'the disk is full');
  expect(await build()).toMatchObject({ code: 0, err: '' });
}, 120_000);

test('commands say the same, and load less than a third of the files', async () => {
  for (const args of [
    ['tickets', 'list'],
    ['status', '--json'],
    ['bots', 'catalogue'],
    ['runs', 'show', 'no id'],
    ['--help'],
    ['--version'],
  ]) {
    const bundled = await roundsman(...args);
    expect(isBundled(bundled), args.join(' ')).toBe(true);
    expect(bundled.loaded.filter((file) => file.includes(`${checkout}/src/`))).toEqual([
      expect.stringMatching(/roundsman\.js$/),
    ]);
    const plain = await node(
      '--input-type=module',
      '-e',
      `const { main } = await import('./src/bin/cli.ts'); await main(['node', 'roundsman', ...${JSON.stringify(args)}]);`,
    );
    const steady = ({ code, out, err }: Ended) => ({
      code,
      // Ages, and what was measured.
      out: out.replaceAll(/\b\d+[smh]\b|"(now|clock_skew_ms)": .*/g, ''),
      err,
    });
    expect(steady(bundled)).toEqual(steady(plain));
    if (args[0] === 'tickets') expect(bundled.loaded.length * 3).toBeLessThan(plain.loaded.length);
  }
}, 120_000);

test("the engine's own commands run from the sources, as its children do", async () => {
  for (const command of ['up', 'round', 'demo', 'scheduler', 'worker'])
    expect(isBundled(await roundsman(command, '--help')), command).toBe(false);
}, 60_000);

test('if a source has changed or is missing, everything comes from the sources', async () => {
  const text = readFileSync(source, 'utf8');
  appendFileSync(source, '\n');
  // A file of another size is another one, whatever its time says.
  utimesSync(source, longAgo, longAgo);
  expect(isBundled(await roundsman('jobs', 'list'))).toBe(false);
  writeFileSync(source, text);
  expect(isBundled(await roundsman('jobs', 'list'))).toBe(false);
  utimesSync(source, longAgo, longAgo);
  expect(isBundled(await roundsman('jobs', 'list'))).toBe(true);
  const other = join(checkout, 'src/cli/mode/change.ts');
  renameSync(other, `${other}.gone`);
  expect(isBundled(await roundsman('jobs', 'list'))).toBe(false);
  renameSync(`${other}.gone`, other);
}, 60_000);

test('a defect is reported with its place in the sources', async () => {
  const text = readFileSync(source, 'utf8');
  const lines = text.split('\n');
  const at = lines.findIndex((line) => line.includes('withDatabase(async'));
  lines.splice(at + 1, 0, "    if (options) throw new TypeError('a defect');");
  writeFileSync(source, lines.join('\n'));
  expect((await build()).code).toBe(0);
  const ended = await roundsman('jobs', 'list');
  expect(isBundled(ended)).toBe(true);
  expect(ended).toMatchObject({ code: 1 });
  expect(ended.err).toContain('a defect');
  expect(ended.err).toMatch(new RegExp(`src/cli/jobs/list\\.ts:${at + 2}:\\d+`));
}, 120_000);

test('an install without the development packages succeeds, and says what is missing then', async () => {
  rmSync(join(checkout, '.commands'), { recursive: true });
  rmSync(join(checkout, 'node_modules'));
  const { code, err } = await build();
  expect(code).toBe(0);
  expect(err).toMatch(/^commands start from their sources: /);
  expect(readdirSync(checkout)).not.toContain('.commands');
});
