/** How an error of a task gets from a child to its worker. */
import { NotAppliedError } from '../contract/remedy.ts';
import { LostRunError, type Fenced } from '../data/bots/fence.ts';
import { faultBehind, FaultError } from '../database/faults/fault-behind.ts';
import { messageOf } from '../ground/errors.ts';
import { fitting } from '../ground/text.ts';
import type { Thrown } from './protocol.ts';

export const toThrown = (error: unknown): Thrown => ({
  message: fitting(messageOf(error), 10_000),
  lost: error instanceof LostRunError,
  fault: faultBehind(error),
  notApplied: error instanceof NotAppliedError,
});

/** Builds the error again, in the worker. Its class tells the worker what to do next. */
export function errorOf(
  { message, lost, fault, notApplied }: Thrown,
  run: Fenced | undefined,
): Error {
  if (lost && run) return new LostRunError(run);
  const behind = fault ? new FaultError(fault, message) : undefined;
  if (notApplied) return new NotAppliedError(message, { cause: behind });
  return behind ?? new Error(message);
}
