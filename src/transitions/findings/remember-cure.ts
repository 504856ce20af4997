/**
 * Remembers that the check of a finding was clean after its cure, before the cure is verified and the finding resolved.
 *
 * From: a memory whose latest result is a failure.
 * To: `clean_in_row` + 1, `failures_in_row` 0.
 * By: the worker that verifies a cure, under the run's fence.
 * Locks: the fingerprint's memory, which comes before its actions and findings.
 * Zero rows: the fingerprint has no memory; this has no consequences.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';

export async function rememberCure(
  trx: Transaction<Database>,
  { fingerprint }: { fingerprint: string },
): Promise<void> {
  await sql`
    UPDATE bot_finding_states SET clean_in_row = clean_in_row + 1, failures_in_row = 0
    WHERE fingerprint = ${fingerprint}::text`.execute(trx);
}
