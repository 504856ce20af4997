/** Reads a long text from a file, and refuses one that is too long or is no text. */
import { UsageError } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import { textOf } from './file-text.ts';

/** The text cannot be read, is not UTF-8, is empty, or is too long: nothing was changed. */
export class LongTextError extends UsageError {}

/** A longer file is not read; a command may allow less. */
const maxBytes = 1_000_000;

/** How long notes may be: instead of a long log, they have a link to one. */
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
