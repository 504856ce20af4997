/** What `npm run bench:tickets` measures, each with another ticket from call to call. */
import type { Kysely } from 'kysely';
import type { Database } from '../../src/database/connect.ts';
import { acknowledgeTicket } from '../../src/services/tickets/acknowledge.ts';
import { historyOf } from '../../src/services/tickets/history.ts';
import { listTickets } from '../../src/services/tickets/list.ts';
import { mergeTickets } from '../../src/services/tickets/merge.ts';
import { relatedTo } from '../../src/services/tickets/related.ts';
import { resolveTicket } from '../../src/services/tickets/resolve.ts';
import { showTicket } from '../../src/services/tickets/show.ts';
import { nextToReview } from '../../src/services/tickets/review.ts';
import { loadCatalogue } from '../../src/cli/session/catalogue.ts';
import { ticketOf } from '../../src/services/references/ticket.ts';
import { survivorsToResolve } from '../../src/transitions/tickets/resolve-merged.ts';
import { unmergeDue } from '../../src/transitions/tickets/unmerge.ts';

export function overviewOfTickets(
  db: Kysely<Database>,
  at: (i: number) => { id: string; number: string },
): [string, (i: number) => Promise<unknown>][] {
  const ann = { db, actor: { name: 'ann', role: 'operator' as const } };
  const name = (i: number) => `T-${at(i).number}`;
  return [
    ['list', () => listTickets(db, { limit: 21 })],
    ['list of a bot', (i) => listTickets(db, { limit: 21, bot: `bot-${(i % 100) + 1}` })],
    ['list, the next page', (i) => listTickets(db, { limit: 21, after: name(i) })],
    ['list by text', (i) => listTickets(db, { limit: 21, match: `part ${i}` })],
    [
      'review, the next one',
      (i) =>
        nextToReview(
          { db, catalogue: loadCatalogue },
          {
            filter: {},
            except: Array.from({ length: i }, (_, seen) => at(seen).id),
          },
        ),
    ],
    ['show', (i) => showTicket(db, { ticket: name(i) })],
    ['history', (i) => historyOf(db, { ticket: name(i), limit: 51 })],
    ['related', (i) => relatedTo(db, { ticket: name(i) })],
    ['ack', (i) => acknowledgeTicket(ann, { ticket: name(i) })],
    [
      'merge',
      async (i) => {
        // The less severe one into the other.
        const [one, other] = [await ticketOf(db, name(2 * i)), await ticketOf(db, name(2 * i + 1))];
        const rank = ['critical', 'high', 'medium'];
        const [less, more] =
          rank.indexOf(one.severity) > rank.indexOf(other.severity) ? [one, other] : [other, one];
        return mergeTickets(ann, { tickets: [less.id], into: more.id });
      },
    ],
    [
      'resolve',
      async (i) => {
        const ticket = await ticketOf(db, at(i).id);
        if (ticket.merged_into) return;
        await resolveTicket(ann, { ticket, cure: undefined, notes: 'mended' });
      },
    ],
    ['timer: unmerge', () => unmergeDue(db, 500)],
    ['timer: what is gone', () => survivorsToResolve(db, 500)],
  ];
}
