import {
  setLeastTicketSeverity,
  showLeastTicketSeverity,
  type TicketSeverity,
} from '../../services/tickets/least-severity.ts';
import { actorOf } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import { note, say } from '../terminal/print.ts';
import type { ShowOptions } from '../arguments/show-options.ts';
import { printDocument, isData } from '../listing/document.ts';

interface FromOptions extends ShowOptions {
  as?: string;
}

const leastSeverityInWords = (severity: TicketSeverity): string =>
  `A finding gets a ticket when it is at least ${severity} and no known entry acts on it; critical and high ones always do.`;

export const showLeastSeverity = (options: FromOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const severity = await showLeastTicketSeverity(db);
    if (isData(options)) return printDocument({ tickets_from: severity }, options);
    say(leastSeverityInWords(severity));
  });

export const setLeastSeverity = (severity: TicketSeverity, options: FromOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const before = await setLeastTicketSeverity({ db, actor: actorOf(options.as) }, { severity });
    if (before === severity) note('it was set already; nothing changed');
    if (isData(options)) return printDocument({ tickets_from: severity }, options);
    say(leastSeverityInWords(severity));
  });
