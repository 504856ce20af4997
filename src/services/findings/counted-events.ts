/** Findings of checks that count events: what resolves them, and from when on there were too few events for a verdict. */
import type { TicketRow } from '../../data/bots/bot-tickets.ts';
import { isStorm } from '../../data/bots/pending-tickets.ts';
import type { Db } from '../../database/connect.ts';

/**
 * What resolves the finding of a ticket: a check that sees a clean state, or enough good events. A storm has findings of several
 * checks, of both kinds.
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

interface FindingTimes {
  resolved_at: Date | null;
  last_seen_at: Date;
}

/**
 * The time from which events count, after a cure, an undo or a person's resolution, while they are too few to tell whether the
 * finding is gone; null for a resolved finding, for one that was seen since then, and for checks that count no events.
 */
export function tooFewSince(
  { resolved_at, last_seen_at }: FindingTimes,
  memory: { cutoff_at: Date | null } | undefined,
): Date | null {
  const from = memory?.cutoff_at ?? null;
  return resolved_at || !from || last_seen_at > from ? null : from;
}

/** As {@link tooFewSince}, with the memory read. */
export async function readTooFewSince(
  db: Db,
  finding: FindingTimes & { fingerprint: string },
): Promise<Date | null> {
  const memory = await db
    .selectFrom('bot_finding_states')
    .select('cutoff_at')
    .where('fingerprint', '=', finding.fingerprint)
    .executeTakeFirst();
  return tooFewSince(finding, memory);
}
