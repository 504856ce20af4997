import { UsageError } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import type { PlacedProblem } from './files/read.ts';

/** How many mistakes one error lists. */
const maxProblems = 50;

/** Files with definitions that cannot be used: each mistake with its file, line and column. Nothing was changed. */
export class BadDefinitionsError extends UsageError {
  readonly problems: readonly PlacedProblem[];

  constructor(problems: readonly PlacedProblem[]) {
    const sorted = problems.toSorted(
      (a, b) => a.place.localeCompare(b.place) || a.line - b.line || a.column - b.column,
    );
    const reasons = sorted
      .slice(0, maxProblems)
      .map(({ place, line, column, message }) =>
        printable(`${place}:${line}:${column} ${message}`),
      );
    if (sorted.length > maxProblems) reasons.push(`and ${sorted.length - maxProblems} more`);
    super({
      what: 'the definitions cannot be used',
      why: reasons.join('; '),
      reasons,
      hint: 'docs/as-code.md says what files of definitions contain; `npx roundsman schema KIND` prints the JSON Schema that editors check them with',
    });
    this.problems = sorted;
  }
}
