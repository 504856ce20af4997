/** What is known about the problem of a ticket: what is suggested, and which other entries fit. */
import { printable } from '../../ground/text.ts';
import { awaitsAnswer, type ListedDecision, type Suggestion } from '../../services/tickets/show.ts';
import { prose, section } from '../terminal/print.ts';

/** Each entry once: suggestions first, with the command to carry them out. */
export function printKnown(suggestions: Suggestion[], decisions: ListedDecision[]): void {
  const asked = suggestions.filter(awaitsAnswer);
  for (const { name, solution } of asked) printEntry('Suggested', name, solution);
  const printed = new Set(asked.map(({ name }) => name));
  for (const decision of decisions) {
    const { name, solution } = decision.bot_knowledge ?? {};
    if (!name || printed.has(name)) continue;
    printed.add(name);
    // The attempts show what became of it; older decisions say nothing about the present.
    if (decision.verdict === 'applied') continue;
    const suggestion = suggestions.find((each) => each.name === name);
    // A used approval is past: the attempts show its heal.
    const answer = suggestion?.used ? null : (suggestion?.answer ?? null);
    printEntry(headingOf(decision, answer), name, solution ?? '');
  }
}

function printEntry(heading: string, name: string, solution: string): void {
  section(`${heading}: ${printable(name)}`);
  prose(solution);
}

/** Why an entry that fits is not suggested. */
function headingOf(
  { verdict, gate, bot_knowledge }: ListedDecision,
  answer: Suggestion['answer'],
): string {
  if (answer !== null) return answer === 'rejected' ? 'Rejected' : 'Approved';
  if (bot_knowledge?.enabled === false) return 'Disabled';
  if (verdict === 'shadowed')
    return bot_knowledge?.autonomy === 'shadow' ? 'In shadow' : 'Was in shadow when it came';
  if (verdict === 'held_out') return 'Left alone for one run';
  return gate ? `Kept back by the gate ${printable(gate)}` : 'Known';
}
