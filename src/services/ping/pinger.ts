/**
 * The outward ping: a receiver elsewhere notices when it stays away, so that Roundsman's own silence is noticed. A
 * success is evidence that runs move, because a canary has come through claim, queue, child and record for it. All
 * processes with an address try each minute, and one of them sends it.
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
import { within } from '../../ground/within.ts';
import { sendCanary } from '../progress/canary.ts';
import { stopInWords } from '../progress/canary-stop.ts';
import { sendPing } from './send.ts';

export interface Pinging {
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
  /** A failure is told after this long without a canary that passed, or without a database that answers. */
  failAfterMs: number;
  /** as `sendCanary` takes it */
  legTimeoutMs?: number;
  /** a failure that the receiver did not take is told again after this long */
  againMs: number;
}

export const pingTimes: PingTimes = { failAfterMs: 3 * 60_000, againMs: 55_000 };

/** The claim is one statement. */
const claimWithinMs = 10_000;
const longestReason = 900;

export interface Pinger {
  /** Pings if no process has done so in this minute. A receiver that does not answer is no error. */
  run(): Promise<void>;
  /** Breaks off what is under way; after that nothing is told. */
  stop(): void;
}

export function openPinger(
  { db, address, who, emit, redact }: Pinging,
  { failAfterMs, againMs, ...ofCanary }: PingTimes = pingTimes,
): Pinger {
  const stopping = new AbortController();
  const { signal } = stopping;
  let isRefused = false;
  let isFailureTold = false;
  let answeredAt = performance.now();
  /** of the database's present outage; null while it answers */
  let outage: { isTold: boolean; triedAt: number } | null = null;

  const clean = (text: string): string => fitting(printable(redact(text)), longestReason);

  /** Null when the receiver has taken it, or why not. Its silence is logged when it begins and when it ends. */
  async function tell(failure: string | null): Promise<string | null> {
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

  /** Each process tells of it once: it cannot know what others see, and a success of theirs must not be undone again. */
  async function tellOfOutage(error: unknown): Promise<void> {
    outage ??= { isTold: false, triedAt: -Infinity };
    const now = performance.now();
    const lastedMs = now - answeredAt;
    if (outage.isTold || lastedMs < failAfterMs || now - outage.triedAt < againMs) return;
    outage.triedAt = now;
    const reason = clean(
      `${who} has had no answer from the database for ${span(lastedMs)}: ${messageOf(error)}`,
    );
    outage.isTold = (await tell(reason)) === null;
  }

  /** Null when a canary has passed, or where it stopped. */
  async function whyNoneHasPassed(): Promise<string | null> {
    try {
      const canary = await untilStopped(signal, () => sendCanary(db, ofCanary));
      return canary.passed ? null : clean(stopInWords(canary));
    } catch (error) {
      if (signal.aborted) throw error;
      return clean(`a canary run could not be followed: ${messageOf(error)}`);
    }
  }

  async function run(): Promise<void> {
    const claiming = claimPing(db);
    try {
      if (!(await within(claimWithinMs, claiming)))
        throw new Error(`no answer within ${claimWithinMs / 1_000} s`);
    } catch (error) {
      return tellOfOutage(error);
    }
    outage = null;
    answeredAt = performance.now();
    const claimed = await claiming;
    if (!claimed) return;
    const why = await whyNoneHasPassed();
    if (why === null) {
      await noteCanaryPassed(db);
      const untaken = await tell(null);
      await (untaken === null ? notePingAccepted(db, who) : notePingProblem(db, untaken));
      return;
    }
    // One that did not pass is no silence yet: a worker may just be starting.
    const untaken = claimed.quietMs < failAfterMs ? null : await tell(why);
    await notePingProblem(db, untaken === null ? why : `${why}; ${untaken}`);
  }

  return {
    run: () =>
      run().catch((error: unknown) => {
        if (!signal.aborted) throw error;
      }),
    stop: () => stopping.abort('the process stops'),
  };
}
