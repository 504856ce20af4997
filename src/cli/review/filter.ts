/** A filter as a person types it in a review: words of the title or the description, and the options of `tickets list` as `bot:NAME`. */
import { UsageError } from '../../ground/errors.ts';
import { didYouMean, nearest } from '../../ground/nearest.ts';
import { printable } from '../../ground/text.ts';
import type { ReviewFilter } from '../../services/tickets/review.ts';
import { severityWords } from '../terminal/print.ts';

const names = new Map([
  ['bot', 'bot'],
  ['component', 'component'],
  ['category', 'category'],
  ['with', 'assignedTo'],
]);

const flags = new Set(['overdue', 'reopened', 'snoozed']);

/** `with:me` means the person who types it, as in the options of lists. Throws UsageError. */
export function filterFrom(text: string, me: string): ReviewFilter {
  const filter: Record<string, unknown> = {};
  const words: string[] = [];
  for (const part of text.split(/\s+/).filter(Boolean)) {
    const [, name, value] = /^([a-z]+):(.+)$/.exec(part) ?? [];
    if (flags.has(part)) filter[part] = true;
    else if (name === 'severity') filter.severity = severitiesIn(value!);
    else if (name && names.has(name))
      filter[names.get(name)!] = value === 'me' && name === 'with' ? me : value;
    else {
      if (name) refuseNear(name, part);
      words.push(part);
    }
  }
  if (words.length > 0) filter.match = words.join(' ');
  return filter;
}

/** Throws where a key is nearly one of the filter's: it was mistyped. Any other word with a colon is looked for in the tickets' texts. */
function refuseNear(name: string, part: string): void {
  const [meant] = nearest(name, ['severity', ...names.keys()]);
  if (meant === undefined) return;
  const value = part.slice(name.length + 1);
  throw new UsageError({
    what: 'the filter cannot be used',
    why: `it has no ${printable(name)}:`,
    hint: `did you mean ${meant}:${printable(value)}? As a word of the ticket: ${printable(value)} alone`,
  });
}

function severitiesIn(value: string): string[] {
  const severities = value.split(',');
  const unknown = severities.find((word) => !severityWords.includes(word));
  if (unknown === undefined) return severities;
  throw new UsageError({
    what: 'the filter cannot be used',
    why: `${printable(unknown)} is not a severity`,
    hint: didYouMean(unknown, severityWords, 'severity:high, or several: severity:critical,high'),
  });
}
