/** Asks before a change of a row on which others depend. */
import { goesAhead } from './ask.ts';
import { note } from './print.ts';

/** Names on standard error what depends on a row, and asks as {@link goesAhead} does. */
export async function confirmWithDependents({
  question,
  depends,
  yes,
}: {
  question: string;
  /** Roundsman's own words, or printable */
  depends: string[];
  yes?: true | undefined;
}): Promise<boolean> {
  if (depends.length > 0) note('what depends on it:');
  for (const each of depends) note(`  ${each}`, '    ');
  return goesAhead({ yes }, question);
}
