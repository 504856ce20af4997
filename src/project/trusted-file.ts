import { existsSync, realpathSync, statSync } from 'node:fs';
import { UsageError } from '../ground/errors.ts';
import { distrust } from '../ground/files/trusted.ts';

/** The project's `roundsman.config.ts`, or a file that a command names, cannot be used: it is refused as a whole. */
export class BadProjectError extends UsageError {}

/**
 * The real path of a file whose code is to be run: a link that is changed later does not change what this process and its children load.
 * Throws {@link BadProjectError} where the file is missing, or where another user could change it; `hint` is for a missing one.
 */
export function trustedFile(given: string, { what, hint }: { what: string; hint: string }): string {
  const refuse = (why: string, hint: string): never => {
    throw new BadProjectError({ what: `${what} cannot be used`, why, hint });
  };
  if (!existsSync(given)) refuse(`there is no such file: ${given}`, hint);
  if (!statSync(given).isFile()) refuse(`it is not a file: ${given}`, 'name the file itself');
  const found = distrust(given);
  if (found)
    refuse(
      `${found.why}, so its code may be another user's`,
      `${found.hint}; or, if it is not yours, name a file of your own`,
    );
  return realpathSync(given);
}
