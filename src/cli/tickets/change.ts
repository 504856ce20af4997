import { printable, storable } from '../../ground/text.ts';
import { assigneeOf, assignTicket } from '../../services/tickets/assign.ts';
import { learn, propose } from '../../services/tickets/learn.ts';
import { isStorm } from '../../services/tickets/list.ts';
import { findResolvable, resolveTicket } from '../../services/tickets/resolve.ts';
import { unmetName } from '../../services/references/unmet.ts';
import { actor, actorOf } from '../arguments/actor.ts';
import { tellWarnings } from '../knowledge/warnings.ts';
import { agrees, askFor } from '../terminal/ask.ts';
import { longText, type LongTextOptions } from '../terminal/long-text.ts';
import { withDatabase } from '../session/database.ts';
import { json, note, say } from '../terminal/print.ts';
import { showProposal } from './proposal.ts';

interface ChangeOptions {
  as?: string;
  json?: true;
}

export async function assign(ticket: string, who: string, options: ChangeOptions): Promise<void> {
  // Checked before the database is opened.
  const name = assigneeOf(who, ticket, actor(options.as));
  await withDatabase(async ({ db }) => {
    const unmet = await unmetName(db, 'assignee', name, { onlyNear: true });
    if (unmet) note(unmet);
    const given = await assignTicket({ db, actor: actorOf(options.as) }, { ticket, who });
    if (options.json) return json(given.ticket);
    const { number, assigned_to } = given.ticket;
    const before =
      given.before && given.before !== assigned_to ? `, it was ${printable(given.before)}'s` : '';
    const stopped = given.took ? ' Its response clock has stopped.' : '';
    say(
      given.same
        ? `T-${number} is ${printable(assigned_to!)}'s already.`
        : `Assigned T-${number} to ${printable(assigned_to!)}${before}.${stopped}`,
    );
  });
}

interface ResolveOptions extends ChangeOptions, LongTextOptions {
  notes?: string;
  with?: string;
  learn?: true;
  yes?: true;
}

export const resolve = (given: string, options: ResolveOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { ticket: seen, cure } = await findResolvable(db, { ticket: given, with: options.with });
    const notes = storable(
      options.notes?.trim() ||
        (await longText(options)) ||
        (await askFor('--notes', 'What was done', { isProse: true })),
    );
    const proposal = options.learn ? await propose(db, seen, notes) : null;
    if (proposal && !options.json) showProposal(proposal);
    const learns = proposal && (options.yes || (await agrees('Learn this?')));
    const context = { db, actor: actorOf(options.as) };
    const ticket = await resolveTicket(context, { ticket: seen, cure, notes });
    const learnt = learns ? await learn(context, ticket, proposal) : null;
    if (learnt) tellWarnings(learnt.warnings);
    const entry = learnt?.entry ?? null;
    if (options.json)
      return json(proposal ? { ...ticket, proposal, bot_knowledge: entry } : ticket);
    const how =
      cure &&
      (cure.knowledge ? ` with ${printable(cure.knowledge.name)}` : ', with nothing that is known');
    const rest = isStorm(seen)
      ? 'Its findings resolve at the next clean check, each its own'
      : 'Its finding resolves at the next clean check';
    say(`Resolved T-${seen.number}${how ?? ''}. ${rest}.`);
    if (entry) say(`Learnt ${entry.name}: see \`npx roundsman knowledge show ${entry.name}\`.`);
  });
