import type { TicketRow } from '../../data/bots/bot-tickets.ts';
import type { Db } from '../../database/connect.ts';
import type { Severity } from '../../ground/severity.ts';
import { storable } from '../../ground/text.ts';
import {
  clearSeverity as clear,
  overrideSeverity as override,
} from '../../transitions/tickets/override-severity.ts';
import { authorise, type Actor } from '../actor.ts';
import { pendingTicketOf } from '../references/ticket.ts';
import { storableText } from './ticket-text.ts';

export interface Rated {
  ticket: TicketRow;
  before: Severity;
  /** nothing was changed: a person had rated it the same already, or there was no rating to take back */
  unchanged: boolean;
}

/**
 * Rates a pending ticket: it is as severe as the person says, whatever runs find, until that is taken back. For operators. Throws
 * NotFoundError, UsageError for a reason that is too long, TicketNotPendingError, TicketMergedError, and TicketChangedError when
 * another change came first.
 */
export async function overrideSeverity(
  { db, actor }: { db: Db; actor: Actor },
  { ticket: given, severity, reason }: { ticket: string; severity: Severity; reason: string },
): Promise<Rated> {
  authorise(actor, 'say how severe tickets are', 'operator');
  const said = {
    severity,
    reason: storableText(reason, `the severity of ${given} was not changed`),
  };
  const seen = await pendingTicketOf(db, given, 'rated');
  const unchanged =
    seen.severity_override === severity && seen.severity_override_reason === said.reason;
  const by = storable(actor.name);
  const ticket = unchanged
    ? seen
    : await db.transaction().execute((trx) => override(trx, seen, said, by));
  return { ticket, before: seen.severity, unchanged };
}

/** Takes a rating back: the ticket is as severe as runs find it. Throws as {@link overrideSeverity} does. */
export async function clearSeverity(
  { db, actor }: { db: Db; actor: Actor },
  { ticket: given }: { ticket: string },
): Promise<Rated> {
  authorise(actor, 'say how severe tickets are', 'operator');
  const seen = await pendingTicketOf(db, given, 'unrated');
  const unchanged = seen.severity_override === null;
  const by = storable(actor.name);
  const ticket = unchanged ? seen : await db.transaction().execute((trx) => clear(trx, seen, by));
  return { ticket, before: seen.severity, unchanged };
}
