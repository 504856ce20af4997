import { setImmediate as turn } from 'node:timers/promises';
import { InterruptedError } from './unanswered.ts';
import { note } from './print.ts';

const interrupt = '\u0003';

/**
 * Reads what was typed before a question is shown, and leaves it out: it was typed for something else. It leaves the
 * terminal in raw mode, so that the next key is read as a key. Throws {@link InterruptedError} for Ctrl-C.
 */
export async function dropTypedAhead(): Promise<void> {
  const { stdin } = process;
  let typed = '';
  const listen = (text: Buffer | string) => void (typed += String(text));
  stdin.setRawMode(true);
  stdin.on('data', listen).resume();
  // The first turn may end before the terminal was polled; the second begins with a poll.
  await turn();
  await turn();
  stdin.off('data', listen).pause();
  if (typed.includes(interrupt)) throw new InterruptedError();
  if (typed) note('what was typed before the question was shown is left out');
}
