/** What effects inside our database and outside of it have in common. */
import { sql, type Kysely, type Transaction } from 'kysely';
import type { Evidence, Remedy, RemedyContext } from '../bot.ts';
import type { Database } from '../data/connect.ts';
import { plain } from '../plain.ts';
import { fitting } from '../text.ts';
import { cutOff } from '../data/bots/cutoff.ts';
import { markUsed } from './learn.ts';
import type { Effect } from './patient.ts';
import { keptParams } from './with-secrets.ts';

export const nothingLeft: Evidence = {
  summary: 'there was nothing left to do',
  before: null,
  after: null,
};

/** What a remedy gets that takes none. */
export const noSecret = (name: string): never => {
  throw new Error(`this remedy takes no secrets: ${name}`);
};

export const contextOf = (
  db: Kysely<Database>,
  { finding, action }: Effect,
  now: Date,
  signal: AbortSignal,
): RemedyContext => ({
  db,
  now,
  signal,
  key: action.id,
  secret: noSecret,
  target: {
    fingerprint: finding.fingerprint,
    component: finding.affected_component,
    key: finding.component_key,
    metadata: finding.metadata ?? {},
  },
});

/**
 * `intent -> applied` with the evidence, the parameters (an undo needs those that were in force then)
 * and the entry's count. False when it is no intent any more.
 */
export async function recordApplied(
  trx: Transaction<Database>,
  remedy: Remedy,
  { run, finding, action, params, verifyAfter }: Effect,
  evidence: Evidence,
  now: Date,
): Promise<boolean> {
  const kept = JSON.stringify(plain({ ...evidence, params: keptParams(remedy, params) }));
  // What happened while it was being applied was not after it.
  await cutOff(trx, finding.fingerprint, verifyAfter ?? 0);
  const applied = await trx
    .updateTable('bot_actions')
    .set({
      state: 'applied',
      applied_at: now,
      verify_after: verifyAfter ? new Date(now.getTime() + verifyAfter * 1000) : null,
      execution_id: run.id,
      action_description: fitting(`${remedy.title}: ${evidence.summary}`, 2_000),
      evidence: sql`evidence || ${kept}::jsonb`,
    })
    .where('id', '=', action.id)
    .where('state', '=', 'intent')
    .returning('id')
    .executeTakeFirst();
  if (!applied) return false;
  await markUsed(trx, action);
  return true;
}
