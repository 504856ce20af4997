/** Processes by their ids: those below one, as /proc tells them, and whether one runs. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/**
 * The children of a process, their children, and so on. Reads synchronously, because the process is killed right after.
 */
export function descendantsOf(pid: number): number[] {
  const found: number[] = [];
  const addChildrenOf = (parent: number) => {
    for (const child of childrenOf(parent)) {
      found.push(child);
      addChildrenOf(child);
    }
  };
  addChildrenOf(pid);
  return found;
}

export function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1')
        .split(' ')
        .filter(Boolean)
        .map(Number),
    );
  } catch {
    // The process is gone, or there is no /proc.
    return [];
  }
}

/** Sends a signal to a process that may be gone already. */
export function kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // The process is already gone, or belongs to another user.
  }
}

/** Whether this process runs; false also for a dead one that its parent has not collected yet (a zombie), where /proc tells of it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    // It has gone since; or there is no /proc.
    return !existsSync('/proc/self');
  }
}
