/**
 * The statuses of a run. This file imports no query, so that a command's help can list them without loading a
 * database.
 */
export { executionStatuses } from '../../database/execution-statuses.ts';
export type { ExecutionStatus } from '../../data/bots/bot-executions.ts';
