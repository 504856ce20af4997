import { pending, pendingOf, ticketChanged, type TicketRow } from '../../data/bots/bot-tickets.ts';
import { isStorm } from '../../data/bots/pending-tickets.ts';
import type { Db } from '../../database/connect.ts';
import { RoundsmanError } from '../../ground/errors.ts';
import { storable } from '../../ground/text.ts';
import {
  reopenResolved,
  type BeforeResolution,
  type ReopenedTicket,
} from '../../transitions/tickets/reopen-resolved.ts';
import { authorise, type Actor } from '../actor.ts';
import { refuseChangedTicket, ticketOf } from '../references/ticket.ts';
import type { SeenVersion } from './acknowledge.ts';
import { storableText } from './ticket-text.ts';

/** The ticket is not resolved, its problem has another one, it stands for a storm, or its bot was removed. */
export class NotReopenedError extends RoundsmanError {}

/** The ticket, if it can be reopened. Throws NotFoundError and {@link NotReopenedError}. */
export async function findReopenable(db: Db, given: string): Promise<TicketRow> {
  const seen = await ticketOf(db, given);
  await requireReopenable(db, seen);
  return seen;
}

/**
 * Opens a resolved ticket again, and those that were merged into it and ended with it. For operators. Throws NotFoundError,
 * UsageError for a reason that is too long, {@link NotReopenedError}, and TicketChangedError when another change came first.
 */
export async function reopenTicket(
  { db, actor }: { db: Db; actor: Actor },
  {
    ticket: given,
    reason,
    version,
    before,
  }: {
    ticket: string;
    reason: string;
    /** how it was before the person resolved it, if they undo that: it is as it was then */
    before?: BeforeResolution;
  } & SeenVersion,
): Promise<ReopenedTicket> {
  authorise(actor, 'reopen tickets', 'operator');
  const said = storableText(reason, `${given} was not reopened`);
  const seen = await findReopenable(db, given);
  await refuseChangedTicket(db, seen, 'reopened', version);
  return db
    .transaction()
    .execute((trx) => reopenResolved(trx, seen, said, storable(actor.name), before))
    .catch(async (error: unknown) => {
      // A run has opened another ticket for the problem at the same moment.
      if ((error as { constraint?: unknown }).constraint !== 'idx_tickets_open') throw error;
      throw await ticketChanged(db, seen, 'reopened');
    });
}

async function requireReopenable(db: Db, seen: TicketRow): Promise<void> {
  const refusal = (why: string, hint: string) =>
    new NotReopenedError({ what: `T-${seen.number} was not reopened`, why, hint });
  const see = `see \`npx roundsman tickets show T-${seen.number}\``;
  if (pending.includes(seen.status)) throw refusal(`it is ${seen.status}`, see);
  if (seen.status === 'closed')
    throw refusal('it is closed, which is final', 'a problem that comes back opens another ticket');
  if (isStorm(seen))
    throw refusal(
      'it stands for a storm',
      'a storm that goes on or comes back reopens it by itself',
    );
  const bot = await db
    .selectFrom('bots')
    .select('name')
    .where('id', '=', seen.bot_id)
    .where('removed_at', 'is not', null)
    .executeTakeFirst();
  if (bot) throw refusal('its bot was removed', `\`npx roundsman bots enable ${bot.name}\` first`);
  const other = await pendingOf(db, seen);
  if (other)
    throw refusal(
      `T-${other.number} stands for its problem now`,
      `see \`npx roundsman tickets show T-${other.number}\``,
    );
}
