/** Copies of the checkout: each run of the tests removes those that an interrupted one has left. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ofProcess = /^roundsman-copy-(\d+)-\w+$/;

/** A directory of this process. */
export const newCopy = (): string => mkdtempSync(join(tmpdir(), `roundsman-copy-${process.pid}-`));

/** What a process that was just killed wrote last may still come: then it is tried again. */
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

/** Removes the copies of processes that have ended, as far as they are ours. */
export function sweepCopies(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = ofProcess.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    try {
      removeCopy(join(tmpdir(), name));
    } catch {
      // Another user's.
    }
  }
}
