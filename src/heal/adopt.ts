import { sql } from 'kysely';
import type { Db } from '../data/connect.ts';
import { underFence, type Fenced } from '../data/bots/fence.ts';
import { mayGoOn, type Heal } from './decide.ts';
import type { Candidate } from './match.ts';
import type { Action, Healing, Patient } from './patient.ts';

/**
 * An unfinished action of this fingerprint that nobody works on any more: an attempt of this run, or a
 * run that has ended, left it behind. An action in state `unknown` is never taken up again.
 */
export const findAbandoned = (
  db: Db,
  runId: string,
  finding: Patient,
): Promise<Action | undefined> =>
  db
    .selectFrom('bot_actions as a')
    .leftJoin('bot_executions as e', 'e.id', 'a.execution_id')
    .select(['a.id', 'a.heal_id', 'a.knowledge_id', 'a.step', 'a.applied_at'])
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
 * has become of its entry. An intent had no effect yet, so the gates are asked again: where one is
 * closed, or the entry or its step is gone, it is `aborted` and null is returned.
 */
export async function takeUp(
  { db }: Healing,
  run: Fenced,
  finding: Patient,
  action: Action,
  candidates: Candidate[],
): Promise<Heal | null> {
  const knowledge = candidates.find(({ id }) => id === action.knowledge_id);
  const steps = knowledge?.solution.kind === 'playbook' ? knowledge.solution.steps : [];
  if (action.applied_at) return { id: action.heal_id, knowledge: knowledge ?? null, steps, action };
  return underFence(db, run, async (trx) => {
    if (knowledge && steps[action.step] && (await mayGoOn(trx, run, finding, knowledge)))
      return { id: action.heal_id, knowledge, steps, action };
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
