/** Resolve a ticket, and make an entry of knowledge, in shadow, of its title and what was done. */
import { counted, printable } from '../../../ground/text.ts';
import {
  learn as store,
  propose,
  replayedDays,
  type Proposal,
} from '../../../services/tickets/learn.ts';
import { isStorm } from '../../../services/tickets/list.ts';
import { resolveTicket } from '../../../services/tickets/resolve.ts';
import { nameOf, type ReviewAction } from './action.ts';
import { whyNotPending } from './pending.ts';
import { notesQuestion } from './resolve.ts';

export const learn: ReviewAction = {
  key: 'l',
  name: 'learn',
  words: 'resolve it with what was done, and store that as knowledge, in shadow',
  refusal: (seen) =>
    whyNotPending(seen) ??
    (isStorm(seen.ticket) ? 'nothing can be learnt from the ticket of a storm' : null),
  questions: (seen) => [notesQuestion(seen)],
  warning: (seen) =>
    `${nameOf(seen)} is resolved, and an entry is added; only \`knowledge remove\` takes it away`,
  async preview({ db }, { ticket }, [text]) {
    const proposal = await propose(db, ticket, text!);
    return { lines: proposalInLines(proposal), kept: proposal };
  },
  async perform(context, seen, [text], kept) {
    const { ticket } = seen;
    const resolved = await resolveTicket(context, {
      ticket,
      cure: undefined,
      notes: text!,
      refuseIfChanged: true,
    });
    const { entry } = await store(context, resolved, kept as Proposal);
    return {
      message: `Resolved ${nameOf(seen)} and learnt ${entry.name}, in shadow`,
      undo: {
        cannot: `what was learnt is taken away with \`npx roundsman knowledge remove ${entry.name}\`, and \`npx roundsman tickets reopen ${nameOf(seen)}\` opens the ticket again`,
      },
    };
  },
};

const proposalInLines = ({
  name,
  category,
  issue_pattern,
  solution,
  replay,
}: Proposal): string[] => [
  'To be learnt, in shadow:',
  `  name      ${printable(name)}`,
  `  category  ${printable(category)}`,
  `  pattern   ${printable(issue_pattern)}`,
  `  solution  ${printable(solution)}`,
  `  would have matched ${replay.matched} of ${counted(replay.examined, 'finding')} of the last ${replayedDays} days`,
  ...replay.wrongMatches.map(
    (each) => `  wrongly   ${counted(each.findings, 'finding')} that ${printable(each.name)} cured`,
  ),
];
