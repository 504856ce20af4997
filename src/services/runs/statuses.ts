/** The statuses of a run. This file imports no query, so that the help of a command, which lists them, starts quickly. */
export { executionStatuses } from '../../database/execution-statuses.ts';
export type { ExecutionStatus } from '../../data/bots/bot-executions.ts';
