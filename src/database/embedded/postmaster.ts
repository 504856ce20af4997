/** The running Postgres of a data directory, as its postmaster.pid and /proc tell. */
import { readFileSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RoundsmanError } from '../../ground/errors.ts';
import { readStart } from '../../ground/files/own-file.ts';

export interface Postmaster {
  pid: number;
  /** As it was called when the server started: the directory may have moved since. */
  data: string;
  port: number;
  /** The server takes no new session, and ends when the last one does. */
  isStopping?: boolean;
}

/** The embedded PostgreSQL did not end, although it was asked to twice. */
export class StopError extends RoundsmanError {}

/** World-readable also where the rest of /proc is not; empty for zombies and for the dead. */
function isRunning({ pid, data }: Postmaster): boolean {
  try {
    const [command = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return basename(command) === 'postgres' && args[0] === '-D' && args[1] === data;
  } catch {
    return false;
  }
}

/** A copied directory brings along the postmaster.pid of the original, which may well be alive. */
function isCopy(data: string, original: string): boolean {
  const there = statSync(original, { throwIfNoEntry: false });
  const here = statSync(data);
  return there !== undefined && (there.ino !== here.ino || there.dev !== here.dev);
}

/** Not of a dead one that its parent has not collected. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const pidFile = (data: string) => join(data, 'postmaster.pid');

/** What postmaster.pid says, be it true or left over; undefined without one. */
function lastPostmaster(data: string): Postmaster | undefined {
  try {
    const lines = readStart(pidFile(data), 4_096).split('\n');
    const postmaster = {
      pid: Number(lines[0]),
      data: lines[1] ?? '',
      port: Number(lines[3]),
      isStopping: lines[7]?.trim() === 'stopping',
    };
    return postmaster.pid && postmaster.port ? postmaster : undefined;
  } catch {
    return undefined;
  }
}

/** The live postmaster of `data`; a file left by a dead one does not count. */
export function findPostmaster(data: string): Postmaster | undefined {
  const postmaster = lastPostmaster(data);
  return postmaster && isRunning(postmaster) && !isCopy(data, postmaster.data)
    ? postmaster
    : undefined;
}

/**
 * Clears the way for a new postmaster, and returns the port of the one that crashed, if any. Only
 * for the holder of the gate, who has seen that none is running.
 */
export function forgetPostmaster(data: string): number | undefined {
  const last = lastPostmaster(data);
  // Postgres overwrites the file of a dead process, but balks when its number is in use: by another process, or still by
  // the dead one, until its parent has collected it. Should backends of the dead server be left, their shared memory
  // still keeps a new one out.
  if (last) rmSync(pidFile(data), { force: true });
  return last?.port;
}

async function ended(postmaster: Postmaster, patience: number): Promise<boolean> {
  for (const deadline = Date.now() + patience; Date.now() < deadline; await sleep(10))
    if (!isRunning(postmaster)) return true;
  return false;
}

/** Ends it for good: fast shutdown, after 10 s immediate shutdown. Loses nothing either way. */
export async function stopPostmaster(postmaster: Postmaster): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    try {
      process.kill(postmaster.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
    if (await ended(postmaster, 10_000)) return;
  }
  throw new StopError({
    what: 'The embedded database did not stop',
    why: `process ${postmaster.pid} ignored SIGINT and SIGQUIT for 10 s each`,
    hint: `Look at it with \`ps -fp ${postmaster.pid}\`; the next start recovers its data.`,
  });
}
