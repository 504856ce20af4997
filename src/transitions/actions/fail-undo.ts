/**
 * An undo did not happen, or it cannot be told whether it did.
 *
 * From: any state, an undo asked for.
 * To: the same state, no longer asked for (`undo_failed`), or asked for still (`undo_delayed`); or `unknown`, in doubt.
 * By: the worker whose run was to take it back, under the run's fence.
 * Locks: the action, which the transaction holds already.
 * Zero rows: in doubt, something else about the same problem is unfinished: the action keeps its state.
 */
import { sql, type Transaction } from 'kysely';
import { isUnfinished } from '../../data/bots/bot-actions.ts';
import type { Fenced } from '../../data/bots/fence.ts';
import type { Database } from '../../database/connect.ts';
import { fitting } from '../../ground/text.ts';
import { plain } from '../../ground/plain.ts';

/** Characters of a reason that are kept. */
const longest = 2_000;

const told = (word: 'undo_failed' | 'undo_delayed', why: string): string =>
  JSON.stringify(plain({ [word]: fitting(why, longest) }));

/** It was not taken back, and that is certain: it may be asked for again. */
export async function failUndo(trx: Transaction<Database>, id: string, why: string): Promise<void> {
  await sql`
    UPDATE bot_actions
    SET undo_requested_at = NULL, evidence = evidence - 'undo_begun' - 'undo_delayed' || ${told('undo_failed', why)}::jsonb
    WHERE id = ${id}::uuid`.execute(trx);
}

/** It was not taken back, and the remedy is not to blame: the bot's next run tries it again. That this one began is gone. */
export async function delayUndo(
  trx: Transaction<Database>,
  id: string,
  why: string,
  { fence }: Fenced,
): Promise<void> {
  await sql`
    UPDATE bot_actions
    SET evidence = CASE WHEN evidence #>> '{undo_begun,fence}' = ${fence}::text THEN evidence - 'undo_begun' ELSE evidence END
                   || ${told('undo_delayed', why)}::jsonb
    WHERE id = ${id}::uuid`.execute(trx);
}

/** It cannot be told whether it was taken back: `unknown`, until a person has looked. */
export async function doubtUndo(
  trx: Transaction<Database>,
  id: string,
  why: string,
): Promise<void> {
  await sql`
    UPDATE bot_actions a
    SET state = 'unknown', success = false, settled_at = NULL, error_message = ${fitting(`asked to undo it: ${why}`, longest)}
    WHERE id = ${id}::uuid AND NOT EXISTS (
      SELECT FROM bot_actions o WHERE o.fingerprint = a.fingerprint AND o.id <> a.id AND ${isUnfinished('o')})`.execute(
    trx,
  );
  await sql`
    UPDATE bot_actions SET undo_requested_at = NULL, evidence = evidence - 'undo_delayed' || ${told('undo_failed', why)}::jsonb
    WHERE id = ${id}::uuid`.execute(trx);
}
