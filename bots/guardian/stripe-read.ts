/** Reads Stripe's events part after part, as many as one run can read. */
import type { CheckContext } from '../../src/bot.ts';
import { minuteMs, minutesBefore } from '../parts/time.ts';
import type { Config } from './config.ts';
import { StripeRequestError, type StripeClient } from './stripe-client.ts';
import { readPayments, type StripePayment } from './stripe-events.ts';

/** Events of one payment may be minutes apart: each part of the time is read with what is around it. */
const aroundMinutes = 2;
/** How many events one run reads, and one part of the time at most: 100 a request. */
const maxEvents = 3_000;
const maxInPart = 1_000;
/** After this time no further part is begun: the run has a deadline. */
const maxReadingMs = 90_000;

export interface Read {
  payments: StripePayment[];
  events: number;
  readTo: Date;
  partMs: number;
}

/**
 * Reads part after part, the oldest first. Of a part with too many events, a quarter is read instead, by the next run if this one has
 * read enough. If Stripe limits requests, what was read before counts.
 */
export async function readNew(
  client: StripeClient,
  [from, until, partMs]: [from: Date, until: Date, partMs: number],
  { test_mode: testMode }: Config,
  { progress }: CheckContext,
): Promise<Read> {
  const read: Read = { payments: [], events: 0, readTo: from, partMs };
  let left = maxEvents;
  const begun = performance.now();
  while (read.readTo < until && left > 0 && performance.now() - begun < maxReadingMs) {
    const to = new Date(Math.min(read.readTo.getTime() + read.partMs, until.getTime()));
    const part: [Date, Date] = [
      minutesBefore(read.readTo, aroundMinutes),
      minutesBefore(to, -aroundMinutes),
    ];
    const isShort = read.partMs <= minuteMs;
    const max = isShort ? maxEvents : maxInPart;
    try {
      const answer = await readPayments(client, part, { max, testMode });
      left -= answer?.events ?? max;
      if (answer) {
        // What begins after this part is judged with the next one, when all of its events are there.
        read.payments.push(...answer.payments.filter(({ at }) => at <= to.getTime()));
        read.events += answer.events;
        read.readTo = to;
        read.partMs *= 2;
      } else if (isShort) {
        throw new StripeRequestError(
          'other',
          `Stripe has more than ${maxEvents} events in a minute`,
        );
      } else read.partMs = Math.max(read.partMs / 4, minuteMs);
    } catch (error) {
      if (!(error instanceof StripeRequestError && error.kind === 'busy' && read.readTo > from))
        throw error;
      break;
    }
    progress(
      (read.readTo.getTime() - from.getTime()) / (until.getTime() - from.getTime()),
      `${read.events} events of Stripe are read`,
    );
  }
  return read;
}
