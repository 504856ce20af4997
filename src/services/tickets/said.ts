import { UsageError } from '../../ground/errors.ts';
import { storable } from '../../ground/text.ts';

/** The most characters of what a person writes about a ticket: notes, a reason, a comment; a log belongs behind a link. */
export const longestText = 10_000;

/** The text in a form that can be stored. Throws UsageError when it is too long; `what` is what was not done then. */
export function saidOf(text: string, what: string): string {
  const said = storable(text);
  if (said.length <= longestText) return said;
  throw new UsageError({
    what,
    why: `the text has ${said.length} characters, and ${longestText} is the most`,
    hint: 'shorten it: a log belongs behind a link',
  });
}
