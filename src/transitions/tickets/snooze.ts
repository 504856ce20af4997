/**
 * A person snoozes a pending ticket: until a time, or until runs have seen its problem a given number of times again. The
 * ticket wakes earlier when it becomes more severe (`wake.ts`), or when a person ends the snooze.
 *
 * From: `open` or `assigned`, at the version that was read.
 * To: the same status, snoozed or no longer, with an event.
 * By: an operator.
 * Locks: the ticket.
 * Zero rows: another change came first, or it has ended: TicketChangedError is thrown.
 */
import { sql, type RawBuilder, type Transaction } from 'kysely';
import { pending, ticketChanged, type TicketRow } from '../../data/bots/bot-tickets.ts';
import type { Database } from '../../database/connect.ts';
import { restoreClock } from './restore-clock.ts';
import { writeEvent } from './write-event.ts';

/** For this many seconds, until a time, or until runs that begin from now on have seen the problem this many times. */
export type Snooze = { seconds: number } | { until: Date } | { occurrences: number };

const snoozeColumns = [
  'snoozed_at',
  'snoozed_by',
  'snoozed_severity',
  'snoozed_until',
  'snoozed_occurrences',
];

/** For an update of tickets `t`: clears what a person has written about a snooze where `ends` is true. */
export const clearSnoozeIf = (ends: RawBuilder<unknown>) =>
  sql.join(
    snoozeColumns.map(
      (name) =>
        sql`${sql.ref(name)} = CASE WHEN ${ends} THEN NULL ELSE ${sql.ref(`t.${name}`)} END`,
    ),
  );

/** The same for all tickets of the update. */
export const clearSnooze = sql.join(snoozeColumns.map((name) => sql`${sql.ref(name)} = NULL`));

export async function snoozeTicket(
  trx: Transaction<Database>,
  seen: TicketRow,
  snooze: Snooze,
  actor: string,
): Promise<TicketRow> {
  const ticket = await trx
    .updateTable('bot_tickets')
    .set({
      snoozed_at: sql<Date>`engine.now()`,
      snoozed_by: actor,
      snoozed_severity: sql<TicketRow['severity']>`severity`,
      snoozed_until:
        'seconds' in snooze
          ? sql<Date>`engine.now() + make_interval(secs => ${snooze.seconds})`
          : 'until' in snooze
            ? snooze.until
            : null,
      snoozed_occurrences: 'occurrences' in snooze ? snooze.occurrences : null,
      snooze_seen: 0,
    })
    .where('id', '=', seen.id)
    .where('version', '=', seen.version)
    .where('status', 'in', pending)
    .returningAll()
    .executeTakeFirst();
  if (!ticket) throw await ticketChanged(trx, seen, 'snoozed');
  const { snoozed_until: until, snoozed_occurrences: occurrences } = ticket;
  await writeEvent(trx, seen.id, 'snoozed', actor, until ? { until } : { occurrences });
  return ticket;
}

export async function endSnooze(
  trx: Transaction<Database>,
  seen: TicketRow,
  actor: string,
  /** the ticket as it was before the snooze, if the person undoes it: its clock goes on */
  before?: TicketRow,
): Promise<TicketRow> {
  const { rows } = await sql<TicketRow>`
    UPDATE bot_tickets t SET ${clearSnooze}
    WHERE t.id = ${seen.id}::uuid AND t.version = ${seen.version}::int AND t.status = ANY (${pending}::text[])
    RETURNING t.*`.execute(trx);
  const [ticket] = rows;
  if (!ticket) throw await ticketChanged(trx, seen, 'woken');
  if (before) await restoreClock(trx, before);
  await writeEvent(trx, seen.id, 'woken', actor, before ? { undone: true } : {});
  return ticket;
}
