/** Of which events of tickets people are told. */
import type { Selectable } from 'kysely';
import type { BotTicketEvents } from '../database/tables.ts';

export type TicketEvent = Selectable<BotTicketEvents>['event'];

/** The ticket is new, or open again. */
export const openingEvents: readonly TicketEvent[] = ['opened', 'reopened'];

/** People are told at once of these events of a critical ticket. */
export const urgentEvents: readonly TicketEvent[] = [
  ...openingEvents,
  'raised',
  'escalated',
  'reminded',
  'woken',
];

/** The events of a route without `on`: people have to act, another person acts, or the problem is gone. */
export const usualEvents: readonly TicketEvent[] = [
  ...urgentEvents,
  'acknowledged',
  'commented',
  'resolved',
];

/** The events that a route may name. People are not told of the others: the engine writes those only for itself. */
export const routableEvents = [
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
  (routableEvents as readonly TicketEvent[]).includes(event);
