import { currentTime } from '../../data/bots/engine.ts';
import { policyOf } from '../../data/escalation/policies.ts';
import type { Db } from '../../database/connect.ts';
import { storedPolicy } from '../../policy/stored-policy.ts';
import { readPolicy, type ReadPolicy } from '../../policy/read.ts';
import { unknownBots as unknownBotsIn } from '../references/named.ts';
import { quietWarnings } from '../../policy/quiet-warnings.ts';
import { outcomesOf, policyInWords, type Outcome } from '../../policy/words.ts';

export type { Outcome } from '../../policy/words.ts';
export type { ReadPolicy } from '../../policy/read.ts';
export { readPolicy } from '../../policy/read.ts';

export interface CheckedPolicy {
  read: ReadPolicy;
  /** for each severity, what would happen */
  outcomes: Outcome[];
  /** the version in force; null: there is none */
  current: number | null;
  /** sentences that only the policy in force says */
  removed: string[];
  /** sentences that only this policy says */
  added: string[];
  /** what the person may not have meant: names that no bot has, quiet hours of more than a night */
  warnings: string[];
}

/** What a policy would do, and how it differs from the one in force. `place` is where its text comes from. Throws UsageError. */
export async function checkPolicy(
  db: Db,
  { text, place }: { text: string; place: string },
): Promise<CheckedPolicy> {
  const read = readPolicy(text, place);
  const current = await policyOf(db);
  const stored = current && storedPolicy(current.policy);
  const before = stored ? policyInWords(stored) : [];
  const after = policyInWords(read.policy);
  return {
    read,
    outcomes: outcomesOf(read.policy),
    current: current?.version ?? null,
    removed: before.filter((line) => !after.includes(line)),
    added: after.filter((line) => !before.includes(line)),
    warnings: await warningsOf(db, read),
  };
}

/** What the person may not have meant, although the policy can be used. */
export const warningsOf = async (db: Db, read: ReadPolicy): Promise<string[]> => [
  ...(await unknownBots(db, read)),
  ...quietWarnings(read.policy.quiet_hours, {
    now: await currentTime(db),
    consequence: 'they go to no other person meanwhile, and people are not reminded of them',
    always: 'they never go to another person, and people are never reminded of them',
  }),
];

/** A rule for a bot that does not exist is not a mistake: the bot may be added later. */
const unknownBots = (db: Db, { policy }: ReadPolicy): Promise<string[]> =>
  unknownBotsIn(
    db,
    policy.rules.flatMap(({ when }) => when?.bots ?? []),
    'its rule applies once there is',
  );
