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
import type { ChangedTicket, SeenVersion } from './acknowledge.ts';
import { isSnoozed } from './list.ts';

/** A year: a problem that may wait longer needs no ticket. */
export const maxSnoozeSeconds = 365 * 86_400;

/**
 * Makes a pending ticket wait; a later snooze replaces an earlier one. The ticket wakes earlier when it becomes more severe. For
 * operators. Throws NotFoundError, TicketNotPendingError, TicketMergedError, UsageError for a time that has passed or is too far
 * off, and TicketChangedError when another change came first.
 */
export async function snoozeTicket(
  { db, actor }: { db: Db; actor: Actor },
  { ticket: given, version, ...until }: { ticket: string } & SeenVersion & Snooze,
): Promise<TicketRow> {
  authorise(actor, 'snooze tickets', 'operator');
  if ('until' in until) await checkSnoozeTime(db, until.until, `tickets snooze ${given}`);
  const seen = await pendingTicketOf(db, given, 'snoozed', version);
  const by = storable(actor.name);
  return db.transaction().execute((trx) => snooze(trx, seen, until as Snooze, by));
}

/**
 * Ends a snooze now; `unchanged` if the ticket is not snoozed. `before` is the ticket before the snooze, if a person undoes it:
 * its clock then goes on as before. For operators. Throws as {@link snoozeTicket} does.
 */
export async function endSnooze(
  { db, actor }: { db: Db; actor: Actor },
  { ticket: given, version, before }: { ticket: string; before?: TicketRow } & SeenVersion,
): Promise<ChangedTicket> {
  authorise(actor, 'snooze tickets', 'operator');
  const seen = await pendingTicketOf(db, given, 'woken', version);
  if (!isSnoozed(seen, await currentTime(db))) return { ticket: seen, unchanged: true };
  const by = storable(actor.name);
  const ticket = await db.transaction().execute((trx) => end(trx, seen, by, before));
  return { ticket, unchanged: false };
}

/** Throws UsageError for a time that has passed or is too far off; `command` is for the hint. */
export async function checkSnoozeTime(db: Db, until: Date, command: string): Promise<void> {
  const now = await currentTime(db);
  const left = (until.getTime() - now.getTime()) / 1000;
  if (left > 0 && left <= maxSnoozeSeconds) return;
  throw new UsageError({
    what: 'nothing was snoozed',
    why:
      left > 0
        ? `${time(until)} UTC is more than a year off`
        : `${time(until)} UTC has passed: it is ${time(now)} UTC`,
    hint: `for example \`npx roundsman ${command} --for 4h\``,
  });
}
