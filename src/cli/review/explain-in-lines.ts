/** Why a ticket's problem is not healed, in lines: what `tickets explain` prints in tables. */
import { printable } from '../../ground/text.ts';
import { explainFinding } from '../../services/findings/explain.ts';
import { isStorm } from '../../services/tickets/list.ts';
import type { Review } from '../../services/tickets/review.ts';
import { tooFewInWords } from '../findings/counted-events.ts';
import { prospectInWords } from '../findings/prospect.ts';
import { lowerBound, scopeOf } from '../knowledge/figures.ts';
import { relative } from '../terminal/print.ts';
import { nameOf, type Context } from './actions/action.ts';

export async function explainInLines({ db, catalogue }: Context, seen: Review): Promise<string[]> {
  if (isStorm(seen.ticket))
    return [
      `${nameOf(seen)} stands for a storm: no heal begins before it is over.`,
      `\`npx roundsman tickets explain ${nameOf(seen)}\` lists what it stands for.`,
    ];
  const { finding, explanation, about, tooFewSince, now } = await explainFinding(
    { db, catalogue },
    { ticket: seen.ticket.id },
  );
  const { candidates, untried, decisions } = explanation;
  const first = candidates.find(({ prospect }) => prospect === 'apply' || prospect === 'hold out');
  const does = candidates.flatMap((each) => {
    const { candidate, figures } = each;
    const record = figures.records[figures.context];
    const achieved =
      record.decided > 0
        ? `held ${record.held} of ${record.decided}, lower bound ${lowerBound(record)} (${scopeOf(figures)})`
        : 'no heal of it is decided yet';
    return [
      `  ${printable(candidate.name)}, ${candidate.autonomy}: ${achieved}`,
      `    ${prospectInWords(each, { first: first?.candidate.name, about, now })}`,
    ];
  });
  return [
    ...(tooFewSince ? [`Counted: ${tooFewInWords(tooFewSince, now)}.`, ''] : []),
    finding.resolved_at ? 'Its finding is gone.' : 'What a run would do now:',
    ...(does.length > 0 || finding.resolved_at ? does : ['  No known entry matches.']),
    ...(untried.length > 0
      ? [`  Not known whether they match: ${untried.map(printable).join(', ')}`]
      : []),
    '',
    'What was decided, the newest first:',
    ...(decisions.length > 0
      ? decisions.map(
          ({ decided_at, verdict, gate, answer, bot_knowledge }) =>
            `  ${relative(decided_at, now)}  ${printable(bot_knowledge?.name ?? '-')} ${verdict}${gate ? ` (gate ${printable(gate)})` : ''}${answer ? `, ${answer}` : ''}`,
        )
      : ['  Nothing: no run has come to it, or no entry matched.']),
  ];
}
