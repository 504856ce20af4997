import type { DB } from './tables.ts';

type Status = DB['bot_executions']['status'];

/**
 * Runs that wait to start or are running. This file imports nothing at run time, because the command line loads it to
 * list the words.
 */
export const pendingExecutions = ['queued', 'running'] as const satisfies readonly Status[];

/** The states in which a run ends. They do not change again, except that a backfill may queue a skipped run. */
export const endedExecutions = [
  'success',
  'failed',
  'timeout',
  'cancelled',
  'skipped',
] as const satisfies readonly Status[];

/** The words of `bot_executions.status`, in the order of a run's life. */
export const executionStatuses = [...pendingExecutions, ...endedExecutions] as const;
