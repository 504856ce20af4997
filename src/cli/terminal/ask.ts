import { UsageError } from '../../ground/errors.ts';
import { readAnswer } from './answer.ts';
import type { Draft } from './draft.ts';
import { note, printError } from './print.ts';
import { UnansweredError } from './unanswered.ts';

/** Whether a person can be asked. Questions go to standard error, so that standard output stays clean. */
export const canAsk = (): boolean => Boolean(process.stdin.isTTY && process.stderr.isTTY);

interface Question {
  /** the answer where only Enter is pressed */
  defaultAnswer?: string | undefined;
  /** Enter alone is an answer, the empty text; what it means stands in the question */
  mayBeEmpty?: true;
  /** throws a {@link UsageError} for a text that is refused; it is asked again then */
  check?: (text: string) => void | Promise<void>;
  /** prose, which may have several lines when it is pasted; every other answer is one line */
  isProse?: true;
  /** keeps the answer until it is stored, and the typed part of it when the person leaves the question */
  draft?: Draft;
}

/**
 * The value of an option that was not given: on a terminal, asks until a text is entered that is not refused. Elsewhere throws {@link UnansweredError}, which
 * names the option. Ask before anything is written: Ctrl-C throws {@link InterruptedError}, and the end of input
 * {@link UnansweredError}.
 */
export async function askFor(
  flag: string,
  question: string,
  { defaultAnswer = '', mayBeEmpty, check = () => {}, isProse, draft }: Question = {},
): Promise<string> {
  if (!canAsk())
    throw new UnansweredError({
      what: `${flag} is missing`,
      why: 'there is no terminal to ask on',
      hint: `give ${flag}; --help says what it takes`,
    });
  const prompt = defaultAnswer ? `${question} [${defaultAnswer}]: ` : `${question}: `;
  const meaning = async (typed: string) => {
    const text = typed.trim() || defaultAnswer;
    if (!text) return mayBeEmpty ? { answer: '' } : 'again';
    const isOneLine = !text.includes('\n');
    const refused = isOneLine || isProse ? await refusalOf(check, text) : severalLines(flag);
    if (!refused) return { answer: text };
    printError(refused, null);
    return 'again';
  };
  const answer = await readAnswer<string>(prompt, `give ${flag}`, meaning, draft);
  return draft ? draft.keep(answer) : answer;
}

const severalLines = (flag: string): UsageError =>
  new UsageError({
    what: `${flag} is not taken from several lines`,
    why: 'several lines came at once, as when they are pasted, and it has to be one line',
    hint: 'type or paste that line alone',
  });

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
 * Whether a person agrees; any answer but yes is no. A command that has `--yes` acts only after this or with that option: where
 * there is no terminal, this throws {@link UnansweredError} instead of deciding for the person. Ctrl-C and the end of input throw
 * as in {@link askFor}, because a person who leaves has not said no to a part of it.
 */
export async function agrees(question: string, flag = '--yes'): Promise<boolean> {
  if (!canAsk())
    throw new UnansweredError({
      what: 'nothing was changed',
      why: `this is asked first, and there is no terminal to ask on: ${question}`,
      hint: `the same with ${flag}, which says yes`,
    });
  return readAnswer(`${question} [y/N]: `, `give ${flag}`, async (line) => ({
    answer: /^y(es)?$/i.test(line.trim()),
  }));
}

/**
 * The question before a command writes (docs/cli.md names the commands that ask): true with `--yes`, else as {@link agrees}.
 * Says on standard error that nothing was changed if the answer is no.
 */
export async function goesAhead(
  { yes }: { yes?: true | undefined },
  question: string,
): Promise<boolean> {
  if (yes || (await agrees(question))) return true;
  note('nothing was changed');
  return false;
}
