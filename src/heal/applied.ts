/** What effects inside our database and outside of it have in common. */
import { sql, type Kysely, type Transaction } from 'kysely';
import type { Evidence, Remedy, RemedyContext } from '../contract/remedy.ts';
import type { Database } from '../database/connect.ts';
import { plain } from '../ground/plain.ts';
import { fitting } from '../ground/text.ts';
import { botChanges } from './bot-changes.ts';
import { cutOff } from '../data/bots/cutoff.ts';
import { markUsed } from './learn.ts';
import type { Effect } from './heal-context.ts';
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

/** Characters of what a remedy did, its parameters included, as JSON. */
const mostEvidence = 1_000_000;

/**
 * What a remedy returned, as it is kept. Of an effect outside, which is there whatever the remedy says of it, the rest
 * is left out where it is too much; one inside is rolled back by the error.
 */
function keptOf(remedy: Remedy, returned: Evidence, params: unknown): Evidence {
  const { summary, ...rest } = Object(returned) as Partial<Evidence>;
  const said = typeof summary === 'string' ? summary : 'it does not say what it did';
  const kept = plain({
    ...rest,
    summary: said,
    params: keptParams(remedy, params),
  }) as unknown as Evidence;
  const { length } = JSON.stringify(kept);
  if (length <= mostEvidence) return kept;
  const why = `its evidence has ${length} characters, and ${mostEvidence} is the most`;
  if (!remedy.outside) throw new Error(why);
  return { summary: fitting(said, 2_000), before: null, after: { cut: why } };
}

export const contextOf = (
  db: Kysely<Database>,
  { finding, action }: Effect,
  now: Date,
  signal: AbortSignal,
): RemedyContext => ({
  ...botChanges(db),
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
  const kept = keptOf(remedy, evidence, params);
  // What happened while it was being applied was not after it.
  await cutOff(trx, finding.fingerprint, verifyAfter ?? 0);
  const applied = await trx
    .updateTable('bot_actions')
    .set({
      state: 'applied',
      applied_at: now,
      verify_after: verifyAfter ? new Date(now.getTime() + verifyAfter * 1000) : null,
      execution_id: run.id,
      action_description: fitting(`${remedy.title}: ${kept.summary}`, 2_000),
      evidence: sql`evidence || ${JSON.stringify(kept)}::jsonb`,
    })
    .where('id', '=', action.id)
    .where('state', '=', 'intent')
    .returning('id')
    .executeTakeFirst();
  if (!applied) return false;
  await markUsed(trx, action);
  return true;
}
