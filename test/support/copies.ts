/** Directories for copies of the checkout. Each run of the tests removes those that an interrupted run has left. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const copyName = /^roundsman-copy-(\d+)-\w+$/;

/** Makes a directory whose name has the id of this process. */
export const newCopy = (): string => mkdtempSync(join(tmpdir(), `roundsman-copy-${process.pid}-`));

/** Removes a directory. It tries again, because a process that was just killed may still write its last file. */
export const removeCopy = (directory: string): void =>
  rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Removes the directories of processes that have ended, if they belong to this user. */
export function sweepCopies(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = copyName.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    try {
      removeCopy(join(tmpdir(), name));
    } catch {
      // The directory belongs to another user.
    }
  }
}
