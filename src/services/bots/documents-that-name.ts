/** The parts of the policy and of the notifications that name a bot: they keep the old name when it is renamed. */
import { policyOf } from '../../data/escalation/policies.ts';
import type { Db } from '../../database/connect.ts';
import { storedDocument } from '../../notify/settings/stored.ts';
import { notifications } from '../../notify/settings/schema.ts';
import { storedPolicy } from '../../policy/stored-policy.ts';
import type { When } from '../../policy/schema.ts';

export interface DocumentsThatName {
  /** rules of the policy in force, as `rule 2` or by their names */
  policyRules: string[];
  /** routes of notifications, as `route 2` */
  routes: string[];
}

/**
 * The rules and routes whose condition names this bot. A document that cannot be read, as after an edit by hand, names
 * none: `status` and `doctor` report it.
 */
export async function documentsThatName(db: Db, name: string): Promise<DocumentsThatName> {
  const names = (when: When | undefined) => when?.bots?.includes(name) ?? false;
  const policy = storedPolicy((await policyOf(db))?.policy);
  const settings = notifications.safeParse(await storedDocument(db)).data;
  return {
    policyRules: (policy?.rules ?? []).flatMap((rule, index) =>
      names(rule.when) ? [rule.name ?? `rule ${index + 1}`] : [],
    ),
    routes: (settings?.routes ?? []).flatMap(({ when }, index) =>
      names(when) ? [`route ${index + 1}`] : [],
    ),
  };
}
