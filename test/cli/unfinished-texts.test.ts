/** What is being typed at a question about a ticket outlives Ctrl-C, a stop and the end of the terminal. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { commandOf, hasTerminal, inTerminal, keys, runInTerminal } from '../support/terminal.ts';
import { roundsman } from './command.ts';
import { insertBot, insertTicket } from './rows.ts';

const { db, url } = await testDatabase();
const ticket = await insertTicket(db, await insertBot(db, 'watch'), 'It is broken');
const states = mkdtempSync(join(tmpdir(), 'roundsman-states-'));
afterAll(() => rmSync(states, { recursive: true }));
const drafts = join(states, 'roundsman', 'drafts');
beforeEach(() => rmSync(join(states, 'roundsman'), { recursive: true, force: true }));

const kept = () =>
  readdirSync(drafts).map((folder) => readFileSync(join(drafts, folder, 'text.md'), 'utf8'));
const env = { XDG_STATE_HOME: states };
const typed = 'half a comment';

describe.skipIf(!hasTerminal)('what is being typed', () => {
  test.each([
    ['signal:SIGTERM', 143],
    [keys.interrupt, 130],
  ])('is kept at %j', async (key, code) => {
    const ended = await inTerminal(
      url,
      ['tickets', 'comment', ticket],
      [
        ['Comment: ', typed],
        [typed, key],
      ],
      env,
    );
    expect(ended).toMatchObject({ code, asked: true });
    expect(ended.shown).toContain('what was written is kept');
    expect(kept()).toEqual([`${typed}\n`]);
  });

  test.each([
    ['silences', 'add', '--component', '/nowhere', '--for', '2h'],
    ['maintenance', 'add', '--component', '/nowhere', '--for', '2h'],
  ])('is kept when %s %s is interrupted at its reason, or refused after it', async (...args) => {
    const interrupted = await inTerminal(
      url,
      args,
      [
        ['Why: ', typed],
        [typed, keys.interrupt],
      ],
      env,
    );
    expect(interrupted).toMatchObject({ code: 130, asked: true });
    expect(interrupted.shown).toMatch(/what was written is kept: --reason "\$\(cat\s+\S+"/);
    expect(kept()).toEqual([`${typed}\n`]);
    rmSync(drafts, { recursive: true });
    for (const [answer, code] of [
      ['n', 0],
      [keys.interrupt, 130],
    ] as const) {
      const refused = await inTerminal(
        url,
        args,
        [
          ['Why: ', `${typed}${keys.enter}`],
          ['[y/N]: ', `${answer}${keys.enter}`],
        ],
        env,
      );
      expect(refused).toMatchObject({ code, asked: true });
      expect(refused.shown).toMatch(/what was written is kept/);
      expect(kept()).toEqual([`${typed}\n`]);
      rmSync(drafts, { recursive: true });
    }
    const added = await inTerminal(
      url,
      args,
      [
        ['Why: ', `${typed}${keys.enter}`],
        ['[y/N]: ', `y${keys.enter}`],
      ],
      env,
    );
    expect(added).toMatchObject({ code: 0, asked: true });
    expect(kept()).toEqual([]);
  });

  test('is kept when an entry of knowledge is not added', async () => {
    const args = ['knowledge', 'add', 'a.b', '--category', 'api', '--pattern', 'broken'];
    const { code, shown } = await inTerminal(
      url,
      args,
      [
        ['What helps: ', typed],
        [typed, keys.interrupt],
      ],
      env,
    );
    expect(code).toBe(130);
    const [, file] = /kept:\s+--solution-file\s+(\S+)/.exec(shown)!;
    expect(kept()).toEqual([`${typed}\n`]);
    const again = await roundsman(url, ...args, '--solution-file', file!);
    expect(again.code).toBe(0);
  });

  test('is kept when the terminal is closed', async () => {
    const command = ['tickets', 'comment', ticket];
    await runInTerminal(
      `exec ${commandOf(command)}`,
      url,
      [
        ['Comment: ', typed],
        [typed, 'close'],
      ],
      env,
    );
    await vi.waitFor(() => expect(kept()).toEqual([`${typed}\n`]), { timeout: 20_000 });
  });

  test('is kept in a review line by line, where Ctrl-Z and Backspace are no text', async () => {
    const review = ['tickets', 'review', '--as', 'ann'];
    const accessible = { ...env, ACCESSIBLE: '1' };
    const question = 'What now (1-';
    const { shown } = await inTerminal(url, review, [[question, keys.interrupt]], accessible);
    const number = /^ *(\d+) {2}write into its history/m.exec(shown)![1];
    const ended = await inTerminal(
      url,
      review,
      [
        [question, `${number}${keys.enter}`],
        [`Comment on ${ticket}`, 'hx'],
        ['hx', '\u007Falf'],
        ['alf', keys.suspend],
        [`Comment on ${ticket}`, keys.interrupt],
        [question, keys.interrupt],
      ],
      accessible,
    );
    expect(ended).toMatchObject({ code: 130, asked: true });
    expect(ended.shown).toContain('what was written is kept');
    expect(kept()).toEqual(['half\n']);
  });
});
