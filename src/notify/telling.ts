/** Which events of tickets are told to people. */
import type { Selectable } from 'kysely';
import type { BotTicketEvents } from '../database/tables.ts';

export type TicketEvent = Selectable<BotTicketEvents>['event'];

/** Of a ticket that is new, or open again. */
export const opening: readonly TicketEvent[] = ['opened', 'reopened'];

/** Of a critical ticket people are told of these at once. */
export const urgent: readonly TicketEvent[] = [
  ...opening,
  'raised',
  'escalated',
  'reminded',
  'woken',
];

/** What a route tells that does not say it: what people have to act on, and that others act or need not any more. */
export const usual: readonly TicketEvent[] = [...urgent, 'acknowledged', 'commented', 'resolved'];

/** What a route may name. The other events say nothing to people: they are the engine's own notes. */
export const everyEvent = [
  'opened',
  'reopened',
  'raised',
  'lowered',
  'rated',
  'unrated',
  'assigned',
  'unassigned',
  'acknowledged',
  'snoozed',
  'woken',
  'commented',
  'escalated',
  'reminded',
  'merged',
  'unmerged',
  'resolved',
  'closed',
] as const satisfies readonly TicketEvent[];

export const isTold = (event: TicketEvent): boolean =>
  (everyEvent as readonly TicketEvent[]).includes(event);
