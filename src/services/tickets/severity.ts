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
import { saidOf } from './said.ts';

export interface Rated {
  ticket: TicketRow;
  before: Severity;
  /** a person had said the same already, or nothing that could be taken back: nothing was changed */
  same: boolean;
}

/**
 * Says how severe a pending ticket is, whatever runs find, until that is taken back. For operators. Throws NotFoundError,
 * UsageError for a reason that is too long, TicketOverError, TicketMergedError, and TicketChangedError when another change
 * came first.
 */
export async function overrideSeverity(
  { db, actor }: { db: Db; actor: Actor },
  { ticket: given, severity, reason }: { ticket: string; severity: Severity; reason: string },
): Promise<Rated> {
  authorise(actor, 'say how severe tickets are', 'operator');
  const said = { severity, reason: saidOf(reason, `how severe ${given} is was not changed`) };
  const seen = await pendingTicketOf(db, given, 'rated');
  const same = seen.severity_override === severity && seen.severity_override_reason === said.reason;
  const by = storable(actor.name);
  const ticket = same
    ? seen
    : await db.transaction().execute((trx) => override(trx, seen, said, by));
  return { ticket, before: seen.severity, same };
}

/** Takes back what a person said: the ticket is as severe as what runs find. The same errors. */
export async function clearSeverity(
  { db, actor }: { db: Db; actor: Actor },
  { ticket: given }: { ticket: string },
): Promise<Rated> {
  authorise(actor, 'say how severe tickets are', 'operator');
  const seen = await pendingTicketOf(db, given, 'unrated');
  const same = seen.severity_override === null;
  const by = storable(actor.name);
  const ticket = same ? seen : await db.transaction().execute((trx) => clear(trx, seen, by));
  return { ticket, before: seen.severity, same };
}
