import { exitCodes, RoundsmanError, UsageError } from '../../ground/errors.ts';

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

/** The terminal was closed at a question: the command ends, and has written nothing. */
export class TerminalClosedError extends RoundsmanError {
  override readonly exitCode = exitCodes.interrupted;

  constructor() {
    super({
      what: 'interrupted, and nothing was changed',
      why: 'the terminal was closed at a question',
      hint: 'run it again',
    });
  }
}

/** A question is left without an answer, or cannot be asked because there is no terminal. */
export class UnansweredError extends UsageError {}
