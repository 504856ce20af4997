/** Measures how far this host's clock is from the database's clock, and says whether that is too far. */
import { sql } from 'kysely';
import type { Db } from '../database/connect.ts';
import { RoundsmanError } from '../ground/errors.ts';
import type { BackendName } from '../queue/backend.ts';

/** A clock that differs by more than this is wrong. */
export const maxSkewMs = 2_000;

export interface Skew {
  /** positive when this host is ahead; half of the round trip is subtracted */
  skewMs: number;
  /**
   * the smallest possible size of the skew, however the time of the round trip was divided between its two directions:
   * 0 or more
   */
  atLeastMs: number;
}

export async function measureSkew(db: Db): Promise<Skew> {
  // Monotonic time for the duration, because the clock that is measured may be set meanwhile.
  const [sentAt, start] = [Date.now(), performance.now()];
  const { rows } = await sql<{ now: Date }>`SELECT clock_timestamp() AS now`.execute(db);
  const roundTrip = performance.now() - start;
  const skew = sentAt + roundTrip / 2 - rows[0]!.now.getTime();
  return { skewMs: Math.round(skew), atLeastMs: Math.max(0, Math.abs(skew) - roundTrip / 2) };
}

export const isWrong = ({ atLeastMs }: Skew): boolean => atLeastMs > maxSkewMs;

/** The skew in a sentence after "the clock is", for example `3600.0 s ahead of the database's`. */
export const skewInWords = ({ skewMs }: Skew): string =>
  `${(Math.abs(skewMs) / 1000).toFixed(1)} s ${skewMs < 0 ? 'behind' : 'ahead of'} the database's`;

/**
 * The clock of this host is off. BullMQ's PostgreSQL backend judges its locks by the clocks of the hosts, so this
 * process would take over runs that other workers are executing.
 */
export class ClockOffError extends RoundsmanError {
  constructor(skew: Skew) {
    super({
      what: "this host's clock is off, and BullMQ on PostgreSQL depends on it",
      why: `it is ${skewInWords(skew)}; the limit is ${maxSkewMs / 1000} s: this process would take over runs that other workers are executing`,
      hint: 'synchronise both clocks (NTP), or set REDIS_URL: BullMQ on Redis does not depend on the clocks of hosts',
    });
  }
}

/** Throws {@link ClockOffError} if a wrong clock does harm; with BullMQ on Redis it does none. */
export function refuseWrongClock(skew: Skew, backend: BackendName): void {
  if (backend === 'postgres' && isWrong(skew)) throw new ClockOffError(skew);
}
