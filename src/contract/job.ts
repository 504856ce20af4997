/** A job is work of the engine itself that recurs, or that a person asks for. Each job is one file in jobs/. */
import type { Transaction } from 'kysely';
import type { Logger } from 'pino';
import type { z } from 'zod';
import type { Database, Db } from '../database/connect.ts';
import type { Opened } from '../data/secrets/open.ts';
import type { Emit } from '../events/events.ts';
import { RoundsmanError } from '../ground/errors.ts';

/** Why a handler has to end: its time is over, a person cancelled it, its process stops, or its lease was lost. */
export type JobStop = 'timeout' | 'cancelled' | 'drain' | 'lost';

/** The reason of an aborted signal; `signal.throwIfAborted()` throws it. */
export class JobStoppedError extends Error {
  readonly why: JobStop;

  constructor(why: JobStop) {
    super(`the job is stopped: ${why}`);
    this.name = 'JobStoppedError';
    this.why = why;
  }
}

/** What a handler throws where a further attempt could not end differently, or would do a long work again for nothing. */
export class FinalJobError extends RoundsmanError {}

export interface JobContext {
  /** For reading, and for writes that may happen twice. A statement may take 5 s. */
  db: Db;
  /** For a job that opens connections of its own. */
  databaseUrl: string;
  log: Logger;
  emit: Emit;
  /** The secrets of these names, as they are stored now. Throws an error that says what to do where one cannot be had. */
  openSecrets(names: readonly string[]): Promise<Opened[]>;
  /** Queues a run of the job of this name at once, unless one waits already. Never throws: timers try again. */
  request(job: string): Promise<void>;
  /**
   * Says how to read what this attempt has done. It is asked for where the attempt fails, is cancelled or takes too long, and recorded then;
   * where it succeeds, what the handler returns is.
   */
  report(read: () => Figures): void;
  /** Aborts with a {@link JobStoppedError}. What the handler returns or throws after that is ignored. */
  signal: AbortSignal;
  /** This run: `scheduledFor` is its slot, or null where it was asked for; `attempt` counts from 1. */
  run: { id: string; scheduledFor: Date | null; attempt: number };
  /**
   * Writes in one transaction, which locks the run's row first and commits only while this process still holds the
   * run. Rejects with LostRunError once the run was taken over or ended; then nothing was written.
   */
  commit<Result>(write: (trx: Transaction<Database>) => Promise<Result>): Promise<Result>;
}

/**
 * What a run records in `engine.job_runs.figures`. Where earlier attempts failed after they had reported what they did, their figures are
 * in `earlier_attempts`, the first attempt first.
 */
export type Figures = Record<string, unknown>;

export interface Job<Payload = any> {
  /** lower-case letters and dashes */
  name: string;
  title: string;
  /** `{}` has to fit where there is a schedule: a slot carries no payload. */
  payload: z.ZodType<Payload>;
  /** five cron fields as for bots, in UTC unless it begins with CRON_TZ; null: it runs only on request */
  schedule: string | null;
  /**
   * Where people may choose another schedule: the setting in `engine.settings`, and the schedule that a value of it means; null: no
   * slots. Throws an error that says why for a value that cannot be used. Not set, the job has its usual schedule.
   */
  scheduleSetting?: { key: string; scheduleOf(value: unknown): string | null };
  /** how many of its runs may run at the same time, over all processes */
  concurrency: number;
  /** A failed run is tried again until it has had this many attempts; the loss of its worker counts as one. */
  maxAttempts: number;
  timeoutSeconds: number;
  /**
   * Does the work, in the worker's own process. It must not block other work, has to end when its signal aborts, and
   * must allow being started again after a part of the work was done.
   */
  handler(context: JobContext, payload: Payload): Promise<Figures | void>;
}

/** The schedule of a job where its setting has this value; undefined and null: it is not set. */
export const scheduleIn = (job: Pick<Job, 'schedule' | 'scheduleSetting'>, value: unknown) =>
  job.scheduleSetting === undefined || value === undefined || value === null
    ? job.schedule
    : job.scheduleSetting.scheduleOf(value);

export const defineJob = <Payload>(job: Job<Payload>): Job<Payload> => job;
