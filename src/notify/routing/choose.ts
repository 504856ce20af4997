/** Which channels are told of an event, by the routes of the settings. */
import type { Severity } from '../../ground/severity.ts';
import { fits } from '../../policy/fits.ts';
import type { Notifications } from '../settings/schema.ts';
import { isTold, usual, type TicketEvent } from '../telling.ts';

/** What routes look at, as the ticket is now. */
export interface Routed {
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

/**
 * The channels of the first route that fits, and of those behind it as far as the routes say `continue`; or why there
 * are none. Each channel once.
 */
export function choose(
  { routes }: Pick<Notifications, 'routes'>,
  told: Routed,
): { choices: Choice[]; reason: string | null } {
  const { event, severity, category, bot } = told;
  if (!isTold(event)) return { choices: [], reason: `${event} is the engine's own note` };
  const choices = new Map<string, Choice>();
  let reason = `no route fits: severity ${severity}, bot ${bot}`;
  for (const [at, route] of routes.entries()) {
    if (!fits(route.when, { severity, category, bot, assignee: told.assigned_to })) continue;
    const name = `route ${at + 1}`;
    if (!(route.on ?? usual).includes(event as never)) reason = `${name} does not tell of ${event}`;
    else if (route.to.length === 0) reason = `${name} tells no channel`;
    else
      for (const channel of route.to)
        if (!choices.has(channel)) choices.set(channel, { channel, route: name });
    if (!route.continue) break;
  }
  return { choices: [...choices.values()], reason: choices.size > 0 ? null : reason };
}
