/**
 * From now on, or from a given number of seconds later, the events of a problem are counted from zero. What the check
 * counted before is stored, to be compared with what comes after. For a check that does not count events, nothing changes.
 *
 * From: any memory with a `tally`.
 * To: `cutoff_at` set, `tally_before` = `tally`.
 * By: the worker that applies a cure or undoes it, under the run's fence; an operator who resolves a ticket.
 * Locks: the problem's memory; callers lock its actions and entries afterwards, as transactions that record results do.
 * Zero rows: its check counts no events.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';

export async function cutOff(
  trx: Transaction<Database>,
  fingerprint: string,
  seconds = 0,
): Promise<void> {
  await sql`
    UPDATE bot_finding_states
    SET cutoff_at = engine.now() + make_interval(secs => ${seconds}::float8), tally_before = tally
    WHERE fingerprint = ${fingerprint}::text AND tally IS NOT NULL`.execute(trx);
}
