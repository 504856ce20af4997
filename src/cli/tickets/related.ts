import { printable } from '../../ground/text.ts';
import { relatedTo, type Related } from '../../services/tickets/related.ts';
import { withDatabase } from '../session/database.ts';
import { counted, say, section, severity, relative, state } from '../terminal/print.ts';
import { table } from '../terminal/table.ts';
import type { ShowOptions } from '../arguments/show-options.ts';
import { printDocument, isData } from '../listing/document.ts';

export const showRelated = (given: string, options: ShowOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { ticket, component, earlier, ofComponent, curedBy, now } = await relatedTo(db, {
      ticket: given,
    });
    if (isData(options))
      return printDocument({ earlier, beside: ofComponent, cures: curedBy }, options);
    say(`T-${ticket.number}  ${printable(ticket.title)}`);
    section('The same problem earlier');
    ticketTable(earlier, now, 'It had no other ticket.');
    section(component ? `Other problems of ${printable(component)} now` : 'Other problems now');
    ticketTable(
      ofComponent,
      now,
      component
        ? 'None has a ticket.'
        : 'The ticket names no component, so none can be looked for.',
    );
    section('What ended tickets of the same check');
    table(
      ['Knowledge', 'Tickets', 'Held', 'Last'],
      curedBy.map(({ name, tickets, decided, held, resolved_at }) => [
        printable(name),
        String(tickets),
        decided === 0 ? 'not decided yet' : `${held} of ${counted(decided, 'heal')}`,
        relative(resolved_at, now),
      ]),
      'Nothing that is known has ended one.',
    );
  });

const ticketTable = (tickets: Related['earlier'], now: Date, empty: string): void =>
  table(
    ['Ticket', 'Severity', 'Title', 'Status', 'Opened', 'Ended by', 'Notes'],
    tickets.map((ticket) => [
      `T-${ticket.number}`,
      severity(ticket.severity),
      printable(ticket.title),
      state(ticket.status),
      relative(ticket.created_at, now),
      printable(ticket.resolved_by ?? '-'),
      printable(ticket.resolution_notes ?? '-'),
    ]),
    empty,
    ['Status', 'Ended by'],
  );
