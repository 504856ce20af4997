/**
 * Records what the engine decided about one entry and one open finding. A verdict that repeats the last one about this
 * open finding is not written again in every run. A suggestion that a person has rejected is not written again either,
 * whatever was decided in between. The first decision that leaves a finding alone waits until it is known what becomes
 * of the finding.
 *
 * From: no decision, or others.
 * To: one more; its `outcome` is `pending` when it is the first that leaves the finding alone, else null.
 * By: the worker that decides, under the run's fence; where a heal begins under the lock on the engine's budget.
 * Locks: the fingerprint's decisions when an action begins; else only the new row.
 * Zero rows: it repeats the last verdict, or a person has rejected this suggestion.
 */
import { sql, type Selectable, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';
import type { BotDecisions } from '../../database/tables.ts';
import { markTouched } from './touch.ts';

type Columns = Pick<
  Selectable<BotDecisions>,
  | 'bot_id'
  | 'finding_id'
  | 'knowledge_id'
  | 'execution_id'
  | 'fingerprint'
  | 'component'
  | 'category'
  | 'verdict'
  | 'gate'
>;

export interface Decision extends Columns {
  /** the figures that the decision is based on; called only when the decision is written */
  figures(): Promise<object>;
  /** whether the entry has steps that could have been applied, so that leaving the finding alone is a comparison */
  couldAct: boolean;
  /** whether its check counts events: then the tally is stored with the decision */
  countsEvents: boolean;
}

export async function writeDecision(trx: Transaction<Database>, decision: Decision): Promise<void> {
  const { bot_id, finding_id, knowledge_id, execution_id, fingerprint } = decision;
  const { component, category, verdict, gate, couldAct, countsEvents } = decision;
  const asksPerson = sql`${verdict === 'suggested' || gate === 'mode'}::boolean`;
  const rejected = sql`coalesce((
    SELECT d.answer = 'rejected' FROM bot_decisions d
    WHERE d.finding_id = ${finding_id}::uuid AND d.knowledge_id = ${knowledge_id}::uuid AND d.answer IS NOT NULL
      AND d.verdict <> 'shadowed'
    ORDER BY d.answered_at DESC, d.id DESC LIMIT 1), false)`;
  const repeats = sql`EXISTS (
      SELECT FROM (
        SELECT verdict, gate FROM bot_decisions
        WHERE fingerprint = ${fingerprint}::text AND knowledge_id = ${knowledge_id}::uuid AND finding_id = ${finding_id}::uuid
        ORDER BY id DESC LIMIT 1
      ) last WHERE last.verdict = ${verdict}::text AND last.gate IS NOT DISTINCT FROM ${gate}::text)`;
  const leavesAloneFirst = sql`${verdict !== 'applied' && couldAct}
                 AND NOT EXISTS (SELECT FROM bot_decisions d WHERE d.finding_id = ${finding_id}::uuid AND d.knowledge_id = ${knowledge_id}::uuid)
                 AND NOT EXISTS (SELECT FROM bot_actions a WHERE a.finding_id = ${finding_id}::uuid)`;
  const isNew = sql`(${verdict}::text = 'applied' OR NOT (${asksPerson} AND ${rejected}) AND NOT ${repeats})`;
  const { rows } = await sql<{ is_new: boolean }>`SELECT ${isNew} AS is_new`.execute(trx);
  if (!rows[0]!.is_new) return;
  const figures = JSON.stringify(await decision.figures());
  if (verdict === 'applied') await markTouched(trx, fingerprint);
  await sql`
    INSERT INTO bot_decisions (bot_id, finding_id, knowledge_id, execution_id, fingerprint, component, category, verdict,
                               gate, figures, tally, outcome, decided_at)
    SELECT ${bot_id}::uuid, ${finding_id}::uuid, ${knowledge_id}::uuid, ${execution_id}::uuid, ${fingerprint}::text,
           ${component}::text, ${category}::text, ${verdict}::text, ${gate}::text, ${figures}::jsonb,
           (SELECT tally FROM bot_finding_states WHERE fingerprint = ${fingerprint}::text AND ${countsEvents}),
           CASE WHEN ${leavesAloneFirst} THEN 'pending' END,
           engine.now()
    WHERE ${isNew}`.execute(trx);
}
