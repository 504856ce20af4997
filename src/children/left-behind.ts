/** Finds what is still active after a task has ended: timers, requests, threads, processes, open files. */
import { subscribe } from 'node:diagnostics_channel';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { childrenOf, kill } from '../ground/processes.ts';
import { markedProcesses } from './processes.ts';
import { watchUnreferenced } from './unreferenced.ts';

/** The waits for what soon ends by itself after a task, such as a connection that is being closed. */
const waitMs = [1, 4, 20, 75];

/** The most open files beyond those at the start: sockets of the database and of requests count too. */
const maxFiles = 32;

const openFiles = (): number => {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
};

/**
 * The number of page faults of all ended child processes of this process. Each child process causes some, so a higher
 * number than before means that another child process has run.
 */
const endedProcesses = (): string => {
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1');
    const [, minor, , major] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(7);
    return `${minor} ${major}`;
  } catch {
    return '';
  }
};

/** The kinds of the resources that keep the process alive, without as many of each kind as there were before. */
function newResources(before: string[]): string[] {
  const unmatched = [...before];
  return process.getActiveResourcesInfo().filter((kind) => {
    const index = unmatched.indexOf(kind);
    if (index === -1) return true;
    unmatched.splice(index, 1);
    return false;
  });
}

/** How many threads were started and have not ended. */
function watchThreads(): () => number {
  let threads = 0;
  subscribe('worker_threads', (message) => {
    threads += 1;
    (message as { worker: Worker }).worker.once('exit', () => (threads -= 1));
  });
  return () => threads;
}

/**
 * Ends the processes that tasks of this child have started and that still run. It has to be done before the next task,
 * whose processes could not be told apart from them. Returns whether there were any.
 */
async function endProcesses(mark: string): Promise<boolean> {
  const children = childrenOf(process.pid);
  const marked = await markedProcesses(mark, [process.pid]);
  for (const pid of [...children, ...marked]) {
    kill(pid);
    // Ends its process group too, if it leads one.
    kill(-pid);
  }
  return children.length + marked.length > 0;
}

/**
 * Remembers what is active now. The returned functions name what else is active, after a short wait for what ends by
 * itself. `mark` is the mark of the process (processes.ts). `active` costs little. `all` also finds what no event
 * reports: processes that were started synchronously, which may have started others; what does not keep the process
 * alive; and open files.
 */
export function watchLeftBehind(mark: string): Record<'active' | 'all', () => Promise<string[]>> {
  const threads = watchThreads();
  const unreferenced = watchUnreferenced();
  const resources = process.getActiveResourcesInfo();
  const files = openFiles();
  let ended = endedProcesses();
  let started = 0;
  subscribe('child_process', () => (started += 1));

  async function waitWhileAny(left: () => unknown[]): Promise<void> {
    for (const ms of waitMs) {
      if (left().length === 0) return;
      await sleep(ms, undefined, { ref: false });
    }
  }

  async function active(): Promise<string[]> {
    await waitWhileAny(() => newResources(resources));
    const kinds = [...new Set(newResources(resources))];
    const processes = started > 0 && (await endProcesses(mark));
    started = 0;
    return [
      ...kinds.map((kind) => `${kind} at work`),
      ...(threads() > 0 ? ['a thread'] : []),
      ...(processes ? ['a process'] : []),
    ];
  }

  return {
    active,
    async all() {
      const endedBefore = ended;
      ended = endedProcesses();
      if (ended !== endedBefore) started += 1;
      await waitWhileAny(unreferenced);
      const left = [...(await active()), ...unreferenced()];
      const more = openFiles() - files;
      return more > maxFiles ? [...left, `${more} open files`] : left;
    },
  };
}
