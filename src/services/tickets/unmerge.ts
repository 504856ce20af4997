import { survivorFor, type TicketRow } from '../../data/bots/bot-tickets.ts';
import { mergedInto } from '../../data/bots/merged-tickets.ts';
import type { Db } from '../../database/connect.ts';
import { RoundsmanError } from '../../ground/errors.ts';
import { storable } from '../../ground/text.ts';
import {
  unmergeTicket as unmerge,
  type UnmergedTicket,
} from '../../transitions/tickets/unmerge.ts';
import { authorise, type Actor } from '../actor.ts';
import { pendingOrMergedTicketOf } from '../references/ticket.ts';
import type { SeenVersion } from './acknowledge.ts';

/** The ticket is not merged into another one. */
export class NotMergedError extends RoundsmanError {}

export interface Unmerged {
  ticket: UnmergedTicket;
  survivor: TicketRow;
}

/**
 * Ends the merge of one ticket into its survivor; other tickets stay merged into the survivor. For operators. Throws
 * NotFoundError, TicketNotPendingError, {@link NotMergedError}, and TicketChangedError when another change came first.
 */
export async function unmergeTicket(
  { db, actor }: { db: Db; actor: Actor },
  {
    ticket: given,
    version,
    moved,
  }: {
    ticket: string;
    /** the tickets that were merged into it before the person merged it, if they undo that: all is as it was then */
    moved?: readonly TicketRow[];
  } & SeenVersion,
): Promise<Unmerged> {
  authorise(actor, 'unmerge tickets', 'operator');
  const seen = await pendingOrMergedTicketOf(db, given, 'unmerged', version);
  const survivor = seen.merged_into && (await survivorFor(db, seen.merged_into));
  if (!survivor) throw await notMerged(db, seen);
  const by = storable(actor.name);
  const ticket = await db.transaction().execute((trx) => unmerge(trx, seen, survivor, by, moved));
  return { ticket, survivor };
}

async function notMerged(db: Db, { id, number }: TicketRow): Promise<NotMergedError> {
  const [first] = await mergedInto(db, id);
  return new NotMergedError({
    what: `T-${number} was not unmerged`,
    why: first
      ? `it is the survivor: T-${first.number} is merged into it`
      : 'it is not merged into another ticket',
    hint: first
      ? `\`npx roundsman tickets unmerge T-${first.number}\``
      : `\`npx roundsman tickets history T-${number}\` says what happened to it`,
  });
}
