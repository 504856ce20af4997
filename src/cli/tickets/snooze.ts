/** A ticket that waits: until a time, or until its problem was seen a number of times again. */
import { UsageError } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import type { Moment } from '../../services/bots/backfill.ts';
import { isSnoozed, type TicketRow } from '../../services/tickets/list.ts';
import { endSnooze, snoozeTicket } from '../../services/tickets/snooze.ts';
import { actorOf } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import { doEach } from '../terminal/do-each.ts';
import { counted, say, time } from '../terminal/print.ts';
import { idOf } from './lifecycle.ts';

export interface SnoozeOptions {
  for?: number;
  until?: Moment;
  occurrences?: number;
  end?: true;
  as?: string;
  json?: true;
}

type Until = { seconds: number } | { until: Date } | { occurrences: number };

export async function snooze(given: string[], options: SnoozeOptions): Promise<void> {
  // Checked before the database is opened.
  const until = options.end ? null : untilOf(given.join(' '), options);
  await withDatabase(async ({ db }) => {
    const context = { db, actor: actorOf(options.as) };
    await doEach(given, options, {
      idOf: idOf(db),
      async act(name) {
        if (until === null) {
          const { ticket, unchanged } = await endSnooze(context, { ticket: name });
          if (!options.json)
            say(`T-${ticket.number} ${unchanged ? 'is not snoozed' : 'is awake again'}.`);
          return ticket;
        }
        const ticket = await snoozeTicket(context, { ticket: name, ...until });
        if (!options.json) tellSnoozed(ticket);
        return ticket;
      },
    });
  });
}

function tellSnoozed(ticket: TicketRow): void {
  const { number, severity } = ticket;
  say(
    `Snoozed T-${number} ${untilInWords(ticket)}, or until it is more severe than ${severity}. \`npx roundsman tickets snooze T-${number} --end\` wakes it.`,
  );
}

export function untilOf(given: string, options: SnoozeOptions): Until {
  const { for: seconds, until, occurrences } = options;
  if (seconds !== undefined) return { seconds };
  if (occurrences !== undefined) return { occurrences };
  if (until instanceof Date) return { until };
  throw new UsageError({
    what: `${given} was not snoozed`,
    why: until ? '--until takes a time' : 'it is not said until when',
    hint: `\`npx roundsman tickets snooze ${given} --for 4h\`; or --until '2026-11-22 09:00', or --occurrences 3`,
  });
}

/** `until 2026-11-22 09:00:00 UTC`, `until it was seen 2 more times` */
export function untilInWords(ticket: TicketRow): string {
  if (ticket.snoozed_until) return `until ${time(ticket.snoozed_until)}`;
  const left = Math.max(1, (ticket.snoozed_occurrences ?? 1) - ticket.snooze_seen);
  return `until it was seen ${counted(left, 'more time')}`;
}

/** How a ticket is snoozed, and by whom; null where it is not. */
export function snoozedInWords(ticket: TicketRow, now: Date): string | null {
  if (!isSnoozed(ticket, now)) return null;
  const by = ticket.snoozed_by ? `, by ${printable(ticket.snoozed_by)}` : '';
  return `${untilInWords(ticket)}${by}`;
}
