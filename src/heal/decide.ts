import { randomUUID } from 'node:crypto';
import { sql, type Transaction } from 'kysely';
import type { Database } from '../data/connect.ts';
import { underFence, type Fenced } from '../data/bots/fence.ts';
import { choose } from './choose.ts';
import { closedGate, readFigures, type Figures } from './gate.ts';
import type { Candidate } from './match.ts';
import type { Action, Healing, Patient } from './patient.ts';
import type { Step } from './playbook.ts';

/** An application that is under way: its entry, its ladder, and the step at which it stands. */
export interface Heal {
  id: string;
  /** null when the entry is gone or no longer matches: then nothing more of it is applied */
  knowledge: Candidate | null;
  steps: Step[];
  action: Action;
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
    await holdBudget(trx);
    if (!(await isOpen(trx, finding))) return null;
    for (const knowledge of choose(candidates)) {
      const { solution } = knowledge;
      if (solution.kind === 'prose') {
        if (knowledge.enabled)
          await writeDecision(trx, run, finding, knowledge, 'suggested', null, null);
        continue;
      }
      const figures = await readFigures(trx, finding, knowledge);
      const gate = closedGate(figures, knowledge);
      if (gate !== null || solution.kind !== 'playbook') {
        const verdict = refusal(gate, knowledge);
        await writeDecision(trx, run, finding, knowledge, verdict, gate, figures);
        continue;
      }
      await writeDecision(trx, run, finding, knowledge, 'applied', null, figures);
      const id = randomUUID();
      const action = await intend(trx, run, finding, { id, knowledge, steps: solution.steps }, 0);
      return { id, knowledge, steps: solution.steps, action };
    }
    return null;
  });

/** The intent of the ladder's next step; null when there is none, or when a gate has closed meanwhile. */
export async function intendNext(
  { db }: Healing,
  run: Fenced,
  finding: Patient,
  { id, knowledge, steps }: Heal,
  step: number,
): Promise<Action | null> {
  if (!knowledge || !steps[step]) return null;
  return underFence(db, run, async (trx) =>
    (await mayGoOn(trx, run, finding, knowledge))
      ? intend(trx, run, finding, { id, knowledge, steps }, step)
      : null,
  );
}

/** Whether a heal that was begun may go on: asked again before every effect. A refusal is written down. */
export async function mayGoOn(
  trx: Transaction<Database>,
  run: Fenced,
  finding: Patient,
  knowledge: Candidate,
): Promise<boolean> {
  await holdBudget(trx);
  const figures = await readFigures(trx, finding, knowledge);
  const gate = closedGate(figures, knowledge, 'begun');
  if (gate === null) return isOpen(trx, finding);
  const verdict = refusal(gate, knowledge);
  await writeDecision(trx, run, finding, knowledge, verdict, gate, figures);
  return false;
}

const holdBudget = (trx: Transaction<Database>) =>
  sql`SELECT FROM engine.settings WHERE key = 'budget' FOR UPDATE`.execute(trx);

/** Another run may have healed it since this one saw it. */
async function isOpen(trx: Transaction<Database>, finding: Patient): Promise<boolean> {
  const open = await trx
    .selectFrom('bot_findings')
    .select('id')
    .where('id', '=', finding.id)
    .where('resolved_at', 'is', null)
    .forNoKeyUpdate()
    .executeTakeFirst();
  return open !== undefined;
}

/** Writes the intent of one step: before the effect, so that a crash leaves a trace of it. */
const intend = (
  trx: Transaction<Database>,
  run: Fenced,
  finding: Patient,
  { id, knowledge, steps }: { id: string; knowledge: Candidate; steps: Step[] },
  step: number,
): Promise<Action> => {
  const { remedy } = steps[step]!;
  return trx
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
    .returning(['id', 'heal_id', 'knowledge_id', 'step', 'applied_at'])
    .executeTakeFirstOrThrow();
};

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
  closed: string | null,
  figures: Figures | null,
): Promise<void> {
  const gate = verdict === 'blocked' ? closed : null;
  await sql`
    INSERT INTO bot_decisions (bot_id, finding_id, knowledge_id, execution_id, fingerprint, component, verdict, gate,
                               figures, decided_at)
    SELECT ${finding.bot_id}::uuid, ${finding.id}::uuid, ${id}::uuid, ${run.id}::uuid, ${finding.fingerprint}::text,
           ${finding.affected_component}::text, ${verdict}::text, ${gate}::text,
           ${JSON.stringify(figures ?? {})}::jsonb, engine.now()
    WHERE ${verdict}::text = 'applied' OR NOT EXISTS (
      SELECT FROM (
        SELECT verdict, gate FROM bot_decisions
        WHERE fingerprint = ${finding.fingerprint}::text AND knowledge_id = ${id}::uuid AND finding_id = ${finding.id}::uuid
        ORDER BY id DESC LIMIT 1
      ) last WHERE last.verdict = ${verdict}::text AND last.gate IS NOT DISTINCT FROM ${gate}::text)`.execute(
    trx,
  );
}
