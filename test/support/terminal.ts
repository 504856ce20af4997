/** The real command line in a pseudo-terminal, as a person types at it: `script` of util-linux makes one. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { fileURLToPath } from 'node:url';
import { onTestFinished, vi } from 'vitest';

const bin = fileURLToPath(new URL('../../src/bin/roundsman.js', import.meta.url));

export const hasTerminal = spawnSync('script', ['--version']).status === 0;

export const keys = {
  interrupt: '\u0003',
  end: '\u0004',
  suspend: '\u001A',
  enter: '\r',
} as const;

/** What is typed once the terminal has shown a text since what was typed before it. */
export type Typed = [shown: string, keys: string][];

export interface Shown {
  code: number | null;
  /** all that the terminal showed, without control sequences */
  shown: string;
  /** what was asked for all of `typed` */
  asked: boolean;
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** The words with which a shell runs `roundsman ...args`. */
export const commandOf = (args: string[]): string =>
  [process.execPath, bin, ...args].map(quoted).join(' ');

/**
 * Runs `roundsman ...args` in a terminal, which shows `pid=` and its number first. A signal is typed as
 * `signal:SIGTERM`, and sent to the command.
 */
export const inTerminal = (
  url: string,
  args: string[],
  typed: Typed,
  env: NodeJS.ProcessEnv = {},
): Promise<Shown> => typeInto(`echo "pid=$$"; exec ${commandOf(args)}`, url, typed, env);

/** Runs `roundsman ...args` in a terminal of so many columns and 24 rows. */
export const inTerminalOf = (columns: number, url: string, args: string[]): Promise<Shown> =>
  typeInto(`stty cols ${columns} rows 24; exec ${commandOf(args)}`, url, [], {});

/** The same with a shell of a person, whose prompt is `ready> `, and which suspends and continues jobs. */
export const inShell = (url: string, typed: Typed): Promise<Shown> =>
  typeInto('exec bash --norc --noprofile --noediting -i', url, typed, { PS1: 'ready> ' });

/**
 * Closes the terminal of `roundsman ...args` as soon as it shows a text; the exit code, as a shell in it tells: 128 and
 * more where a signal ended the command.
 */
export async function closedAt(
  text: string,
  url: string,
  args: string[],
  env: NodeJS.ProcessEnv = {},
): Promise<number> {
  const told = join(mkdtempSync(join(tmpdir(), 'roundsman-closed-')), 'code');
  onTestFinished(() => rmSync(dirname(told), { recursive: true }));
  // The shell outlives its terminal; the command gets the signal as it comes.
  const command = `trap : HUP; ${commandOf(args)}; echo $? > ${quoted(told)}.part; mv ${quoted(told)}.part ${quoted(told)}`;
  await typeInto(command, url, [[text, 'close']], env);
  return vi.waitFor(() => Number(readFileSync(told, 'utf8')), { timeout: 20_000, interval: 50 });
}

function typeInto(
  command: string,
  url: string,
  typed: Typed,
  env: NodeJS.ProcessEnv,
): Promise<Shown> {
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: url,
      REDIS_URL: '',
      TERM: 'xterm',
      NO_COLOR: '1',
      ...env,
    },
  });
  // A question that is not answered would wait for ever, and its test run with it.
  onTestFinished(() => void child.kill('SIGKILL'));
  let shown = '';
  let before = 0;
  const waiting = [...typed];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
    const [next] = waiting;
    if (!next || !shown.includes(next[0], before)) return;
    before = shown.length;
    waiting.shift();
    const [, what] = next;
    if (what === 'close') child.kill('SIGKILL');
    else if (what.startsWith('signal:'))
      process.kill(Number(/pid=(\d+)/.exec(shown)![1]), what.slice('signal:'.length));
    else child.stdin.write(what);
  });
  return new Promise((resolve, reject) =>
    child.once('error', reject).once('close', (code) =>
      resolve({
        code,
        shown: stripVTControlCharacters(shown),
        asked: waiting.length === 0,
      }),
    ),
  );
}
