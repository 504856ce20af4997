/** The tasks that a worker gives its children. */
import type { AskingRun } from '../../contract/check.ts';
import type { EventContext } from '../../contract/event-check.ts';
import type { CarryOut as CarryOutOf } from '../../children/protocol.ts';
import type { Opened } from '../../data/secrets/open.ts';
import type { Effect } from '../../heal/heal-context.ts';
import type { Undo } from '../../heal/undo.ts';
import type { CheckOutcome } from './outcome.ts';

/** One check of the bot behind an endpoint; the child's own catalogue has its code. */
export interface CheckTask {
  endpoint: string;
  /** bots.config as it is in the row */
  config: unknown;
  check: string;
  /** the database's time now */
  now: Date;
  /** only for a check of a state: the time of the cure that it verifies; null when it verifies none */
  since: Date | null;
  /** only for a check of events */
  events?: EventQuestion;
  /** what the check has asked to remember in an earlier run; null where there is nothing */
  remembered: unknown;
  /** the run that asks; its endpoint is the task's */
  run: Omit<AskingRun, 'endpoint'>;
  /** the secrets that the bot names, opened when the check is given to the child */
  secrets: readonly GivenSecret[];
}

/** The value of a secret, or why it cannot be given, with what to do about it. */
export type GivenSecret = Opened | { name: string; why: string };

/** What an event check is asked: the fields of its context that change from question to question. */
export type EventQuestion = Pick<EventContext, 'from' | 'starts' | 'only'>;

export interface Tasks {
  check: { task: CheckTask; result: CheckOutcome };
  effect: { task: Effect; result: Date | null };
  undo: { task: Undo; result: void };
  /** proves that a child works and reaches the database; the result is the database's time */
  canary: { task: null; result: Date };
}

export type Kind = keyof Tasks;

export type CarryOut = CarryOutOf<Tasks>;

/** The code of a bot's checks. */
export const codeOfBot = (endpoint: string): string => `bot ${endpoint}`;

const codes: { [K in Kind]: (task: Tasks[K]['task']) => string } = {
  check: ({ endpoint }) => codeOfBot(endpoint),
  effect: ({ remedy }) => `remedy ${remedy}`,
  undo: ({ remedy }) => `remedy ${remedy}`,
  canary: () => 'canary',
};

/**
 * Names the code that carries a task out. Before a child runs other code, it is inspected: the earlier code may have changed the
 * child's process.
 */
export const codeOf = <K extends Kind>(kind: K, task: Tasks[K]['task']): string =>
  codes[kind](task);
