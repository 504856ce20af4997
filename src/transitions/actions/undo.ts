/**
 * Records that an effect was undone. The figures count it as a relapse; the database recounts them itself. Earlier
 * events no longer count.
 *
 * From: any state in which the effect exists (`applied`, `verified`, `held`, `relapsed`, `failed`, `undecided`).
 * To: `undone`.
 * By: the process that undoes it, under the run's fence, in the transaction of an undo inside the database.
 * Locks: the fingerprint's memory, the action.
 * Zero rows: another run has taken it back.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';
import { concluded } from '../concluded.ts';
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
    SET ${concluded('state', 'undone')}, success = false,
        evidence = evidence - 'undo_begun' - 'undo_failed' - 'undo_delayed' || ${evidence}::jsonb
    WHERE id = ${id}::uuid AND state <> 'undone'`.execute(trx);
}
