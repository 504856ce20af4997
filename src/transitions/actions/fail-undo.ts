/**
 * An undo did not happen, or it is not known whether it did.
 *
 * From: any state, with a requested undo.
 * To: the same state, and the undo is no longer requested (`undo_failed` in the evidence) or still requested
 *   (`undo_delayed`); or `unknown`, where it is not known whether the undo happened.
 * By: the worker whose run was to undo the effect, under the run's fence.
 * Locks: the action, which the transaction holds already.
 * Zero rows: only on the way to `unknown`: another action on the same problem is unfinished, and this action keeps its state.
 */
import { sql, type Transaction } from 'kysely';
import { isUnfinished } from '../../data/bots/bot-actions.ts';
import type { Fenced } from '../../data/bots/fence.ts';
import type { Database } from '../../database/connect.ts';
import { fitting } from '../../ground/text.ts';
import { plain } from '../../ground/plain.ts';

/** How many characters of a reason are stored. */
const maxReasonLength = 2_000;

const undoNote = (key: 'undo_failed' | 'undo_delayed', why: string): string =>
  JSON.stringify(plain({ [key]: fitting(why, maxReasonLength) }));

/** It is certain that the effect was not undone: the undo may be requested again. */
export async function failUndo(trx: Transaction<Database>, id: string, why: string): Promise<void> {
  await sql`
    UPDATE bot_actions
    SET undo_requested_at = NULL, evidence = evidence - 'undo_begun' - 'undo_delayed' || ${undoNote('undo_failed', why)}::jsonb
    WHERE id = ${id}::uuid`.execute(trx);
}

/**
 * The effect was not undone, for a reason that lies outside the remedy: the bot's next run tries again. The mark that this run has
 * begun the undo is removed.
 */
export async function delayUndo(
  trx: Transaction<Database>,
  id: string,
  why: string,
  { fence }: Fenced,
): Promise<void> {
  await sql`
    UPDATE bot_actions
    SET evidence = CASE WHEN evidence #>> '{undo_begun,fence}' = ${fence}::text THEN evidence - 'undo_begun' ELSE evidence END
                   || ${undoNote('undo_delayed', why)}::jsonb
    WHERE id = ${id}::uuid`.execute(trx);
}

/** It is not known whether the effect was undone: `unknown`, until a person has looked. */
export async function doubtUndo(
  trx: Transaction<Database>,
  id: string,
  why: string,
): Promise<void> {
  await sql`
    UPDATE bot_actions a
    SET state = 'unknown', success = false, settled_at = NULL, error_message = ${fitting(`asked to undo it: ${why}`, maxReasonLength)}
    WHERE id = ${id}::uuid AND NOT EXISTS (
      SELECT FROM bot_actions o WHERE o.fingerprint = a.fingerprint AND o.id <> a.id AND ${isUnfinished('o')})`.execute(
    trx,
  );
  await sql`
    UPDATE bot_actions SET undo_requested_at = NULL, evidence = evidence - 'undo_delayed' || ${undoNote('undo_failed', why)}::jsonb
    WHERE id = ${id}::uuid`.execute(trx);
}
