import { randomUUID } from 'node:crypto';
import { sql, type Transaction } from 'kysely';
import type { Database } from '../database/connect.ts';
import type { Fenced } from '../data/bots/fence.ts';
import { choose, isLeftAlone, type HeldOutBefore } from './choose.ts';
import { figuresFor } from './judging/figures.ts';
import { closedGate, readCircumstances, type Stage } from './gate.ts';
import type { Candidate } from './match.ts';
import type { OpenFinding } from './finding/open-finding.ts';
import type { Action, HealContext } from './heal-context.ts';
import type { Step } from '../catalogue/solution.ts';
import { whileContended } from './while-contended.ts';
import { writeDecision, type Left, type Verdict } from './write-decision.ts';

/** An application that is under way: its entry, its ladder, and the step at which it stands. */
export interface Heal {
  id: string;
  /** null when the entry is gone or no longer matches: then nothing more of it is applied */
  knowledge: Candidate | null;
  steps: Step[];
  action: Action;
}

/**
 * Tries the candidates in the order of their records. The first one whose gates are all open gets an intent
 * row and is returned; for every other one it is written down why not, with its figures. All in one
 * transaction that holds the engine's budget row, so that many workers cannot overspend it together.
 */
export const decide = (
  healing: HealContext,
  run: Fenced,
  finding: OpenFinding,
  candidates: Candidate[],
): Promise<Heal | null> =>
  whileContended(healing, run, async (trx) => {
    await holdBudget(trx);
    if (!(await watch(trx, finding))) return null;
    const known = await figuresFor(trx, candidates, finding);
    const left: Left[] = [];
    let chosen: Left | null = null;
    for (const knowledge of choose(candidates, finding, known)) {
      const { solution, enabled } = knowledge;
      const figures = known.get(knowledge.id)!;
      if (solution.kind === 'prose') {
        const verdict = knowledge.autonomy === 'shadow' ? 'shadowed' : 'suggested';
        if (enabled) left.push({ knowledge, figures, verdict, gate: null });
        continue;
      }
      const now = await readCircumstances(trx, finding, knowledge, {
        stage: 'beginning',
        examined: healing.examined,
      });
      const gate = closedGate(now, knowledge, 'beginning');
      if (gate === null && solution.kind === 'playbook') {
        const before = await heldOutBefore(trx, finding, knowledge);
        const out = now.answer !== 'approved' && isLeftAlone(knowledge, finding, figures, before);
        chosen = { knowledge, figures, now, verdict: out ? 'held_out' : 'applied', gate: null };
        break;
      }
      left.push({ knowledge, figures, now, verdict: refusal(gate, knowledge), gate });
    }
    for (const each of left) await writeDecision(trx, run, finding, each);
    if (!chosen) return null;
    await writeDecision(trx, run, finding, chosen);
    const { knowledge, verdict } = chosen;
    if (verdict === 'held_out' || knowledge.solution.kind !== 'playbook') return null;
    const { steps } = knowledge.solution;
    const id = randomUUID();
    const action = await intend(trx, run, finding, { id, knowledge, steps }, 0);
    return { id, knowledge, steps, action };
  });

/** The intent of the ladder's next step; null when there is none, or when a gate has closed meanwhile. */
export async function intendNext(
  healing: HealContext,
  run: Fenced,
  finding: OpenFinding,
  { id, knowledge, steps }: Heal,
  step: number,
): Promise<Action | null> {
  if (!knowledge || !steps[step]) return null;
  const { examined } = healing;
  return whileContended(healing, run, async (trx) =>
    (await mayGoOn(trx, run, finding, knowledge, { heal: id, examined }))
      ? intend(trx, run, finding, { id, knowledge, steps }, step)
      : null,
  );
}

/** Whether a heal that was begun may go on: asked again before every effect. A refusal is written down. */
export async function mayGoOn(
  trx: Transaction<Database>,
  run: Fenced,
  finding: OpenFinding,
  knowledge: Candidate,
  begun: { heal: string; examined: number },
): Promise<boolean> {
  await holdBudget(trx);
  const stage: Stage = 'begun';
  const now = await readCircumstances(trx, finding, knowledge, { stage, ...begun });
  const gate = closedGate(now, knowledge, stage);
  if (gate === null) return (await mayAct(trx, run)) && isOpen(trx, finding);
  const verdict = refusal(gate, knowledge);
  await writeDecision(trx, run, finding, { knowledge, now, verdict, gate });
  return false;
}

/** A run that only judges is no order to act where a person has paused or disabled the bot meanwhile. */
async function mayAct(trx: Transaction<Database>, { id }: Fenced): Promise<boolean> {
  const acting = await trx
    .selectFrom('bot_executions as e')
    .innerJoin('bots as b', 'b.id', 'e.bot_id')
    .select('e.id')
    .where('e.id', '=', id)
    .where(({ eb, or }) => or([eb('e.trigger', '<>', 'verify'), eb('b.status', '=', 'active')]))
    .executeTakeFirst();
  return acting !== undefined;
}

const holdBudget = (trx: Transaction<Database>) =>
  sql`SELECT FROM engine.settings WHERE key = 'budget' FOR UPDATE`.execute(trx);

/** Whether it is open; then its memory goes on listening to clean results until an outcome is known. */
async function watch(trx: Transaction<Database>, finding: OpenFinding): Promise<boolean> {
  // Its memory first: whoever records results holds that before the finding.
  await trx
    .updateTable('bot_finding_states')
    .set({ watched: true })
    .where('fingerprint', '=', finding.fingerprint)
    .where('watched', '=', false)
    .execute();
  return isOpen(trx, finding);
}

/**
 * Another run may have healed it since this one saw it. Of events that were clean since it was left alone only a
 * window that is full of the past keeps it open: there is nothing to heal.
 */
async function isOpen(trx: Transaction<Database>, finding: OpenFinding): Promise<boolean> {
  const open = await trx
    .selectFrom('bot_findings')
    .select('id')
    .where('id', '=', finding.id)
    .where('resolved_at', 'is', null)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('bot_decisions as d')
            .select('d.id')
            .whereRef('d.finding_id', '=', 'bot_findings.id')
            .where('d.outcome', '=', 'pending')
            .where('d.clean_at', 'is not', null),
        ),
      ),
    )
    .forNoKeyUpdate()
    .executeTakeFirst();
  return open !== undefined;
}

const heldOutBefore = (
  trx: Transaction<Database>,
  finding: OpenFinding,
  { id }: Candidate,
): Promise<HeldOutBefore | undefined> =>
  trx
    .selectFrom('bot_decisions')
    .select(['outcome', 'tally'])
    .where('finding_id', '=', finding.id)
    .where('knowledge_id', '=', id)
    .where('verdict', '=', 'held_out')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();

/** Writes the intent of one step: before the effect, so that a crash leaves a trace of it. */
const intend = (
  trx: Transaction<Database>,
  run: Fenced,
  finding: OpenFinding,
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
      category: finding.category,
      accruing: finding.accruing ?? false,
      judge_within: finding.judgeWithin ?? null,
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
