import { isDeepStrictEqual } from 'node:util';
import {
  addPolicy,
  countOnOthers,
  policyOf,
  type PolicyRow,
} from '../../data/escalation/policies.ts';
import type { Db } from '../../database/connect.ts';
import { storable } from '../../ground/text.ts';
import { defaultPolicy } from '../../policy/default.ts';
import { storedPolicy } from '../../policy/stored-policy.ts';
import type { ReadPolicy } from '../../policy/read.ts';
import { authorise, type Actor } from '../actor.ts';
import { changing } from '../changing.ts';
import { warningsOf } from './check.ts';

export interface SetPolicy {
  row: PolicyRow;
  /** the same policy was in force already, and no version was added */
  unchanged: boolean;
  /** how many pending tickets keep another version */
  keep: number;
  warnings: string[];
}

/**
 * Puts a policy in force for every ticket that is opened from now on; others keep the one with which they began. For owners
 * and admins.
 */
export async function setPolicy(
  { db, actor }: { db: Db; actor: Actor },
  { read }: { read: ReadPolicy },
): Promise<SetPolicy> {
  authorise(actor, 'set the escalation policy', 'admin');
  const current = await policyOf(db);
  const unchanged = current !== undefined && isDeepStrictEqual(current.policy, read.document);
  const row = unchanged
    ? current
    : await changing({ db, actor }, (trx) => addPolicy(trx, read.document, storable(actor.name)));
  return {
    row,
    unchanged,
    keep: await countOnOthers(db, row.version),
    warnings: await warningsOf(db, read),
  };
}

/** The policy of a new installation, as {@link ReadPolicy}. */
export const readDefaultPolicy = (): ReadPolicy => ({
  document: defaultPolicy,
  policy: storedPolicy(defaultPolicy)!,
});
