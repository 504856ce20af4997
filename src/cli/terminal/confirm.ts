/** Whether to go on with what other rows depend on. */
import { UsageError } from '../../ground/errors.ts';
import { agrees, canAsk } from './ask.ts';
import { note } from './print.ts';

/**
 * Names on standard error what depends on a row, and asks on a terminal. False where the person does not agree. Throws
 * UsageError where there is no terminal, unless `yes`.
 */
export async function confirmed({
  what,
  question,
  depends,
  yes,
}: {
  /** what is not done without an answer, for the error */
  what: string;
  question: string;
  /** ours, or printable */
  depends: string[];
  yes: boolean;
}): Promise<boolean> {
  if (depends.length > 0) note('what depends on it:');
  for (const each of depends) note(`  ${each}`);
  if (yes) return true;
  if (!canAsk())
    throw new UsageError({
      what,
      why: `there is no terminal to ask on${depends.length > 0 ? `, and this depends on it: ${depends.join('; ')}` : ''}`,
      hint: 'give --yes to do it all the same',
    });
  if (await agrees(question)) return true;
  note('nothing was changed');
  return false;
}
