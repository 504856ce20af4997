import { createInterface } from 'node:readline/promises';
import { UsageError } from '../../ground/errors.ts';
import { printError } from './print.ts';

/** Whether a person can be asked. Questions go to standard error, so that standard output stays clean. */
export const canAsk = (): boolean => Boolean(process.stdin.isTTY && process.stderr.isTTY);

/**
 * The value of an option that was not given: on a terminal, asks until a text is entered that `check` does not refuse by a
 * {@link UsageError}; a refused text stays in the line, to be corrected. Elsewhere throws a {@link UsageError} that names
 * the option.
 */
export async function askFor(
  flag: string,
  question: string,
  otherwise = '',
  check: (text: string) => void | Promise<void> = () => {},
): Promise<string> {
  if (!canAsk())
    throw new UsageError({
      what: `${flag} is missing`,
      why: 'there is no terminal to ask on',
      hint: `give ${flag}; --help says what it takes`,
    });
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  lines.setPrompt(otherwise ? `${question} [${otherwise}]: ` : `${question}: `);
  try {
    lines.prompt();
    for await (const answer of lines) {
      const text = answer.trim() || otherwise;
      const refused = text ? await refusalOf(check, text) : null;
      if (text && !refused) return text;
      if (refused) printError(refused, null);
      lines.prompt();
      // What was typed is kept: it is in the line again.
      if (refused) lines.write(text);
    }
  } finally {
    lines.close();
  }
  // Ctrl-C and Ctrl-D end the input.
  throw new UsageError({
    what: `${flag} is missing`,
    why: 'the question was not answered, and nothing was changed',
    hint: `run it again, or give ${flag}`,
  });
}

/** Why the text is refused; null where it is not. */
async function refusalOf(
  check: (text: string) => void | Promise<void>,
  text: string,
): Promise<UsageError | null> {
  try {
    await check(text);
    return null;
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
}

/**
 * Whether a person on a terminal agrees. True where there is no terminal: the author of the script has decided
 * already.
 */
export async function agrees(question: string): Promise<boolean> {
  if (!canAsk()) return true;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  lines.setPrompt(`${question} [y/N]: `);
  try {
    lines.prompt();
    for await (const answer of lines) return /^y(es)?$/i.test(answer.trim());
    return false;
  } finally {
    lines.close();
  }
}
