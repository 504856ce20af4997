import { AsyncLocalStorage } from 'node:async_hooks';

/** Which task the code that runs belongs to, also after its timers and answers. */
const tasks = new AsyncLocalStorage<number>();
let current: number | null = null;

/** Runs a task; it is the current one until {@link endTask}. */
export function beginTask<Result>(id: number, run: () => Result): Result {
  current = id;
  return tasks.run(id, run);
}

export function endTask(): void {
  current = null;
}

/** Whether the code that runs is a task's, and not the engine's or that of a module which was loaded before. */
export const isOfTask = (): boolean => tasks.getStore() !== undefined;

/** Whether the code that runs was left behind by a task that is over. */
export function isLeftBehind(): boolean {
  const of = tasks.getStore();
  return of !== undefined && of !== current;
}
