/** Take a ticket, or give it to a person. */
import { printable } from '../../../ground/text.ts';
import { unknownNameInWords } from '../../../services/references/unknown-name.ts';
import { assigneeOf, assignTicket } from '../../../services/tickets/assign.ts';
import type { Review } from '../../../services/tickets/review.ts';
import { unassignTicket } from '../../../services/tickets/unassign.ts';
import { asSeen, nameOf, type ReviewAction, type Context, type Done } from './action.ts';
import { whyNotPending } from './pending.ts';

export const take: ReviewAction = {
  key: 't',
  name: 'take',
  words: 'take it: it is assigned to you and acknowledged',
  refusal: whyNotPending,
  questions: () => [],
  warning: () => null,
  perform: (context, seen) => give(context, seen, context.actor.name),
};

export const assign: ReviewAction = {
  key: 'g',
  name: 'assign',
  words: 'give it to a person',
  refusal: whyNotPending,
  questions: (seen) => [
    {
      ask: `Give ${nameOf(seen)} to`,
      check: (text) => void assigneeOf(text, nameOf(seen), text.trim()),
    },
  ],
  warning: () => null,
  async perform(context, seen, [who]) {
    const warning = await unknownNameInWords(context.db, 'assignee', who!.trim(), {
      onlyNear: true,
    });
    const { message, undo } = await give(context, seen, who!);
    return { message: warning ? `${message}; ${warning}` : message, undo };
  },
};

async function give(context: Context, seen: Review, who: string): Promise<Done> {
  const { ticket, before, unchanged, took } = await assignTicket(context, { ...asSeen(seen), who });
  const to = printable(ticket.assigned_to ?? '-');
  if (unchanged)
    return {
      message: `${nameOf(seen)} is ${to}'s already`,
      undo: { cannot: 'nothing was changed' },
    };
  return {
    message: `Assigned ${nameOf(seen)} to ${to}`,
    undo: {
      versions: { before: seen.ticket.version, after: ticket.version },
      async perform(context, version) {
        const { id } = ticket;
        if (before === null) {
          const { ticket: now } = await unassignTicket(context, { ticket: id, version });
          return { message: `${nameOf(seen)} is open again`, version: now.version };
        }
        const { ticket: now } = await assignTicket(context, { ticket: id, version, who: before });
        const message = `${nameOf(seen)} is ${printable(before)}'s again${took ? '; your acknowledgement stays' : ''}`;
        return { message, version: now.version };
      },
    },
  };
}
