import { policyOf, type PolicyRow } from '../../data/escalation/policies.ts';
import type { Db } from '../../database/connect.ts';
import { NotFoundError } from '../../ground/errors.ts';
import { storedPolicy } from '../../policy/stored-policy.ts';
import type { PolicyDocument } from '../../policy/schema.ts';
import { policyText } from '../../policy/words.ts';

export type { PolicyRow } from '../../data/escalation/policies.ts';

export interface ShownPolicy {
  row: PolicyRow;
  /** the version in force */
  current: number;
  /** the policy as YAML that a person may edit and set */
  text: string;
  /** false: it was edited by hand, and the engine cannot read it */
  readable: boolean;
}

/** The policy in force, or one of its versions. Throws NotFoundError. */
export async function showPolicy(
  db: Db,
  { version }: { version?: number | undefined },
): Promise<ShownPolicy> {
  const current = await policyOf(db);
  const row = version === undefined ? current : await policyOf(db, version);
  if (!current || !row)
    throw new NotFoundError({
      what: version === undefined ? 'there is no policy' : `there is no policy ${version}`,
      why: current ? `the newest one is policy ${current.version}` : 'none was ever set',
      hint: current ? '`npx roundsman policy show`' : '`npx roundsman policy set --default`',
    });
  return {
    row,
    current: current.version,
    text: policyText(row.policy as unknown as PolicyDocument),
    readable: storedPolicy(row.policy) !== null,
  };
}
