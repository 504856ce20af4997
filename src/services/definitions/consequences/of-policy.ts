/** What another policy says, and which tickets it would have moved. */
import { sql } from 'kysely';
import { followedTickets } from '../../../data/escalation/followed-tickets.ts';
import type { Db } from '../../../database/connect.ts';
import { counted } from '../../../ground/text.ts';
import { afterAct, escalationOf } from '../../../policy/escalation.ts';
import type { Policy } from '../../../policy/schema.ts';
import { storedPolicy } from '../../../policy/stored-policy.ts';
import { policyInWords } from '../../../policy/words.ts';
import { followedTicketOf } from '../../policy/escalate.ts';
import type { Values } from '../kinds/kind.ts';
import { days, type Looking } from './looking.ts';

const dayMs = 86_400_000;
/** Of how many tickets at most, the newest ones, it is computed what a policy would have done. */
const maxTickets = 2_000;

/** What the policy says that the one before does not, and the tickets of the last 30 days that it would have moved. */
export async function policyConsequences(
  { db, now }: Looking,
  before: Values | null,
  after: Values,
): Promise<string[]> {
  const read = (values: Values | null): Policy | null => {
    const { rules, quiet_hours: quiet } = values ?? {};
    return storedPolicy({ rules, ...(quiet ? { quiet_hours: quiet } : {}) });
  };
  const [old, next] = [read(before), read(after)];
  if (next === null) return [];
  const said = old ? policyInWords(old) : [];
  const added = policyInWords(next).filter((line) => !said.includes(line));
  const moved = await movedTickets(db, now, [old, next]);
  const tickets = counted(moved.tickets, moved.tickets < maxTickets ? 'ticket' : 'newest ticket');
  return [
    ...added.map((line) => `now: ${line}`),
    `of ${tickets} of the last ${days} days it would have moved ${moved.by[1]}${old ? `, and the policy before ${moved.by[0]}` : ''}`,
    'tickets that are open keep the policy with which they began',
  ];
}

/** Plays each ticket through, from its beginning to its acknowledgement or end, under both policies. */
async function movedTickets(
  db: Db,
  now: Date,
  policies: readonly (Policy | null)[],
): Promise<{ tickets: number; by: number[] }> {
  const since = new Date(+now - days * dayMs);
  const rows = await followedTickets(
    db,
    sql`WHERE t.created_at >= ${since} ORDER BY t.created_at DESC LIMIT ${maxTickets}`,
  );
  const times = await db
    .selectFrom('bot_tickets')
    .select(['id', 'created_at', 'acknowledged_at', 'resolved_at'])
    .where('id', '=', sql<string>`ANY (${rows.map(({ id }) => id)}::uuid[])`)
    .execute();
  const byId = new Map(times.map((row) => [row.id, row]));
  const by = policies.map(
    (policy) =>
      rows.filter((row) => {
        const at = byId.get(row.id);
        if (!policy || !at?.created_at) return false;
        const end = Math.min(
          ...[at.acknowledged_at, at.resolved_at, now].flatMap((each) => (each ? [+each] : [])),
        );
        const fresh = {
          ...followedTicketOf(row),
          began: at.created_at,
          step: 0,
          prompted: null,
          acknowledged: null,
          snoozed: false,
          quiet: false,
        };
        return isMoved(policy, fresh, end);
      }).length,
  );
  return { tickets: rows.length, by };
}

/** An act is at most one of some steps, raises and reminders: this many say whether one of them gives the ticket to a person. */
const maxActs = 30;

function isMoved(policy: Policy, begun: Parameters<typeof escalationOf>[1], end: number): boolean {
  let ticket = begun;
  let at = ticket.began;
  for (let count = 0; count < maxActs; count++) {
    const { next } = escalationOf(policy, ticket, at);
    if (!next || +next.at > end) return false;
    if (next.act.kind === 'step') return true;
    at = next.at;
    ticket = afterAct(ticket, next.act, at);
  }
  return false;
}
