import {
  changeTicketsFrom,
  showTicketsFrom,
  type TicketSeverity,
} from '../../services/tickets/from.ts';
import { actorOf } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import { json, note, say } from '../terminal/print.ts';

interface FromOptions {
  as?: string;
  json?: true;
}

const inWords = (severity: TicketSeverity): string =>
  `A finding gets a ticket from ${severity} on when nothing that is known acts on it; critical and high ones always do.`;

export const showFrom = (options: FromOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const severity = await showTicketsFrom(db);
    if (options.json) return json({ tickets_from: severity });
    say(inWords(severity));
  });

export const setFrom = (severity: TicketSeverity, options: FromOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const before = await changeTicketsFrom({ db, actor: actorOf(options.as) }, { severity });
    if (before === severity) note('it was so already; nothing changed');
    if (options.json) return json({ tickets_from: severity });
    say(inWords(severity));
  });
