/** What an error says that Roundsman throws on purpose, so that a person can act on it. */
export interface Explanation {
  /** Several reasons, each printed on a line of its own; `why` then contains all of them. */
  reasons?: readonly string[];
  /** What could not be done, as a sentence without a full stop. */
  what: string;
  /** The reason, with the place: a field, a file and line, an address. */
  why: string;
  /** The next thing to try; a command where there is one. */
  hint: string;
}

/** Exit codes of the command line: part of its contract. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  needsAttention: 6,
  /** what a shell reports for a command that Ctrl-C ended */
  interrupted: 130,
} as const;

/**
 * The root of all errors that Roundsman throws on purpose. Subclasses are defined beside the code that throws them.
 * Any other error that reaches the command line is a defect and is printed with its stack.
 */
export class RoundsmanError extends Error implements Explanation {
  readonly what: string;
  readonly why: string;
  readonly hint: string;
  readonly reasons?: readonly string[];
  /** The exit code with which the command line ends. */
  readonly exitCode: number = exitCodes.failed;
  /** Whether the same call can succeed later although no person changes anything. */
  readonly retryable: boolean = false;

  constructor({ what, why, hint, reasons }: Explanation, options?: ErrorOptions) {
    super(`${what}: ${why}`, options);
    this.name = new.target.name;
    this.what = what;
    this.why = why;
    this.hint = hint;
    if (reasons) this.reasons = reasons;
  }
}

/** Input that can never work: a wrong flag, a bad value, a malformed file. */
export class UsageError extends RoundsmanError {
  override readonly exitCode = exitCodes.usage;
}

/** Nothing has the name, number or id that the caller gave. */
export class NotFoundError extends RoundsmanError {
  override readonly exitCode = exitCodes.notFound;
}

/** The text of any thrown value, whatever code threw it. */
export function messageOf(error: unknown): string {
  try {
    if (error instanceof AggregateError && !error.message && error.errors.length > 0)
      return messageOf(error.errors[0]);
    return String(error instanceof Error ? error.message : error);
  } catch {
    // The value has no prototype, or its message or `toString` throws.
    return 'a value without a text was thrown';
  }
}

/** A hint that was part of a sentence, with a capital letter so that it can begin one. */
export const capitalised = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
