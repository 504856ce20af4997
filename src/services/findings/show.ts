import { decisionsOn } from '../../data/bots/bot-decisions.ts';
import { stormFor } from '../../data/bots/pending-tickets.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { leastTicketSeverity } from '../../data/bots/least-ticket-severity.ts';
import { floodOf } from '../../data/bots/standing-tickets.ts';
import { severityRank } from '../../ground/severity.ts';
import { findFinding } from './find.ts';

/** How many rows of each kind are shown. */
const maxRows = 50;

/**
 * A finding with its bot, its memory, the decisions, actions and tickets about it, and why it has no ticket if it is open
 * without one. Throws NotFoundError, AmbiguousIdError.
 */
export async function showFinding(db: Db, { finding: given }: { finding: string }) {
  const finding = await findFinding(db, given);
  const { id } = finding;
  const bot = await db
    .selectFrom('bots')
    .select('name')
    .where('id', '=', finding.bot_id)
    .executeTakeFirstOrThrow();
  const actions = await db
    .selectFrom('bot_actions')
    .selectAll()
    .where('finding_id', '=', id)
    .orderBy('taken_at', 'desc')
    .orderBy('step', 'desc')
    .limit(maxRows)
    .execute();
  const decisions = await decisionsOn(db, { finding: id }, maxRows);
  const tickets = await db
    .selectFrom('bot_tickets')
    .selectAll()
    .where('finding_id', '=', id)
    .orderBy('number', 'desc')
    .limit(maxRows)
    .execute();
  const memory = await db
    .selectFrom('bot_finding_states')
    .selectAll()
    .where('fingerprint', '=', finding.fingerprint)
    .executeTakeFirst();
  const unticketed =
    finding.ticket === null ? await whyNoTicket(db, finding, { memory, actions }) : null;
  const now = await currentTime(db);
  return { finding, bot, actions, decisions, tickets, memory, unticketed, now };
}

/** Why no ticket stands for an open finding, as far as that is known. */
export type WhyNoTicket =
  | { why: 'silenced' | 'maintenance' | 'clean' | 'cure' | 'not yet' }
  /** it is a part of this flood, which is open */
  | { why: 'flood'; flood: string }
  /** a person resolved this ticket, and no run has seen the finding since */
  | { why: 'resolved'; ticket: string; by: string | null }
  /** findings get a ticket by themselves only from this severity upwards */
  | { why: 'severity'; from: string };

async function whyNoTicket(
  db: Db,
  finding: Awaited<ReturnType<typeof findFinding>>,
  {
    memory,
    actions,
  }: {
    memory: { clean_in_row: number } | undefined;
    actions: { state: string; judge_within: unknown }[];
  },
): Promise<WhyNoTicket | null> {
  if (finding.resolved_at) return null;
  if (finding.bot_silences.length > 0) return { why: 'silenced' };
  if (finding.bot_maintenance.length > 0) return { why: 'maintenance' };
  const flood = await floodOf(db, finding.id);
  if (flood !== null) return { why: 'flood', flood };
  const resolved = await resolvedSince(db, finding);
  if (resolved) return { why: 'resolved', ticket: resolved.number, by: resolved.resolved_by };
  if (memory && memory.clean_in_row > 0) return { why: 'clean' };
  const awaitsVerdict = ({ state, judge_within }: (typeof actions)[number]) =>
    state === 'applied' || (state === 'verified' && judge_within !== null);
  if (actions.some(awaitsVerdict)) return { why: 'cure' };
  const from = await leastTicketSeverity(db);
  return severityRank(finding.severity) > severityRank(from)
    ? { why: 'severity', from }
    : { why: 'not yet' };
}

/** The ticket that a person resolved since the finding was last seen: its own, or that of a storm of its bot. */
const resolvedSince = (
  db: Db,
  { bot_id, fingerprint, last_seen_at }: Awaited<ReturnType<typeof findFinding>>,
) =>
  db
    .selectFrom('bot_tickets')
    .select(['number', 'resolved_by'])
    .where('bot_id', '=', bot_id)
    .where('fingerprint', 'in', [fingerprint, stormFor(bot_id!)])
    .where('status', 'in', ['resolved', 'closed'])
    .where('resolved_by', 'is distinct from', 'roundsman')
    .where('resolved_at', '>=', last_seen_at)
    .orderBy('resolved_at', 'desc')
    .limit(1)
    .executeTakeFirst();
