/**
 * The value of a secret from a person or a program: never as an argument, which other users can see in the list of
 * processes.
 */
import { UsageError } from '../../ground/errors.ts';
import { pasteMs } from '../terminal/answer.ts';
import { whenClosed } from '../terminal/closed.ts';
import { pipedText } from '../terminal/piped.ts';
import { suspend } from '../terminal/suspend.ts';
import { dropTypedAhead } from '../terminal/typed-ahead.ts';
import { InterruptedError, UnansweredError } from '../terminal/unanswered.ts';

const [interrupt, end, backspace, del] = ['\u0003', '\u0004', '\b', '\u007F'];
const [killLine, ctrlZ] = ['\u0015', '\u001A'];

/** On a terminal, asks for it without echo; else reads all of standard input, without the end of its last line. */
export const readValue = (question: string, maxBytes: number): Promise<string> =>
  process.stdin.isTTY ? askUnseen(question) : pipedText(maxBytes, notUtf8);

const notUtf8 = {
  what: 'the secret was not stored',
  why: 'standard input is not UTF-8',
  hint: 'store binary data as base64',
};

async function askUnseen(question: string): Promise<string> {
  const { stdin, stderr } = process;
  // Asks only after this, so that nothing is shown even if the person types at once.
  await dropTypedAhead();
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const stopListening = whenClosed(reject);
  let value = '';
  let entered: string | null = null;
  const ask = () => void stderr.write(`${question} (it is not shown): `);
  const enter = () => {
    entered = value;
    // Only the first line of what is pasted would be stored, and no one would see it.
    setTimeout(() => resolve(entered!), pasteMs);
  };
  const listen = (text: string) => {
    for (const character of text.replaceAll('\r\n', '\r')) {
      if (character === interrupt) return reject(new InterruptedError());
      if (entered !== null) return reject(severalLines());
      if (character === '\r' || character === '\n') {
        if (control.test(value)) return reject(unreadable());
        enter();
      } else if (character === end) return reject(unanswered());
      else if (character === ctrlZ && process.platform !== 'win32') suspend(ask);
      else if (character === backspace || character === del)
        value = [...value].slice(0, -1).join('');
      else if (character === killLine) value = '';
      else value += character;
    }
  };
  ask();
  stdin
    .setEncoding('utf8')
    .on('data', listen)
    .on('end', () => reject(unanswered()))
    .resume();
  if (stdin.readableEnded) reject(unanswered());
  return promise.finally(() => {
    stdin.off('data', listen);
    stdin.setRawMode(false);
    stdin.pause();
    stopListening();
    stderr.write('\n');
  });
}

/** The characters that arrow and function keys send would be stored without being noticed. */
// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u001F]/;

const unreadable = (): UsageError =>
  new UsageError({
    what: 'the secret was not stored',
    why: 'a key was pressed that does not type a character',
    hint: 'type it again, or give the value on standard input',
  });

const severalLines = (): UsageError =>
  new UsageError({
    what: 'the secret was not stored',
    why: 'several lines came at once, as when they are pasted, and it has to be one line',
    hint: 'give a value of several lines on standard input',
  });

const unanswered = (): UnansweredError =>
  new UnansweredError({
    what: 'the secret was not stored',
    why: 'the question was not answered, and nothing was changed',
    hint: 'run it again, or give the value on standard input',
  });
