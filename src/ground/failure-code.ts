/**
 * The exit code of a failure for which no error names another one. It is 1, but not in a command that says something else with 1, as
 * `diff` does.
 */
import { exitCodes } from './errors.ts';

let code: number = exitCodes.failed;

/** From now on such failures end this process with that code. */
export const failWith = (other: number): void => void (code = other);

export const failureCode = (): number => code;
