/** The real command line in a pseudo-terminal: script(1) gives the command one, and what that shows comes back. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const bin = fileURLToPath(new URL('../../src/bin/roundsman.js', import.meta.url));

export const keys = { interrupt: '\u0003', end: '\u0004', enter: '\r' } as const;

/** What is typed when the terminal shows a text: each text is waited for after the one before it. */
export type Typed = [shown: string, keys: string][];

export interface Shown {
  code: number | null;
  /** all that the terminal showed, with its control sequences */
  shown: string;
  /** what was asked for all of `typed` */
  asked: boolean;
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Runs `roundsman ...args` in a terminal. A signal is typed as `signal:SIGTERM`, and sent to the command. */
export function inTerminal(
  url: string,
  args: string[],
  typed: Typed,
  env: NodeJS.ProcessEnv = {},
): Promise<Shown> {
  const command = [process.execPath, bin, ...args].map(quoted).join(' ');
  const child = spawn('script', ['-qec', `echo "pid=$$"; exec ${command}`, '/dev/null'], {
    env: { PATH: process.env.PATH, DATABASE_URL: url, REDIS_URL: '', TERM: 'dumb', ...env },
  });
  // As in support/terminal.ts: a question that is not answered waits for ever.
  onTestFinished(() => void child.kill('SIGKILL'));
  let shown = '';
  let from = 0;
  const waiting = [...typed];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
    for (const [until, what] of waiting) {
      const at = shown.indexOf(until, from);
      if (at < 0) return;
      from = at + until.length;
      waiting.shift();
      if (what.startsWith('signal:'))
        process.kill(Number(/pid=(\d+)/.exec(shown)![1]), what.slice('signal:'.length));
      else child.stdin.write(what);
    }
  });
  return new Promise((resolve, reject) =>
    child
      .once('error', reject)
      .once('close', (code) => resolve({ code, shown, asked: waiting.length === 0 })),
  );
}
