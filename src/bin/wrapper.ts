/**
 * Notices the end of a program that wraps this process. npm and npx start this process through a shell that does not
 * forward signals: after SIGTERM the shell ends, and this process keeps running. So the end of the shell counts as the
 * signal.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 200;

/** The program and the arguments of a process; empty for a process that has ended. */
function argumentsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** The parent's process id; 0 for a process that has ended. */
function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')')).split(' ')[2]);
  } catch {
    return 0;
  }
}

/** Whether these are the arguments of a shell that got its command as text, as npm gives it. */
const isShell = ([program = '', option]: string[]): boolean =>
  /(^|\/)(ba|da|a|z|k)?sh$/.test(program) && option === '-c';

/**
 * npm is recognised by the process title that it sets, or by the file that it runs (npm_execpath, which pnpm and yarn
 * set too).
 */
const isNpm = (words: string[]): boolean =>
  /^npm( |$)/.test(words[0] ?? '') || words.includes(process.env.npm_execpath ?? '');

/**
 * The processes that wrap this one, the nearest first: the older Node that started Node 24 (it sets
 * ROUNDSMAN_HANDED_OVER_BY), npm's shell, and npm. npm is in the list because it cannot forward SIGKILL and does not
 * forward SIGQUIT.
 */
function wrappers(): number[] {
  const found: number[] = [];
  let pid = process.ppid;
  const take = () => {
    found.push(pid);
    pid = parentOf(pid);
  };
  if (process.env.ROUNDSMAN_HANDED_OVER_BY === String(pid)) take();
  if (process.env.npm_execpath === undefined || pid <= 1) return found;
  if (isShell(argumentsOf(pid))) take();
  if (pid > 1 && isNpm(argumentsOf(pid))) take();
  return found;
}

/**
 * Resolves with true when one of the wrappers has ended; with false when there is none, or when `until` aborts first.
 */
export async function wrapperEnded(until: AbortSignal): Promise<boolean> {
  const chain = wrappers();
  if (chain.length === 0) return false;
  const hasEnded = () =>
    chain.some((pid, index) => pid !== (index === 0 ? process.ppid : parentOf(chain[index - 1]!)));
  while (!until.aborted && !hasEnded())
    await sleep(pollMs, undefined, { ref: false, signal: until }).catch(() => {});
  return !until.aborted;
}
