import { printable } from '../../ground/text.ts';
import type { Round } from '../../services/round/make.ts';
import { counted, paint, say, section, severity } from '../terminal/print.ts';

/** Prints why open findings were not healed although a known entry fits them, each with its gate; `max` of them. */
export function printHeldBack({ findings, held_back = [] }: Round, max = Infinity): void {
  const known = held_back.filter(({ prospect }) => prospect !== null && prospect !== 'advise');
  if (known.length === 0) return;
  section(`Known, and not healed: ${counted(known.length, 'problem')}`);
  for (const { finding_id, knowledge, why } of known.slice(0, max)) {
    const finding = findings.find(({ id }) => id === finding_id)!;
    say(`${severity(finding.severity)}  ${printable(finding.title)}`, '  ');
    say(paint('dim', `  ${printable(knowledge!)}: ${printable(why)}`), '    ');
  }
  if (known.length > max) say(paint('dim', `and ${known.length - max} more`));
}

/** What is said where no action was taken. */
export function nothingHealed({ findings, held_back }: Round): string {
  if (findings.every(({ resolved_at }) => resolved_at !== null)) return 'Nothing had to be healed.';
  if (held_back && held_back.every(({ knowledge }) => knowledge === null))
    return 'Nothing that is known fits what is open.';
  return 'Nothing was healed.';
}
