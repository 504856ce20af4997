import { sql } from 'kysely';
import type { Db } from '../data/connect.ts';
import { currentMode, healsIn } from '../data/bots/engine.ts';
import { LostRunError, underFence, type Fenced } from '../data/bots/fence.ts';
import { messageOf } from '../errors.ts';
import { mayGoOn, type Heal } from './decide.ts';
import type { Candidate } from './match.ts';
import { writeDoubt } from './outside.ts';
import type { Action, Healing, Patient } from './patient.ts';
import type { Step } from './playbook.ts';

export interface Abandoned extends Action {
  remedy: string;
  /** with `begun` and the parameters when an effect outside may have happened */
  evidence: unknown;
}

/**
 * An unfinished action of this fingerprint that nobody works on any more: an attempt of this run, or a
 * run that has ended, left it behind. An action in state `unknown` is never taken up again.
 */
export const findAbandoned = (
  db: Db,
  runId: string,
  finding: Patient,
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
 * Takes an abandoned action up where it stands. One that was applied only has to be verified, whatever
 * has become of its entry; so does one outside that turns out to have been. An intent that had no effect
 * is applied only if the gates, which are asked again, are open: where one is closed, or the entry or its
 * step is gone, it is `aborted` and null is returned. Null too when nobody can tell: it is `unknown` then.
 */
export async function takeUp(
  healing: Healing,
  run: Fenced,
  finding: Patient,
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
  // The entry may have been edited since: another remedy in this place is not what was intended.
  const step = steps[action.step]?.remedy.name === action.remedy ? steps[action.step] : undefined;
  const became = await askWhatBecame(healing, run, finding, action, step);
  if (became !== 'not applied') return became && heal(became);
  const begun = { heal: action.heal_id, examined: healing.examined };
  return underFence(db, run, async (trx) => {
    const mayGo = knowledge && step && (await mayGoOn(trx, run, finding, knowledge, begun));
    if (mayGo) return heal(null);
    await trx
      .updateTable('bot_actions')
      .set({
        state: 'aborted',
        error_message: 'it was not applied, and may not or cannot be any more',
        settled_at: sql<Date>`engine.now()`,
      })
      .where('id', '=', action.id)
      .where('state', '=', 'intent')
      .execute();
    return null;
  });
}

/**
 * Whether an effect outside happened before its record could be made: asked about the parameters with
 * which it was begun. The time at which that is written down, `not applied`, or null when nobody can tell
 * or somebody else took it up. An effect inside our database is never without its record.
 */
async function askWhatBecame(
  healing: Healing,
  { id, fence }: Fenced,
  finding: Patient,
  action: Abandoned,
  step: Step | undefined,
): Promise<Date | null | 'not applied'> {
  const { db, catalogue } = healing;
  const run = { id, fence };
  const remedy = catalogue.remedy(action.remedy);
  const kept = action.evidence as { begun?: boolean; params?: unknown } | null;
  const begun = kept?.begun === true;
  if (!remedy?.outside && !begun) return 'not applied';
  if (!remedy?.outside) {
    await writeDoubt(
      db,
      { run, action },
      `${action.remedy} is gone: nobody can tell whether it was done`,
    );
    return null;
  }
  if (!begun && !step) return 'not applied';
  // Under the kill switch nothing outside is even asked; the intent waits.
  if (!healsIn(await currentMode(db))) return null;
  const params = begun ? kept?.params : step?.params;
  const verifyAfter = step?.verifyAfter ?? null;
  const effect = { run, finding, action, remedy: action.remedy, params, verifyAfter, ask: true };
  try {
    const applied = await healing.effect(effect);
    if (applied) return applied;
  } catch (error) {
    if (error instanceof LostRunError) throw error;
    // Stopped while it was asked: the next one asks again.
    if (healing.signal.aborted) return null;
    await writeDoubt(db, { run, action }, `asked what became of it: ${messageOf(error)}`);
  }
  const intent = await db
    .selectFrom('bot_actions')
    .select('id')
    .where('id', '=', action.id)
    .where('state', '=', 'intent')
    .where('execution_id', '=', id)
    .executeTakeFirst();
  return intent ? 'not applied' : null;
}
