/**
 * The processes that a check or a remedy has started, also those that left the group of their child (`setsid`).
 * They are known by a mark in the environment that they inherit, and by their parents. One that has given up its
 * environment, its group and its parents is not found. Where there is no /proc, only the group is known.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';

/** the variable in a child's environment that holds its mark */
export const markName = 'ROUNDSMAN_CHILD';

const isNumber = /^\d+$/;

/** Those that carry the mark; without those in `except`. */
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

/** The children of a process, and theirs, and so on. At once: they are asked for before it is killed. */
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
    // It is gone, or there is no /proc.
    return [];
  }
}

export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone already, or belongs to another user.
  }
}

/** So often it is looked for further ones, which were started meanwhile. */
const mostSweeps = 10;

/** Ends all that carry the mark but those in `except`. Never rejects. */
export async function sweep(mark: string, except: number[] = []): Promise<void> {
  for (let times = 0; times < mostSweeps; times++) {
    const found = await markedProcesses(mark, except);
    if (found.length === 0) return;
    for (const pid of found) kill(pid);
  }
}
