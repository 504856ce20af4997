/** The running PostgreSQL of a data directory, according to its postmaster.pid and /proc. */
import { readFileSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RoundsmanError } from '../../ground/errors.ts';
import { readStart } from '../../ground/files/own-file.ts';

export interface Postmaster {
  pid: number;
  /** The path of the data directory when the server started: it may have been moved since. */
  data: string;
  port: number;
  /** The server takes no new session, and ends when its last session ends. */
  isStopping?: boolean;
}

/** The embedded PostgreSQL did not end, although it got two signals to stop. */
export class StopError extends RoundsmanError {}

/**
 * /proc/PID/cmdline is readable to all users even where the rest of /proc is not; it is empty for zombies and dead
 * processes.
 */
function isRunning({ pid, data }: Postmaster): boolean {
  try {
    const [command = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return basename(command) === 'postgres' && args[0] === '-D' && args[1] === data;
  } catch {
    return false;
  }
}

/**
 * Whether `data` is a copy of the directory `original`. A copy contains the postmaster.pid of the original, whose server
 * may be running.
 */
function isCopy(data: string, original: string): boolean {
  const there = statSync(original, { throwIfNoEntry: false });
  const here = statSync(data);
  return there !== undefined && (there.ino !== here.ino || there.dev !== here.dev);
}

const pidFile = (data: string) => join(data, 'postmaster.pid');

/** The content of postmaster.pid, which may be current or left over; undefined if there is no such file. */
function readPostmasterFile(data: string): Postmaster | undefined {
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

/** The running postmaster of `data`; the file of a dead one does not count. */
export function findPostmaster(data: string): Postmaster | undefined {
  const postmaster = readPostmasterFile(data);
  return postmaster && isRunning(postmaster) && !isCopy(data, postmaster.data)
    ? postmaster
    : undefined;
}

/**
 * Removes the file of a server that crashed, which would keep a new postmaster from starting, and returns the port of that server;
 * undefined if there is no such file. The caller holds the join lock and has seen that no server is running.
 */
export function removeCrashed(data: string): number | undefined {
  const last = readPostmasterFile(data);
  // PostgreSQL overwrites the file of a dead process, but refuses to start when the process id in it is in use: by
  // another process, or still by the dead one until its parent has collected it. Removing it is safe: if backends of
  // the dead server still run, their shared memory stops a new server from starting.
  if (last) rmSync(pidFile(data), { force: true });
  return last?.port;
}

async function waitForEnd(postmaster: Postmaster, timeoutMs: number): Promise<boolean> {
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await sleep(10))
    if (!isRunning(postmaster)) return true;
  return false;
}

/** Stops the server: fast shutdown, and after 10 s immediate shutdown. Neither loses committed data. */
export async function stopPostmaster(postmaster: Postmaster): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    try {
      process.kill(postmaster.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
    if (await waitForEnd(postmaster, 10_000)) return;
  }
  throw new StopError({
    what: 'The embedded database did not stop',
    why: `process ${postmaster.pid} ignored SIGINT and SIGQUIT for 10 s each`,
    hint: `Look at it with \`ps -fp ${postmaster.pid}\`; the next start recovers its data.`,
  });
}
