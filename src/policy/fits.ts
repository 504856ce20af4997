import type { Severity } from '../ground/severity.ts';
import type { When } from './schema.ts';

/** What rules of the policy and routes of messages look at. */
export interface Described {
  severity: Severity;
  category: string | null;
  bot: string | null;
  /** null: no one has it */
  assignee: string | null;
}

const isAmong = (named: readonly string[] | undefined, value: string | null): boolean =>
  named === undefined || (value !== null && named.includes(value));

/** A ticket has to fit everything that is named, by any one of the words; where nothing is named, every ticket fits. */
export const fits = (when: When | undefined, ticket: Described): boolean =>
  isAmong(when?.severities, ticket.severity) &&
  isAmong(when?.categories, ticket.category) &&
  isAmong(when?.bots, ticket.bot) &&
  isAmong(when?.assignees, ticket.assignee) &&
  (!when?.unassigned || ticket.assignee === null);
