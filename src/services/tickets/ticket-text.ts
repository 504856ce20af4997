import { UsageError } from '../../ground/errors.ts';
import { storable } from '../../ground/text.ts';

/** How many characters a text about a ticket (notes, a reason, a comment) may have: instead of a long log, it has a link to one. */
export const maxTextCharacters = 10_000;

/** The text in a form that can be stored. Throws UsageError if it is too long; `what` says what was not done then. */
export function storableText(text: string, what: string): string {
  const stored = storable(text);
  if (stored.length <= maxTextCharacters) return stored;
  throw new UsageError({
    what,
    why: `the text has ${stored.length} characters, and may have ${maxTextCharacters} at most`,
    hint: 'shorten it, and give a link to a long log',
  });
}
