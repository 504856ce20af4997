/** Runs each program of examples/, as its first comment says, on a database of the tests. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { insertBot, insertTicket } from '../cli/rows.ts';
import { emptyDatabase, testDatabase } from '../support/database.ts';

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

test('an engine in a process of its own brings the schema, makes a round, heals, tells it, and ends', async () => {
  const { db, url } = await emptyDatabase();
  const lines = await printedBy('embed-the-engine.ts', url);
  expect(lines).toContain('Names of apps have spaces around them: 1 (auto-fixed)');
  const events = lines.map((line) => line.split(' ')[0]);
  for (const event of ['process.started', 'finding.opened', 'heal.verified', 'process.stopped'])
    expect(events).toContain(event);
  const apps = await db.selectFrom('app_catalog').select(['slug', 'name']).execute();
  expect(apps).toEqual([{ slug: 'chess', name: 'Chess' }]);
}, 120_000);

test.each(examples)('%s is short, and its head says how it is run', (example) => {
  const text = readFileSync(join(root, 'examples', example), 'utf8');
  expect(text.split('\n').length).toBeLessThanOrEqual(60);
  expect(text).toMatch(
    new RegExp(String.raw`^/\*\*\n(?: \*.*\n)*? \*     npx node examples/${example}\n`),
  );
  expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain(`(examples/${example})`);
});
