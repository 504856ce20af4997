/** A long text in a file, and what no such text may be. */
import { UsageError } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import { textOf } from './file-text.ts';

/** The text cannot be read, is none, or is too long: nothing was changed. */
export class LongTextError extends UsageError {}

/** A longer file is not read; a command may allow less. */
const maxBytes = 1_000_000;

/** The limit for notes; a long log is for a link. */
export const maxCharacters = 10_000;

export const longTextError = (why: string, hint: string, cause?: unknown) =>
  new LongTextError({ what: 'nothing was changed', why, hint }, { cause });

/** The text of a file, or of standard input for `-`. Throws {@link LongTextError}. */
export const fromFile = (file: string): Promise<string> =>
  textOf(file, maxBytes, (place, why, cause) =>
    longTextError(
      `${printable(place)} cannot be read: ${printable(why)}`,
      'name a file with a text in UTF-8, or - for standard input',
      cause,
    ),
  );
