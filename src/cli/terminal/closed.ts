import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { TerminalClosedError } from './unanswered.ts';

/**
 * Calls `then` once when the terminal of this process is gone: its window was closed, or its connection broke. It
 * learns this from a signal, an error of reading, or the end of input; Ctrl-D does not end the terminal. The function that
 * it returns stops listening. Call it before a reader is made: readline sets the mode of the terminal at its end, and throws
 * where that fails. The mode of a terminal that is gone is not set any more, neither by a reader nor at the exit, where Node aborts
 * if it cannot.
 */
export function whenClosed(then: (error: TerminalClosedError) => void): () => void {
  const { stdin } = process;
  const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));
  const closed = () => {
    stop();
    stdin.on('error', () => {});
    stdin.setRawMode = () => stdin;
    process.once('exit', () => terminals.forEach(closeDescriptor));
    then(new TerminalClosedError());
  };
  const ended = () => {
    if (!isatty(0)) closed();
  };
  const stop = () => {
    process.off('SIGHUP', closed);
    stdin.off('error', closed).off('end', ended);
  };
  process.on('SIGHUP', closed);
  stdin.on('error', closed).on('end', ended);
  return stop;
}

function closeDescriptor(descriptor: number): void {
  try {
    closeSync(descriptor);
  } catch {
    // It is closed already.
  }
}
