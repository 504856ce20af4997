import type { Severity } from '../ground/severity.ts';
import type { When } from './schema.ts';

/** What rules of the policy and routes of messages look at in a ticket. */
export interface TicketTraits {
  severity: Severity;
  category: string | null;
  bot: string | null;
  /** null: it is unassigned */
  assignee: string | null;
}

const isAmong = (named: readonly string[] | undefined, value: string | null): boolean =>
  named === undefined || (value !== null && named.includes(value));

/**
 * Whether a ticket fits all conditions of `when`: each list has to contain the ticket's value, and `unassigned` wants a ticket
 * without an assignee. A condition that is left out fits every ticket.
 */
export const fits = (when: When | undefined, ticket: TicketTraits): boolean =>
  isAmong(when?.severities, ticket.severity) &&
  isAmong(when?.categories, ticket.category) &&
  isAmong(when?.bots, ticket.bot) &&
  isAmong(when?.assignees, ticket.assignee) &&
  (!when?.unassigned || ticket.assignee === null);
