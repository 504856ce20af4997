/** Every command of docs/operations.md, in the order of the page, as one day: from the morning report to what was learnt. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { quietMs } from '../../src/cli/review/state.ts';
import { openScreen } from '../support/screen.ts';
import { commandOf, hasTerminal } from '../support/terminal.ts';
import { beginDay, havePending, relapse, ticket } from './day.ts';

const page = readFileSync(
  fileURLToPath(new URL('../../docs/operations.md', import.meta.url)),
  'utf8',
);
const program = 'npx roundsman ';
const commands = [...page.matchAll(/npx roundsman [^`\n]+/g)].map(([command]) => command);

const day = await beginDay();
const { db, url, directory } = day;

/** The command as a person types it, with what the page leaves to them. */
async function typed(command: string): Promise<string> {
  const { fingerprint, bot_id: id } = await ticket(db, '42');
  const bot = await db.selectFrom('bots').select('name').where('id', '=', id!).executeTakeFirst();
  const values: Record<string, string> = { FINGERPRINT: `'${fingerprint}'`, NAME: bot!.name };
  const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  return command
    .replaceAll(/\b[A-Z][A-Z_]+\b/g, (word) => {
      if (!(word in values)) throw new Error(`no test knows what stands for ${word}: ${command}`);
      return values[word]!;
    })
    .replaceAll(/\d{4}-\d\d-\d\d/g, yesterday);
}

const inShell = (command: string): Promise<{ code: number; out: string; err: string }> =>
  new Promise((resolve) => {
    const line = command.replace(program, () => `${commandOf([])} `);
    const env = {
      PATH: process.env.PATH,
      HOME: directory,
      DATABASE_URL: url,
      REDIS_URL: '',
      TZ: 'UTC',
    };
    const child = execFile('bash', ['-c', line], { cwd: directory, env }, (_, out, err) =>
      resolve({ code: child.exitCode!, out, err }),
    );
    child.stdin!.end();
  });

/** Opens a review, which shows a ticket, and leaves it. */
async function onScreen(command: string): Promise<number | null> {
  const screen = await openScreen(url, command.slice(program.length).split(' '), {
    env: { HOME: directory },
  });
  await screen.shows(/^ T-\d+ /);
  // Sooner keys are ignored.
  await sleep(quietMs + 50);
  screen.press('q');
  return screen.ended;
}

test('there are commands on the page', () => {
  expect(commands.length).toBeGreaterThan(20);
  expect(commands.length).toBe(page.split('npx roundsman').length - 1);
});

describe('each command ends as the page says:', () => {
  test.each(commands)('%s', async (command) => {
    await havePending(day, command);
    const line = await typed(command);
    if (/ tickets review\b/.test(line)) {
      expect((await inShell(line)).code, 'without a terminal').toBe(2);
      if (hasTerminal) expect(await onScreen(line)).toBe(0);
      return;
    }
    const { code, out, err } = await inShell(line);
    const needsAPerson = /^npx roundsman (?:report|status)\b/.test(line);
    expect({ code, out, err }).toMatchObject({ code: needsAPerson ? 6 : 0 });
    if (/ tickets approve\b/.test(line)) await relapse(day);
  });
});

test('the day ended with a cure that was applied, and one that was learnt', async () => {
  expect(readFileSync(join(directory, 'report.html'), 'utf8')).toMatch(/^<!doctype html>/);
  const { id, fingerprint, merged_into: into } = await ticket(db, '42');
  expect(into).toBe((await ticket(db, '41')).id);
  const actions = await db
    .selectFrom('bot_actions')
    .select(['remedy', 'state'])
    .where('fingerprint', '=', fingerprint!)
    .execute();
  expect(actions).toEqual([{ remedy: 'ledger.refresh-cached-credits', state: 'relapsed' }]);
  const learnt = await db
    .selectFrom('bot_knowledge')
    .select(['autonomy', 'issue_pattern'])
    .where('solution', '=', 'made room')
    .execute();
  expect(learnt).toEqual([
    { autonomy: 'shadow', issue_pattern: expect.stringMatching(/^cached credits differ/i) },
  ]);
  const events = await db
    .selectFrom('bot_ticket_events')
    .select('event')
    .where('ticket_id', '=', id)
    .orderBy('id')
    .execute();
  expect(events.map(({ event }) => event)).toEqual([
    // The engine opens it, an approval is noted, its cure resolves it, and its problem comes back.
    'opened',
    'noted',
    'resolved',
    'reopened',
    // A person works it.
    'noted',
    'acknowledged',
    'assigned',
    'snoozed',
    'commented',
    'resolved',
    'reopened',
    // Something is learnt from it.
    'resolved',
    'noted',
    'reopened',
    'merged',
  ]);
});
