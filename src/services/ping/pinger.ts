/**
 * The outward ping: a receiver elsewhere notices its absence, and so tells people when all of Roundsman stops. A ping of success
 * shows that runs move, because before it a canary has gone through claim, queue, child and record. All processes with an address
 * try each minute, and one of them sends the ping.
 */
import {
  claimPing,
  noteCanaryPassed,
  notePingAccepted,
  notePingProblem,
} from '../../data/progress/pings.ts';
import type { Db } from '../../database/connect.ts';
import type { Emit } from '../../events/events.ts';
import { messageOf } from '../../ground/errors.ts';
import { fitting, printable, span } from '../../ground/text.ts';
import { untilStopped } from '../../ground/until-stopped.ts';
import { settlesWithin } from '../../ground/settles-within.ts';
import { sendCanary } from '../progress/canary.ts';
import { stopInWords } from '../progress/canary-stop.ts';
import { sendPing } from './send.ts';

export interface PingerContext {
  db: Db;
  /** ROUNDSMAN_PING_URL */
  address: string;
  /** this process, as people are told of it */
  who: string;
  emit: Emit;
  /** the text without secrets */
  redact(text: string): string;
}

export interface PingTimes {
  /** A failure is sent after this long without a canary that passed, or without a database that answers. */
  failAfterMs: number;
  /** as `sendCanary` takes it */
  legTimeoutMs?: number;
  /** a failure that the receiver did not accept is sent again after this long */
  againMs: number;
}

export const pingTimes: PingTimes = { failAfterMs: 3 * 60_000, againMs: 55_000 };

/** How long the claim, which is one statement, may take. */
const maxClaimMs = 10_000;
const maxReasonLetters = 900;

export interface Pinger {
  /** Pings if no process has done so in this minute. It is not an error if the receiver does not answer. */
  run(): Promise<void>;
  /** Ends a run that is under way; after that nothing is sent. */
  stop(): void;
}

export function openPinger(
  { db, address, who, emit, redact }: PingerContext,
  { failAfterMs, againMs, ...canaryTimes }: PingTimes = pingTimes,
): Pinger {
  const stopping = new AbortController();
  const { signal } = stopping;
  let isRefused = false;
  let isFailureTold = false;
  let answeredAt = performance.now();
  /** of the database's present outage; null while it answers */
  let outage: { isTold: boolean; triedAt: number } | null = null;

  const clean = (text: string): string => fitting(printable(redact(text)), maxReasonLetters);

  /**
   * Sends a ping; null when the receiver has accepted it, else why not. An event is emitted when the receiver begins to refuse
   * pings, and when it accepts them again.
   */
  async function ping(failure: string | null): Promise<string | null> {
    try {
      await sendPing(address, { failure, signal });
    } catch (error) {
      if (signal.aborted) throw error;
      if (!isRefused) emit('ping.unsent', { err: error });
      isRefused = true;
      return clean(messageOf(error));
    }
    if (isRefused) emit('ping.sent_again', {});
    isRefused = false;
    if (failure !== null && !isFailureTold) emit('ping.failure_told', { reason: failure });
    isFailureTold = failure !== null;
    return null;
  }

  /**
   * Each process reports an outage only once: another process may reach the database, and a second failure would cancel its ping
   * of success.
   */
  async function reportOutage(error: unknown): Promise<void> {
    outage ??= { isTold: false, triedAt: -Infinity };
    const now = performance.now();
    const lastedMs = now - answeredAt;
    if (outage.isTold || lastedMs < failAfterMs || now - outage.triedAt < againMs) return;
    outage.triedAt = now;
    const reason = clean(
      `${who} has had no answer from the database for ${span(lastedMs)}: ${messageOf(error)}`,
    );
    outage.isTold = (await ping(reason)) === null;
  }

  /** Sends a canary; null when it has passed, else where it stopped, in words. */
  async function tryCanary(): Promise<string | null> {
    try {
      const canary = await untilStopped(signal, () => sendCanary(db, canaryTimes));
      return canary.passed ? null : clean(stopInWords(canary));
    } catch (error) {
      if (signal.aborted) throw error;
      return clean(`a canary run could not be followed: ${messageOf(error)}`);
    }
  }

  async function run(): Promise<void> {
    const claiming = claimPing(db);
    try {
      if (!(await settlesWithin(maxClaimMs, claiming)))
        throw new Error(`no answer within ${maxClaimMs / 1_000} s`);
    } catch (error) {
      return reportOutage(error);
    }
    outage = null;
    answeredAt = performance.now();
    const claimed = await claiming;
    if (!claimed) return;
    const why = await tryCanary();
    if (why === null) {
      await noteCanaryPassed(db);
      const refusal = await ping(null);
      await (refusal === null ? notePingAccepted(db, who) : notePingProblem(db, refusal));
      return;
    }
    // One canary that did not pass is not reported yet: a worker may just be starting.
    const refusal = claimed.sincePassedMs < failAfterMs ? null : await ping(why);
    await notePingProblem(db, refusal === null ? why : `${why}; ${refusal}`);
  }

  return {
    run: () =>
      run().catch((error: unknown) => {
        if (!signal.aborted) throw error;
      }),
    stop: () => stopping.abort('the process stops'),
  };
}
