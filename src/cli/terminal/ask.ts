import { createInterface } from 'node:readline/promises';
import { UsageError } from '../../ground/errors.ts';

/** Whether a person can be asked. Questions go to standard error, so that standard output stays clean. */
export const canAsk = (): boolean => Boolean(process.stdin.isTTY && process.stderr.isTTY);

/**
 * The value of an option that was not given: on a terminal, asks until a text is entered; elsewhere throws a {@link
 * UsageError} that names the option.
 */
export async function askFor(flag: string, question: string, otherwise = ''): Promise<string> {
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
      if (answer.trim() || otherwise) return answer.trim() || otherwise;
      lines.prompt();
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

/**
 * Whether a person on a terminal agrees. True if there is no terminal: the author of the script has decided already.
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
