/**
 * Locks between processes, held by the kernel: SQLite takes them on an empty file with fcntl, and the kernel releases
 * them when the process ends, for whatever reason. So no lock is ever stale, and no code breaks a lock.
 *
 * Danger: fcntl drops all locks of a process on a file when the process closes ANY descriptor of that file that
 * SQLite does not know of. Never open or read a lock file by other means.
 */
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { capitalised, messageOf, RoundsmanError } from '../../ground/errors.ts';
import { fullDiskBehind, howToMakeRoom } from '../../ground/files/full-disk.ts';
import { ensurePrivateFile, refuseForeignFile } from '../../ground/files/own-file.ts';

/** exclusive: one holder, and no other. shared: many holders at once; only an exclusive holder has to wait for them. */
export type LockMode = 'exclusive' | 'shared';

export interface Lock {
  release(): void;
}

/** Called with a text for people that says what this process waits for. */
export type OnWait = (what: string) => void;

/** A wait that takes longer than this is reported. */
export const reportAfterMs = 1_500;

/** Another process has held a lock of the embedded database for longer than any work under it takes. */
export class LockTimeoutError extends RoundsmanError {
  override readonly retryable = true;
}

/** A lock of the embedded database cannot be taken, because its file cannot be written. */
export class LockFileError extends RoundsmanError {}

const beginStatements: Record<LockMode, string> = {
  exclusive: 'BEGIN EXCLUSIVE',
  // BEGIN alone takes no lock; the first read does.
  shared: 'BEGIN; SELECT * FROM sqlite_schema',
};

const SQLITE_BUSY = 5;

/** A connection that nothing refers to would be garbage collected, and its lock released with it. */
const openConnections = new Set<DatabaseSync>();

/** Takes the lock; returns undefined when another holder, possibly in this process, has it. */
export function tryLock(file: string, mode: LockMode): Lock | undefined {
  // SQLite would follow a link, wait for a pipe, or apply what a journal file says.
  ensurePrivateFile(file);
  for (const each of [`${file}-journal`, `${file}-wal`, `${file}-shm`]) refuseForeignFile(each);
  const connection = new DatabaseSync(file, { timeout: 0 });
  try {
    // Nothing is ever written, but SQLite would begin a journal on the disk, and fail where the disk is full: then even
    // commands that only read could not work.
    connection.exec(`PRAGMA journal_mode = MEMORY; ${beginStatements[mode]}`);
  } catch (error) {
    connection.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    if (fullDiskBehind(error))
      throw new LockFileError(
        {
          what: 'The embedded database could not be joined or left',
          why: `${file}: ${messageOf(error)}`,
          hint: capitalised(`${howToMakeRoom(file)}.`),
        },
        { cause: error },
      );
    throw error;
  }
  openConnections.add(connection);
  return {
    release() {
      if (openConnections.delete(connection)) connection.close();
    },
  };
}

/**
 * Waits for the lock without blocking the event loop, for `timeoutMs` milliseconds at most; `onWait` is called once
 * when the wait takes long.
 */
export async function lock(
  file: string,
  mode: LockMode,
  timeoutMs: number,
  onWait?: () => void,
): Promise<Lock> {
  const since = Date.now();
  const deadline = since + timeoutMs;
  let isReported = false;
  for (;;) {
    const lock = tryLock(file, mode);
    if (lock) return lock;
    if (Date.now() > deadline)
      throw new LockTimeoutError({
        what: 'The embedded database could not be joined or left',
        why: `another process has held ${file} for more than ${timeoutMs / 1000} s`,
        hint: 'Look for a stopped or hanging roundsman process, end it, and try again.',
      });
    if (!isReported && Date.now() - since > reportAfterMs) {
      isReported = true;
      onWait?.();
    }
    await sleep(10);
  }
}
