import { policyOf } from '../../data/escalation/policies.ts';
import type { Db } from '../../database/connect.ts';
import { didYouMean } from '../../ground/nearest.ts';
import { printable } from '../../ground/text.ts';
import { keptPolicy, readPolicy, type ReadPolicy } from '../../policy/read.ts';
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
  /** sentences that the policy in force says and this one does not, and the other way round */
  removed: string[];
  added: string[];
  /** names of bots that no bot has */
  warnings: string[];
}

/** What a policy would do, and how it differs from the one in force. `place` is where its text comes from. Throws UsageError. */
export async function checkPolicy(
  db: Db,
  { text, place }: { text: string; place: string },
): Promise<CheckedPolicy> {
  const read = readPolicy(text, place);
  const current = await policyOf(db);
  const kept = current && keptPolicy(current.policy);
  const before = kept ? policyInWords(kept) : [];
  const now = policyInWords(read.policy);
  return {
    read,
    outcomes: outcomesOf(read.policy),
    current: current?.version ?? null,
    removed: before.filter((line) => !now.includes(line)),
    added: now.filter((line) => !before.includes(line)),
    warnings: await unknownBots(db, read),
  };
}

/** A rule for a bot that is not there is no mistake: the bot may come. */
export async function unknownBots(db: Db, { policy }: ReadPolicy): Promise<string[]> {
  const named = [...new Set(policy.rules.flatMap(({ when }) => when?.bots ?? []))];
  if (named.length === 0) return [];
  const bots = await db.selectFrom('bots').select('name').where('removed_at', 'is', null).execute();
  const names = bots.map(({ name }) => name);
  return named
    .filter((name) => !names.includes(name))
    .map(
      (name) =>
        `there is no bot ${printable(name)}; ${didYouMean(name, names, 'its rule applies once there is')}`,
    );
}
