/** Only one `up` at a time runs in a home. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { RoundsmanError } from '../../ground/errors.ts';
import { readOwn, replaceOwn } from '../../ground/files/own-file.ts';
import { tryLock } from './locks.ts';
import { openHome } from './open-home.ts';

/** Another process is `up` in this home. */
export class AlreadyUpError extends RoundsmanError {
  /** The process that runs `up`; undefined in the moment before it has written its number. */
  readonly pid: number | undefined;

  constructor(home: string, pid: number | undefined) {
    super({
      what: 'Roundsman is already up here',
      why:
        pid === undefined
          ? `another process starts it in ${home}`
          : `process ${pid} runs it in ${home}`,
      hint: 'Use the one that runs, or stop it first (Ctrl-C in its terminal, or SIGTERM).',
    });
    this.pid = pid;
  }
}

/** Locks the home for `up`, until the lock is released or this process ends in any way. Throws AlreadyUpError. */
export function lockHome(home: string): { release(): void } {
  const real = openHome(home);
  const pidFile = join(real, 'up.pid');
  const homeLock = tryLock(join(real, 'up.lock'), 'exclusive');
  if (!homeLock) throw new AlreadyUpError(real, readPid(pidFile));
  replaceOwn(pidFile, `${process.pid}\n`, 0o600);
  return {
    release() {
      rmSync(pidFile, { force: true });
      homeLock.release();
    },
  };
}

/** The number alone proves nothing, only the lock does: a killed process leaves its number behind. */
function readPid(file: string): number | undefined {
  try {
    const pid = Number(readOwn(file));
    process.kill(pid, 0);
    return pid || undefined;
  } catch {
    return undefined;
  }
}
