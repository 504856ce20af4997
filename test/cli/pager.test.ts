/** What is longer than the screen goes through a pager, on a terminal only; leaving it is no failure. */
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { commandOf, hasTerminal, inTerminalOf, runInTerminal } from '../support/terminal.ts';
import { roundsman, start } from './command.ts';
import { insertBot } from './rows.ts';

const { db, url } = await testDatabase();
for (let count = 10; count < 50; count += 1) await insertBot(db, `bot-${count}`);

/** A pager that shows that it was used. */
const marks = "sed 's/^/paged: /'";
const list = ['bots', 'list'];

describe.skipIf(!hasTerminal)('on a terminal', () => {
  const shownBy = (args: string[], env: NodeJS.ProcessEnv) => inTerminalOf(80, url, args, [], env);

  test.each([
    ['ROUNDSMAN_PAGER', { ROUNDSMAN_PAGER: marks, PAGER: 'false' }],
    ['PAGER', { ROUNDSMAN_PAGER: undefined, PAGER: marks }],
  ])('a long list is shown by %s, and what is said of it behind', async (_, env) => {
    const { code, shown } = await shownBy([...list, '--limit', '40', '--sort', '-name'], env);
    expect(code).toBe(0);
    expect(shown).toMatch(/^paged: Bot /m);
    expect(shown).toMatch(/^paged: bot-10 /m);
    const cut = await shownBy([...list, '--limit', '30'], env);
    const lines = cut.shown.trimEnd().split(/\r?\n/);
    expect(lines.findIndex((line) => line.includes('only the first 30 of 40'))).toBeGreaterThan(
      lines.findIndex((line) => line.startsWith('paged: bot-39')),
    );
  });

  test.each([
    ['a short list', [...list, '--limit', '3'], {}],
    ['--no-pager', [...list, '--no-pager'], {}],
    ['an empty ROUNDSMAN_PAGER', list, { ROUNDSMAN_PAGER: '' }],
    ['an empty PAGER', list, { ROUNDSMAN_PAGER: undefined, PAGER: '' }],
    ['TERM=dumb', list, { TERM: 'dumb' }],
  ])('%s has none', async (_, args, env) => {
    const { code, shown } = await shownBy(args, { ROUNDSMAN_PAGER: marks, ...env });
    expect(code).toBe(0);
    expect(shown).not.toContain('paged:');
    expect(shown).toContain('bot-10');
  });

  test('documents and JSON are paged, too', async () => {
    for (const args of [
      ['bots', 'show', 'bot-10', '-o', 'yaml'],
      ['bots', 'list', '--json'],
    ])
      expect((await shownBy(args, { ROUNDSMAN_PAGER: marks })).shown).toMatch(/^paged: /m);
  });

  test('a report is paged in each of its forms, and with --no-pager shown at once', async () => {
    const report = async (...args: string[]) => {
      const command = `stty cols 80 rows 10; exec ${commandOf(['report', ...args])}`;
      return (await runInTerminal(command, url, [], { ROUNDSMAN_PAGER: marks })).shown;
    };
    for (const args of [[], ['--json'], ['-o', 'md'], ['-o', 'html']])
      expect(await report(...args), args.join(' ')).toMatch(/^paged: /m);
    const all = await report('--no-pager');
    expect(all).not.toContain('paged:');
    expect(all).toContain('Beside earlier periods');
  });

  test('a pager that is left early is no failure; one that is not there is none', async () => {
    const early = await shownBy(list, { ROUNDSMAN_PAGER: 'head -n 2' });
    expect(early).toMatchObject({ code: 0 });
    expect(early.shown).not.toMatch(/error|EPIPE/);
    const none = await shownBy(list, { ROUNDSMAN_PAGER: 'no-such-pager-here' });
    expect(none.code).toBe(0);
    expect(none.shown).toMatch(/^bot-49 /m);
  });

  test.each(['false', 'sh -c "exit 3"', '-x', '$(true)', 'if'])(
    'the list is there, once, although %s shows nothing of it',
    async (pager) => {
      const { code, shown } = await shownBy(list, { ROUNDSMAN_PAGER: pager });
      expect(code).toBe(0);
      expect(shown.match(/^bot-49 /gm)).toHaveLength(1);
    },
  );

  test('a pager that fails once it has read all has shown it', async () => {
    const { shown } = await shownBy(list, { ROUNDSMAN_PAGER: `${marks}; (exit 3)` });
    expect(shown).toMatch(/^paged: bot-49 /m);
    expect(shown).not.toMatch(/^bot-49 /m);
  });

  test('less cannot start programs', async () => {
    const { shown } = await shownBy(list, { ROUNDSMAN_PAGER: 'printenv LESSSECURE LESS; true' });
    expect(shown).toMatch(/^1\r?\nFRX/m);
  });

  test('an error is not paged, and ends as it does elsewhere', async () => {
    const { code, shown } = await shownBy(['bots', 'show', 'nothing'], { ROUNDSMAN_PAGER: marks });
    expect(code).toBe(3);
    expect(shown).not.toContain('paged:');
  });

  const hasLess = spawnSync('less', ['--version']).status === 0;

  test.skipIf(!hasLess)('q leaves less, and Ctrl-C in it ends nothing', async () => {
    const env = { ROUNDSMAN_PAGER: undefined, PAGER: undefined };
    const { code, asked } = await inTerminalOf(
      80,
      url,
      list,
      [
        // An interrupt that comes just before less waits for a key is handled at the next key.
        ['bot-25', '\u0003', 'q'],
      ],
      env,
    );
    expect({ code, asked }).toEqual({ code: 0, asked: true });
  });

  test.skipIf(!hasLess)('SIGTERM ends less, and then the command', async () => {
    const env = { ROUNDSMAN_PAGER: undefined, PAGER: undefined };
    const typed: [string, string][] = [['bot-25', 'signal:SIGTERM']];
    const { code, asked } = await inTerminalOf(80, url, list, typed, env);
    expect({ code, asked }).toEqual({ code: 143, asked: true });
  });

  test.skipIf(!hasLess)('SIGTERM leaves no less behind, and the terminal as it was', async () => {
    const mode = "stty -g | sed 's/^/mode=/'";
    const { shown, asked } = await runInTerminal(
      `stty cols 80 rows 24; ${mode}; sh -c 'echo "pid=$$"; exec "$@"' sh ${commandOf(list)}; ${mode}; echo ended`,
      url,
      [
        ['bot-25', 'signal:SIGTERM'],
        ['ended', ''],
      ],
      { ROUNDSMAN_PAGER: 'less -X; true' },
    );
    expect(asked).toBe(true);
    const modes = [...shown.matchAll(/mode=(\S+)/g)].map(([, each]) => each);
    expect(modes).toEqual([modes[0], modes[0]]);
  });

  test.skipIf(!hasLess)('less without R is given no colours', async () => {
    const env = { ROUNDSMAN_PAGER: undefined, PAGER: 'less', NO_COLOR: undefined };
    const shown = async (less: string) =>
      (await inTerminalOf(80, url, list, [['bot-25', 'q']], { ...env, LESS: less })).shown;
    expect(await shown('X')).not.toContain('ESC');
    expect(await shown('XR')).not.toContain('ESC');
  });
});

test('NO_COLOR wins over FORCE_COLOR, and nothing is said of it', async () => {
  const ended = await start(url, list, { NO_COLOR: '1', FORCE_COLOR: '1' }).ended;
  expect(ended.code).toBe(0);
  for (const odd of ['\u001B', 'Warning']) expect(ended.err).not.toContain(odd);
  const failed = await start(url, ['bots', 'show', 'nobody'], { NO_COLOR: '1', FORCE_COLOR: '1' })
    .ended;
  for (const odd of ['\u001B', 'Warning']) expect(failed.err).not.toContain(odd);
});

test('in a pipe there is none, whatever is set', async () => {
  for (const args of [list, [...list, '--json'], ['bots', 'show', 'bot-10']]) {
    const { code, out } = await start(url, args, { ROUNDSMAN_PAGER: marks }).ended;
    expect(code).toBe(0);
    expect(out).not.toContain('paged:');
  }
  expect((await roundsman(url, ...list, '--no-pager')).out).not.toContain('paged:');
});
