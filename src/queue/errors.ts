import { RoundsmanError } from '../ground/errors.ts';

/** The queue's server does not answer now; it may answer later. */
export class QueueNotReadyError extends RoundsmanError {
  override readonly retryable = true;
}

/** The queue's server answered, and cannot be used as it is. */
export class QueueRefusedError extends RoundsmanError {}
