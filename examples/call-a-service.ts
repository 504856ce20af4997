/**
 * A program of your own that asks what a command asks: which tickets wait for a person?
 *
 *     npx node examples/call-a-service.ts
 *
 * It works on the database of DATABASE_URL, from the environment or `.env`; without that, on the embedded one of `npm start`.
 * A service takes the database, checks what it is given and returns rows; it prints nothing. One that
 * changes something also takes who asks: `assignTicket({ db, actor: { name: 'ann', role: 'operator' } }, ...)`.
 */
import { withDatabase } from '../src/cli/session/database.ts';
import { RoundsmanError } from '../src/ground/errors.ts';
import { counted, printable } from '../src/ground/text.ts';
import { isOverdue, listTickets } from '../src/services/tickets/list.ts';

try {
  await withDatabase(async ({ db }) => {
    const { tickets, now } = await listTickets(db, { limit: 20 });
    for (const ticket of tickets) {
      const late = isOverdue(ticket, now) ? ', overdue' : '';
      // Text from a row may hold escape sequences.
      console.log(`T-${ticket.number} ${ticket.severity}${late}: ${printable(ticket.title)}`);
    }
    console.log(`${counted(tickets.length, 'ticket')} for people`);
  });
} catch (error) {
  if (!(error instanceof RoundsmanError)) throw error;
  // Each error that is thrown on purpose says what, why and what to try: docs/errors.md.
  console.error(`${error.what}: ${error.why}\ntry: ${error.hint}`);
  process.exitCode = error.exitCode;
}
