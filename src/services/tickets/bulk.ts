/** One change to many tickets, which a filter selects; each changes in a transaction of its own. */
import { pending, type TicketRow } from '../../data/bots/bot-tickets.ts';
import type { Db } from '../../database/connect.ts';
import { RoundsmanError, UsageError, type Explanation } from '../../ground/errors.ts';
import type { Severity } from '../../ground/severity.ts';
import { storable } from '../../ground/text.ts';
import { acknowledgeTicket } from '../../transitions/tickets/acknowledge.ts';
import { assignTicket } from '../../transitions/tickets/assign.ts';
import { closeTicket } from '../../transitions/tickets/close.ts';
import { commentOnTicket } from '../../transitions/tickets/comment.ts';
import { overrideSeverity } from '../../transitions/tickets/override-severity.ts';
import { reopenResolved } from '../../transitions/tickets/reopen-resolved.ts';
import { resolveTicket } from '../../transitions/tickets/resolve.ts';
import { snoozeTicket, type Snooze } from '../../transitions/tickets/snooze.ts';
import { unassignTicket } from '../../transitions/tickets/unassign.ts';
import { authorise, type Actor } from '../actor.ts';
import { alsoAcknowledges, assigneeOf } from './assign.ts';
import { commentOf } from './comment.ts';
import { listTickets, type ListedTicket, type ListTickets } from './list.ts';
import { findReopenable } from './reopen.ts';
import { storableText } from './ticket-text.ts';
import { checkSnoozeTime } from './snooze.ts';

/** What is done to each of the tickets. */
export type BulkChange =
  | { change: 'ack' | 'unassign' | 'close' }
  | { change: 'assign'; who: string }
  | { change: 'snooze'; until: Snooze }
  | { change: 'resolve'; notes: string }
  | { change: 'reopen'; reason: string }
  | { change: 'severity'; severity: Severity; reason: string }
  | { change: 'comment'; text: string };

/** The filters of a list, without its order and length. */
export type BulkFilter = Omit<ListTickets, 'order' | 'limit' | 'after' | 'merged' | 'all'>;

/** How many tickets are changed by one command: more would take minutes, and what the person has read would be out of date. */
export const maxAtOnce = 10_000;

/** How many tickets are changed at the same time. */
const maxParallel = 4;

/**
 * The tickets that a filter selects, the worst first. Without a status in the filter these are the tickets to which the change
 * can be made: resolved ones for `close` and `reopen`, else those that have not ended. Throws NotFoundError, and UsageError
 * without any filter or for more than {@link maxAtOnce}.
 */
export async function findForBulk(
  db: Db,
  change: BulkChange['change'],
  filter: BulkFilter,
): Promise<{ tickets: ListedTicket[]; now: Date }> {
  if (Object.values(filter).every((value) => value === undefined))
    throw new UsageError({
      what: 'nothing was changed',
      why: 'no option says which tickets are meant',
      hint: `for example \`npx roundsman tickets bulk ${change} --bot NAME\`; --status ${statusesFor(change).join(',')} means all of them`,
    });
  const status = filter.status ?? statusesFor(change);
  const { tickets, count, now } = await listTickets(db, { ...filter, status, limit: maxAtOnce });
  if (count <= maxAtOnce) return { tickets, now };
  throw new UsageError({
    what: 'nothing was changed',
    why: `${count} tickets are meant, and at most ${maxAtOnce} can be changed at once`,
    hint: 'narrow it, for example with --bot or --since',
  });
}

const statusesFor = (change: BulkChange['change']): TicketRow['status'][] =>
  change === 'close' || change === 'reopen' ? ['resolved'] : pending;

/** Throws UsageError if there are not `given` of these tickets. */
export function refuseAnotherNumber(given: number, tickets: readonly unknown[]): void {
  if (given === tickets.length) return;
  throw new UsageError({
    what: 'nothing was changed',
    why: `there are ${tickets.length} of them, and not ${given}`,
    hint: `--yes ${tickets.length} changes them, if they are the ones you mean`,
  });
}

export interface BulkOutcome {
  changed: TicketRow[];
  /** there was nothing to change in these */
  unchanged: TicketRow[];
  /** another change came first, or this change cannot be made to them */
  failed: { ticket: TicketRow; error: Explanation }[];
}

/**
 * Changes each of these tickets as they were read: one that has changed since is left as it is, and is among the failed. For
 * operators. Throws UsageError for a text that does not fit, before anything is changed.
 */
export async function changeInBulk(
  { db, actor }: { db: Db; actor: Actor },
  tickets: ListedTicket[],
  change: BulkChange,
): Promise<BulkOutcome> {
  authorise(actor, `${change.change} tickets`, 'operator');
  const by = storable(actor.name);
  const checked = await withCheckedTexts(db, change, by);
  const outcome: BulkOutcome = { changed: [], unchanged: [], failed: [] };
  const queue = tickets.values();
  const work = async () => {
    // All of these loops share one iterator, so each ticket is taken once.
    for (const ticket of queue) {
      try {
        const row = isChangedAlready(ticket, checked, by)
          ? null
          : await changeOne(db, ticket, checked, by);
        if (row) outcome.changed.push(row);
        else outcome.unchanged.push(ticket);
      } catch (error) {
        if (!(error instanceof RoundsmanError)) throw error;
        const { what, why, hint } = error;
        outcome.failed.push({ ticket, error: { what, why, hint } });
      }
    }
  };
  await Promise.all(Array.from({ length: maxParallel }, work));
  return outcome;
}

const nothingChanged = 'nothing was changed';

async function withCheckedTexts(db: Db, change: BulkChange, by: string): Promise<BulkChange> {
  if (change.change === 'assign') return { ...change, who: assigneeOf(change.who, 'T-42', by) };
  if (change.change === 'comment') return { ...change, text: commentOf(change.text) };
  if (change.change === 'resolve')
    return { ...change, notes: storableText(change.notes, nothingChanged) };
  if (change.change === 'reopen' || change.change === 'severity')
    return { ...change, reason: storableText(change.reason, nothingChanged) };
  if (change.change === 'snooze' && 'until' in change.until)
    await checkSnoozeTime(db, change.until.until, 'tickets bulk snooze --bot NAME');
  return change;
}

/** Whether nothing is left to do: the same rules as for a single ticket. */
function isChangedAlready(ticket: TicketRow, change: BulkChange, by: string): boolean {
  switch (change.change) {
    case 'ack':
      return ticket.acknowledged_at !== null;
    case 'assign':
      return ticket.assigned_to === change.who && !alsoAcknowledges(ticket, change.who, by);
    case 'unassign':
      return ticket.assigned_to === null;
    case 'close':
      return ticket.status === 'closed';
    case 'severity':
      return (
        ticket.severity_override === change.severity &&
        ticket.severity_override_reason === change.reason
      );
    default:
      return false;
  }
}

async function changeOne(
  db: Db,
  seen: TicketRow,
  change: BulkChange,
  by: string,
): Promise<TicketRow> {
  const inTransaction = (work: Parameters<ReturnType<Db['transaction']>['execute']>[0]) =>
    db.transaction().execute(work) as Promise<TicketRow>;
  switch (change.change) {
    case 'ack':
      return inTransaction((trx) => acknowledgeTicket(trx, seen, by));
    case 'assign':
      return inTransaction((trx) => assignTicket(trx, seen, change.who, by));
    case 'unassign':
      return inTransaction((trx) => unassignTicket(trx, seen, by));
    case 'snooze':
      return inTransaction((trx) => snoozeTicket(trx, seen, change.until, by));
    case 'severity':
      return inTransaction((trx) => overrideSeverity(trx, seen, change, by));
    case 'resolve':
      // For a single ticket a solution beats other changes. Of many tickets the person has not looked at each, so it does not.
      return inTransaction(async (trx) => {
        const unchanged = { refuseIfChanged: true };
        const { merged: _, ...row } = await resolveTicket(
          trx,
          seen,
          change.notes,
          by,
          undefined,
          unchanged,
        );
        return row;
      });
    case 'close':
      return inTransaction((trx) => closeTicket(trx, seen, by));
    case 'reopen':
      await findReopenable(db, seen.id);
      return inTransaction((trx) => reopenResolved(trx, seen, change.reason, by));
    case 'comment':
      await commentOnTicket(db, seen.id, by, change.text);
      return seen;
  }
}
