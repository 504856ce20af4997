import { UsageError } from '../../ground/errors.ts';
import { printable, storable } from '../../ground/text.ts';
import { wayToResolve } from '../../services/findings/counted-events.ts';
import { ticketNumber, namesTicket } from '../../services/references/ticket.ts';
import { assigneeOf, assignTicket } from '../../services/tickets/assign.ts';
import { learn, propose } from '../../services/tickets/learn.ts';
import { findResolvable, resolveTicket } from '../../services/tickets/resolve.ts';
import { unknownNameInWords } from '../../services/references/unknown-name.ts';
import { actorName, actorOf } from '../arguments/actor.ts';
import { resolvesInWords } from '../findings/counted-events.ts';
import { tellWarnings } from '../knowledge/warnings.ts';
import { agrees, askFor } from '../terminal/ask.ts';
import { withDraft } from '../terminal/draft.ts';
import { doEach } from '../terminal/do-each.ts';
import { asNotesFile, longText, type LongTextOptions } from '../terminal/long-text.ts';
import { withDatabase } from '../session/database.ts';
import { printJson, note, say } from '../terminal/print.ts';
import { idOf, type ChangeOptions } from './lifecycle.ts';
import { proposalDocument, showProposal } from './proposal.ts';

interface AssignOptions extends ChangeOptions {
  to?: string;
}

/** One ticket is followed by the person; for several, --to names the person, so that no ticket is taken for a person. */
function splitPerson(given: string[], { to }: AssignOptions): { tickets: string[]; who: string } {
  const refuse = (why: string, hint: string) =>
    new UsageError({ what: 'no ticket was assigned', why, hint });
  if (to !== undefined) {
    const odd = given.find((each) => !namesTicket(each));
    if (odd === undefined) return { tickets: given, who: to };
    throw refuse(`${odd} is not a ticket, and --to names the person`, 'name the person once');
  }
  const [ticket, who, ...more] = given as [string, ...string[]];
  if (who === undefined)
    throw refuse('it is not said to whom', `\`npx roundsman tickets assign ${ticket} ann\``);
  if (more.length > 0 || ticketNumber.test(who))
    throw refuse(
      more.length > 0 ? 'it is not said which of them is the person' : `${who} is a ticket`,
      `of several tickets: \`npx roundsman tickets assign ${ticket} T-42 --to ann\``,
    );
  return { tickets: [ticket], who };
}

export async function assign(given: string[], options: AssignOptions): Promise<void> {
  const { tickets, who } = splitPerson(given, options);
  // Checked before the database is opened.
  const name = assigneeOf(who, tickets[0]!, actorName(options.as));
  await withDatabase(async ({ db }) => {
    const warning = await unknownNameInWords(db, 'assignee', name, { onlyNear: true });
    if (warning) note(warning);
    await doEach(tickets, options, {
      idOf: idOf(db),
      async act(ticket) {
        const assigned = await assignTicket({ db, actor: actorOf(options.as) }, { ticket, who });
        if (!options.json) tellAssigned(assigned);
        return assigned.ticket;
      },
    });
  });
}

function tellAssigned(given: Awaited<ReturnType<typeof assignTicket>>): void {
  const { number, assigned_to } = given.ticket;
  const before =
    given.before && given.before !== assigned_to ? `, it was ${printable(given.before)}'s` : '';
  const stopped = given.took ? ' Its response clock has stopped.' : '';
  say(
    given.unchanged
      ? `T-${number} is ${printable(assigned_to!)}'s already.`
      : `Assigned T-${number} to ${printable(assigned_to!)}${before}.${stopped}`,
  );
}

interface ResolveOptions extends ChangeOptions, LongTextOptions {
  notes?: string;
  with?: string;
  learn?: true;
  yes?: true;
}

export const resolve = (given: string, options: ResolveOptions): Promise<void> =>
  withDraft(asNotesFile, (draft) =>
    withDatabase(async ({ db }) => {
      const { ticket: seen, cure } = await findResolvable(db, {
        ticket: given,
        with: options.with,
      });
      const notes = storable(
        options.notes?.trim() ||
          (await longText(options, draft)) ||
          (await askFor('--notes', 'What was done', { isProse: true, draft })),
      );
      const proposal = options.learn ? await propose(db, seen, notes) : null;
      if (proposal && !options.json) showProposal(proposal);
      const learns = proposal && (options.yes || (await agrees('Learn this?')));
      const context = { db, actor: actorOf(options.as) };
      const { merged: _, ...ticket } = await resolveTicket(context, { ticket: seen, cure, notes });
      const learnt = learns ? await learn(context, ticket, proposal) : null;
      if (learnt) tellWarnings(learnt.warnings);
      const entry = learnt?.entry ?? null;
      if (options.json)
        return printJson(
          proposal
            ? { ...ticket, proposal: proposalDocument(proposal), bot_knowledge: entry }
            : ticket,
        );
      const how =
        cure &&
        (cure.knowledge ? ` with ${printable(cure.knowledge.name)}` : ', with no known entry');
      const rest = resolvesInWords(await wayToResolve(db, seen));
      say(`Resolved T-${seen.number}${how ?? ''}. ${rest}.`);
      if (entry) say(`Learnt ${entry.name}: see \`npx roundsman knowledge show ${entry.name}\`.`);
    }),
  );
