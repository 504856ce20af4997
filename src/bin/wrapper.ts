/**
 * npm and npx start us through a shell that passes no signal on: told to stop, it ends and leaves us behind. Then
 * its end is the signal.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const everyMs = 200;

/** The process that hands over to Node 24 says so; a shell of npm is one that was given its command as text. */
function isWrapper(parent: number): boolean {
  if (process.env.ROUNDSMAN_HANDED_OVER_BY === String(parent)) return true;
  if (process.env.npm_execpath === undefined || parent <= 1) return false;
  try {
    const [program = '', option] = readFileSync(`/proc/${parent}/cmdline`, 'utf8').split('\0');
    return /(^|\/)(ba|da|a|z|k)?sh$/.test(program) && option === '-c';
  } catch {
    return false;
  }
}

/** True when the wrapper that started us has ended; false without one, or when `until` aborts first. */
export async function wrapperEnded(until: AbortSignal): Promise<boolean> {
  const parent = process.ppid;
  if (!isWrapper(parent)) return false;
  while (!until.aborted && process.ppid === parent)
    await sleep(everyMs, undefined, { ref: false, signal: until }).catch(() => {});
  return process.ppid !== parent && !until.aborted;
}
