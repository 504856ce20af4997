/**
 * Finds the processes that a check or a remedy has started, also those that left the process group of their child
 * (`setsid`). They are found by a mark in the environment that they inherit, and by their parents. A process that has
 * dropped its environment, its group and its parents is not found. Without /proc, only the group is known.
 */
import { readdir, readFile } from 'node:fs/promises';
import { kill } from '../ground/processes.ts';

/** the variable in a child's environment that holds its mark */
export const markName = 'ROUNDSMAN_CHILD';

const isNumber = /^\d+$/;

/** The processes that carry the mark, without those in `except`. */
export async function markedProcesses(mark: string, except: number[] = []): Promise<number[]> {
  const variable = `${markName}=${mark}`;
  const found: number[] = [];
  for (const name of await readdir('/proc').catch(() => [])) {
    if (!isNumber.test(name) || except.includes(Number(name))) continue;
    const environment = await readFile(`/proc/${name}/environ`, 'latin1').catch(() => '');
    if (environment.split('\0').includes(variable)) found.push(Number(name));
  }
  return found;
}

/** The most searches of one sweep: while it ends processes, these may start others. */
const maxSweeps = 10;

/** Ends all processes that carry the mark, except those in `except`. Never rejects. */
export async function sweep(mark: string, except: number[] = []): Promise<void> {
  for (let times = 0; times < maxSweeps; times++) {
    const found = await markedProcesses(mark, except);
    if (found.length === 0) return;
    for (const pid of found) kill(pid);
  }
}
