/**
 * A person resolves a ticket and says what was done. Its finding stays open until the next clean check. What follows for
 * healing: decisions no longer wait to see whether the problem recovers untouched; if the person names the cure, shadowed
 * decisions are scored by it; an action that is `unknown` counts as looked at by the person, and no longer blocks the
 * finding; events from before no longer count, and a cure that such events were to judge is undecided, unless the person
 * says that its entry helped. For the ticket of a storm this is done for every open finding of its bot that the bot's checks
 * still look at, and no entry is scored. Tickets that are merged into this one are resolved with it in the same way, but no
 * entry is scored on them.
 *
 * From: `open` or `assigned`, not merged, at any version: that a problem is solved overrides an assignment or an
 *   acknowledgement that came in between. With `refuseIfChanged` only at the version that was read: for a person who resolves many
 *   tickets at once and has not looked at each.
 * To: `resolved`, with `resolution_notes` and an event.
 * By: an operator.
 * Locks: the bots of the ticket and of what is merged into it, by id; the memories of all problems that these tickets stand
 *   for, by fingerprint; the tickets by id; then the actions and decisions of these problems.
 * Zero rows: the ticket has ended meanwhile or was merged, or it has changed and `refuseIfChanged` is set:
 *   TicketChangedError is thrown.
 */
import { sql, type RawBuilder, type Transaction } from 'kysely';
import { pending, ticketChanged, type TicketRow } from '../../data/bots/bot-tickets.ts';
import {
  lockBotsOf,
  lockTickets,
  mergedInto,
  mergedIntoLocked,
} from '../../data/bots/merged-tickets.ts';
import { isStorm } from '../../data/bots/pending-tickets.ts';
import type { Database } from '../../database/connect.ts';
import { abortUnknown } from '../actions/abort.ts';
import { leaveUndecided } from '../actions/leave-undecided.ts';
import { answerByCure } from '../decisions/answer-by-cure.ts';
import { cutOff } from '../findings/cut-off.ts';
import { writeEvent } from './write-event.ts';

/** What a person said about the cure. `knowledge`: the entry that the person carried out; null: no entry would have helped. */
export interface Cure {
  knowledge: { id: string; name: string } | null;
}

/** The resolved ticket. `merged`: the tickets that were resolved with it, as they were before. */
export type ResolvedByPerson = TicketRow & { merged: readonly TicketRow[] };

export async function resolveTicket(
  trx: Transaction<Database>,
  seen: TicketRow,
  notes: string,
  actor: string,
  cure?: Cure,
  { refuseIfChanged = false } = {},
): Promise<ResolvedByPerson> {
  const { merged, problems } = await lockAll(trx, seen);
  const ticket = await trx
    .updateTable('bot_tickets')
    .set({
      status: 'resolved',
      resolved_at: sql<Date>`engine.now()`,
      resolved_by: actor,
      resolution_notes: notes,
      reopened_by: null,
      // Replaces what a person said at an earlier resolution: that cure did not last.
      cure_knowledge_id: cure?.knowledge?.id ?? null,
    })
    .where('id', '=', seen.id)
    .where('status', 'in', pending)
    .where('merged_into', 'is', null)
    // This transaction may have waited for the bots since the ticket was read.
    .$if(refuseIfChanged, (query) => query.where('version', '=', seen.version))
    .returningAll()
    .executeTakeFirst();
  if (!ticket) throw await ticketChanged(trx, seen, 'resolved');
  for (const fingerprint of problems) await cutOff(trx, fingerprint);
  // What cured a storm as a whole says nothing about what entries would have done to its single findings.
  const scoringCure = isStorm(ticket) ? undefined : cure;
  for (const fingerprint of isStorm(ticket) ? problems : [ticket.fingerprint]) {
    await leaveUndecided(trx, fingerprint, whyUndecided, cure?.knowledge?.id);
    await answerByCure(trx, { ...ticket, fingerprint }, actor, scoringCure);
  }
  const aborted = await abortUnknown(trx, ticket, { by: actor, notes });
  const detail = {
    notes,
    ...(cure && { cure: cure.knowledge?.name ?? 'none' }),
    ...(aborted.length > 0 && { settled: aborted }),
  };
  await writeEvent(trx, seen.id, 'resolved', actor, detail, ticket.resolved_at);
  for (const each of merged) await resolveWith(trx, ticket, each, actor);
  return { ...ticket, merged };
}

const whyUndecided = 'a person acted before the check could show whether it helped';

/**
 * Resolves a merged ticket with its survivor. No entry is scored: what cured the survivor says nothing about what entries would
 * have done to the merged ticket's own problem.
 */
async function resolveWith(
  trx: Transaction<Database>,
  { id, number, resolution_notes: notes }: TicketRow,
  seen: TicketRow,
  actor: string,
): Promise<void> {
  const ticket = await trx
    .updateTable('bot_tickets')
    .set({
      status: 'resolved',
      // The same time to the microsecond: by it tickets are found again that were resolved together.
      resolved_at: sql<Date>`(SELECT s.resolved_at FROM bot_tickets s WHERE s.id = ${id}::uuid)`,
      resolved_by: actor,
      resolution_notes: notes,
      reopened_by: null,
      cure_knowledge_id: null,
    })
    .where('id', '=', seen.id)
    .where('status', 'in', pending)
    .where('merged_into', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
  await leaveUndecided(trx, ticket.fingerprint, whyUndecided);
  await answerByCure(trx, ticket, actor, undefined);
  const aborted = await abortUnknown(trx, ticket, { by: actor, notes: notes! });
  const detail = { notes, with: `T-${number}`, ...(aborted.length > 0 && { settled: aborted }) };
  await writeEvent(trx, ticket.id, 'resolved', actor, detail, ticket.resolved_at);
}

/** Returns what is merged into the ticket, and the fingerprints of all problems that these tickets stand for. */
async function lockAll(
  trx: Transaction<Database>,
  seen: TicketRow,
): Promise<{ merged: TicketRow[]; problems: string[] }> {
  const bots = await lockBotsOf(trx, [seen.id]);
  const before = await mergedIntoLocked(trx, seen, bots, 'resolved');
  const locked = await lockMemories(trx, [seen, ...before]);
  await lockTickets(
    trx,
    [seen, ...before].map(({ id }) => id),
  );
  const merged = await mergedInto(trx, seen.id);
  if (merged.length === before.length) return { merged, problems: locked };
  // One was unmerged while this transaction waited (`unmerge.ts` locks no bot): its problem is not resolved.
  const problems = new Set(await readProblems(trx, [seen, ...merged]));
  return { merged, problems: locked.filter((fingerprint) => problems.has(fingerprint)) };
}

/** Locks the memories of the problems that these tickets stand for; returns their fingerprints. */
async function lockMemories(trx: Transaction<Database>, tickets: TicketRow[]): Promise<string[]> {
  const { rows } = await sql<{ fingerprint: string }>`
    ${selectMemories(tickets)}
    -- Locks bot_finding_states by fingerprint.
    ORDER BY s.fingerprint FOR NO KEY UPDATE OF s`.execute(trx);
  return rows.map(({ fingerprint }) => fingerprint);
}

/** The fingerprints of the problems that these tickets stand for. */
async function readProblems(trx: Transaction<Database>, tickets: TicketRow[]): Promise<string[]> {
  const { rows } = await sql<{ fingerprint: string }>`${selectMemories(tickets)}`.execute(trx);
  return rows.map(({ fingerprint }) => fingerprint);
}

/**
 * The memories of the problems that these tickets stand for: their own; those that are suppressed behind them; for a storm's
 * ticket all open findings of its bot that the bot's checks still look at.
 */
function selectMemories(tickets: TicketRow[]): RawBuilder<unknown> {
  const ids = tickets.map(({ id }) => id);
  return sql`SELECT s.fingerprint FROM bot_finding_states s
    WHERE s.fingerprint = ANY (${tickets.map(({ fingerprint }) => fingerprint)}::text[]) OR s.fingerprint IN (
      SELECT f.fingerprint FROM bot_findings f
      WHERE f.resolved_at IS NULL AND (
        f.suppressed_by = ANY (${tickets.map(({ finding_id }) => finding_id)}::uuid[])
        OR f.bot_id IN (SELECT t.bot_id FROM bot_tickets t WHERE t.id = ANY (${ids}::uuid[]) AND t.metadata ? 'storm')
           AND f.unexamined_since IS NULL))`;
}
