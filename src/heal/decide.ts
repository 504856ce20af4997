import { randomUUID } from 'node:crypto';
import { once } from '../ground/once.ts';
import { sql, type Transaction } from 'kysely';
import type { Database } from '../database/connect.ts';
import { intend } from '../transitions/actions/intend.ts';
import { watch } from '../transitions/findings/watch.ts';
import { retryUnderFence, type Fenced } from '../data/bots/fence.ts';
import { choose } from './choose.ts';
import { evaluate, type Evaluated } from './evaluate.ts';
import { figuresFor } from './judging/figures.ts';
import { closedGate } from './gate.ts';
import { readGateInputs, type Stage } from './gate-inputs.ts';
import type { Candidate } from './match.ts';
import type { OpenFinding } from './finding/open-finding.ts';
import type { Action, HealContext } from './heal-context.ts';
import type { Step } from '../catalogue/solution.ts';
import { writeVerdict, type Verdict } from './write-verdict.ts';

/** A heal that is under way: its entry, its steps, and the step that it has reached. */
export interface Heal {
  id: string;
  /** null when the entry is gone or no longer matches: then no further step of it is applied */
  knowledge: Candidate | null;
  steps: Step[];
  action: Action;
}

/**
 * Tries the candidates in the order of their records. The first candidate whose gates are all open gets an intent, and the
 * heal that begins with it is returned; for the candidates before it, the reason why they are not taken is recorded, with
 * its figures.
 *
 * The budget is one row for the whole engine. A transaction that begins a heal locks this row until its commit, so that
 * many workers together cannot overspend the budget, and asks the gates again under the lock. A transaction that begins
 * no heal does not wait for the row.
 */
export const decide = (
  healing: HealContext,
  run: Fenced,
  finding: OpenFinding,
  candidates: Candidate[],
): Promise<Heal | null> =>
  retryUnderFence(healing, run, async (trx) => {
    const figures = once(() => figuresFor(trx, candidates, finding));
    const ordered =
      candidates.length > 1 ? choose(candidates, finding, await figures()) : candidates;
    const ask = () => takeUntilOpen(evaluate(trx, finding, ordered, { figures }));
    let evaluated = await ask();
    const begins = evaluated.some(({ prospect }) => prospect === 'apply');
    if (begins) await lockBudget(trx);
    // The finding's memory is locked first: each transaction that records results locks the memory before the finding.
    await watch(trx, finding);
    if (!(await isOpen(trx, finding))) return null;
    if (begins) evaluated = await ask();
    for (const each of evaluated) {
      const { candidate: knowledge, inputs, gate } = each;
      const verdict = verdictOf(each);
      const figuresOfIt = async () => (await figures()).get(knowledge.id)!;
      if (verdict)
        await writeVerdict(trx, run, finding, { knowledge, inputs, verdict, gate }, figuresOfIt);
    }
    const first = evaluated.find(({ prospect }) => prospect === 'apply');
    if (first?.candidate.solution.kind !== 'playbook') return null;
    const { candidate: knowledge } = first;
    const { steps } = first.candidate.solution;
    const id = randomUUID();
    const action = await intendStep(trx, run, finding, { id, knowledge, steps }, 0);
    return { id, knowledge, steps, action };
  });

/** Returns the candidates up to the first one whose gates are all open, including this one. */
async function takeUntilOpen(all: AsyncGenerator<Evaluated>): Promise<Evaluated[]> {
  const evaluated: Evaluated[] = [];
  for await (const each of all) {
    evaluated.push(each);
    if (each.prospect === 'apply' || each.prospect === 'hold out') break;
  }
  return evaluated;
}

/** The verdict to record; null for advice that is not enabled. */
function verdictOf({ candidate, gate, inputs, prospect }: Evaluated): Verdict | null {
  if (prospect === 'apply') return 'applied';
  if (prospect === 'hold out') return 'held_out';
  if (inputs) return refusal(gate, candidate);
  if (prospect === 'closed') return null;
  return candidate.autonomy === 'shadow' ? 'shadowed' : 'suggested';
}

/** Writes the intent of the next step; null when there is no next step, or when a gate has closed meanwhile. */
export async function intendNext(
  healing: HealContext,
  run: Fenced,
  finding: OpenFinding,
  { id, knowledge, steps }: Heal,
  step: number,
): Promise<Action | null> {
  if (!knowledge || !steps[step]) return null;
  return retryUnderFence(healing, run, async (trx) =>
    (await mayGoOn(trx, run, finding, knowledge, { heal: id }))
      ? intendStep(trx, run, finding, { id, knowledge, steps }, step)
      : null,
  );
}

/** Whether a heal that was begun may go on. The gates are asked again before every effect; a closed one is recorded. */
export async function mayGoOn(
  trx: Transaction<Database>,
  run: Fenced,
  finding: OpenFinding,
  knowledge: Candidate,
  begun: { heal: string },
): Promise<boolean> {
  const stage: Stage = 'begun';
  const inputs = await readGateInputs(trx, finding, knowledge, { stage, ...begun });
  const gate = closedGate(inputs, knowledge, stage);
  if (gate === null) return (await mayAct(trx, run)) && isOpen(trx, finding);
  const verdict = refusal(gate, knowledge);
  await writeVerdict(trx, run, finding, { knowledge, inputs: async () => inputs, verdict, gate });
  return false;
}

/** False for a run that only judges cures when a person has paused or disabled its bot meanwhile. */
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

const lockBudget = (trx: Transaction<Database>) =>
  sql`SELECT FROM engine.settings WHERE key = 'budget' FOR UPDATE`.execute(trx);

/**
 * Whether there is still something to heal; locks the finding. Another run may have healed the finding since this run saw it.
 * And a finding of a check of events that was clean since it was left alone is open only because the check's window still
 * holds old events.
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

/** Writes the intent of one step. */
const intendStep = (
  trx: Transaction<Database>,
  run: Fenced,
  finding: OpenFinding,
  { id, knowledge, steps }: { id: string; knowledge: Candidate; steps: Step[] },
  step: number,
): Promise<Action> => {
  const { name: remedy, title, risk } = steps[step]!.remedy;
  return intend(trx, {
    bot_id: finding.bot_id,
    finding_id: finding.id,
    execution_id: run.id,
    knowledge_id: knowledge.id,
    heal_id: id,
    step,
    remedy,
    title,
    risk,
    fingerprint: finding.fingerprint,
    component: finding.affected_component,
    category: finding.category,
    accruing: finding.accruing ?? false,
    judge_within: finding.judgeWithin ?? null,
  });
};

/** The verdict on an entry with a closed gate. The gates `autonomy` and `approval` only say how freely the entry may act. */
function refusal(gate: string | null, { autonomy }: Candidate): Verdict {
  if (gate !== 'autonomy' && gate !== 'approval') return 'blocked';
  return autonomy === 'shadow' ? 'shadowed' : 'suggested';
}
