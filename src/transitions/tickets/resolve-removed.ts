/**
 * Resolves pending tickets of removed bots, each with a row of `bot_ticket_events`. Tickets of other bots that are merged into
 * them stand for themselves again (`unmerge.ts`).
 *
 * From: `open` or `assigned`, of a removed bot.
 * To: `resolved`, by the person who removed the bot.
 * By: an admin (`bots remove`); later the settle timer, for tickets that a run of the bot opened after that.
 * Locks: tickets; the transaction holds their bots and memories.
 * Zero rows: none is pending.
 */
import { sql, type Transaction } from 'kysely';
import { isPending } from '../../data/bots/bot-tickets.ts';
import type { Database } from '../../database/connect.ts';
import { unmergeFromRemoved } from './unmerge.ts';

export interface ResolvedTicket {
  number: string;
  severity: string;
}

const notes = 'Its bot was removed.';

export async function resolveRemovedTickets(
  trx: Transaction<Database>,
  bots: string[],
  by: string,
): Promise<ResolvedTicket[]> {
  await unmergeFromRemoved(trx, bots, by);
  const { rows } = await sql<ResolvedTicket>`
    WITH resolved AS (
      UPDATE bot_tickets t
      SET status = 'resolved', resolved_at = engine.now(), resolved_by = ${by}, resolution_notes = ${notes},
          reopened_by = NULL
      WHERE t.bot_id = ANY (${bots}::uuid[]) AND ${isPending('t')}
      RETURNING t.id, t.number, t.severity
    ), history AS (
      INSERT INTO bot_ticket_events (ticket_id, event, actor, detail, created_at)
      SELECT id, 'resolved', ${by}, jsonb_build_object('notes', ${notes}::text), engine.now() FROM resolved
    )
    SELECT number::text, severity FROM resolved ORDER BY number`.execute(trx);
  return rows;
}
