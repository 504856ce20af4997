import { counted, printable } from '../../ground/text.ts';
import type { FindingContext, Explained } from '../../services/findings/explain.ts';
import { gatesInWords } from '../../services/findings/gate-in-words.ts';

/** What a run would do now with the candidate, and why. */
export function prospectInWords(
  explained: Explained,
  { first, about, now }: { first: string | undefined; about: FindingContext; now: Date },
): string {
  const { prospect, inputs, storm } = explained;
  const unless = storm
    ? `, unless the ${counted(inputs!.broken_components, 'broken component')} are more than the storm share of the components that the run examines`
    : '';
  switch (prospect) {
    case 'apply':
      return `would be applied${unless}`;
    case 'hold out':
      return `would be left alone for one run, to see whether it recovers by itself${unless}`;
    case 'wait':
      return `its gates are open; ${printable(first ?? 'another one')} is tried first`;
    case 'advise':
      return explained.candidate.autonomy === 'shadow'
        ? 'advice in shadow: it suggests nothing; the ticket names it as in shadow'
        : 'advice: shown on the ticket for a person';
    case 'closed':
      return printable(gatesInWords(explained, about, now)!);
  }
}
