/**
 * Concludes the actions of removed bots, because no check judges any more whether these actions helped.
 *
 * From: `intent`, `applied`, `verified`, `unknown`, of a removed bot.
 * To: `aborted` from an intent that was not begun; `undecided` from `applied` and `verified`; `aborted` from `unknown`,
 *   with the person who removed the bot in the evidence. An intent whose effect outside was begun stays: if the bot is
 *   enabled again, its remedy is asked whether the effect happened.
 * By: the callers of `bots/close-removed.ts`.
 * Locks: actions; the transaction holds their bots and memories.
 * Zero rows: none is unfinished or waits to be judged.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';
import { concludeAs } from '../conclude-as.ts';

export async function concludeRemoved(
  trx: Transaction<Database>,
  bots: string[],
  by: string,
): Promise<void> {
  await sql`
    UPDATE bot_actions
    SET ${concludeAs('state', 'aborted')}, error_message = 'its bot was removed before it was applied'
    WHERE bot_id = ANY (${bots}::uuid[]) AND state = 'intent' AND NOT evidence ? 'begun'`.execute(
    trx,
  );
  await sql`
    UPDATE bot_actions
    SET ${concludeAs('state', 'undecided')}, success = false,
        error_message = 'its bot was removed before it was known whether it helped'
    WHERE bot_id = ANY (${bots}::uuid[]) AND state IN ('applied', 'verified')
      -- Actions that the platform's own code wrote are not judged.
      AND fingerprint NOT LIKE 'external-%'`.execute(trx);
  const evidence = JSON.stringify({ settled: { by, notes: 'Its bot was removed.' } });
  await sql`
    UPDATE bot_actions SET ${concludeAs('state', 'aborted')}, evidence = evidence || ${evidence}::jsonb
    WHERE bot_id = ANY (${bots}::uuid[]) AND state = 'unknown'`.execute(trx);
}
