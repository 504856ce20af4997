import type { Selectable } from 'kysely';
import {
  decisionsOn,
  mayAnswer,
  suggestionsOn,
  type ListedDecision,
  type Suggestion,
} from '../../data/bots/bot-decisions.ts';
import { listFindings } from '../../data/bots/bot-findings.ts';
import {
  isPending,
  oneTicket,
  pending,
  type ListedTicket,
  type TicketRow,
} from '../../data/bots/bot-tickets.ts';
import { mergedInto } from '../../data/bots/merged-tickets.ts';
import { isStorm, stormFor } from '../../data/bots/pending-tickets.ts';
import { countInStorms } from '../../data/bots/storms.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { isPlaybook } from '../../playbook/read.ts';
import type { BotActions, BotFindings, BotTicketEvents } from '../../database/tables.ts';
import { readTooFewSince } from '../findings/counted-events.ts';
import { nextEscalation, type NextEscalation } from '../policy/next.ts';
import { openOrFirstFinding, ticketOf } from '../references/ticket.ts';

export type { ListedDecision, Suggestion } from '../../data/bots/bot-decisions.ts';

/** How many actions and decisions are shown, the newest first; and how many of the newest events, the oldest of these first. */
const maxRows = 20;
const maxEvents = 200;
/** How many findings of a storm are shown, the worst first. */
const maxOfStorm = 50;

export interface ShownTicket {
  ticket: ListedTicket;
  /** the open finding of its problem, else the finding for which it was opened */
  finding: Selectable<BotFindings> | undefined;
  actions: Selectable<BotActions>[];
  decisions: ListedDecision[];
  /** on the open finding of its problem */
  suggestions: Suggestion[];
  /** a suggestion is a playbook without an answer: a person may have it carried out */
  canApprove: boolean;
  /** suggestions that a person has answered and may answer otherwise: no heal has used the approval */
  changeable: Suggestion[];
  events: Selectable<BotTicketEvents>[];
  /** the name of the entry that helped, as a person said */
  cure: string | null;
  /** for the ticket of a storm that is not over: its open findings, the worst first, and how many there are */
  storm: { findings: Awaited<ReturnType<typeof listFindings>>; count: number } | null;
  /** for the ticket of a single problem: the number of the ticket that stands for a storm of its bot meanwhile */
  partOf: string | null;
  /** pending tickets that are merged into it, the oldest first */
  merged: TicketRow[];
  /** what its escalation policy does next; null if no policy is asked about it */
  escalation: NextEscalation | null;
  /** since this time there were too few events to tell whether the problem is gone; null if not, or its check counts no events */
  tooFewSince: Date | null;
  /** the database's time */
  now: Date;
}

/** A ticket with the attempts, decisions, suggestions and events about it. Throws NotFoundError. */
export async function showTicket(
  db: Db,
  { ticket: given }: { ticket: string },
): Promise<ShownTicket> {
  const row = await ticketOf(db, given);
  const finding = await openOrFirstFinding(db, row);
  const actions = await db
    .selectFrom('bot_actions')
    .selectAll()
    .where('bot_id', '=', row.bot_id)
    .where('fingerprint', '=', row.fingerprint)
    .orderBy('taken_at', 'desc')
    .limit(maxRows)
    .execute();
  const decisions = await decisionsOn(db, { fingerprint: row.fingerprint }, maxRows);
  const events = await db
    .selectFrom('bot_ticket_events')
    .selectAll()
    .where('ticket_id', '=', row.id)
    .orderBy('id', 'desc')
    .limit(maxEvents)
    .execute()
    .then((newest) => newest.toReversed());
  const ticket = (await oneTicket(db, row.id))!;
  // A suggestion for one finding of a storm cannot be answered on a ticket: nothing is healed while the storm lasts.
  const suggestions = finding && !isStorm(row) ? await suggestionsOn(db, finding.id) : [];
  const isOpen = ticket.resolved_at === null && finding?.resolved_at === null;
  return {
    ticket,
    finding,
    actions,
    decisions,
    suggestions,
    canApprove:
      isOpen && suggestions.some((each) => awaitsAnswer(each) && isPlaybook(each.solution)),
    changeable: isOpen ? suggestions.filter(isChangeable) : [],
    events,
    cure: row.cure_knowledge_id && (await nameOf(db, row.cure_knowledge_id)),
    storm: await findingsOfStorm(db, row),
    partOf: await stormTicketOf(db, row),
    merged: await mergedInto(db, row.id),
    escalation: await nextEscalation(db, row.id),
    tooFewSince: finding ? await readTooFewSince(db, finding) : null,
    now: await currentTime(db),
  };
}

/** Whether the suggestion waits for an answer. */
export const awaitsAnswer = ({ answer, enabled }: Suggestion): boolean =>
  answer === null && enabled;

const isChangeable = (suggestion: Suggestion): boolean =>
  (suggestion.answer === 'approved' && mayAnswer('rejected', suggestion)) ||
  (suggestion.answer === 'rejected' && isPlaybook(suggestion.solution) && suggestion.enabled);

const nameOf = async (db: Db, knowledge: string): Promise<string | null> =>
  (
    await db
      .selectFrom('bot_knowledge')
      .select('name')
      .where('id', '=', knowledge)
      .executeTakeFirst()
  )?.name ?? null;

async function findingsOfStorm(db: Db, ticket: TicketRow): Promise<ShownTicket['storm']> {
  if (!isStorm(ticket) || !pending.includes(ticket.status)) return null;
  const { bot_id: botId } = ticket;
  const which = { botId: botId!, which: 'open', inStorm: true, limit: maxOfStorm } as const;
  const findings = await listFindings(db, which);
  const counts = await countInStorms(db, [botId!]);
  return { findings, count: counts.get(botId!) ?? 0 };
}

async function stormTicketOf(db: Db, ticket: TicketRow): Promise<string | null> {
  if (isStorm(ticket) || !ticket.bot_id || !pending.includes(ticket.status)) return null;
  const storm = await db
    .selectFrom('bot_tickets')
    .select('number')
    .where('bot_id', '=', ticket.bot_id)
    .where('fingerprint', '=', stormFor(ticket.bot_id))
    .where(isPending())
    .executeTakeFirst();
  return storm?.number ?? null;
}
