/** What crosses the line between a worker and its children: plain values that structured clone carries. */
import type { EventContext } from '../../bot.ts';
import type { Fault } from '../../database/faults/fault-behind.ts';
import type { Effect } from '../../heal/patient.ts';
import type { Undo } from '../../heal/undo.ts';
import type { CheckOutcome } from './outcome.ts';
import type { Stop } from '../writer/run.ts';

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
  /** proves that a child works and reaches the database: its time */
  canary: { task: null; result: Date };
}

export type Kind = keyof Tasks;

/** The code of a bot's checks. */
export const codeOfBot = (endpoint: string): string => `bot ${endpoint}`;

const codes: { [K in Kind]: (task: Tasks[K]['task']) => string } = {
  check: ({ endpoint }) => codeOfBot(endpoint),
  effect: ({ remedy }) => `remedy ${remedy}`,
  undo: ({ remedy }) => `remedy ${remedy}`,
  canary: () => 'canary',
};

/** Whose code carries a task out: what a task changes in its process, no other code may find there. */
export const codeOf = <K extends Kind>(kind: K, task: Tasks[K]['task']): string =>
  codes[kind](task);

/** Does one task; the signal is aborted with a {@link Stop} when its result is no longer wanted. */
export type CarryOut = <K extends Kind>(
  kind: K,
  task: Tasks[K]['task'],
  signal: AbortSignal,
) => Promise<Tasks[K]['result']>;

/** What a child is told first. */
export interface Beginning {
  databaseUrl: string;
  /** shown in pg_stat_activity by all of its connections */
  name: string;
}

export type ToChild =
  | { id: number; kind: Kind; task: unknown }
  | { stop: Stop }
  // The child has come to rest after this task, and is asked to look at all that it may have changed.
  | { inspect: number };

/** An error as text and facts, because its class does not survive the way. */
export interface Thrown {
  message: string;
  /** the run was taken over */
  lost: boolean;
  /** what the task met, where neither its check nor its remedy is to blame */
  fault: Fault | null;
  /** it is certain that nothing was done */
  notApplied: boolean;
}

/** What a child found out about itself: when it is ready, after each task, and when it was inspected. */
export interface Rest {
  /** what the task changed or left behind in its process; such a process is not used again */
  left: string[];
  /** memory that its JavaScript holds, and that it holds in all, in MB */
  heapMb: number;
  residentMb: number;
}

export type FromChild =
  | { ready: Rest }
  | { id: number; result: unknown }
  | { id: number; thrown: Thrown }
  | { id: number; rest: Rest };
