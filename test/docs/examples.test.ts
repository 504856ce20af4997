/** Runs each program of examples/, as its first comment says, on a database of the tests. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, inject, onTestFinished, test } from 'vitest';
import { insertBot, insertTicket } from '../cli/rows.ts';
import {
  emptyDatabase,
  testDatabase,
  testDatabaseWithQueue,
  type TestDatabase,
} from '../support/database.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const examples = [
  ...readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.ts')),
  'remote-bot/server.ts',
];

/** The lines that an example prints on standard output; rejects unless it ends with 0. */
async function printedBy(example: string, url = ''): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [`examples/${example}`], {
    cwd: root,
    timeout: 100_000,
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: url,
      REDIS_URL: '',
      ROUNDSMAN_CONCURRENCY: '2',
    },
  });
  return stdout.trimEnd().split('\n');
}

test('a bot in a file is a catalogue', async () => {
  expect(await printedBy('a-bot-in-a-file.ts')).toEqual(['editor, with app.trim-names']);
});

test('the test of that bot passes under node:test, on a server of the tests', async () => {
  const run = { PATH: process.env.PATH, TEST_DATABASE_URL: inject('postgresUrl') };
  const file = 'examples/a-bot-in-a-file.test.ts';
  const reporter = '--test-reporter=spec';
  const { stdout } = await promisify(execFile)(process.execPath, ['--test', reporter, file], {
    cwd: root,
    timeout: 100_000,
    env: run,
  });
  expect(stdout).toMatch(/pass 2\n[^]*fail 0\n/);
}, 120_000);

test('a service is called on a database, and an error says what, why and what to try', async () => {
  const { db, url } = await testDatabase();
  const bot = await insertBot(db, 'night-watch');
  const ticket = await insertTicket(db, bot, 'Login is \u001B[31mbroken');
  expect(await printedBy('call-a-service.ts', url)).toEqual([
    `${ticket} high: Login is \uFFFD[31mbroken`,
    '1 ticket for people',
  ]);

  const { url: notMigrated } = await emptyDatabase();
  await expect(printedBy('call-a-service.ts', notMigrated)).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/the database is not migrated: .*\ntry: .*db migrate/),
  });
}, 60_000);

/** Plants an app whose name has spaces around it. */
async function plantChess(db: TestDatabase['db']): Promise<void> {
  const chess = { slug: 'chess', name: ' Chess ', category: 'games', credit_cost: 0 };
  await db.insertInto('app_catalog').values(chess).execute();
}

const namesOfApps = async (db: TestDatabase['db']) =>
  (await db.selectFrom('app_catalog').select('name').execute()).map(({ name }) => name);

test('an engine in an application brings the schema, runs what another application enqueues, and drains at SIGTERM', async () => {
  const { db, url } = await emptyDatabase();
  const child = spawn(process.execPath, ['examples/embed-the-engine.ts'], {
    cwd: root,
    env: { PATH: process.env.PATH, DATABASE_URL: url, REDIS_URL: '', ROUNDSMAN_CONCURRENCY: '2' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'close');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe('started on postgres');
  await plantChess(db);
  expect(await printedBy('enqueue-a-run.ts', url)).toEqual(['success']);
  expect(await namesOfApps(db)).toEqual(['Chess']);
  child.kill('SIGTERM');
  expect((await lines.next()).value).toBe('stopped');
  expect(await ended).toEqual([0, null]);
}, 120_000);

test('an application hears what its engine finds and heals', async () => {
  const { db, url } = await testDatabaseWithQueue();
  await plantChess(db);
  const lines = await printedBy('listen-to-events.ts', url);
  expect(lines).toEqual(['found in app_catalog (medium)', 'app.trim-names has helped', 'success']);
}, 120_000);

test.each(examples)('%s is short, and its head says how it is run', (example) => {
  const text = readFileSync(join(root, 'examples', example), 'utf8');
  expect(text.split('\n').length).toBeLessThanOrEqual(60);
  expect(text).toMatch(
    new RegExp(
      String.raw`^/\*\*\n(?: \*.*\n)*? \*     npx node (?:--test )?examples/${example}(?: \w+)?\n`,
    ),
  );
  expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain(`(examples/${example})`);
});
