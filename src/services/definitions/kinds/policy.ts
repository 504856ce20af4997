/** The escalation policy: one document. */
import { sql } from 'kysely';
import { z } from 'zod';
import { policyOf } from '../../../data/escalation/policies.ts';
import { UsageError } from '../../../ground/errors.ts';
import { defaultPolicy } from '../../../policy/default.ts';
import { policySchema, type PolicyDocument } from '../../../policy/schema.ts';
import { issueWithPlace } from '../../../policy/issue-words.ts';
import { setPolicy } from '../../policy/set.ts';
import type { Applying, Kind, Values } from './kind.ts';
import { oneDocument } from './overwritten.ts';

const name = 'policy';

const { rules, quiet_hours } = policySchema.shape;
const definitions = z.strictObject(
  { rules: rules.nullish(), quiet_hours: quiet_hours.nullish() },
  'has to be a map of rules and quiet_hours',
);

const documentOf = ({ rules, quiet_hours: quiet }: Values): PolicyDocument =>
  ({
    ...(rules !== null && rules !== undefined && { rules }),
    ...(quiet !== null && quiet !== undefined && { quiet_hours: quiet }),
  }) as PolicyDocument;

export const policy: Kind = {
  kind: name,
  meaning: 'to whom tickets go that no person acknowledges, and when people are left alone',
  form: 'document',
  schema: definitions,
  fields: ['rules', 'quiet_hours'],
  required: ['rules'],
  defaults: () => ({ rules: defaultPolicy.rules, quiet_hours: null }),
  async present(db) {
    const row = await policyOf(db);
    const stored = (row?.policy ?? null) as Values | null;
    if (stored === null) return [];
    const { rules = null, quiet_hours = null } = stored;
    return [{ id: name, name, values: { rules, quiet_hours } }];
  },
  read: (fields) => fields,
  async check(_, { after }) {
    const read = policySchema.safeParse(documentOf(after));
    if (read.success) return;
    throw new UsageError({
      what: 'the policy cannot be used',
      why: read.error.issues.map((issue) => issueWithPlace(issue, after)).join('; '),
      hint: 'docs/escalation.md says what a policy may contain',
    });
  },
  // Its versions are only added: no session may add one between the look at the newest and the commit.
  async lock(trx) {
    await sql`LOCK TABLE engine.policies IN SHARE ROW EXCLUSIVE MODE`.execute(trx);
  },
  ...oneDocument(name, (applying, values) => change(applying, values)),
  remove: (applying) => change(applying, policy.defaults(name)),
  history: { kind: 'policy' },
};

async function change({ db, actor }: Applying, values: Values): Promise<void> {
  const document = documentOf(values);
  await setPolicy({ db, actor }, { read: { document, policy: policySchema.parse(document) } });
}
