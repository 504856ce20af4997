/**
 * The processes that a check or a remedy has started, including those that left the process group of their child
 * (`setsid`). They are found by a mark in the environment that they inherit, and by their parents. A process that has
 * dropped its environment, its group and its parents is not found. Without /proc, only the group is known.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';

/** the variable in a child's environment that holds its mark */
export const markName = 'ROUNDSMAN_CHILD';

const isNumber = /^\d+$/;

/** The processes that carry the mark, without those in `except`. */
export async function markedProcesses(mark: string, except: number[] = []): Promise<number[]> {
  const wanted = `${markName}=${mark}`;
  const found: number[] = [];
  for (const name of await readdir('/proc').catch(() => [])) {
    if (!isNumber.test(name) || except.includes(Number(name))) continue;
    const environment = await readFile(`/proc/${name}/environ`, 'latin1').catch(() => '');
    if (environment.split('\0').includes(wanted)) found.push(Number(name));
  }
  return found;
}

/**
 * The children of a process, their children, and so on. Reads synchronously, because the process is killed right after.
 */
export function descendantsOf(pid: number): number[] {
  const found: number[] = [];
  const look = (parent: number) => {
    for (const child of childrenOf(parent)) {
      found.push(child);
      look(child);
    }
  };
  look(pid);
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

export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // The process is already gone, or belongs to another user.
  }
}

/** How often the search for processes that were started meanwhile is repeated. */
const maxSweeps = 10;

/** Ends all processes that carry the mark, except those in `except`. Never rejects. */
export async function sweep(mark: string, except: number[] = []): Promise<void> {
  for (let times = 0; times < maxSweeps; times++) {
    const found = await markedProcesses(mark, except);
    if (found.length === 0) return;
    for (const pid of found) kill(pid);
  }
}
