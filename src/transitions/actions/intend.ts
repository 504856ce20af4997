/**
 * Records that a step is going to be applied, before its effect, so that a crash leaves a trace of it.
 *
 * From: no unfinished action of the fingerprint.
 * To: `intent`.
 * By: the worker that decides, under the run's fence; the first step of a heal under the lock on the engine's budget.
 * Locks: only the new row; the transaction holds the memory and the finding.
 * Zero rows: none; a second unfinished action of the fingerprint is refused by a unique index.
 */
import { sql, type Selectable, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';
import type { BotActions } from '../../database/tables.ts';

export type Intent = Pick<
  Selectable<BotActions>,
  | 'bot_id'
  | 'finding_id'
  | 'execution_id'
  | 'knowledge_id'
  | 'heal_id'
  | 'step'
  | 'remedy'
  | 'risk'
  | 'fingerprint'
  | 'component'
  | 'category'
  | 'accruing'
  | 'judge_within'
> & { title: string };

export const intend = (trx: Transaction<Database>, { title, ...intent }: Intent) =>
  trx
    .insertInto('bot_actions')
    .values({
      ...intent,
      idempotency_key: `${intent.heal_id}/${intent.step}`,
      action_type: intent.remedy,
      action_description: title,
      state: 'intent',
      success: false,
      taken_at: sql<Date>`engine.now()`,
    })
    .returning(['id', 'heal_id', 'knowledge_id', 'step', 'applied_at'])
    .executeTakeFirstOrThrow();
