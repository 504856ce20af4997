import type { Db } from '../../database/connect.ts';
import { policiesInUse } from '../../data/escalation/policies.ts';
import { counted } from '../../ground/text.ts';
import { keptPolicy } from '../../policy/read.ts';
import { fail, ok, warn, type Diagnosis } from './diagnosis.ts';

/** Whether the escalation policy can be followed: a version that a statement has edited moves no ticket. */
export async function examinePolicy(db: Db): Promise<Diagnosis> {
  const subject = 'Policy';
  const inUse = await policiesInUse(db);
  const [current] = inUse;
  if (!current)
    return warn(
      subject,
      'there is none: tickets that are not acknowledged stay where they are',
      '`npx roundsman policy set --default` sets the one that a new database has',
    );
  const broken = inUse.find(({ policy }) => keptPolicy(policy) === null);
  if (broken) {
    const stay =
      broken.tickets > 0
        ? `, and ${counted(broken.tickets, 'ticket')} that began with it stay where they are`
        : '';
    return fail(
      subject,
      `policy ${broken.version} cannot be read: a statement has changed it${stay}`,
      `\`npx roundsman policy show ${broken.version}\` shows it; \`npx roundsman policy set FILE\` sets another one for new tickets`,
    );
  }
  const { rules } = keptPolicy(current.policy)!;
  return ok(subject, `policy ${current.version}, ${counted(rules.length, 'rule')}`);
}
