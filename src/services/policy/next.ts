import { judgedTicket } from '../../data/escalation/judged-tickets.ts';
import { policyDocuments } from '../../data/escalation/policies.ts';
import type { Db } from '../../database/connect.ts';
import { judge, type Act } from '../../policy/judge.ts';
import { keptPolicy } from '../../policy/read.ts';
import { judgedOf } from './escalate.ts';

/** What the policy of a pending ticket does next, if no person and no run changes the ticket before. */
export interface NextEscalation {
  /** the version with which the ticket began */
  policy: number;
  /** null: nothing, as far as is known now */
  next: ({ at: Date } & Act) | null;
}

/** Null where no policy is asked about the ticket: it has ended, began before there was one, or its policy cannot be read. */
export async function nextEscalation(db: Db, ticketId: string): Promise<NextEscalation | null> {
  const row = await judgedTicket(db, ticketId);
  const version = row?.policy_version ?? null;
  if (!row || version === null) return null;
  const policy = keptPolicy((await policyDocuments(db, [version])).get(version));
  if (!policy) return null;
  const { next } = judge(policy, judgedOf(row), row.now);
  return { policy: version, next: next && { at: next.at, ...next.act } };
}
