import type { ReadPolicy } from '../../../policy/read.ts';
import type { PolicyDocument } from '../../../policy/schema.ts';
import { storedPolicy } from '../../../policy/stored-policy.ts';
import { warningsOf } from '../../policy/check.ts';
import { setPolicy } from '../../policy/set.ts';
import { refuseAbsent, RevertRefusedError, type Reverter, type Wanted } from './reverter.ts';

export const policyReverter: Reverter = {
  columns: null,
  async consequences({ db }, wanted) {
    const warnings = await warningsOf(db, readOf(wanted));
    return ['tickets that are open keep the policy with which they began', ...warnings];
  },
  write: (context, wanted) => setPolicy(context, { read: readOf(wanted) }),
};

/** Throws {@link RevertRefusedError} for a version that the present engine cannot read. */
function readOf(wanted: Wanted): ReadPolicy {
  if (!wanted.definition)
    throw refuseAbsent(
      wanted,
      '`npx roundsman policy set --default` sets that of a new installation',
    );
  const document = wanted.definition.policy as PolicyDocument;
  const policy = storedPolicy(document);
  if (policy) return { document, policy };
  throw new RevertRefusedError({
    what: `the policy was not set back to version ${wanted.version}`,
    why: 'this version of Roundsman cannot read it',
    hint: `\`npx roundsman policy show ${wanted.version}\` prints it; correct it, and set it with \`npx roundsman policy set\``,
  });
}
