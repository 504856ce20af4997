/** What people are told, before a channel gives it its form. */
import type { Severity } from '../ground/severity.ts';
import type { Report } from '../report/report.ts';
import type { TicketStatus } from '../data/bots/pending-tickets.ts';

/** A ticket as it is when the message is sent, not as it was when the message was queued. */
export interface TicketFacts {
  id: string;
  /** T-42 is '42' */
  number: string;
  title: string;
  description: string;
  severity: Severity;
  status: TicketStatus;
  bot: string;
  component: string | null;
  category: string | null;
  /** how many runs have seen the problem */
  occurrences: number;
  assigned_to: string | null;
  acknowledged_by: string | null;
  acknowledged_at: Date | null;
  /** when a person has to respond; null if no response is due */
  respond_by: Date | null;
  created_at: Date;
  resolved_at: Date | null;
  resolved_by: string | null;
  resolution_notes: string | null;
}

/** One row of `bot_ticket_events`, in a sentence: `ann acknowledged it`. */
export interface EventFacts {
  /** bot_ticket_events.id */
  id: string;
  event: string;
  actor: string;
  sentence: string;
  at: Date;
}

interface MessageBase {
  /** The same in every attempt, so that a receiver recognises a repeat. */
  id: string;
  /** How often it may have been sent before: more than 0 after a process ended in between, or an answer was lost. */
  repeats: number;
}

/** About one ticket: its present state, and what happened since the message before. */
export interface TicketMessage extends MessageBase {
  kind: 'ticket';
  ticket: TicketFacts;
  /** the oldest first */
  events: EventFacts[];
}

/** About many tickets at once, instead of one message for each. */
export interface GroupMessage extends MessageBase {
  kind: 'group';
  /** how many tickets it is about; `tickets` has the worst of them */
  count: number;
  tickets: TicketFacts[];
  /** how many of all of them are still pending, by severity */
  pending: Partial<Record<Severity, number>>;
}

/** What `notify test` sends. */
export interface TestMessage extends MessageBase {
  kind: 'test';
  asked_by: string;
}

/** The report of a morning, as it was when it was made. */
export interface ReportMessage extends MessageBase {
  kind: 'report';
  /** engine.reports.day */
  day: string;
  /** when it was to be made */
  due_at: Date;
  report: Report;
}

export type Message = TicketMessage | GroupMessage | TestMessage | ReportMessage;
