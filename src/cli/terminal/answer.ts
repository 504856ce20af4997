/** Reads the answer to one question from the terminal. */
import { createInterface } from 'node:readline';
import { whenClosed } from './closed.ts';
import type { Draft } from './draft.ts';
import { takeNoKeysAsText } from './dumb-keys.ts';
import { inLines } from './in-lines.ts';
import { suspend } from './suspend.ts';
import { dropTypedAhead } from './typed-ahead.ts';
import { InterruptedError, UnansweredError } from './unanswered.ts';
import { columnsOf } from './width.ts';

/** Lines that come closer together than a person types them were pasted, and are one text. */
export const pasteMs = 100;

/**
 * Shows the prompt and reads texts until one is the answer. `meaning` says what a text means: the answer, or `again` to ask
 * once more, on an empty line (the arrow up brings back what was typed). Lines that are pasted are one text with line
 * breaks, and the last of them waits for Enter. One reader serves all tries, so that no key is lost between them.
 * `alternative` says, in an error, how to give the answer without the question. What is typed and not answered stays in the draft.
 */
export async function readAnswer<Answer>(
  prompt: string,
  alternative: string,
  meaning: (text: string) => Promise<{ answer: Answer } | 'again'>,
  draft?: Draft,
): Promise<Answer> {
  await dropTypedAhead();
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  // Before the reader: it closes on the same error, which would be taken for the end of input.
  const stopListening = whenClosed(reject);
  const lines = createInterface({
    input: process.stdin,
    output: process.stderr,
    prompt: inWidth(prompt),
  });
  const rejectUnanswered = () =>
    reject(
      new UnansweredError({
        what: 'nothing was changed',
        why: 'a question was not answered: its input ended',
        hint: `run it again, or ${alternative}`,
      }),
    );
  let ended = process.stdin.readableEnded;
  if (process.env.TERM === 'dumb') takeNoKeysAsText(lines);
  const { stop, typed } = collectTexts(lines, (text) => void read(text).catch(reject));
  const stopWatching = draft?.watch(() => {
    markPastes(false);
    // A signal may end the process right after this.
    process.stdin.setRawMode(false);
    return typed();
  });
  async function read(text: string) {
    const meant = await meaning(text);
    if (meant !== 'again') return resolve(meant.answer);
    if (ended) return rejectUnanswered();
    lines.prompt();
  }
  // Without this listener Ctrl-C only closes the input, as Ctrl-D does.
  lines.once('SIGINT', () => reject(new InterruptedError()));
  lines.on('SIGTSTP', () => {
    lines.pause();
    markPastes(false);
    suspend(() => {
      markPastes(true);
      lines.prompt(true);
    });
  });
  lines.once('close', () => {
    ended = true;
    const last = stop();
    if (last === null) rejectUnanswered();
    else void read(last).catch(reject);
  });
  markPastes(true);
  if (ended) rejectUnanswered();
  else lines.prompt();
  return promise
    .then((answer) => {
      stopWatching?.(false);
      return answer;
    })
    .catch((error: unknown) => {
      stopWatching?.(true);
      process.stderr.write('\n');
      throw error;
    })
    .finally(() => {
      markPastes(false);
      lines.close();
      stopListening();
    });
}

/** The prompt in lines that fit the terminal, which would itself break words in the middle. */
const inWidth = (prompt: string): string =>
  inLines(prompt.trimEnd(), '', columnsOf(process.stderr) - 1).join('\n') +
  prompt.slice(prompt.trimEnd().length);

/** Asks the terminal to send a mark before and after each paste. A terminal that does not know this ignores it. */
function markPastes(on: boolean): void {
  if (process.env.TERM !== 'dumb') process.stderr.write(`\u001B[?2004${on ? 'h' : 'l'}`);
}

/**
 * Calls `give` with each text that was entered: a line, or the lines of a paste together. `stop` ends this, and returns the text
 * that was not given yet; null where there is none. `typed` is that text with the line that is not entered yet.
 */
function collectTexts(
  lines: ReturnType<typeof createInterface>,
  give: (text: string) => void,
): { stop: () => string | null; typed: () => string } {
  const entered: string[] = [];
  let isPasting = false;
  let pasteTimer: NodeJS.Timeout | undefined;
  const text = () => (entered.length > 0 ? entered.splice(0).join('\n') : null);
  const giveWhenComplete = () => {
    // A paste may end within a line, which the person then ends.
    if (!isPasting && lines.line === '' && entered.length > 0) give(text()!);
  };
  const giveSoon = () => {
    clearTimeout(pasteTimer);
    pasteTimer = setTimeout(giveWhenComplete, pasteMs);
  };
  const onKey = (_: string | undefined, { name }: { name?: string }) => {
    if (name === 'paste-start') isPasting = true;
    if (name !== 'paste-end') return;
    isPasting = false;
    giveSoon();
  };
  lines.on('line', (line) => {
    entered.push(line);
    giveSoon();
  });
  process.stdin.on('keypress', onKey);
  return {
    typed: () => [...entered, lines.line].join('\n'),
    stop() {
      clearTimeout(pasteTimer);
      process.stdin.off('keypress', onKey);
      return text();
    },
  };
}
