/** Which channels are told of an event, by the routes of the settings. */
import type { Severity } from '../../ground/severity.ts';
import { fits } from '../../policy/fits.ts';
import type { Notifications } from '../settings/schema.ts';
import { isTold, usualEvents, type TicketEvent } from '../ticket-events.ts';

/** What routes look at: an event, and the ticket as it is now. */
export interface RoutedEvent {
  event: TicketEvent;
  severity: Severity;
  category: string | null;
  bot: string;
  assigned_to: string | null;
}

/** Where it goes, and which route decided, as people count them: `route 2`. */
export interface Choice {
  channel: string;
  route: string;
}

/** The channels of the morning report: those of all routes with `report: true`, each once. */
export function chooseForReport({ routes }: Pick<Notifications, 'routes'>): Choice[] {
  const choices = new Map<string, Choice>();
  for (const [index, { report, to }] of routes.entries())
    for (const channel of report ? to : [])
      if (!choices.has(channel)) choices.set(channel, { channel, route: `route ${index + 1}` });
  return [...choices.values()];
}

/**
 * The channels of the first route that fits, each once; while a route says `continue`, also those of the next one that fits. If
 * there are none, `reason` says why.
 */
export function choose(
  { routes }: Pick<Notifications, 'routes'>,
  routed: RoutedEvent,
): { choices: Choice[]; reason: string | null } {
  const { event, severity, category, bot, assigned_to: assignee } = routed;
  if (!isTold(event)) return { choices: [], reason: `${event} is the engine's own note` };
  const choices = new Map<string, Choice>();
  let reason = `no route fits: severity ${severity}, bot ${bot}`;
  for (const [index, route] of routes.entries()) {
    if (route.report || !fits(route.when, { severity, category, bot, assignee })) continue;
    const name = `route ${index + 1}`;
    if (!(route.on ?? usualEvents).includes(event as never))
      reason = `${name} does not tell of ${event}`;
    else if (route.to.length === 0) reason = `${name} tells no channel`;
    else
      for (const channel of route.to)
        if (!choices.has(channel)) choices.set(channel, { channel, route: name });
    if (!route.continue) break;
  }
  return { choices: [...choices.values()], reason: choices.size > 0 ? null : reason };
}
