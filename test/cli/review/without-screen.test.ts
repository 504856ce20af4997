/** `tickets review` where there is no screen: line by line, and not at all. */
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { testDatabase } from '../../support/database.ts';
import { openScreen, type Screen } from '../../support/screen.ts';
import { hasTerminal, inTerminal, keys } from '../../support/terminal.ts';
import { roundsman } from '../command.ts';
import { clear, eventsOf, plantScene, ticketRow, type Scene } from './scene.ts';

const { db, url } = await testDatabase();
let scene: Scene;

beforeEach(async () => {
  scene = await plantScene(db, 1);
});

const review = ['tickets', 'review', '--as', 'me'];

test('without a terminal it ends with 2, and names what does the same', async () => {
  const { code, out, err } = await roundsman(url, ...review);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  for (const command of ['tickets list', 'tickets show', 'approve', 'resolve', 'explain'])
    expect(err).toContain(command);
});

describe.skipIf(!hasTerminal)('in a terminal', () => {
  test('an empty list says so, and ends', async () => {
    await clear(db);
    const { code, shown } = await inTerminal(url, review, []);
    expect(code).toBe(0);
    expect(shown).toContain('No ticket waits for a person');
    expect(shown).toContain('`npx roundsman status`');
  });

  /** Waits for a question that was not there before, and answers it. */
  async function answer(screen: Screen, said: { all: string }, question: string, text: string) {
    const from = said.all.length;
    await vi.waitFor(
      () => {
        said.all += screen.bytes();
        if (!said.all.includes(question, from)) throw new Error(`not asked: ${said.all}`);
      },
      { timeout: 20_000, interval: 20 },
    );
    // What is typed before a question stands is left out: as a person, it comes a moment later.
    await vi.waitFor(() => screen.shows(question));
    screen.press(text);
  }

  test.each([{ ACCESSIBLE: '1' }, { TERM: 'dumb' }])(
    '%o: the same, as numbered questions, and nothing moves the cursor',
    async (env) => {
      const screen = await openScreen(url, review, { env, rows: 60 });
      const said = { all: '' };
      await answer(screen, said, 'What now (1-', '1\r');
      // Nothing is suggested on the next one: the number that approves says so, and the others stay what they were.
      await answer(screen, said, 'What now (1-', '1\r');
      await answer(screen, said, 'What now (1-', '3\r');
      await answer(screen, said, 'Do it? [y/N]', 'n\r');
      await answer(screen, said, 'What now (1-', '3\r');
      await answer(screen, said, 'Do it? [y/N]', 'y\r');
      expect(await screen.ended).toBe(0);
      said.all += screen.bytes();
      expect(said.all).toContain(
        'held 7 of 9, lower bound .33, last relapse 3 days ago, can be undone',
      );
      expect(said.all).toContain(`Approved sweep on ${scene.rich}`);
      expect(said.all).toContain('approve: nothing is suggested that could be approved');
      expect(said.all).toContain('That was the last one');
      // oxlint-disable-next-line no-control-regex
      expect(said.all).not.toMatch(/\u001B\[[\d;?]*[A-HJKSTfhlsu]/);
      expect(await eventsOf(db, scene.rich)).toEqual(['me noted']);
      expect(await ticketRow(db, scene.plain[0]!)).toMatchObject({ acknowledged_by: 'me' });
    },
  );

  test.each(['?', 'zz', '99'])(
    '%s is no number of the list: how to leave it is said',
    async (text) => {
      const screen = await openScreen(url, review, { env: { ACCESSIBLE: '1' }, rows: 60 });
      const said = { all: '' };
      await answer(screen, said, 'What now (1-', `${text}\r`);
      await screen.shows('18 quits, and so do q and Ctrl-C');
      expect(screen.text()).toContain(
        text === '99' ? 'that number is not in the list' : `${text} is not a number`,
      );
      await answer(screen, said, 'What now (1-', '18\r');
      expect(await screen.ended).toBe(0);
    },
  );

  test.each(['q', 'QUIT'])('%s quits, as on the screen', async (text) => {
    const screen = await openScreen(url, review, { env: { ACCESSIBLE: '1' }, rows: 60 });
    await answer(screen, { all: '' }, 'What now (1-', `${text}\r`);
    expect(await screen.ended).toBe(0);
  });

  test('Ctrl-C at a question of an action leaves the question, and the review goes on', async () => {
    const screen = await openScreen(url, review, { env: { ACCESSIBLE: '1' }, rows: 60 });
    await screen.shows('What now (1-');
    const number = /^ *(\d+)\D+history$/m.exec(screen.text())![1];
    const said = { all: '' };
    screen.press(`${number}\r`);
    await answer(screen, said, 'Comment on', keys.interrupt);
    // Only what came after Ctrl-C is looked through: the review asks on.
    await answer(screen, said, 'What now (1-', 'q\r');
    expect(await screen.ended).toBe(0);
    said.all += screen.bytes();
    expect(said.all).toContain('nothing was done');
  });

  test('a filter without a ticket is taken back, and the review goes on', async () => {
    const screen = await openScreen(url, review, { env: { ACCESSIBLE: '1' }, rows: 60 });
    await screen.shows('What now (1-');
    const number = /^ *(\d+)\D+filter$/m.exec(screen.text())![1];
    const said = { all: '' };
    screen.press(`${number}\r`);
    await answer(screen, said, 'Filter: words', 'nothing-is-called-so\r');
    await screen.shows('The filter is taken back');
    await answer(screen, said, 'What now (1-', keys.interrupt);
    expect(await screen.ended).toBe(130);
  });

  test('Ctrl-C leaves it, and what was done stays', async () => {
    const { code, shown } = await inTerminal(url, review, [['What now (1-', keys.interrupt]], {
      ACCESSIBLE: '1',
    });
    expect(code).toBe(130);
    expect(shown).toContain('the review was left');
  });
});
