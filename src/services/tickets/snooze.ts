import type { TicketRow } from '../../data/bots/bot-tickets.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { UsageError } from '../../ground/errors.ts';
import { storable, time } from '../../ground/text.ts';
import {
  endSnooze as end,
  snoozeTicket as snooze,
  type Snooze,
} from '../../transitions/tickets/snooze.ts';
import { authorise, type Actor } from '../actor.ts';
import { pendingTicketOf } from '../references/ticket.ts';
import type { Changed } from './acknowledge.ts';
import { isSnoozed } from './list.ts';

/** A year: what may wait longer is no ticket. */
export const longestSnooze = 365 * 86_400;

/**
 * Has a pending ticket wait; a later snooze takes the place of an earlier one. It wakes earlier when it becomes more severe.
 * For operators. Throws NotFoundError, TicketOverError, TicketMergedError, UsageError for a time that has passed or is too far off, and
 * TicketChangedError when another change came first.
 */
export async function snoozeTicket(
  { db, actor }: { db: Db; actor: Actor },
  { ticket: given, ...until }: { ticket: string } & Snooze,
): Promise<TicketRow> {
  authorise(actor, 'snooze tickets', 'operator');
  if ('until' in until) await refuseTime(db, until.until, `tickets snooze ${given}`);
  const seen = await pendingTicketOf(db, given, 'snoozed');
  const by = storable(actor.name);
  return db.transaction().execute((trx) => snooze(trx, seen, until as Snooze, by));
}

/** Ends a snooze now. For operators. The same errors, and `same` where the ticket is not snoozed. */
export async function endSnooze(
  { db, actor }: { db: Db; actor: Actor },
  { ticket: given }: { ticket: string },
): Promise<Changed> {
  authorise(actor, 'snooze tickets', 'operator');
  const seen = await pendingTicketOf(db, given, 'woken');
  if (!isSnoozed(seen, await currentTime(db))) return { ticket: seen, same: true };
  const by = storable(actor.name);
  const ticket = await db.transaction().execute((trx) => end(trx, seen, by));
  return { ticket, same: false };
}

/** Throws UsageError for a time that has passed or is too far off; `command` is for the hint. */
export async function refuseTime(db: Db, until: Date, command: string): Promise<void> {
  const now = await currentTime(db);
  const left = (until.getTime() - now.getTime()) / 1000;
  if (left > 0 && left <= longestSnooze) return;
  throw new UsageError({
    what: 'nothing was snoozed',
    why:
      left > 0
        ? `${time(until)} UTC is more than a year off`
        : `${time(until)} UTC has passed: it is ${time(now)} UTC`,
    hint: `npx roundsman ${command} --for 4h`,
  });
}
