import type { Db } from '../database/connect.ts';
import { underFence, type Fenced } from '../data/bots/fence.ts';
import { abortAbandoned } from '../transitions/actions/abort.ts';
import { askWhetherApplied, type Abandoned } from './ask.ts';
import { mayGoOn, type Heal } from './decide.ts';
import type { Candidate } from './match.ts';
import type { OpenFinding } from './finding/open-finding.ts';
import type { HealContext } from './heal-context.ts';

/**
 * Finds the unfinished action of this fingerprint that an earlier attempt of this run, or a run that has ended, left behind.
 * An action in state `unknown` is not one: it is never continued.
 */
export const findAbandoned = (
  db: Db,
  runId: string,
  finding: OpenFinding,
): Promise<Abandoned | undefined> =>
  db
    .selectFrom('bot_actions as a')
    .leftJoin('bot_executions as e', 'e.id', 'a.execution_id')
    .select(['a.id', 'a.heal_id', 'a.knowledge_id', 'a.step', 'a.applied_at'])
    .select(['a.verify_after', 'a.remedy', 'a.evidence'])
    .where('a.fingerprint', '=', finding.fingerprint)
    .where('a.state', 'in', ['intent', 'applied'])
    .where((where) =>
      where.or([
        where('e.id', '=', runId),
        where('e.id', 'is', null),
        where('e.status', 'not in', ['queued', 'running']),
      ]),
    )
    .executeTakeFirst();

/**
 * Continues an abandoned action. An applied action only has to be verified, even if its entry was changed or removed
 * meanwhile; the same is true of an effect outside the database of which the remedy answers that it happened. An intent
 * without an effect is applied only if all gates are open when they are asked again. When a gate is closed, or the entry or
 * its step is gone, the intent is `aborted` and null is returned. Null is also returned when it is not known whether an
 * effect outside happened: then the action is `unknown`.
 */
export async function continueAbandoned(
  healing: HealContext,
  run: Fenced,
  finding: OpenFinding,
  action: Abandoned,
  candidates: Candidate[],
): Promise<Heal | null> {
  const { db } = healing;
  const knowledge = candidates.find(({ id }) => id === action.knowledge_id);
  const steps = knowledge?.solution.kind === 'playbook' ? knowledge.solution.steps : [];
  const { verify_after, ...rest } = action;
  const heal = (applied_at: Date | null): Heal => ({
    id: action.heal_id,
    knowledge: knowledge ?? null,
    steps,
    action: { ...rest, applied_at, ...(action.applied_at && { verify_after }) },
  });
  if (action.applied_at) return heal(action.applied_at);
  // The entry may have been edited since: the step counts only if it still calls the remedy that was intended.
  const step = steps[action.step]?.remedy.name === action.remedy ? steps[action.step] : undefined;
  const became = await askWhetherApplied(healing, run, finding, action, step);
  if (became !== 'not applied') return became && heal(became);
  const begun = { heal: action.heal_id };
  return underFence(db, run, async (trx) => {
    const mayGo = knowledge && step && (await mayGoOn(trx, run, finding, knowledge, begun));
    if (mayGo) return heal(null);
    await abortAbandoned(trx, action.id);
    return null;
  });
}
