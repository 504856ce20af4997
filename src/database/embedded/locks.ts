/**
 * Locks between processes, held by the kernel: SQLite takes them on an empty file with fcntl, and
 * they vanish with the process, whatever ends it. So no lock is ever stale and none is broken.
 *
 * Danger: fcntl drops a process's locks on a file when it closes ANY descriptor of that file that
 * SQLite does not know of. Never open or read a lock file by other means.
 */
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { RoundsmanError } from '../../ground/errors.ts';
import { ensureClosedFile, refuseForeignFile } from '../../ground/files/own-file.ts';

/** One process alone, or many that only keep the exclusive one away. */
export type LockMode = 'exclusive' | 'shared';

export interface Lock {
  release(): void;
}

/** Is told in words what a process waits for. */
export type OnWait = (what: string) => void;

/** What takes longer is said. */
export const quietMs = 1_500;

/** Another process has held a lock of the embedded database for longer than any work under it takes. */
export class LockTimeoutError extends RoundsmanError {
  override readonly retryable = true;
}

const begin: Record<LockMode, string> = {
  exclusive: 'BEGIN EXCLUSIVE',
  // BEGIN alone locks nothing; the first read does.
  shared: 'BEGIN; SELECT * FROM sqlite_schema',
};

const SQLITE_BUSY = 5;

/** A connection without a reference is collected as garbage, and its lock would go with it. */
const held = new Set<DatabaseSync>();

/** The lock, or undefined when another holder (also one in this process) is in the way. */
export function tryLock(file: string, mode: LockMode): Lock | undefined {
  // SQLite follows links, waits for pipes, and does what it finds in a journal.
  ensureClosedFile(file);
  for (const each of [`${file}-journal`, `${file}-wal`, `${file}-shm`]) refuseForeignFile(each);
  const connection = new DatabaseSync(file, { timeout: 0 });
  try {
    connection.exec(begin[mode]);
  } catch (error) {
    connection.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
  held.add(connection);
  return {
    release() {
      if (held.delete(connection)) connection.close();
    },
  };
}

/**
 * Waits for the lock without blocking the event loop, `patience` milliseconds at most; `onWait` is called once when it
 * takes long.
 */
export async function lock(
  file: string,
  mode: LockMode,
  patience: number,
  onWait?: () => void,
): Promise<Lock> {
  const since = Date.now();
  const deadline = since + patience;
  let said = false;
  for (;;) {
    const lock = tryLock(file, mode);
    if (lock) return lock;
    if (Date.now() > deadline)
      throw new LockTimeoutError({
        what: 'The embedded database could not be joined or left',
        why: `another process has held ${file} for more than ${patience / 1000} s`,
        hint: 'Look for a stopped or hanging roundsman process, end it, and try again.',
      });
    if (!said && Date.now() - since > quietMs) {
      said = true;
      onWait?.();
    }
    await sleep(10);
  }
}
