import { sql } from 'kysely';
import {
  pending,
  survivorFor,
  ticketChanged,
  type TicketRow,
} from '../../data/bots/bot-tickets.ts';
import type { Db } from '../../database/connect.ts';
import { NotFoundError, RoundsmanError, UsageError } from '../../ground/errors.ts';
import { time } from '../../ground/text.ts';
import { isUuid } from './uuid.ts';

/** The ticket is not pending: it is resolved or closed, and this change is only for pending tickets. */
export class TicketNotPendingError extends RoundsmanError {}

/** The ticket is merged into another one, which stands for both: the change has to be made to that one. */
export class TicketMergedError extends RoundsmanError {}

/**
 * Throws TicketChangedError, which says who was faster, if the ticket is not of the `version` that a person has seen. Without a
 * `version` it checks nothing. `wanted` completes the message "T-42 was not …".
 */
export async function refuseChangedTicket(
  db: Db,
  ticket: TicketRow,
  wanted: string,
  version: number | undefined,
): Promise<void> {
  if (version !== undefined && ticket.version !== version)
    throw await ticketChanged(db, { ...ticket, version }, wanted);
}

/**
 * A ticket that has not ended and is not merged into another one; `wanted` completes the message "T-42 cannot be …". Throws {@link
 * NotFoundError}, {@link TicketNotPendingError}, {@link TicketMergedError}, and {@link UsageError} for a text that cannot name a
 * ticket. `version` is checked as in {@link refuseChangedTicket}.
 */
export async function pendingTicketOf(
  db: Db,
  given: string,
  wanted: string,
  version?: number,
): Promise<TicketRow> {
  const ticket = await pendingOrMergedTicketOf(db, given, wanted, version);
  const survivor = ticket.merged_into && (await survivorFor(db, ticket.merged_into));
  if (!survivor) return ticket;
  throw new TicketMergedError({
    what: `T-${ticket.number} cannot be ${wanted}`,
    why: `it is merged into T-${survivor.number}, which stands for both`,
    hint: `do it on T-${survivor.number}; or unmerge it first: \`npx roundsman tickets unmerge T-${ticket.number}\``,
  });
}

/** As {@link pendingTicketOf}, for changes that concern only the ticket's own problem: a merged ticket is allowed. */
export async function pendingOrMergedTicketOf(
  db: Db,
  given: string,
  wanted: string,
  version?: number,
): Promise<TicketRow> {
  const ticket = await ticketOf(db, given);
  await refuseChangedTicket(db, ticket, wanted, version);
  if (pending.includes(ticket.status)) return ticket;
  const { number, status, resolved_by: by, resolved_at: at } = ticket;
  throw new TicketNotPendingError({
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
 * ticket was opened. Undefined if neither exists any more.
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

/** The form of a ticket's number where another word may be given instead, such as an id: there digits alone may be that word. */
export const ticketNumber = /^T-?\d+$/i;

const numberOf = (given: string): string | undefined => /^(?:T-?)?(\d{1,18})$/i.exec(given)?.[1];

/** Whether a text has the form of `T-42`, `42` or an id. */
export const namesTicket = (given: string): boolean =>
  numberOf(given) !== undefined || isUuid(given);

/** A ticket by `T-42`, `42` or id. Throws {@link NotFoundError}, and {@link UsageError} for a text of another form. */
export async function ticketOf(db: Db, given: string): Promise<TicketRow> {
  const number = numberOf(given);
  if (!namesTicket(given))
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
