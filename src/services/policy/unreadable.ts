import { isDeepStrictEqual } from 'node:util';
import { followedPolicies } from '../../data/escalation/followed-policies.ts';
import type { Db } from '../../database/connect.ts';
import { defaultPolicy } from '../../policy/default.ts';

/**
 * Versions, in force or kept by tickets, that the engine cannot read, as after an edit by hand; each with how many tickets keep
 * it.
 */
export async function unreadablePolicies(db: Db): Promise<{ version: number; tickets: number }[]> {
  const followed = await followedPolicies(db);
  // The default policy can be read. Where there is no other one, the schema of policies is not loaded, and `status` starts sooner.
  const others = followed.filter(({ policy }) => !isDeepStrictEqual(policy, defaultPolicy));
  if (others.length === 0) return [];
  const { storedPolicy } = await import('../../policy/stored-policy.ts');
  return others
    .filter(({ policy }) => storedPolicy(policy) === null)
    .map(({ version, tickets }) => ({ version, tickets }));
}
