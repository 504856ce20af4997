/**
 * The terminal of a full screen: taken at the beginning, and given back as it was before on every way out: at the end, after a
 * crash, at a signal, and while the job is suspended. A terminal that is gone is not touched.
 */
import { writeSync } from 'node:fs';
import { whenClosed } from '../terminal/closed.ts';
import { suspend } from '../terminal/suspend.ts';
import type { Size } from './grid.ts';

const escape = '\u001B[';
/** Shows the other screen, has pastes marked, does not wrap at the end of a row, and hides the cursor. */
const takeSequence = `${escape}?1049h${escape}?2004h${escape}?7l${escape}?25l`;
const giveBackSequence = `${escape}0m${escape}?25h${escape}?7h${escape}?2004l${escape}?1049l`;

export interface Handlers {
  /** what the terminal sent at once */
  input(chunk: string): void;
  /** it shows nothing of what was drawn, or has another size: all has to be drawn again */
  lost(): void;
  /** all earlier output has been sent: it takes output again */
  ready(): void;
  /** a signal asks the process to end */
  ended(signal: NodeJS.Signals): void;
  closed(error: Error): void;
}

export interface RawTerminal {
  size(): Size;
  write(bytes: string): void;
  /** Whether earlier output still waits to be sent: what is drawn now would come after it. */
  hasUnsentOutput(): boolean;
  /** Gives it back, stops the job, and takes it again when the job continues. */
  suspend(): void;
  /** Gives it back. It can be called again. */
  leave(): void;
}

/** Signals that end a process by default; SIGUSR1 makes Node write to the terminal. */
const endingSignals = [
  'SIGTERM',
  'SIGINT',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGVTALRM',
  'SIGPROF',
] as const;

export function takeTerminal(on: Handlers): RawTerminal {
  const { stdin, stdout } = process;
  let isTaken = false;
  let isGone = false;
  let isLeft = false;
  const setRaw = (raw: boolean) => {
    if (!isGone) stdin.setRawMode(raw);
  };
  const enter = () => {
    // A job that is ended while it is stopped continues first: it must not take the terminal from the shell.
    if (isLeft || isGone) return;
    isTaken = true;
    // Switched off and on: another program may have changed the mode while this one was stopped, and Node would skip a repeated call.
    setRaw(false);
    setRaw(true);
    stdout.write(takeSequence);
  };
  const giveItBack = (write: (bytes: string) => void) => {
    if (!isTaken) return;
    isTaken = false;
    if (isGone) return;
    write(giveBackSequence);
    setRaw(false);
  };
  const giveBackAtOnce = () => giveItBack(writeAtOnce);
  const stop = () => {
    process.off('SIGTSTP', stop);
    giveItBack((bytes) => stdout.write(bytes));
    suspend(() => {
      if (isLeft) return setRaw(false);
      process.on('SIGTSTP', stop);
      enter();
      on.lost();
    });
  };
  // SIGCONT also follows a SIGSTOP, which a process does not notice.
  const onContinue = () => {
    if (!isTaken) return;
    enter();
    on.lost();
  };
  const stopListening = whenClosed((error) => {
    // The signal may come without the terminal's end; where it is gone, this write fails.
    if (isTaken) writeAtOnce(giveBackSequence);
    isGone = true;
    on.closed(error);
  });
  const handle = (stdout as { _handle?: { setBlocking?(blocking: boolean): void } })._handle;
  // A connection that takes nothing any more must not stop this process: signals and its end have to be noticed.
  handle?.setBlocking?.(false);
  stdin.setEncoding('utf8').on('data', on.input);
  stdout.on('resize', on.lost).on('drain', on.ready);
  process.on('exit', giveBackAtOnce).on('uncaughtExceptionMonitor', giveBackAtOnce);
  process.on('SIGTSTP', stop).on('SIGCONT', onContinue);
  for (const signal of endingSignals) process.on(signal, on.ended);
  enter();
  stdin.resume();
  return {
    size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
    write: (bytes) => void (isTaken && !isGone && bytes && stdout.write(bytes)),
    hasUnsentOutput: () => stdout.writableLength > 0,
    suspend: stop,
    leave() {
      isLeft = true;
      giveItBack((bytes) => stdout.write(bytes));
      stdin.off('data', on.input).pause();
      stdout.off('resize', on.lost).off('drain', on.ready);
      process.off('exit', giveBackAtOnce).off('uncaughtExceptionMonitor', giveBackAtOnce);
      process.off('SIGTSTP', stop).off('SIGCONT', onContinue);
      for (const signal of endingSignals) process.off(signal, on.ended);
      stopListening();
    },
  };
}

/** Writes without waiting: while the process ends, output that has to wait is lost. */
function writeAtOnce(bytes: string): void {
  try {
    writeSync(1, bytes);
  } catch {
    // The terminal is gone, or takes nothing.
  }
}
