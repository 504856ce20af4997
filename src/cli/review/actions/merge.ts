import { UsageError } from '../../../ground/errors.ts';
import { isStorm } from '../../../services/tickets/list.ts';
import { mergeTickets } from '../../../services/tickets/merge.ts';
import { unmergeTicket } from '../../../services/tickets/unmerge.ts';
import { asTheyWere, nameOf, type ReviewAction } from './action.ts';
import { whyNotPending } from './pending.ts';

const numberIn = (text: string): string | undefined => /^(?:T-?)?(\d{1,18})$/i.exec(text)?.[1];

function checkNumber(text: string): void {
  if (numberIn(text)) return;
  throw new UsageError({
    what: 'no ticket was merged',
    why: 'that is not the number of a ticket',
    hint: 'write it as T-42 or 42',
  });
}

export const merge: ReviewAction = {
  key: 'm',
  name: 'merge',
  words: 'merge it into another ticket, which stands for both',
  refusal: (seen) =>
    whyNotPending(seen) ??
    (isStorm(seen.ticket) ? 'the ticket of a storm cannot be merged into another one' : null),
  questions: (seen) => [
    { ask: `Merge ${nameOf(seen)} into which ticket (such as T-42)`, check: checkNumber },
  ],
  warning: () => null,
  async perform(context, seen, [into]) {
    const { id, version } = seen.ticket;
    const { survivor, merged, mergedBefore } = await mergeTickets(context, {
      tickets: [id],
      into: numberIn(into!)!,
      version,
    });
    return {
      message: `Merged ${nameOf(seen)} into T-${survivor.number}, which stands for both`,
      undo: {
        versions: { before: version, after: merged[0]?.version ?? version },
        async perform(context, version) {
          const { ticket } = await unmergeTicket(context, {
            ticket: id,
            version,
            moved: mergedBefore,
          });
          return {
            message: `${nameOf(seen)} stands for itself again`,
            version: ticket.version,
            others: asTheyWere(mergedBefore, ticket.merged),
          };
        },
      },
    };
  },
};
