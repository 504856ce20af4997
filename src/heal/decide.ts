import { randomUUID } from 'node:crypto';
import { sql, type Transaction } from 'kysely';
import type { Database } from '../data/connect.ts';
import { underFence, type Fenced } from '../data/bots/fence.ts';
import { choose } from './choose.ts';
import { closedGate, readFigures, type Figures } from './gate.ts';
import type { Healing, Patient } from './heal.ts';
import type { Candidate } from './match.ts';
import type { Step } from './playbook.ts';

/** An entry that may be applied now, with its first intent written. */
export interface Heal {
  id: string;
  knowledge: Candidate;
  steps: Step[];
}

type Verdict = Database['bot_decisions']['verdict'];

/**
 * Tries the candidates in their order. The first one whose gates are all open gets an intent row and is
 * returned; for every other one it is written down why not. All in one transaction that holds the
 * engine's budget row, so that many workers cannot overspend it together.
 */
export const decide = (
  { db }: Healing,
  run: Fenced,
  finding: Patient,
  candidates: Candidate[],
): Promise<Heal | null> =>
  underFence(db, run, async (trx) => {
    await sql`SELECT FROM engine.settings WHERE key = 'budget' FOR UPDATE`.execute(trx);
    for (const candidate of choose(candidates)) {
      const { solution } = candidate;
      if (solution.kind === 'prose') {
        if (candidate.enabled)
          await writeDecision(trx, run, finding, candidate, 'suggested', null, null);
        continue;
      }
      const figures = await readFigures(trx, finding, candidate);
      const gate = closedGate(figures, candidate);
      if (gate !== null || solution.kind !== 'playbook') {
        await writeDecision(trx, run, finding, candidate, refusal(gate, candidate), gate, figures);
        continue;
      }
      const heal = { id: randomUUID(), knowledge: candidate, steps: solution.steps };
      await writeDecision(trx, run, finding, candidate, 'applied', null, figures);
      await intend(trx, run, finding, heal, 0);
      return heal;
    }
    return null;
  });

/** Writes the intent of one step: before the effect, so that a crash leaves a trace of it. */
export async function intend(
  trx: Transaction<Database>,
  run: Fenced,
  finding: Patient,
  { id, knowledge, steps }: Heal,
  step: number,
): Promise<void> {
  const { remedy } = steps[step]!;
  await trx
    .insertInto('bot_actions')
    .values({
      bot_id: finding.bot_id,
      finding_id: finding.id,
      execution_id: run.id,
      knowledge_id: knowledge.id,
      heal_id: id,
      step,
      idempotency_key: `${id}/${step}`,
      action_type: remedy.name,
      action_description: remedy.title,
      remedy: remedy.name,
      risk: remedy.risk,
      fingerprint: finding.fingerprint,
      component: finding.affected_component,
      state: 'intent',
      success: false,
      taken_at: sql<Date>`engine.now()`,
    })
    .execute();
}

/** A closed autonomy gate is no refusal of the entry: it says how freely it may act. */
function refusal(gate: string | null, { autonomy }: Candidate): Verdict {
  if (gate !== 'autonomy' && gate !== 'approval') return 'blocked';
  return autonomy === 'shadow' ? 'shadowed' : 'suggested';
}

/** A verdict that repeats the last one about this open finding is not written again in every run. */
async function writeDecision(
  trx: Transaction<Database>,
  run: Fenced,
  finding: Patient,
  { id }: Candidate,
  verdict: Verdict,
  gate: string | null,
  figures: Figures | null,
): Promise<void> {
  await sql`
    INSERT INTO bot_decisions (bot_id, finding_id, knowledge_id, execution_id, fingerprint, component, verdict, gate,
                               figures, decided_at)
    SELECT ${finding.bot_id}::uuid, ${finding.id}::uuid, ${id}::uuid, ${run.id}::uuid, ${finding.fingerprint}::text,
           ${finding.affected_component}::text, ${verdict}::text, ${verdict === 'blocked' ? gate : null}::text,
           ${JSON.stringify(figures ?? {})}::jsonb, engine.now()
    WHERE ${verdict}::text = 'applied' OR NOT EXISTS (
      SELECT FROM (
        SELECT verdict, gate FROM bot_decisions
        WHERE fingerprint = ${finding.fingerprint}::text AND knowledge_id = ${id}::uuid AND finding_id = ${finding.id}::uuid
        ORDER BY id DESC LIMIT 1
      ) last WHERE last.verdict = ${verdict}::text
        AND last.gate IS NOT DISTINCT FROM ${verdict === 'blocked' ? gate : null}::text)`.execute(
    trx,
  );
}
