import { followedPolicies } from '../../data/escalation/followed-policies.ts';
import type { Db } from '../../database/connect.ts';
import { storedPolicy } from '../../policy/stored-policy.ts';

/** Versions, in force or kept by tickets, that the engine cannot read, as after an edit by hand; `tickets` follow each of them. */
export const unreadablePolicies = async (db: Db): Promise<{ version: number; tickets: number }[]> =>
  (await followedPolicies(db))
    .filter(({ policy }) => storedPolicy(policy) === null)
    .map(({ version, tickets }) => ({ version, tickets }));
