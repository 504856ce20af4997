import { AsyncLocalStorage } from 'node:async_hooks';

/** The task to which the running code belongs, also in callbacks of its timers and after it has awaited an answer. */
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

/** Whether the running code is a task's, and not the engine's or that of a module which was loaded before. */
export const isOfTask = (): boolean => tasks.getStore() !== undefined;

/** Whether the running code was left behind by a task that has ended. */
export function isLeftBehind(): boolean {
  const task = tasks.getStore();
  return task !== undefined && task !== current;
}
