/** The messages between a worker and its children: plain values that structured clone carries. */
import type { Fault } from '../database/faults/fault-behind.ts';

/** Why a task was stopped. `kill_switch` stops only the remedy that is under way: its run goes on without healing. */
export type Stop = 'timeout' | 'cancelled' | 'lost' | 'kill_switch';

/** Tasks by their kind: what each task is given, and its result. */
export type TaskTable<Tasks> = { [Kind in keyof Tasks]: { task: unknown; result: unknown } };

/**
 * Does one task; the signal is aborted with a {@link Stop} when its result is no longer wanted. `sendUpdate` sends a plain
 * value to the worker meanwhile.
 */
export type CarryOut<Tasks extends TaskTable<Tasks>> = <K extends keyof Tasks & string>(
  kind: K,
  task: Tasks[K]['task'],
  signal: AbortSignal,
  sendUpdate: (value: unknown) => void,
) => Promise<Tasks[K]['result']>;

/** The first message to a child. */
export interface StartMessage {
  databaseUrl: string;
  /** shown in pg_stat_activity by all of its connections */
  name: string;
}

export type ToChild =
  | { id: number; kind: string; task: unknown }
  | { stop: Stop }
  // The child is idle after the task with this id, and now has to inspect everything that its tasks may have changed.
  | { inspect: number };

/** An error as text and facts, because its class is lost on the way between processes. */
export interface Thrown {
  message: string;
  /** the run was taken over */
  lost: boolean;
  /** the fault that the task met, when neither its check nor its remedy is to blame */
  fault: Fault | null;
  /** it is certain that nothing was done */
  notApplied: boolean;
}

/** What a child reports about itself: when it is ready, after each task, and after an inspection. */
export interface IdleReport {
  /** what the task changed or left behind in its process; such a process is not used again */
  changes: string[];
  /** memory that its JavaScript heap holds, and that the process holds in all, in MB */
  heapMb: number;
  residentMb: number;
}

export type FromChild =
  | { ready: IdleReport }
  | { id: number; result: unknown }
  // A value that the task sends while it is under way.
  | { id: number; update: unknown }
  | { id: number; thrown: Thrown }
  | { id: number; report: IdleReport };
