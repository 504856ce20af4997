import {
  assignTicket,
  pending,
  resolveTicket,
  type Cure,
  type TicketRow,
} from '../../data/bots/bot-tickets.ts';
import type { Db } from '../../database/connect.ts';
import { RoundsmanError, UsageError } from '../../ground/errors.ts';
import { printable, storable } from '../../ground/text.ts';
import { actor } from '../arguments/actor.ts';
import { agrees, askFor } from '../terminal/ask.ts';
import { withDatabase } from '../session/database.ts';
import { json, say, time } from '../terminal/print.ts';
import { knowledgeOf, ticketOf } from '../arguments/references.ts';
import { learn, propose, showProposal } from './learn.ts';

/** The ticket ended before: nothing about it changes any more. */
export class TicketOverError extends RoundsmanError {}

/** Characters that bot_tickets.assigned_to holds. */
const longestName = 50;

interface ChangeOptions {
  as?: string;
  json?: true;
}

export async function assign(given: string, who: string, options: ChangeOptions): Promise<void> {
  const name = storable(who.trim());
  if (!name || [...name].length > longestName)
    throw new UsageError({
      what: 'the ticket cannot be assigned',
      why: name ? `the name is longer than ${longestName} characters` : 'the name is empty',
      hint: `npx roundsman tickets assign ${given} ann`,
    });
  await withDatabase(async ({ db }) => {
    const seen = await ticketOf(db, given);
    refuseOver(seen, 'assigned');
    const same = seen.assigned_to === name;
    const ticket = same ? seen : await assignTicket(db, seen, name, actor(options.as));
    if (options.json) return json(ticket);
    const before = seen.assigned_to ? `, it was ${printable(seen.assigned_to)}'s` : '';
    say(
      same
        ? `T-${seen.number} is ${printable(name)}'s already.`
        : `Assigned T-${seen.number} to ${printable(name)}${before}.`,
    );
  });
}

interface ResolveOptions extends ChangeOptions {
  notes?: string;
  with?: string;
  learn?: true;
  yes?: true;
}

export const resolve = (given: string, options: ResolveOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const seen = await ticketOf(db, given);
    refuseOver(seen, 'resolved');
    const cure = options.with === undefined ? undefined : await cureOf(db, options.with);
    const notes = storable(options.notes?.trim() || (await askFor('--notes', 'What was done')));
    const proposal = options.learn ? await propose(db, seen, notes) : null;
    if (proposal && !options.json) showProposal(proposal);
    const learns = proposal && (options.yes || (await agrees('Learn this?')));
    const by = storable(actor(options.as));
    const ticket = await resolveTicket(db, seen, notes, by, cure);
    const learnt = learns ? await learn(db, ticket, proposal, by) : null;
    if (options.json)
      return json(proposal ? { ...ticket, proposal, bot_knowledge: learnt } : ticket);
    const how =
      cure &&
      (cure.knowledge ? ` with ${printable(cure.knowledge.name)}` : ', with nothing that is known');
    say(`Resolved T-${seen.number}${how ?? ''}. Its finding resolves at the next clean check.`);
    if (learnt) say(`Learnt ${learnt.name}: see \`npx roundsman knowledge show ${learnt.name}\`.`);
  });

/** `none` says that nothing that is known would have helped. */
const cureOf = async (db: Db, named: string): Promise<Cure> => ({
  knowledge: named === 'none' ? null : await knowledgeOf(db, named),
});

/** Throws {@link TicketOverError}. */
export function refuseOver(ticket: TicketRow, wanted: string): void {
  if (pending.includes(ticket.status)) return;
  const { number, status, resolved_by: by, resolved_at: at } = ticket;
  throw new TicketOverError({
    what: `T-${number} cannot be ${wanted}`,
    why: `it is ${status}${by ? ` by ${by}` : ''} since ${time(at)} UTC`,
    hint: `see \`npx roundsman tickets show T-${number}\`; if the problem comes back, so does a ticket`,
  });
}
