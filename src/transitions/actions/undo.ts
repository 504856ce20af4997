/**
 * Records that an effect was undone. The entry's figures count this as a relapse; the database itself updates them. Events
 * from before the undo no longer count.
 *
 * From: any state in which the effect exists (`applied`, `verified`, `held`, `relapsed`, `failed`, `undecided`).
 * To: `undone`.
 * By: the process that undoes the effect, under the run's fence; for an effect inside the database in the same transaction.
 * Locks: the fingerprint's memory, the action.
 * Zero rows: another run has undone the effect.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';
import { concludeAs } from '../conclude-as.ts';
import { cutOff } from '../findings/cut-off.ts';

/** `evidence` is JSON that is added to the evidence. */
export async function markUndone(
  trx: Transaction<Database>,
  { id, fingerprint }: { id: string; fingerprint: string },
  evidence: string,
): Promise<void> {
  await cutOff(trx, fingerprint);
  await sql`
    UPDATE bot_actions
    SET ${concludeAs('state', 'undone')}, success = false,
        evidence = evidence - 'undo_begun' - 'undo_failed' - 'undo_delayed' || ${evidence}::jsonb
    WHERE id = ${id}::uuid AND state <> 'undone'`.execute(trx);
}
