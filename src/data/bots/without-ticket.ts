/** Which open findings have no ticket, or that of a storm. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { severityRank, suppressed } from './bot-findings.ts';
import { ofFinding, silenced } from './bot-silences.ts';
import { isOf, isPending, stormOf } from './pending-tickets.ts';

/**
 * Open findings for which no pending ticket stands, by severity, the worst first, and how many of them are silenced.
 * Suppressed ones are left out: the finding behind which they stand is counted.
 */
export async function countWithoutTicket(
  db: Db,
): Promise<{ severity: string; count: number; silenced: number }[]> {
  const { rows } = await sql<{ severity: string; count: number; silenced: number }>`
    SELECT f.severity, count(*)::int AS count, count(*) FILTER (WHERE ${silenced(ofFinding('f'))})::int AS silenced
    FROM bot_findings f
    WHERE f.resolved_at IS NULL AND NOT ${suppressed('f')}
      AND NOT EXISTS (SELECT FROM bot_tickets t WHERE ${isOf('t', 'f')} AND ${isPending('t')})
      AND NOT EXISTS (SELECT FROM bot_tickets t WHERE t.bot_id = f.bot_id AND t.fingerprint = ${stormOf(sql`f.bot_id`)}
                        AND ${isPending('t')})
    GROUP BY f.severity ORDER BY ${severityRank('f.severity')}`.execute(db);
  return rows;
}

/** A storm that has a ticket. */
export interface PendingStorm {
  ticket: string;
  title: string;
  bot: string;
  /** the bot's open findings, those with a ticket of their own among them */
  findings: number;
}

/** Storms with a pending ticket, the oldest first; at most `limit`. */
export async function pendingStorms(db: Db, limit: number): Promise<PendingStorm[]> {
  const { rows } = await sql<PendingStorm>`
    SELECT 'T-' || t.number AS ticket, t.title, b.name AS bot,
           (SELECT count(*)::int FROM bot_findings f WHERE f.bot_id = t.bot_id AND f.resolved_at IS NULL) AS findings
    FROM bot_tickets t JOIN bots b ON b.id = t.bot_id
    WHERE ${isPending('t')} AND t.fingerprint = ${stormOf(sql`t.bot_id`)}
    ORDER BY t.number LIMIT ${limit}`.execute(db);
  return rows;
}
