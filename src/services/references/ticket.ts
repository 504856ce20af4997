import { sql } from 'kysely';
import { pending, survivorFor, type TicketRow } from '../../data/bots/bot-tickets.ts';
import type { Db } from '../../database/connect.ts';
import { NotFoundError, RoundsmanError, UsageError } from '../../ground/errors.ts';
import { time } from '../../ground/text.ts';
import { isUuid } from './uuid.ts';

/** The ticket is resolved or closed: nothing about it changes any more. */
export class TicketOverError extends RoundsmanError {}

/** The ticket is merged into another one, which stands for both: what is to be done is done there. */
export class TicketMergedError extends RoundsmanError {}

/**
 * A ticket that has not ended and stands for itself; `wanted` completes the message "T-42 cannot be …". Throws {@link
 * NotFoundError}, {@link TicketOverError}, {@link TicketMergedError}, and {@link UsageError} for a text that names no ticket.
 */
export async function pendingTicketOf(db: Db, given: string, wanted: string): Promise<TicketRow> {
  const ticket = await pendingOrMergedTicketOf(db, given, wanted);
  const survivor = ticket.merged_into && (await survivorFor(db, ticket.merged_into));
  if (!survivor) return ticket;
  throw new TicketMergedError({
    what: `T-${ticket.number} cannot be ${wanted}`,
    why: `it is merged into T-${survivor.number}, which stands for both`,
    hint: `do it on T-${survivor.number}; or part them first: \`npx roundsman tickets unmerge T-${ticket.number}\``,
  });
}

/** The same for what is done about its problem alone, whichever ticket stands for that. Never throws TicketMergedError. */
export async function pendingOrMergedTicketOf(
  db: Db,
  given: string,
  wanted: string,
): Promise<TicketRow> {
  const ticket = await ticketOf(db, given);
  if (pending.includes(ticket.status)) return ticket;
  const { number, status, resolved_by: by, resolved_at: at } = ticket;
  throw new TicketOverError({
    what: `T-${number} cannot be ${wanted}`,
    why:
      status === 'closed'
        ? `it is closed${by ? `; ${by} resolved it at ${time(at)} UTC` : ''}`
        : `it was ${status}${by ? ` by ${by}` : ''} at ${time(at)} UTC`,
    hint: `see \`npx roundsman tickets show T-${number}\`; if the problem comes back, it gets a ticket again`,
  });
}

/**
 * The finding that is open now for the ticket's problem (it may have come back since); otherwise the finding for which the
 * ticket was opened. Undefined when neither is kept.
 */
export const openOrFirstFinding = (
  db: Db,
  { bot_id, fingerprint, finding_id }: Pick<TicketRow, 'bot_id' | 'fingerprint' | 'finding_id'>,
) =>
  db
    .selectFrom('bot_findings')
    .selectAll()
    .where(({ or, and, eb }) =>
      or([
        eb('id', '=', finding_id),
        and([
          eb('bot_id', '=', bot_id),
          eb('fingerprint', '=', fingerprint),
          eb('resolved_at', 'is', null),
        ]),
      ]),
    )
    .orderBy(sql`resolved_at IS NULL`, 'desc')
    .limit(1)
    .executeTakeFirst();

/** As {@link openOrFirstFinding}; throws {@link NotFoundError} when there is none any more. */
export async function findingOfTicket(db: Db, ticket: TicketRow) {
  const finding = await openOrFirstFinding(db, ticket);
  if (finding) return finding;
  throw new NotFoundError({
    what: `T-${ticket.number} has no finding`,
    why: 'the finding for which it was opened is not kept any more',
    hint: `see \`npx roundsman tickets show T-${ticket.number}\``,
  });
}

/** A ticket by `T-42`, `42` or id. Throws {@link NotFoundError}, and {@link UsageError} for a text that names no ticket. */
export async function ticketOf(db: Db, given: string): Promise<TicketRow> {
  const number = /^(?:T-?)?(\d{1,18})$/i.exec(given)?.[1];
  if (!number && !isUuid(given))
    throw new UsageError({
      what: `${given.trim() || 'an empty text'} names no ticket`,
      why: 'it is neither a number nor an id',
      hint: 'write it as T-42 or 42',
    });
  const tickets = db.selectFrom('bot_tickets').selectAll();
  const ticket = await (
    number ? tickets.where('number', '=', number) : tickets.where('id', '=', given)
  ).executeTakeFirst();
  if (ticket) return ticket;
  const last = await db
    .selectFrom('bot_tickets')
    .select('number')
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  throw new NotFoundError({
    what: `there is no ticket ${number ? `T-${number}` : given}`,
    why: last ? `the newest one is T-${last.number}` : 'there is none yet',
    hint: '`npx roundsman tickets list --all` shows what there is',
  });
}
