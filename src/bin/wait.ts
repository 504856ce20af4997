/** Has the start of a process wait for the servers that it needs. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config.ts';
import { connect, forEngine } from '../database/connect.ts';
import { explainFault, isFull } from '../database/faults/explain-fault.ts';
import { faultBehind } from '../database/faults/fault-behind.ts';
import { isOutage } from '../database/faults/outage.ts';
import { DatabaseNotReadyError, prepareDatabase } from '../database/migrate/prepare.ts';
import { messageOf, RoundsmanError } from '../ground/errors.ts';
import { queuePrefix } from '../queue/backend.ts';
import { QueueNotReadyError } from '../queue/errors.ts';
import type { ProcessRole } from '../services/connections/plan.ts';
import { refuseTooFewConnections } from '../services/connections/refuse-too-few.ts';
import { examineQueueServer } from '../queue/run-queue.ts';
import { StoppedError, untilStopped } from '../ground/until-stopped.ts';

/** What the start reports while it waits: `missing` once for each new reason (not for each try), `answers` at the end. */
export interface WaitReports {
  missing(what: string, why: string): void;
  answers(): void;
}

/** The pauses between tries grow from the first to the last. */
const pauseMs = { first: 250, last: 5_000 };

/** Faults that end by themselves, besides an outage. */
const temporaryFaults = new Set(['conflict', 'timeout', 'resources', 'read-only']);

/** Why a failed start has to wait; null when waiting does not help. */
function whyToWait(error: unknown): { what: string; why: string } | null {
  const fault = faultBehind(error);
  const isTemporary =
    error instanceof QueueNotReadyError ||
    isOutage(error) ||
    (fault !== null && temporaryFaults.has(fault));
  if (!isTemporary) return null;
  if (error instanceof RoundsmanError) return { what: error.what, why: error.why };
  const what = isOutage(error) && !isFull(error) ? null : explainFault(error)?.what;
  return { what: what ?? 'a server went away while this process started', why: messageOf(error) };
}

export interface Start<Value> {
  /** asks the servers that the start needs, and opens nothing that has to be closed in order */
  ask(): Promise<unknown>;
  /**
   * starts after the servers have answered; a start that succeeds within {@link startedWithinMs} after a stop request is
   * closed in order
   */
  begin(): Promise<Value>;
}

/** How long a stop request waits for a start that is under way: a server may not answer at all. */
const startedWithinMs = 3_000;

/**
 * Tries to start again as long as a server is missing, and returns the value of `begin`; null when a stop request comes
 * before that. Faults that do not end by waiting, such as a wrong password or a database that is not migrated, are thrown
 * at once.
 */
export async function untilStarted<Value>(
  { ask, begin }: Start<Value>,
  waiting: WaitReports,
  stopSignal: AbortSignal,
): Promise<Value | null> {
  const late = abortedAfter(stopSignal, startedWithinMs);
  let said: string | null = null;
  for (
    let pause = pauseMs.first;
    !stopSignal.aborted;
    pause = Math.min(pause * 1.7, pauseMs.last)
  ) {
    try {
      // A server that accepts connections and then says nothing would otherwise block this for seconds.
      await untilStopped(stopSignal, ask);
      const value = await untilStopped(late, begin);
      if (said !== null) waiting.answers();
      return value;
    } catch (error) {
      if (error instanceof StoppedError) return null;
      const gone = whyToWait(error);
      if (!gone) throw error;
      const now = `${gone.what}: ${gone.why}`;
      if (now !== said) waiting.missing(gone.what, gone.why);
      said = now;
    }
    await sleep(pause, undefined, { signal: stopSignal }).catch(() => {});
  }
  return null;
}

/** A signal that aborts `ms` milliseconds after the given one, with the same reason. */
function abortedAfter(signal: AbortSignal, ms: number): AbortSignal {
  const late = new AbortController();
  const abort = () => setTimeout(() => late.abort(signal.reason), ms).unref();
  signal.addEventListener('abort', abort, { once: true });
  return late.signal;
}

/**
 * Starts `work` and returns when it has called `begin`; `ended` settles when `work` does. Rejects when `work` fails
 * before that.
 */
export function untilBegun<End>(
  work: (begin: () => void) => Promise<End>,
): Promise<{ ended: Promise<End> }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ ended: Promise<End> }>();
  const ended = work(() => resolve({ ended }));
  ended.then(() => resolve({ ended }), reject);
  return promise;
}

/** Connects once to each server that the configuration names. Throws the error of a server that cannot be used now. */
export async function askServers(config: Config, role: ProcessRole): Promise<void> {
  const prefix = config.databaseUrl ? await askDatabase(config, config.databaseUrl, role) : null;
  await examineQueueServer(config, prefix);
}

/** Connects to the database; returns the prefix of the queue's keys if the queue is on Redis, else null. */
async function askDatabase(config: Config, url: string, role: ProcessRole): Promise<string | null> {
  const db = connect(url, {
    name: 'roundsman',
    max: 1,
    statementTimeoutMs: 4_000,
    silenceMs: 5_000,
    ...forEngine,
  });
  try {
    await prepareDatabase(db, { migrate: false, url }).catch((error: unknown) => {
      // The start itself checks whether the database is migrated, because it may be told to migrate it.
      if (!(error instanceof DatabaseNotReadyError) || error.cause) throw error;
    });
    await refuseTooFewConnections(db, config, role);
    return config.redisUrl ? await queuePrefix(db) : null;
  } finally {
    await db.destroy();
  }
}
