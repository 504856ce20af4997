import type { TicketRow } from '../../data/bots/bot-tickets.ts';
import type { Db } from '../../database/connect.ts';
import { UsageError } from '../../ground/errors.ts';
import { storable } from '../../ground/text.ts';
import { commentOnTicket as write } from '../../transitions/tickets/comment.ts';
import { authorise, type Actor } from '../actor.ts';
import { ticketOf } from '../references/ticket.ts';
import { maxTextCharacters } from './ticket-text.ts';

/** The text in a form that can be stored. Throws {@link UsageError} when it is empty or too long. */
export function commentOf(text: string): string {
  const comment = storable(text.trim());
  if (comment && comment.length <= maxTextCharacters) return comment;
  throw new UsageError({
    what: 'the comment was not written',
    why: comment
      ? `it has ${comment.length} characters, and may have ${maxTextCharacters} at most`
      : 'it is empty',
    hint: comment
      ? 'shorten it, and give a link to a long log'
      : 'for example `npx roundsman tickets comment T-42 "asked the provider"`',
  });
}

/** Writes into a ticket's history, whatever its status. For operators. Throws NotFoundError, UsageError. */
export async function commentOnTicket(
  { db, actor }: { db: Db; actor: Actor },
  { ticket: given, text }: { ticket: string; text: string },
): Promise<TicketRow> {
  authorise(actor, 'comment on tickets', 'operator');
  const comment = commentOf(text);
  const ticket = await ticketOf(db, given);
  await write(db, ticket.id, storable(actor.name), comment);
  return ticket;
}
