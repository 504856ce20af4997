import { messageOf, RoundsmanError } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import { refusalKindOf } from '../../services/database/refusal-kind.ts';

/**
 * A refusal in one line: what, why and what to try of a RoundsmanError, or the message of a statement that the database
 * refused. Null for any other error.
 */
export function refusalInWords(error: unknown): string | null {
  if (error instanceof RoundsmanError)
    return printable(`${error.what}: ${error.why} (try: ${error.hint})`);
  switch (refusalKindOf(error)) {
    case 'read-only':
      return 'nothing was changed: the database is read-only at present (`npx roundsman doctor` says more)';
    case 'statement':
      return printable(`the database refused it: ${messageOf(error)}`);
    case null:
      return null;
  }
}

/** Whether it is a defect, which ends the review. An error that is neither this nor a refusal is taken for a lost connection. */
export const isDefect = (error: unknown): boolean =>
  error instanceof TypeError || error instanceof ReferenceError || error instanceof SyntaxError;

export const outageInWords = (error: unknown): string => printable(messageOf(error));
