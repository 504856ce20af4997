/** Tickets in one line each, for a terminal that is redrawn again and again. */
import { printable } from '../../ground/text.ts';
import { severity } from '../terminal/print.ts';
import { padded, widthOf } from '../terminal/width.ts';

interface TicketInLine {
  number: string | number | bigint;
  severity: string;
  title: string;
  reopened_at: Date | null;
}

/** Number, severity and title, each in a column; the title takes what is left of the line. */
export function ticketLines(tickets: readonly TicketInLine[]): string[] {
  const rows = tickets.map((ticket) => ({
    number: `T-${ticket.number}`,
    severity: severity(ticket.severity),
    title: `${ticket.reopened_at ? 'reopened: ' : ''}${printable(ticket.title)}`,
  }));
  const widthOfColumn = (key: 'number' | 'severity') =>
    Math.max(...rows.map((row) => widthOf(row[key])));
  const [numberWidth, severityWidth] = [widthOfColumn('number'), widthOfColumn('severity')];
  return rows.map(
    ({ number, severity, title }) =>
      `${padded(number, numberWidth)}  ${padded(severity, severityWidth)}  ${title}`,
  );
}
