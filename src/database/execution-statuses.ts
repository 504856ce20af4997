import type { DB } from './tables.ts';

/** The words of `bot_executions.status`, in the order of a run's life. Imports nothing: command lines list them. */
export const executionStatuses = [
  'queued',
  'running',
  'success',
  'failed',
  'timeout',
  'cancelled',
  'skipped',
] as const satisfies readonly DB['bot_executions']['status'][];
