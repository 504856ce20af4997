/** A solution as a person gives it: advice, or a playbook that can be carried out. */
import type { Catalogue } from '../../catalogue/catalogue.ts';
import { UsageError } from '../../ground/errors.ts';
import { storable } from '../../ground/text.ts';
import { isPlaybook, PlaybookError, readPlaybook } from '../../playbook/read.ts';
import { maxBytes } from '../../playbook/shape.ts';

/** How long a solution may be, in bytes of UTF-8. */
export { maxBytes } from '../../playbook/shape.ts';

export interface GivenSolution {
  /** where the text comes from, for errors: an option, a file */
  place: string;
  /** true if it has to be a playbook: otherwise a mistake in its first word would store it as advice, which no run carries out */
  isMeantAsPlaybook: boolean;
  /** called once, after the other options were accepted; it may throw {@link unusable} */
  text: () => string | Promise<string>;
}

/** The text in its stored form. Throws {@link UsageError}; for a playbook it says where the mistake is. */
export async function solutionOf(
  { place, isMeantAsPlaybook, text }: GivenSolution,
  catalogue: Catalogue,
): Promise<string> {
  const solution = storable(await text());
  if (!solution.trim()) throw unusable(place, 'it is empty');
  if (Buffer.byteLength(solution) > maxBytes) throw tooLong(place);
  if (!isMeantAsPlaybook && !isPlaybook(solution)) return solution;
  try {
    readPlaybook(solution, catalogue);
  } catch (error) {
    if (!(error instanceof PlaybookError)) throw error;
    const { what, hint } = error;
    const reasons = error.problemsIn(place);
    throw new UsageError({ what, why: reasons.join('; '), hint, reasons }, { cause: error });
  }
  if (!isPlaybook(solution)) throw unusable(place, 'the first word of a playbook is `steps:`');
  return solution;
}

const tooLong = (place: string): UsageError =>
  unusable(place, `it is longer than ${maxBytes} bytes`);

export const unusable = (place: string, why: string, cause?: unknown): UsageError =>
  new UsageError(
    {
      what: 'the solution cannot be used',
      why: `${place}: ${why}`,
      hint: 'give advice in a few sentences, or a playbook as docs/remedies.md describes it',
    },
    { cause },
  );
