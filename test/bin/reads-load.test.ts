/** What commands that read load: packages that only the engine needs would double their time. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { insertBot, insertFinding, insertRun, insertTicket } from '../cli/rows.ts';
import { testDatabase } from '../support/database.ts';

const { db, url } = await testDatabase();
const bot = await insertBot(db, 'watch');
await insertRun(db, bot, 5);
await insertFinding(db, bot, 'disk');
await insertTicket(db, bot, 'disk');

const script = `
  const { registerHooks } = await import('node:module');
  const packages = new Set();
  registerHooks({
    load(url, context, next) {
      const name = /\\/node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url)?.[1];
      if (name) packages.add(name);
      return next(url, context);
    },
  });
  const { main } = await import('./src/bin/cli.ts');
  await main(['node', 'roundsman', ...process.argv.slice(1)]);
  process.stdout.write('packages: ' + JSON.stringify([...packages]));`;

/** pg with what it is made of. */
const ofPg = /^(pg(-.+)?|postgres-.+|xtend)$/;

test.each([
  ['tickets list', []],
  ['runs list', []],
  ['findings list', []],
  ['bots list', []],
  // Without a terminal a table always has room for the schedule in words.
  ['bots list -o table', ['cron-parser', 'cronstrue', 'luxon']],
  // It says whether the policy in force can be read, and reads a schema only where one is set.
  ['status', []],
] as const)('of all packages %s loads the command line, Kysely, pg and %j', async (line, more) => {
  const args = line.split(' ');
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, DATABASE_URL: url, REDIS_URL: '' },
  });
  const [out] = await Promise.all([text(child.stdout), once(child, 'close')]);
  expect(out).toContain(args[0] === 'status' ? 'Engine' : 'watch');
  const packages = JSON.parse(out.split('packages: ')[1]!) as string[];
  expect(packages.filter((name) => !ofPg.test(name)).toSorted()).toEqual(
    ['commander', 'kysely', ...more].toSorted(),
  );
});
