/** The processes below one, as /proc tells them. */
import { readdirSync, readFileSync } from 'node:fs';

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
