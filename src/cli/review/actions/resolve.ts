import { printable } from '../../../ground/text.ts';
import { wayToResolve } from '../../../services/findings/counted-events.ts';
import { isStorm } from '../../../services/tickets/list.ts';
import { reopenTicket } from '../../../services/tickets/reopen.ts';
import { findResolvable, resolveTicket } from '../../../services/tickets/resolve.ts';
import type { Review } from '../../../services/tickets/review.ts';
import { storableText } from '../../../services/tickets/ticket-text.ts';
import { resolvesInWords } from '../../findings/counted-events.ts';
import { asTheyWere, nameOf, type ReviewAction, type Choice, type Question } from './action.ts';
import { whyNotPending } from './pending.ts';

/** Answers to `What helped?` besides the names of entries: the person skips the question; no known entry helped. */
const unsaid = '';
const none = 'none';

/** How many entries are offered: each has a digit as its key. */
const maxEntries = 7;

function choicesFor({ ticket, suggested, related }: Review): Choice[] {
  const names = [
    ...suggested.map(({ suggestion }) => suggestion.name),
    ...related.curedBy.map(({ name }) => name),
  ];
  const entries = isStorm(ticket) ? [] : [...new Set(names)].slice(0, maxEntries);
  return [
    ...entries.map((name, index) => ({
      key: String(index + 1),
      words: printable(name),
      value: `with ${name}`,
    })),
    { key: 'n', words: 'none of the known entries', value: none },
    { key: 's', words: 'skip this question', value: unsaid },
  ];
}

export const notesQuestion = (seen: Review): Question => ({
  ask: `${nameOf(seen)}: what was done`,
  isProse: true,
  commandWithFile: (file) =>
    `\`npx roundsman tickets resolve ${nameOf(seen)} --notes-file ${file}\``,
  check: (text) => void storableText(text, `${nameOf(seen)} was not resolved`),
});

export const resolve: ReviewAction = {
  key: 'r',
  name: 'resolve',
  words: 'resolve it with what was done, and with the entry that helped, if any',
  refusal: whyNotPending,
  questions: (seen) => [{ ask: 'What helped?', choices: choicesFor(seen) }, notesQuestion(seen)],
  warning: () => null,
  async perform(context, seen, [helped = unsaid, text]) {
    const { ticket } = seen;
    const entry = helped === none ? none : helped.slice('with '.length) || undefined;
    const { cure } = await findResolvable(context.db, { ticket: ticket.id, with: entry });
    const way = await wayToResolve(context.db, ticket);
    const { id, version, merged } = await resolveTicket(context, {
      ticket,
      cure,
      notes: text!,
      refuseIfChanged: true,
    });
    return {
      message: `Resolved ${nameOf(seen)}. ${resolvesInWords(way)}`,
      undo: {
        versions: { before: ticket.version, after: version },
        async perform(context, version) {
          const reason = 'undone in a review';
          const reopened = await reopenTicket(context, {
            ticket: id,
            version,
            reason,
            before: { ticket, merged },
          });
          return {
            message: `${nameOf(seen)} is again as it was before it was resolved`,
            version: reopened.version,
            others: asTheyWere(merged, reopened.merged),
          };
        },
      },
    };
  },
};
