/** Which open findings have no ticket, and for how many the ticket of a storm stands. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { countsAsBroken, severityRank } from './bot-findings.ts';
import { underMaintenance } from './bot-maintenance.ts';
import { ofFinding, silenced } from './bot-silences.ts';
import { isPending, stormOf } from './pending-tickets.ts';
import { isUnticketed, itOrItsFlood } from './standing-tickets.ts';

/**
 * Open findings for which no pending ticket stands, by severity, the worst first, and how many of them are silenced, and how
 * many of the others are held back by maintenance; a part of a flood is so with its flood.
 */
export async function countWithoutTicket(
  db: Db,
): Promise<{ severity: string; count: number; silenced: number; maintained: number }[]> {
  const isSilenced = itOrItsFlood('f', (alias) => silenced(ofFinding(alias)));
  const isMaintained = itOrItsFlood('f', underMaintenance);
  const { rows } = await sql<{
    severity: string;
    count: number;
    silenced: number;
    maintained: number;
  }>`
    SELECT f.severity, count(*)::int AS count, count(*) FILTER (WHERE ${isSilenced})::int AS silenced,
           count(*) FILTER (WHERE ${isMaintained} AND NOT ${isSilenced})::int AS maintained
    FROM bot_findings f
    WHERE f.resolved_at IS NULL AND ${isUnticketed('f')}
    GROUP BY f.severity ORDER BY ${severityRank('f.severity')}`.execute(db);
  return rows;
}

/** A storm that has a ticket. */
export interface PendingStorm {
  ticket: string;
  title: string;
  bot: string;
  /** the open findings for which it stands, including those with a ticket of their own */
  findings: number;
}

/** Storms with a pending ticket, the oldest first; at most `limit`. */
export async function pendingStorms(db: Db, limit: number): Promise<PendingStorm[]> {
  const { rows } = await sql<PendingStorm>`
    SELECT 'T-' || t.number AS ticket, t.title, b.name AS bot,
           (SELECT count(*)::int FROM bot_findings f WHERE f.bot_id = t.bot_id AND ${countsAsBroken('f')}) AS findings
    FROM bot_tickets t JOIN bots b ON b.id = t.bot_id
    WHERE ${isPending('t')} AND t.fingerprint = ${stormOf(sql`t.bot_id`)}
    ORDER BY t.number LIMIT ${limit}`.execute(db);
  return rows;
}
