/** What people do with tickets beside resolving them and answering what they suggest. */
import { printable } from '../../ground/text.ts';
import { acknowledgeTicket } from '../../services/tickets/acknowledge.ts';
import { wayToResolve } from '../../services/findings/counted-events.ts';
import { closeTicket } from '../../services/tickets/close.ts';
import { ticketOf } from '../../services/references/ticket.ts';
import { findReopenable, reopenTicket } from '../../services/tickets/reopen.ts';
import { unassignTicket } from '../../services/tickets/unassign.ts';
import { actorOf } from '../arguments/actor.ts';
import { withDatabase, type Session } from '../session/database.ts';
import { askFor } from '../terminal/ask.ts';
import { withDraft } from '../terminal/draft.ts';
import { doEach } from '../terminal/do-each.ts';
import { asReason } from '../terminal/long-text.ts';
import { say, time } from '../terminal/print.ts';

export interface ChangeOptions {
  as?: string;
  json?: true;
}

/** The id of a ticket that a person names. */
export const idOf =
  (db: Session['db']) =>
  async (name: string): Promise<string> =>
    (await ticketOf(db, name)).id;

export const acknowledge = (given: string[], options: ChangeOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const context = { db, actor: actorOf(options.as) };
    await doEach(given, options, {
      idOf: idOf(db),
      async act(name) {
        const { ticket, unchanged } = await acknowledgeTicket(context, { ticket: name });
        if (options.json) return ticket;
        const { number, acknowledged_by: by, acknowledged_at: at } = ticket;
        say(
          unchanged
            ? `T-${number} was acknowledged${by ? ` by ${printable(by)}` : ''} at ${time(at)} already.`
            : `Acknowledged T-${number}: its response clock has stopped. \`npx roundsman tickets resolve T-${number}\` ends it.`,
        );
        return ticket;
      },
    });
  });

export const unassign = (given: string[], options: ChangeOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const context = { db, actor: actorOf(options.as) };
    await doEach(given, options, {
      idOf: idOf(db),
      async act(name) {
        const { ticket, before, unchanged } = await unassignTicket(context, { ticket: name });
        if (!options.json)
          say(
            unchanged
              ? `T-${ticket.number} is assigned to no one already.`
              : `Took T-${ticket.number} from ${printable(before!)}: it is open to anyone.`,
          );
        return ticket;
      },
    });
  });

export const reopen = (
  given: string[],
  options: ChangeOptions & { reason?: string },
): Promise<void> =>
  withDraft(asReason, (draft) =>
    withDatabase(async ({ db }) => {
      const context = { db, actor: actorOf(options.as) };
      await doEach(given, options, {
        idOf: async (name) => (await findReopenable(db, name)).id,
        ask: async () =>
          options.reason?.trim() || (await askFor('--reason', 'Why', { isProse: true, draft })),
        async act(name, reason) {
          const ticket = await draft.keepOnFailure(() =>
            reopenTicket(context, { ticket: name, reason }),
          );
          if (!options.json) await tellReopened(db, ticket);
          return ticket;
        },
      });
    }),
  );

async function tellReopened(
  db: Session['db'],
  ticket: Awaited<ReturnType<typeof reopenTicket>>,
): Promise<void> {
  const { number, reopened_by: by, assigned_to: to, merged, left } = ticket;
  say(`Reopened T-${number}${to ? `, with ${printable(to)}` : ''}.`);
  say(
    by
      ? 'Its problem is gone, so it ends only when a person resolves it.'
      : (await wayToResolve(db, ticket)) === 'events'
        ? 'Its problem is open, and its check counts events: enough good ones resolve it.'
        : 'Its problem is open: the next clean check resolves it.',
  );
  if (merged.length > 0) say(`With it ${numbersOf(merged)}, merged into it.`);
  if (left.length > 0)
    say(`${numbersOf(left)} had ended with it and stays resolved: its bot was removed.`);
}

const numbersOf = (tickets: { number: string }[]): string =>
  tickets.map((each) => `T-${each.number}`).join(', ');

export const close = (given: string[], options: ChangeOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const context = { db, actor: actorOf(options.as) };
    await doEach(given, options, {
      idOf: idOf(db),
      async act(name) {
        const { ticket, unchanged } = await closeTicket(context, { ticket: name });
        if (!options.json)
          say(
            unchanged
              ? `T-${ticket.number} is closed already.`
              : `Closed T-${ticket.number}: a problem that comes back opens another ticket.`,
          );
        return ticket;
      },
    });
  });
