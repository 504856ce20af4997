/** The work of the job `escalate-tickets`: it asks the policy about the tickets that are due, and does what the policy says. */
import type { Transaction } from 'kysely';
import type { FollowedRow } from '../../data/escalation/followed-tickets.ts';
import { policyDocuments } from '../../data/escalation/policies.ts';
import type { Database } from '../../database/connect.ts';
import { inUnits } from '../../ground/duration.ts';
import { time } from '../../ground/text.ts';
import { afterAct, escalationOf, type Act, type FollowedTicket } from '../../policy/escalation.ts';
import { storedPolicy } from '../../policy/stored-policy.ts';
import type { Policy } from '../../policy/schema.ts';
import {
  askPolicyAgain,
  giveToNext,
  lockDue,
  raise,
  remindOf,
  type Raise,
  type Reminder,
  type Step,
} from '../../transitions/tickets/escalate.ts';

export interface Escalated {
  /** tickets about which the policy was asked */
  asked: number;
  escalated: number;
  reminded: number;
  raised: number;
  /** stored versions of the policy that cannot be read: their tickets wait */
  unreadable: number[];
}

/** How long a ticket waits if its policy cannot be read. */
const unreadableMs = 600_000;

export const followedTicketOf = (row: FollowedRow): FollowedTicket => ({
  severity: row.severity,
  category: row.category,
  bot: row.bot,
  assignedTo: row.assigned_to,
  startedWith: row.escalation_step === 0 ? row.assigned_to : row.escalation_with,
  began: row.escalation_began_at,
  step: row.escalation_step,
  prompted: row.prompted_at,
  acknowledged: row.acknowledged_at,
  touched: row.touched_at,
  mayRise: row.may_rise,
  snoozed: row.snoozed,
  quiet: row.quiet,
});

/**
 * Asks the policy about `maxTickets` tickets at most, and does at most one act for each. An act is never repeated: it is recorded
 * in the transaction that locks the tickets.
 */
export async function escalateDue(
  trx: Transaction<Database>,
  maxTickets: number,
): Promise<Escalated> {
  const rows = await lockDue(trx, maxTickets);
  const policies = await policiesOf(trx, rows);
  const [steps, reminders, raises]: [Step[], Reminder[], Raise[]] = [[], [], []];
  const rest: { id: string; next: Date | null }[] = [];
  const unreadable = new Set<number>();
  for (const row of rows) {
    const { id, now, policy_version: version } = row;
    const policy = version === null ? null : policies.get(version);
    if (version === null || !policy) {
      if (version !== null) unreadable.add(version);
      rest.push({ id, next: version === null ? null : new Date(now.getTime() + unreadableMs) });
      continue;
    }
    const ticket = followedTicketOf(row);
    const { act, next } = escalationOf(policy, ticket, now);
    if (!act) {
      rest.push({ id, next: next?.at ?? null });
      continue;
    }
    const nextAt = escalationOf(policy, afterAct(ticket, act, now), now).next?.at ?? null;
    if (act.kind === 'step')
      steps.push({
        id,
        next: nextAt,
        step: act.step,
        to: act.to,
        from: ticket.assignedTo,
        policy: version,
      });
    else if (act.kind === 'remind')
      reminders.push({ id, next: nextAt, why: whyReminded(act), policy: version });
    else
      raises.push({
        id,
        to: act.to,
        reason: `not acknowledged for ${inUnits(act.after)}`,
        policy: version,
      });
  }
  await giveToNext(trx, steps);
  await remindOf(trx, reminders);
  await raise(trx, raises);
  await askPolicyAgain(trx, rest);
  return {
    asked: rows.length,
    escalated: steps.length,
    reminded: reminders.length,
    raised: raises.length,
    unreadable: [...unreadable],
  };
}

const whyReminded = ({ why, since }: Extract<Act, { kind: 'remind' }>): string =>
  why === 'unacknowledged'
    ? 'it is not acknowledged'
    : `it is acknowledged, and no person has changed it since ${time(since)} UTC`;

async function policiesOf(
  trx: Transaction<Database>,
  rows: FollowedRow[],
): Promise<Map<number, Policy | null>> {
  const versions = new Set(rows.map(({ policy_version }) => policy_version ?? 0));
  const documents = await policyDocuments(trx, [...versions]);
  return new Map([...documents].map(([version, document]) => [version, storedPolicy(document)]));
}
