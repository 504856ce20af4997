import { createInterface } from 'node:readline';
import { exitCodes, RoundsmanError, UsageError } from '../../ground/errors.ts';
import { note, printError } from './print.ts';

/** Whether a person can be asked. Questions go to standard error, so that standard output stays clean. */
export const canAsk = (): boolean => Boolean(process.stdin.isTTY && process.stderr.isTTY);

/** Ctrl-C at a question: the command ends, and has written nothing. */
export class InterruptedError extends RoundsmanError {
  override readonly exitCode = exitCodes.interrupted;

  constructor() {
    super({
      what: 'interrupted, and nothing was changed',
      why: 'Ctrl-C was pressed at a question',
      hint: 'run it again',
    });
  }
}

/** A question is left without an answer, or cannot be asked because there is no terminal. */
export class UnansweredError extends UsageError {}

/**
 * The value of an option that was not given: on a terminal, asks until a text is entered that `check` does not refuse by a
 * {@link UsageError}; a refused text stays in the line, to be corrected. Elsewhere throws {@link UnansweredError}, which
 * names the option. Ask before anything is written: Ctrl-C throws {@link InterruptedError}, and the end of input
 * {@link UnansweredError}.
 */
export async function askFor(
  flag: string,
  question: string,
  otherwise = '',
  check: (text: string) => void | Promise<void> = () => {},
): Promise<string> {
  if (!canAsk())
    throw new UnansweredError({
      what: `${flag} is missing`,
      why: 'there is no terminal to ask on',
      hint: `give ${flag}; --help says what it takes`,
    });
  const prompt = otherwise ? `${question} [${otherwise}]: ` : `${question}: `;
  return answerTo(prompt, `give ${flag}`, async (line) => {
    const text = line.trim() || otherwise;
    if (!text) return { again: '' };
    const refused = await refusalOf(check, text);
    if (!refused) return { answer: text };
    printError(refused, null);
    return { again: text };
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
 * Whether a person agrees; any answer but yes is no. What a command with `--yes` does is done only after this, or with
 * that option: where there is no terminal, it throws {@link UnansweredError} instead of deciding for the person. Ctrl-C
 * and the end of input throw as in {@link askFor}, because a person who leaves has not said no to a part of it.
 */
export async function agrees(question: string): Promise<boolean> {
  if (!canAsk())
    throw new UnansweredError({
      what: 'nothing was changed',
      why: `this is asked first, and there is no terminal to ask on: ${question}`,
      hint: 'the same with --yes, which says yes',
    });
  return answerTo(`${question} [y/N]: `, 'give --yes', async (line) => ({
    answer: /^y(es)?$/i.test(line.trim()),
  }));
}

/**
 * What a line that was typed means: the answer, or that it is asked `again`, with this text in the line. One reader for
 * all tries, so that no key is lost between them.
 */
function answerTo<Answer>(
  prompt: string,
  otherwise: string,
  meaning: (line: string) => Promise<{ answer: Answer } | { again: string }>,
): Promise<Answer> {
  const lines = createInterface({ input: process.stdin, output: process.stderr, prompt });
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  lines.on('line', (line) => {
    void read(line).catch(reject);
  });
  async function read(line: string) {
    const meant = await meaning(line);
    if ('answer' in meant) return resolve(meant.answer);
    lines.prompt();
    if (meant.again) lines.write(meant.again);
  }
  // Without this listener Ctrl-C only closes the input, as Ctrl-D does.
  lines.once('SIGINT', () => reject(new InterruptedError()));
  lines.once('close', () =>
    reject(
      new UnansweredError({
        what: 'nothing was changed',
        why: 'a question was not answered: its input ended',
        hint: `run it again, or ${otherwise}`,
      }),
    ),
  );
  lines.prompt();
  return promise
    .catch((error: unknown) => {
      process.stderr.write('\n');
      throw error;
    })
    .finally(() => lines.close());
}

/**
 * What every command asks that has something done, before it writes (docs/cli.md names them): true with `--yes`, else
 * as {@link agrees}. A no is told.
 */
export async function goesAhead(
  { yes }: { yes?: true | undefined },
  question: string,
): Promise<boolean> {
  if (yes || (await agrees(question))) return true;
  note('nothing was changed');
  return false;
}
