import { sql, type Selectable } from 'kysely';
import { jsonBuildObject } from 'kysely/helpers/postgres';
import { RoundsmanError } from '../../ground/errors.ts';
import type { Db } from '../../database/connect.ts';
import type { BotTickets } from '../../database/tables.ts';
import { cutOff, leaveUndecided } from './cutoff.ts';
import { answerByCure, answerDecision } from './bot-decisions.ts';
import { queueManualRun } from './bot-executions.ts';
import { quietColumns, severityRank } from './bot-findings.ts';

export type TicketRow = Selectable<BotTickets>;
export type TicketStatus = TicketRow['status'];

/** Somebody else was faster, or the ticket is past this change; `why` says who and when. */
export class TicketChangedError extends RoundsmanError {}

/** The statuses in which a ticket still wants something. */
export const pending: TicketStatus[] = ['open', 'assigned'];

const now = sql<Date>`engine.now()`;

export interface TicketFilter {
  statuses?: TicketStatus[] | undefined;
  severity?: BotTickets['severity'] | undefined;
  assignedTo?: string | undefined;
  limit: number;
}

/** Each with its bot's name, and why nobody would be told of what is open behind it. */
const withCircumstances = (db: Db) =>
  db
    .selectFrom('bot_tickets as ticket')
    .leftJoin('bots', 'bots.id', 'ticket.bot_id')
    .leftJoin('bot_findings as finding', (join) =>
      join
        .onRef('finding.bot_id', '=', 'ticket.bot_id')
        .onRef('finding.fingerprint', '=', 'ticket.fingerprint')
        .on('finding.resolved_at', 'is', null),
    )
    .selectAll('ticket')
    .select((eb) => jsonBuildObject({ name: eb.ref('bots.name') }).as('bots'))
    .select(quietColumns('finding'));

/** A ticket as lists have it; undefined when there is none. */
export const oneTicket = (db: Db, id: string) =>
  withCircumstances(db).where('ticket.id', '=', id).executeTakeFirst();

export type ListedTicket = NonNullable<Awaited<ReturnType<typeof oneTicket>>>;

/** The worst first, then the oldest. */
export function listTickets(db: Db, { statuses, severity, assignedTo, limit }: TicketFilter) {
  let query = withCircumstances(db)
    .orderBy(severityRank('ticket.severity'))
    .orderBy('ticket.created_at')
    .limit(limit);
  if (statuses) query = query.where('ticket.status', 'in', statuses);
  if (severity) query = query.where('ticket.severity', '=', severity);
  if (assignedTo) query = query.where('ticket.assigned_to', '=', assignedTo);
  return query.execute();
}

/** Gives a pending ticket to `who`, if it still is as it was `seen`. Throws {@link TicketChangedError}. */
export const assignTicket = (db: Db, seen: TicketRow, who: string, actor: string) =>
  db.transaction().execute(async (trx) => {
    const ticket = await trx
      .updateTable('bot_tickets')
      .set({ status: 'assigned', assigned_to: who })
      .where('id', '=', seen.id)
      .where('status', 'in', pending)
      .where('assigned_to', 'is not distinct from', seen.assigned_to)
      .returningAll()
      .executeTakeFirst();
    if (!ticket) throw await changed(trx, seen, 'assigned');
    const detail = JSON.stringify({ from: seen.assigned_to, to: who });
    await trx
      .insertInto('bot_ticket_events')
      .values({ ticket_id: seen.id, event: 'assigned', actor, detail, created_at: now })
      .execute();
    return ticket;
  });

/** What a person said about the cure: `knowledge` is the entry that they did, null when none would have helped. */
export interface Cure {
  knowledge: { id: string; name: string } | null;
}

/**
 * Ends a pending ticket with what was done. Its finding stays: the next clean check resolves that. Nothing
 * waits any more for whether it recovers untouched: it was touched. With a `cure`, what entries said from the
 * shadow is scored by it. An action of which nobody could tell whether it happened has been looked at with
 * it, and blocks no longer. Events from before count no longer, and a cure that they were to judge is undecided,
 * unless it was of the entry that is said to have helped. Throws {@link TicketChangedError}.
 */
export const resolveTicket = (db: Db, seen: TicketRow, notes: string, actor: string, cure?: Cure) =>
  db.transaction().execute(async (trx) => {
    // Whoever records results holds a fingerprint's memory before its decisions and tickets.
    const stoodFor = await holdMemories(trx, seen);
    const ticket = await trx
      .updateTable('bot_tickets')
      .set({
        status: 'resolved',
        resolved_at: now,
        resolved_by: actor,
        resolution_notes: notes,
        // What an earlier end of it said did not last.
        cure_knowledge_id: cure?.knowledge?.id ?? null,
      })
      .where('id', '=', seen.id)
      .where('status', 'in', pending)
      .returningAll()
      .executeTakeFirst();
    if (!ticket) throw await changed(trx, seen, 'resolved');
    for (const fingerprint of stoodFor) await cutOff(trx, fingerprint);
    const why = 'a person acted before it could be told';
    await leaveUndecided(trx, ticket.fingerprint, why, cure?.knowledge?.id);
    await answerByCure(trx, ticket, actor, cure);
    const settled = await settleUnknown(trx, ticket, notes, actor);
    const detail = JSON.stringify({
      notes,
      ...(cure && { cure: cure.knowledge?.name ?? 'none' }),
      ...(settled.length > 0 && { settled }),
    });
    await trx
      .insertInto('bot_ticket_events')
      .values({ ticket_id: seen.id, event: 'resolved', actor, detail, created_at: now })
      .execute();
    return ticket;
  });

/**
 * Locks the memories of all that the ticket stands for, in the order in which everybody does: its own problem's, those
 * that stand behind it, and in a storm all that is open of its bot. Returns their fingerprints.
 */
async function holdMemories(trx: Db, ticket: TicketRow): Promise<string[]> {
  const { rows } = await sql<{ fingerprint: string }>`
    SELECT s.fingerprint FROM bot_finding_states s
    WHERE s.fingerprint = ${ticket.fingerprint}::text OR s.fingerprint IN (
      SELECT f.fingerprint FROM bot_findings f
      WHERE f.resolved_at IS NULL AND (f.suppressed_by = ${ticket.finding_id}::uuid OR f.bot_id = ${ticket.bot_id}::uuid AND EXISTS (
        SELECT FROM bot_tickets t WHERE t.id = ${ticket.id}::uuid AND t.metadata ? 'storm')))
    -- Locks bot_finding_states by fingerprint.
    ORDER BY s.fingerprint FOR NO KEY UPDATE OF s`.execute(trx);
  return rows.map(({ fingerprint }) => fingerprint);
}

/** `unknown -> aborted`, which counts for no entry; returns the ids. */
async function settleUnknown(db: Db, ticket: TicketRow, notes: string, by: string) {
  const rows = await db
    .updateTable('bot_actions')
    .set({
      state: 'aborted',
      settled_at: now,
      evidence: sql`evidence || ${JSON.stringify({ settled: { by, notes, ticket: ticket.number } })}::jsonb`,
    })
    .where('bot_id', '=', ticket.bot_id)
    .where('fingerprint', '=', ticket.fingerprint)
    .where('state', '=', 'unknown')
    .returning('id')
    .execute();
  return rows.map(({ id }) => id);
}

interface Answered {
  answer: 'approved' | 'rejected';
  by: string;
  reason?: string;
}

/**
 * A person's answer to a suggestion on a ticket, and the run that carries out what was approved: both or
 * nothing. Throws {@link TicketChangedError} when somebody answered before, and what a manual run throws.
 */
export const answerSuggestion = (
  db: Db,
  ticket: TicketRow,
  { id, name }: { id: string; name: string },
  { answer, by, reason }: Answered,
) =>
  db.transaction().execute(async (trx) => {
    // The bot's row before the decision's, as everywhere.
    const run = answer === 'approved' ? await queueManualRun(trx, ticket.bot_id!) : null;
    const decision = await answerDecision(trx, id, answer, by);
    if (!decision)
      throw new TicketChangedError({
        what: `${name} was not ${answer} on T-${ticket.number}`,
        why: 'somebody else answered before',
        hint: `see \`npx roundsman tickets show T-${ticket.number}\``,
      });
    const detail = { [answer]: name, ...(reason && { reason }), ...(run && { run: run.id }) };
    await noteTicket(trx, ticket.id, by, detail);
    return { decision, run };
  });

/** Writes into a ticket's history what did not change the ticket itself. */
export const noteTicket = (db: Db, ticket_id: string, actor: string, detail: object) =>
  db
    .insertInto('bot_ticket_events')
    .values({ ticket_id, event: 'noted', actor, detail: JSON.stringify(detail), created_at: now })
    .execute();

async function changed(db: Db, seen: TicketRow, wanted: string): Promise<TicketChangedError> {
  const name = `T-${seen.number}`;
  const found = await db
    .selectFrom('bot_tickets')
    .selectAll()
    .where('id', '=', seen.id)
    .executeTakeFirst();
  const by = found?.resolved_by ? ` by ${found.resolved_by}` : '';
  const at = found?.resolved_at ? ` at ${found.resolved_at.toISOString()}` : '';
  return new TicketChangedError({
    what: `${name} was not ${wanted}`,
    why: !found
      ? 'it is gone'
      : pending.includes(found.status)
        ? `somebody was faster: it is ${found.status}${found.assigned_to ? ` to ${found.assigned_to}` : ''} now`
        : `it was ${found.status}${by}${at}`,
    hint: `see \`npx roundsman tickets show ${name}\``,
  });
}
