/** Runs the real command line in a pseudo-terminal, as a person uses it. `script` of util-linux makes the terminal. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { fileURLToPath } from 'node:url';
import { onTestFinished, vi } from 'vitest';

const bin = fileURLToPath(new URL('../../src/bin/roundsman.js', import.meta.url));
const commands = fileURLToPath(new URL('../cli/run-commands.ts', import.meta.url));

export const hasTerminal = spawnSync('script', ['--version']).status === 0;

export const keys = {
  interrupt: '\u0003',
  end: '\u0004',
  suspend: '\u001A',
  enter: '\r',
} as const;

/**
 * Pairs of a text and keys: the keys are typed when the terminal has shown the text, after the previous keys. No keys: this text is only waited for.
 * A function in place of keys is called. `again`: typed every half second until the command ends.
 */
export type Typed = [shown: string, keys: string | (() => void), again?: string][];

export interface Shown {
  code: number | null;
  /** all that the terminal showed, without control sequences */
  shown: string;
  /** whether the terminal showed all texts of `typed`, so that all keys were typed */
  asked: boolean;
}

const shellQuoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** The command by which a shell runs `roundsman ...args`. */
export const commandOf = (args: string[]): string =>
  [process.execPath, bin, ...args].map(shellQuoted).join(' ');

/**
 * Runs `roundsman ...args` in a terminal, which first shows `pid=` and the process id of the command. Keys such as
 * `signal:SIGTERM` are not typed: this signal is sent to the command.
 */
export const inTerminal = (
  url: string,
  args: string[],
  typed: Typed,
  env: NodeJS.ProcessEnv = {},
): Promise<Shown> => runInTerminal(`echo "pid=$$"; exec ${commandOf(args)}`, url, typed, env);

/** Runs `roundsman ...args` in a terminal of so many columns and 24 rows. */
export const inTerminalOf = (
  columns: number,
  url: string,
  args: string[],
  typed: Typed = [],
  env: NodeJS.ProcessEnv = {},
): Promise<Shown> =>
  runInTerminal(
    `stty cols ${columns} rows 24; ${typed.length > 0 ? 'echo "pid=$$"; ' : ''}exec ${commandOf(args)}`,
    url,
    typed,
    env,
  );

/** Runs `roundsman` with each of these lines, one after the other in one process, in a terminal of so many columns and 24 rows. */
export const inTurnInTerminalOf = (columns: number, url: string, lines: string[]): Promise<Shown> =>
  runInTerminal(
    `stty cols ${columns} rows 24; exec ${[process.execPath, commands, ...lines].map(shellQuoted).join(' ')}`,
    url,
    [],
    {},
  );

/** Runs an interactive shell in a terminal, with the prompt `ready> `, which can suspend and continue jobs. */
export const inShell = (url: string, typed: Typed): Promise<Shown> =>
  runInTerminal('exec bash --norc --noprofile --noediting -i', url, typed, { PS1: 'ready> ' });

/**
 * Runs `roundsman ...args` in a terminal, and closes the terminal as soon as it shows `text`. Resolves with the exit code
 * that a shell in the terminal gets: 128 or more if a signal ended the command.
 */
export async function closedAt(
  text: string,
  url: string,
  args: string[],
  env: NodeJS.ProcessEnv = {},
): Promise<number> {
  const codeFile = join(mkdtempSync(join(tmpdir(), 'roundsman-closed-')), 'code');
  onTestFinished(() => rmSync(dirname(codeFile), { recursive: true }));
  // The shell survives the end of its terminal (SIGHUP), and the command gets the signal as usual.
  const command = `trap : HUP; ${commandOf(args)}; echo $? > ${shellQuoted(codeFile)}.part; mv ${shellQuoted(codeFile)}.part ${shellQuoted(codeFile)}`;
  await runInTerminal(command, url, [[text, 'close']], env);
  return vi.waitFor(() => Number(readFileSync(codeFile, 'utf8')), {
    timeout: 20_000,
    interval: 50,
  });
}

/** Runs a shell's command in a terminal. */
export function runInTerminal(
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
      TZ: 'UTC',
      // A pager would wait for a key.
      ROUNDSMAN_PAGER: '',
      ...env,
    },
  });
  // Without this, a command whose question is not answered would wait for ever, and so would the test run.
  onTestFinished(() => void child.kill('SIGKILL'));
  let shown = '';
  let before = 0;
  let repeating: NodeJS.Timeout | undefined;
  child.once('exit', () => clearInterval(repeating)).stdin.on('error', () => {});
  const waiting = [...typed];
  const type = (what: string | (() => void)) => {
    if (typeof what === 'function') what();
    else if (what === 'close') child.kill('SIGKILL');
    else if (what.startsWith('signal:'))
      process.kill(Number(/pid=(\d+)/.exec(shown)![1]), what.slice('signal:'.length));
    else child.stdin.write(what);
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
    for (let next = waiting[0]; next; next = waiting[0]) {
      const at = shown.indexOf(next[0], before);
      if (at === -1) return;
      const [text, what, again] = waiting.shift()!;
      if (again !== undefined) repeating = setInterval(() => type(again), 500);
      // After keys something new has to come. Where none are typed, what follows may have come together with this text.
      before = what === '' ? at + text.length : shown.length;
      if (what !== '') return type(what);
    }
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
