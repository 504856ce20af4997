/** What a job is: work of the engine's own that recurs, or that is asked for. One file in jobs/ each. */
import type { Transaction } from 'kysely';
import type { Logger } from 'pino';
import type { z } from 'zod';
import type { Database, Db } from '../database/connect.ts';

/** Why a handler is to end: its time is over, a person asked for it, its process stops, or its lease was lost. */
export type JobStop = 'timeout' | 'cancelled' | 'drain' | 'lost';

/** The reason of an aborted signal, as `signal.throwIfAborted()` throws it. */
export class JobStoppedError extends Error {
  readonly why: JobStop;

  constructor(why: JobStop) {
    super(`the job is stopped: ${why}`);
    this.name = 'JobStoppedError';
    this.why = why;
  }
}

export interface JobContext {
  /** For reading, and for writes that may happen twice. A statement has 5 s. */
  db: Db;
  /** For a job that needs connections of its own. */
  databaseUrl: string;
  log: Logger;
  /** Aborted with a {@link JobStoppedError}. What the handler returns or throws afterwards is ignored. */
  signal: AbortSignal;
  /** This run: `scheduledFor` is its slot, null where it was asked for; `attempt` counts from 1. */
  run: { id: string; scheduledFor: Date | null; attempt: number };
  /**
   * Writes in one transaction that locks the run's row first and commits only while the run is still held. Rejects with
   * LostRunError once the run was taken over or ended; then nothing was written.
   */
  commit<Result>(write: (trx: Transaction<Database>) => Promise<Result>): Promise<Result>;
}

/** What a run leaves in `engine.job_runs.figures`. */
export type Figures = Record<string, unknown>;

export interface Job<Payload = any> {
  /** small letters and dashes */
  name: string;
  title: string;
  /** `{}` has to fit where there is a schedule: a slot carries no more. */
  payload: z.ZodType<Payload>;
  /** as bots have it, in UTC unless it begins with CRON_TZ; null: it runs only where it is asked for */
  schedule: string | null;
  /** runs at once, over all processes */
  concurrency: number;
  /** A run that fails is tried again until it was tried so often; a lost worker counts as one. */
  maxAttempts: number;
  timeoutSeconds: number;
  /**
   * Does the work, in the worker's own process: it has to let other work go on, end when its signal is aborted, and
   * bear to be begun again after a part of it was done.
   */
  handler(context: JobContext, payload: Payload): Promise<Figures | void>;
}

export const defineJob = <Payload>(job: Job<Payload>): Job<Payload> => job;
