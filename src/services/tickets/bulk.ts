/** One change of many tickets: those that a filter names, each in a transaction of its own. */
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
import { assigneeOf, takes } from './assign.ts';
import { commentOf } from './comment.ts';
import { listTickets, type ListedTicket, type ListTickets } from './list.ts';
import { findReopenable } from './reopen.ts';
import { saidOf } from './said.ts';
import { refuseTime } from './snooze.ts';

/** What is done to each of them. */
export type BulkChange =
  | { change: 'ack' | 'unassign' | 'close' }
  | { change: 'assign'; who: string }
  | { change: 'snooze'; until: Snooze }
  | { change: 'resolve'; notes: string }
  | { change: 'reopen'; reason: string }
  | { change: 'severity'; severity: Severity; reason: string }
  | { change: 'comment'; text: string };

/** All that a list may ask for, but for its order and length. */
export type BulkFilter = Omit<ListTickets, 'order' | 'limit' | 'after' | 'merged' | 'all'>;

/** At once: more would take minutes, in which what a person has read grows old. */
export const mostAtOnce = 10_000;

/** So many are changed side by side. */
const sideBySide = 4;

/**
 * The tickets that a filter names and to which the change may be done: resolved ones for `close` and `reopen`, else those that
 * have not ended, unless the filter says which. The worst first. Throws NotFoundError, and UsageError for no filter at
 * all or more than {@link mostAtOnce}.
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
      hint: `for example npx roundsman tickets bulk ${change} --bot NAME; --status ${statusesFor(change).join(',')} means all of them`,
    });
  const status = filter.status ?? statusesFor(change);
  const { tickets, count, now } = await listTickets(db, { ...filter, status, limit: mostAtOnce });
  if (count <= mostAtOnce) return { tickets, now };
  throw new UsageError({
    what: 'nothing was changed',
    why: `${count} tickets are meant, and ${mostAtOnce} at once is the most`,
    hint: 'narrow it, for example with --bot or --since',
  });
}

const statusesFor = (change: BulkChange['change']): TicketRow['status'][] =>
  change === 'close' || change === 'reopen' ? ['resolved'] : pending;

/** Throws UsageError where `given` is not how many there are. */
export function refuseAnotherNumber(given: number, tickets: readonly unknown[]): void {
  if (given === tickets.length) return;
  throw new UsageError({
    what: 'nothing was changed',
    why: `there are ${tickets.length} of them, and not ${given}`,
    hint: `--yes ${tickets.length} changes them, if they are the ones you mean`,
  });
}

export interface BulkDone {
  changed: TicketRow[];
  /** they were so already */
  unchanged: TicketRow[];
  /** another change came first, or they cannot be changed so */
  failed: { ticket: TicketRow; error: Explanation }[];
}

/**
 * Changes each of these tickets, as they were read: one that has changed since is left as it is, and told. For operators.
 * Throws UsageError for a text that does not fit, before anything is changed.
 */
export async function changeInBulk(
  { db, actor }: { db: Db; actor: Actor },
  tickets: ListedTicket[],
  change: BulkChange,
): Promise<BulkDone> {
  authorise(actor, `${change.change} tickets`, 'operator');
  const by = storable(actor.name);
  const fits = await fitting(db, change, by);
  const done: BulkDone = { changed: [], unchanged: [], failed: [] };
  const left = tickets.values();
  const work = async () => {
    // One iterator for all of them: each ticket is taken once.
    for (const ticket of left) {
      try {
        const row = isSo(ticket, fits, by) ? null : await changeOne(db, ticket, fits, by);
        if (row) done.changed.push(row);
        else done.unchanged.push(ticket);
      } catch (error) {
        if (!(error instanceof RoundsmanError)) throw error;
        const { what, why, hint } = error;
        done.failed.push({ ticket, error: { what, why, hint } });
      }
    }
  };
  await Promise.all(Array.from({ length: sideBySide }, work));
  return done;
}

const nothing = 'nothing was changed';

async function fitting(db: Db, change: BulkChange, by: string): Promise<BulkChange> {
  if (change.change === 'assign') return { ...change, who: assigneeOf(change.who, 'T-42', by) };
  if (change.change === 'comment') return { ...change, text: commentOf(change.text) };
  if (change.change === 'resolve') return { ...change, notes: saidOf(change.notes, nothing) };
  if (change.change === 'reopen' || change.change === 'severity')
    return { ...change, reason: saidOf(change.reason, nothing) };
  if (change.change === 'snooze' && 'until' in change.until)
    await refuseTime(db, change.until.until, 'tickets bulk snooze --bot NAME');
  return change;
}

/** Whether nothing is left to do, as for a single ticket. */
function isSo(ticket: TicketRow, change: BulkChange, by: string): boolean {
  switch (change.change) {
    case 'ack':
      return ticket.acknowledged_at !== null;
    case 'assign':
      return ticket.assigned_to === change.who && !takes(ticket, change.who, by);
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
  const inOne = (work: Parameters<ReturnType<Db['transaction']>['execute']>[0]) =>
    db.transaction().execute(work) as Promise<TicketRow>;
  switch (change.change) {
    case 'ack':
      return inOne((trx) => acknowledgeTicket(trx, seen, by));
    case 'assign':
      return inOne((trx) => assignTicket(trx, seen, change.who, by));
    case 'unassign':
      return inOne((trx) => unassignTicket(trx, seen, by));
    case 'snooze':
      return inOne((trx) => snoozeTicket(trx, seen, change.until, by));
    case 'severity':
      return inOne((trx) => overrideSeverity(trx, seen, change, by));
    case 'resolve':
      // That a problem is solved beats other changes of one ticket; of many a person has not looked at each.
      return inOne((trx) =>
        resolveTicket(trx, seen, change.notes, by, undefined, { unchanged: true }),
      );
    case 'close':
      return inOne((trx) => closeTicket(trx, seen, by));
    case 'reopen':
      await findReopenable(db, seen.id);
      return inOne((trx) => reopenResolved(trx, seen, change.reason, by));
    case 'comment':
      await commentOnTicket(db, seen.id, by, change.text);
      return seen;
  }
}
