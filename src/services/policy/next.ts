import { followedTicket } from '../../data/escalation/followed-tickets.ts';
import { policyDocuments } from '../../data/escalation/policies.ts';
import type { Db } from '../../database/connect.ts';
import { escalationOf, type Act } from '../../policy/escalation.ts';
import { storedPolicy } from '../../policy/stored-policy.ts';
import { followedTicketOf } from './escalate.ts';

/** What the policy of a pending ticket does next, unless a person or a run changes the ticket before. */
export interface NextEscalation {
  /** the version with which the ticket began */
  policy: number;
  /** null: nothing, as far as is known now */
  next: ({ at: Date } & Act) | null;
}

/** Null if no policy is asked about the ticket: it has ended, it began before there was one, or its policy cannot be read. */
export async function nextEscalation(db: Db, ticketId: string): Promise<NextEscalation | null> {
  const row = await followedTicket(db, ticketId);
  const version = row?.policy_version ?? null;
  if (!row || version === null) return null;
  const policy = storedPolicy((await policyDocuments(db, [version])).get(version));
  if (!policy) return null;
  const { next } = escalationOf(policy, followedTicketOf(row), row.now);
  return { policy: version, next: next && { at: next.at, ...next.act } };
}
