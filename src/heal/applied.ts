/** What effects inside the database and effects outside of it have in common. */
import type { Kysely, Transaction } from 'kysely';
import type { Evidence, Remedy, RemedyContext } from '../contract/remedy.ts';
import type { Database } from '../database/connect.ts';
import { plain } from '../ground/plain.ts';
import { fitting } from '../ground/text.ts';
import { markApplied } from '../transitions/actions/apply.ts';
import { botChanges } from './bot-changes.ts';
import type { TargetFinding } from './finding/open-finding.ts';
import type { Effect } from './heal-context.ts';
import { paramsToStore } from './with-secrets.ts';

export const nothingLeft: Evidence = {
  summary: 'there was nothing left to do',
  before: null,
  after: null,
};

/** The `secret` function of a remedy that takes no secrets. */
export const noSecret = (name: string): never => {
  throw new Error(`this remedy takes no secrets: ${name}`);
};

/** How many characters an action's evidence may have as JSON, its parameters included. */
const maxEvidence = 1_000_000;

/**
 * What a remedy returned, as it is stored. If that is too large, only its summary is stored for an effect outside, which has
 * happened in any case; for an effect inside the database this throws an error, which rolls the effect back.
 */
function evidenceToStore(remedy: Remedy, returned: Evidence, params: unknown): Evidence {
  const { summary, ...rest } = Object(returned) as Partial<Evidence>;
  const sentence = typeof summary === 'string' ? summary : 'it does not say what it did';
  const kept = plain({
    ...rest,
    summary: sentence,
    params: paramsToStore(remedy, params),
  }) as unknown as Evidence;
  const { length } = JSON.stringify(kept);
  if (length <= maxEvidence) return kept;
  const why = `its evidence has ${length} characters; the limit is ${maxEvidence}`;
  if (!remedy.outside) throw new Error(why);
  return { summary: fitting(sentence, 2_000), before: null, after: { cut: why } };
}

/** What a remedy is given for one effect. */
export const contextOf = (
  db: Kysely<Database>,
  { finding, action }: { finding: TargetFinding; action: Pick<Effect['action'], 'id'> },
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

/** Records that a step was applied, with what its remedy returned. False when the action is no longer an intent. */
export function recordApplied(
  trx: Transaction<Database>,
  remedy: Remedy,
  { run, finding, action, params, verifyAfter }: Effect,
  evidence: Evidence,
  now: Date,
): Promise<boolean> {
  const kept = evidenceToStore(remedy, evidence, params);
  return markApplied(trx, {
    id: action.id,
    knowledge_id: action.knowledge_id,
    execution_id: run.id,
    fingerprint: finding.fingerprint,
    description: fitting(`${remedy.title}: ${kept.summary}`, 2_000),
    evidence: JSON.stringify(kept),
    applied_at: now,
    verifyAfter: verifyAfter ?? null,
  });
}
