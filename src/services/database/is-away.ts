import { isOutage } from '../../database/faults/outage.ts';
import { DatabaseNotReadyError } from '../../database/migrate/prepare.ts';

/** Whether an error says that the database does not answer, or cannot be reached: it is nothing that a restart of this process ends. */
export const isDatabaseAway = (error: unknown): boolean =>
  isOutage(error) || (error instanceof DatabaseNotReadyError && isOutage(error.cause));
