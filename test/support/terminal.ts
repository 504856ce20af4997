/** A command of Roundsman on a terminal of its own, as a person types at it (`script` of util-linux makes one). */
import { spawn, spawnSync } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const bin = fileURLToPath(new URL('../../src/bin/roundsman.js', import.meta.url));

export const hasTerminal = spawnSync('script', ['--version']).status === 0;

/** Types each answer once the screen has shown its question since the answer before. */
export async function onTerminal(
  url: string,
  args: string[],
  answers: [question: string, keys: string][],
): Promise<{ code: number | null; screen: string }> {
  const quoted = [process.execPath, bin, ...args].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qec', quoted, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, DATABASE_URL: url, REDIS_URL: '', TERM: 'xterm', NO_COLOR: '1' },
  });
  // A question that is not answered would wait for ever, and its test run with it.
  onTestFinished(() => void child.kill('SIGKILL'));
  let screen = '';
  let seen = 0;
  const left = [...answers];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text;
    const at = left[0] ? screen.indexOf(left[0][0], seen) : -1;
    if (at < 0) return;
    seen = screen.length;
    child.stdin.write(left.shift()![1]);
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, screen: stripVTControlCharacters(screen) };
}
