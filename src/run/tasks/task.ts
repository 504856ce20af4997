/** The tasks that a worker gives its children. */
import type { EventContext } from '../../contract/event-check.ts';
import type { CarryOut as CarryOutOf } from '../../children/protocol.ts';
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
  /** of a check of a state: the cure that it verifies, if it does */
  since: Date | null;
  /** of a check of events */
  events?: EventQuestion;
}

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

/** Whose code carries a task out. Code of another owner must not run in a process that this task has changed. */
export const codeOf = <K extends Kind>(kind: K, task: Tasks[K]['task']): string =>
  codes[kind](task);
