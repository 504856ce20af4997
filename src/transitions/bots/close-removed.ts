/**
 * Closes what a removed bot has left open, because no run will look at it again and no person should wait for it.
 *
 * From: open findings, pending tickets, unfinished or unjudged actions, and waiting decisions of removed bots.
 * To: what the transitions that are called here say.
 * By: an admin (`bots remove`), in the same transaction; later the settle timer, for what a run that was still going on
 *   has written since.
 * Locks: the bots, which the transaction holds, then the memories of their problems by fingerprint, then what is closed.
 * Zero rows: the bots have nothing open.
 */
import { sql, type Transaction } from 'kysely';
import { isPending } from '../../data/bots/bot-tickets.ts';
import type { Database, Db } from '../../database/connect.ts';
import { concludeRemoved } from '../actions/conclude-removed.ts';
import { markTouchedOfBots } from '../decisions/touch.ts';
import { resolveRemovedFindings } from '../findings/resolve-removed.ts';
import { resolveRemovedTickets, type ResolvedTicket } from '../tickets/resolve-removed.ts';

/** How many findings were resolved, and which tickets. */
export interface ClosedOfBots {
  findings: number;
  tickets: ResolvedTicket[];
}

const hasOpen = sql`(b.removed_at IS NOT NULL AND (
  EXISTS (SELECT FROM bot_findings f WHERE f.bot_id = b.id AND f.resolved_at IS NULL)
  OR EXISTS (SELECT FROM bot_tickets t WHERE t.bot_id = b.id AND ${isPending('t')})))`;

/** Ids of at most `maxRows` removed bots that have open findings or pending tickets. */
export async function removedWithOpen(db: Db, maxRows: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    SELECT b.id FROM bots b WHERE ${hasOpen} ORDER BY b.id LIMIT ${maxRows}`.execute(db);
  return rows.map(({ id }) => id);
}

/** Locks those of the bots that still have something open; rows that other transactions hold are skipped. */
export async function lockRemovedBots(
  trx: Transaction<Database>,
  ids: string[],
): Promise<{ id: string; name: string }[]> {
  const { rows } = await sql<{ id: string; name: string }>`
    SELECT b.id, b.name FROM bots b WHERE b.id = ANY (${ids}::uuid[]) AND ${hasOpen}
    -- Locks bots by id; rows that others hold are skipped.
    ORDER BY b.id FOR NO KEY UPDATE OF b SKIP LOCKED`.execute(trx);
  return rows;
}

/** Closes what is open of these bots, which the transaction holds. `by`: the person who removed them, or `roundsman`. */
export async function closeRemoved(
  trx: Transaction<Database>,
  bots: string[],
  by: string,
): Promise<ClosedOfBots> {
  await sql`
    SELECT s.fingerprint FROM bot_finding_states s WHERE s.fingerprint IN (
      SELECT f.fingerprint FROM bot_findings f WHERE f.bot_id = ANY (${bots}::uuid[]) AND f.resolved_at IS NULL
      UNION SELECT t.fingerprint FROM bot_tickets t WHERE t.bot_id = ANY (${bots}::uuid[]) AND ${isPending('t')}
      UNION SELECT a.fingerprint FROM bot_actions a
        WHERE a.bot_id = ANY (${bots}::uuid[]) AND a.state IN ('intent', 'applied', 'verified', 'unknown')
      UNION SELECT d.fingerprint FROM bot_decisions d WHERE d.bot_id = ANY (${bots}::uuid[]) AND d.outcome = 'pending')
    -- Locks bot_finding_states by fingerprint.
    ORDER BY s.fingerprint FOR NO KEY UPDATE OF s`.execute(trx);
  const findings = await resolveRemovedFindings(trx, bots);
  const tickets = await resolveRemovedTickets(trx, bots, by);
  await concludeRemoved(trx, bots, by);
  await markTouchedOfBots(trx, bots);
  return { findings, tickets };
}
