/** How fast retention works: a little at a time, with rests, and not at all while the server has other things to do. */
import { setTimeout as sleep } from 'node:timers/promises';
import { busyLimits, whyBusy, type BusyLimits } from '../../data/retention/busy.ts';
import type { Db } from '../../database/connect.ts';

export interface PaceLimits {
  /** how long one statement is to take, in milliseconds: how many rows it looks at follows from it */
  statementMs: number;
  /** how long it rests after a statement, in multiples of what that took */
  rest: number;
  /** how often it looks at the load of the server */
  lookMs: number;
  busy: BusyLimits;
}

/**
 * Requests beside a statement wait about as long as it takes, so what it may take of the time decides how many of them wait: half of one in
 * a hundred, which leaves the slowest hundredth what it was. A statement costs 3 to 7 ms and each of its rows 10 microseconds (two cores,
 * rows found by their place): fewer than some hundred rows are hardly faster. `npm run bench:retention` measures both.
 */
export const usualPace: PaceLimits = {
  statementMs: 12,
  rest: 200,
  lookMs: 1_000,
  busy: busyLimits,
};

/** Fewer would not make a statement shorter: on a busy server it waits for its turn, however few rows it removes. */
const [minRows, maxRows] = [100, 5_000];

export class Pace {
  /** how many rows the next statement looks at */
  rows = minRows;
  /** how long it has waited for the server, and why last */
  waitedMs = 0;
  why: string | null = null;
  readonly #db: Db;
  readonly #limits: PaceLimits;
  readonly #signal: AbortSignal;
  readonly #endsAt: number;
  #lookedAt = -Infinity;

  constructor(db: Db, limits: PaceLimits, signal: AbortSignal, endsAt: number) {
    this.#db = db;
    this.#limits = limits;
    this.#signal = signal;
    this.#endsAt = endsAt;
  }

  /** Waits while the server is busy; false once the time is over. Throws once the signal is aborted. */
  async mayGoOn(): Promise<boolean> {
    for (;;) {
      this.#signal.throwIfAborted();
      if (performance.now() >= this.#endsAt) return false;
      if (performance.now() - this.#lookedAt < this.#limits.lookMs) return true;
      const why = await whyBusy(this.#db, this.#limits.busy);
      if (why === null) {
        this.#lookedAt = performance.now();
        return true;
      }
      this.why = why;
      this.waitedMs += this.#limits.lookMs;
      await this.#rest(this.#limits.lookMs);
    }
  }

  /** After a statement: so many rows next time that it takes as long as it may, and a rest. */
  async tookMs(ms: number): Promise<void> {
    const factor = Math.min(2, Math.max(0.25, this.#limits.statementMs / Math.max(ms, 1)));
    this.rows = Math.round(Math.min(maxRows, Math.max(minRows, this.rows * factor)));
    await this.rest(ms);
  }

  /** A rest after work that took so long. */
  async rest(ms: number): Promise<void> {
    await this.#rest(ms * this.#limits.rest);
  }

  /** Fewer rows: the last statement met a lock, or was stopped. */
  async slowDown(): Promise<void> {
    this.rows = Math.max(minRows, Math.round(this.rows / 4));
    await this.#rest(this.#limits.lookMs);
  }

  async #rest(ms: number): Promise<void> {
    await sleep(Math.min(ms, 60_000), undefined, { signal: this.#signal });
  }
}
