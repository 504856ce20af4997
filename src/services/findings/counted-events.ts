/** Of checks that count events: what resolves a finding of one, and since when too few events came for a verdict. */
import type { TicketRow } from '../../data/bots/bot-tickets.ts';
import { isStorm } from '../../data/bots/pending-tickets.ts';
import type { Db } from '../../database/connect.ts';

/**
 * How the finding of a ticket comes to be resolved: by a check of a state that is clean, or by enough good events. For a storm it
 * is not said which: its findings are of several checks.
 */
export async function wayToResolve(
  db: Db,
  ticket: Pick<TicketRow, 'bot_id' | 'fingerprint'>,
): Promise<'storm' | 'events' | 'state'> {
  if (isStorm(ticket)) return 'storm';
  const memory = await db
    .selectFrom('bot_finding_states')
    .select('fingerprint')
    .where('fingerprint', '=', ticket.fingerprint)
    .where('tally', 'is not', null)
    .executeTakeFirst();
  return memory ? 'events' : 'state';
}

interface Seen {
  resolved_at: Date | null;
  last_seen_at: Date;
}

/**
 * The time from which events count, after a cure, an undo or a person's resolution, while they are too few to tell whether the
 * finding is gone; null for a resolved finding, for one that was seen since then, and for checks that count no events.
 */
export function tooFewSince(
  { resolved_at, last_seen_at }: Seen,
  memory: { cutoff_at: Date | null } | undefined,
): Date | null {
  const from = memory?.cutoff_at ?? null;
  return resolved_at || !from || last_seen_at > from ? null : from;
}

/** As {@link tooFewSince}, with the memory read. */
export async function readTooFewSince(
  db: Db,
  finding: Seen & { fingerprint: string },
): Promise<Date | null> {
  const memory = await db
    .selectFrom('bot_finding_states')
    .select('cutoff_at')
    .where('fingerprint', '=', finding.fingerprint)
    .executeTakeFirst();
  return tooFewSince(finding, memory);
}
