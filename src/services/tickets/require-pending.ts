import { pending, type TicketRow } from '../../data/bots/bot-tickets.ts';
import { RoundsmanError } from '../../ground/errors.ts';
import { time } from '../../ground/text.ts';

/** The ticket ended before: nothing about it changes any more. */
export class TicketOverError extends RoundsmanError {}

/** Throws {@link TicketOverError} when the ticket has ended; `wanted` is what it was to be. */
export function requirePending(ticket: TicketRow, wanted: string): void {
  if (pending.includes(ticket.status)) return;
  const { number, status, resolved_by: by, resolved_at: at } = ticket;
  throw new TicketOverError({
    what: `T-${number} cannot be ${wanted}`,
    why: `it is ${status}${by ? ` by ${by}` : ''} since ${time(at)} UTC`,
    hint: `see \`npx roundsman tickets show T-${number}\`; if the problem comes back, so does a ticket`,
  });
}
