import type { DB } from './tables.ts';

type Status = DB['bot_executions']['status'];

/** Runs that are to come or go on. Imports nothing: command lines list the words. */
export const pendingExecutions = ['queued', 'running'] as const satisfies readonly Status[];

/** What a run ended as: of these it changes no more, but a skipped one may be queued by a backfill. */
export const endedExecutions = [
  'success',
  'failed',
  'timeout',
  'cancelled',
  'skipped',
] as const satisfies readonly Status[];

/** The words of `bot_executions.status`, in the order of a run's life. */
export const executionStatuses = [...pendingExecutions, ...endedExecutions] as const;
