import { sql, type Transaction } from 'kysely';
import type { Fenced } from '../data/bots/fence.ts';
import type { Database } from '../database/connect.ts';
import type { Figures } from './judging/figures.ts';
import type { GateInputs } from './gate.ts';
import type { Candidate } from './match.ts';
import type { OpenFinding } from './finding/open-finding.ts';

export type Verdict = Database['bot_decisions']['verdict'];

/** A verdict on one entry, with what it rests on: its figures, and what its gates were asked with. */
export interface Decided {
  knowledge: Candidate;
  figures?: Figures;
  inputs: GateInputs | null;
  verdict: Verdict;
  gate: string | null;
}

/**
 * A verdict that repeats the last one about this open finding is not written again in every run; nor is what
 * would ask a person for what they have rejected, whatever came in between. The first one that leaves a finding
 * alone waits for what becomes of it; once anybody acts, nothing can be learnt.
 */
export async function writeDecision(
  trx: Transaction<Database>,
  run: Fenced,
  finding: OpenFinding,
  { knowledge: { id, solution }, figures, inputs, verdict, gate }: Decided,
): Promise<void> {
  const asks = sql`${verdict === 'suggested' || gate === 'mode'}::boolean`;
  const rejected = sql`coalesce((
    SELECT d.answer = 'rejected' FROM bot_decisions d
    WHERE d.finding_id = ${finding.id}::uuid AND d.knowledge_id = ${id}::uuid AND d.answer IS NOT NULL
      AND d.verdict <> 'shadowed'
    ORDER BY d.answered_at DESC, d.id DESC LIMIT 1), false)`;
  const kept = JSON.stringify({ ...inputs, ...(figures && { record: kernelOf(figures) }) });
  if (verdict === 'applied')
    await sql`
      UPDATE bot_decisions SET outcome = 'touched', settled_at = engine.now()
      WHERE fingerprint = ${finding.fingerprint}::text AND outcome = 'pending'
        -- Of events that have told that it was over, the cure has touched nothing.
        AND clean_at IS NULL`.execute(trx);
  await sql`
    INSERT INTO bot_decisions (bot_id, finding_id, knowledge_id, execution_id, fingerprint, component, category, verdict,
                               gate, figures, tally, outcome, decided_at)
    SELECT ${finding.bot_id}::uuid, ${finding.id}::uuid, ${id}::uuid, ${run.id}::uuid, ${finding.fingerprint}::text,
           ${finding.affected_component}::text, ${finding.category}::text, ${verdict}::text, ${gate}::text, ${kept}::jsonb,
           (SELECT tally FROM bot_finding_states WHERE fingerprint = ${finding.fingerprint}::text AND ${finding.judgeWithin !== undefined}),
           CASE WHEN ${verdict !== 'applied' && solution.kind === 'playbook'}
                 AND NOT EXISTS (SELECT FROM bot_decisions d WHERE d.finding_id = ${finding.id}::uuid AND d.knowledge_id = ${id}::uuid)
                 AND NOT EXISTS (SELECT FROM bot_actions a WHERE a.finding_id = ${finding.id}::uuid)
                THEN 'pending' END,
           engine.now()
    WHERE ${verdict}::text = 'applied' OR NOT (${asks} AND ${rejected}) AND NOT EXISTS (
      SELECT FROM (
        SELECT verdict, gate FROM bot_decisions
        WHERE fingerprint = ${finding.fingerprint}::text AND knowledge_id = ${id}::uuid AND finding_id = ${finding.id}::uuid
        ORDER BY id DESC LIMIT 1
      ) last WHERE last.verdict = ${verdict}::text AND last.gate IS NOT DISTINCT FROM ${gate}::text)`.execute(
    trx,
  );
}

/** The figures that a choice and a gate went by. */
const kernelOf = ({ context, records, untouched, lift }: Figures) => ({
  context,
  ...records[context],
  untouched,
  lift,
});
