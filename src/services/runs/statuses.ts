/** What a run may be. Beside no query, so that a command's help can name them without loading a database. */
export { executionStatuses } from '../../database/execution-statuses.ts';
export type { ExecutionStatus } from '../../data/bots/bot-executions.ts';
