/**
 * A heal begins, or the problem is no longer reported, so from now on nothing shows whether it would have recovered untouched.
 *
 * From: `pending`.
 * To: `touched`.
 * By: the worker that decides, or that records a run (part of `record`), under the run's fence (a person's resolution is in
 *   `answer-by-cure.ts`); an admin who removes the bot.
 * Locks: the fingerprint's decisions, after its memory; of a removed bot all that wait.
 * Zero rows: no decision waits, or events have shown that the problem was over before the cure.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';
import { concludeAs } from '../conclude-as.ts';

export async function markTouched(trx: Transaction<Database>, fingerprint: string): Promise<void> {
  await sql`
    UPDATE bot_decisions SET ${concludeAs('outcome', 'touched')}
    WHERE fingerprint = ${fingerprint}::text AND outcome = 'pending'
      -- When events have shown that the problem was over before the heal, it recovered untouched.
      AND clean_at IS NULL`.execute(trx);
}

/**
 * `touched_unreported`: a finding that was left alone is no longer reported, so that nothing shows whether it recovered. Reads
 * `unreported`.
 */
export const touchUnreported = sql`touched_unreported AS (
    UPDATE bot_decisions d SET ${concludeAs('outcome', 'touched')}
    FROM unreported WHERE d.fingerprint = unreported.fingerprint AND d.outcome = 'pending' AND d.clean_at IS NULL
  )`;

/** All decisions of these removed bots that wait become `touched`, because no check looks at their findings any more. */
export async function markTouchedOfBots(trx: Transaction<Database>, bots: string[]): Promise<void> {
  await sql`
    UPDATE bot_decisions SET ${concludeAs('outcome', 'touched')}
    WHERE bot_id = ANY (${bots}::uuid[]) AND outcome = 'pending'`.execute(trx);
}
