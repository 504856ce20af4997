/**
 * A person ends a ticket and says what was done. Its finding stays: the next clean check resolves it. Decisions no
 * longer wait for whether the problem recovers untouched. With a `cure`, shadowed decisions are scored by it. An action
 * that is `unknown` counts as looked at by the person, and no longer blocks its finding. Earlier events no longer
 * count; a cure that they were to judge is undecided, unless the person says that its entry helped. The ticket of a storm
 * does this for every open finding of its bot at which its checks still look, and scores no entry. What is merged into the
 * ticket ends with it, in the same way, but for the score.
 *
 * From: `open` or `assigned`, not merged, whatever its version: that a problem is solved beats an assignment or an acknowledgement.
 *   `unchanged`: at the version that was read, for who has not looked at each of many.
 * To: `resolved`, with `resolution_notes` and an event.
 * By: an operator.
 * Locks: its bot, and those of what is merged into it, by id; the memories of all problems that the tickets stand for, by
 *   fingerprint; the ticket and what is merged into it by id; the fingerprints' actions, their decisions, and their actions
 *   that are `unknown`.
 * Zero rows: it has ended meanwhile, or has changed where it must not have: TicketChangedError is thrown.
 */
import { sql, type Transaction } from 'kysely';
import { pending, ticketChanged, type TicketRow } from '../../data/bots/bot-tickets.ts';
import { holdBotsOf, holdTickets, mergedUnderBots } from '../../data/bots/merged-tickets.ts';
import { isStorm } from '../../data/bots/pending-tickets.ts';
import type { Database } from '../../database/connect.ts';
import { abortUnknown } from '../actions/abort.ts';
import { leaveUndecided } from '../actions/leave-undecided.ts';
import { answerByCure } from '../decisions/answer-by-cure.ts';
import { cutOff } from '../findings/cut-off.ts';
import { writeEvent } from './write-event.ts';

/**
 * What a person said about the cure: `knowledge` is the entry that they carried out, null when none would have helped.
 */
export interface Cure {
  knowledge: { id: string; name: string } | null;
}

export async function resolveTicket(
  trx: Transaction<Database>,
  seen: TicketRow,
  notes: string,
  actor: string,
  cure?: Cure,
  { unchanged = false } = {},
): Promise<TicketRow> {
  const bots = await holdBotsOf(trx, [seen.id]);
  const merged = await mergedUnderBots(trx, seen, bots, 'resolved');
  const stoodFor = await lockMemories(trx, [seen, ...merged]);
  await holdTickets(
    trx,
    [seen, ...merged].map(({ id }) => id),
  );
  const ticket = await trx
    .updateTable('bot_tickets')
    .set({
      status: 'resolved',
      resolved_at: sql<Date>`engine.now()`,
      resolved_by: actor,
      resolution_notes: notes,
      reopened_by: null,
      // The answer of an earlier resolution did not last.
      cure_knowledge_id: cure?.knowledge?.id ?? null,
    })
    .where('id', '=', seen.id)
    .where('status', 'in', pending)
    .where('merged_into', 'is', null)
    // It may have waited for the bots since it was read.
    .$if(unchanged, (query) => query.where('version', '=', seen.version))
    .returningAll()
    .executeTakeFirst();
  if (!ticket) throw await ticketChanged(trx, seen, 'resolved');
  for (const fingerprint of stoodFor) await cutOff(trx, fingerprint);
  // What cured a storm as a whole says nothing about what entries would have done to its single findings.
  const ofOne = isStorm(ticket) ? undefined : cure;
  for (const fingerprint of isStorm(ticket) ? stoodFor : [ticket.fingerprint]) {
    await leaveUndecided(trx, fingerprint, why, cure?.knowledge?.id);
    await answerByCure(trx, { ...ticket, fingerprint }, actor, ofOne);
  }
  const settled = await abortUnknown(trx, ticket, { by: actor, notes });
  const detail = {
    notes,
    ...(cure && { cure: cure.knowledge?.name ?? 'none' }),
    ...(settled.length > 0 && { settled }),
  };
  await writeEvent(trx, seen.id, 'resolved', actor, detail, ticket.resolved_at);
  for (const each of merged) await endWith(trx, ticket, each, actor);
  return ticket;
}

const why = 'a person acted before the check could show whether it helped';

/** What cured the survivor says nothing about what entries would have done to the merged ticket's own problem. */
async function endWith(
  trx: Transaction<Database>,
  { id, number, resolution_notes: notes }: TicketRow,
  seen: TicketRow,
  actor: string,
): Promise<void> {
  const ticket = await trx
    .updateTable('bot_tickets')
    .set({
      status: 'resolved',
      // The same, to the microsecond: by it they are reopened together.
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
    .executeTakeFirst();
  // It was unmerged, by itself, in this moment.
  if (!ticket) return;
  await leaveUndecided(trx, ticket.fingerprint, why);
  await answerByCure(trx, ticket, actor, undefined);
  const settled = await abortUnknown(trx, ticket, { by: actor, notes: notes! });
  const detail = { notes, with: `T-${number}`, ...(settled.length > 0 && { settled }) };
  await writeEvent(trx, ticket.id, 'resolved', actor, detail, ticket.resolved_at);
}

/**
 * The memories of their own problems, of the findings that they suppress, and in a storm of all open findings of its bot at
 * which its checks still look.
 * Returns their fingerprints.
 */
async function lockMemories(trx: Transaction<Database>, tickets: TicketRow[]): Promise<string[]> {
  const ids = tickets.map(({ id }) => id);
  const { rows } = await sql<{ fingerprint: string }>`
    SELECT s.fingerprint FROM bot_finding_states s
    WHERE s.fingerprint = ANY (${tickets.map(({ fingerprint }) => fingerprint)}::text[]) OR s.fingerprint IN (
      SELECT f.fingerprint FROM bot_findings f
      WHERE f.resolved_at IS NULL AND (
        f.suppressed_by = ANY (${tickets.map(({ finding_id }) => finding_id)}::uuid[])
        OR f.bot_id IN (SELECT t.bot_id FROM bot_tickets t WHERE t.id = ANY (${ids}::uuid[]) AND t.metadata ? 'storm')
           AND f.unexamined_since IS NULL))
    -- Locks bot_finding_states by fingerprint.
    ORDER BY s.fingerprint FOR NO KEY UPDATE OF s`.execute(trx);
  return rows.map(({ fingerprint }) => fingerprint);
}
