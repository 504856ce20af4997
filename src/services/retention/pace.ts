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
 * Beside statements of 10 ms and fifteen times as long a rest, one request in a hundred waited 20 to 40 ms where it otherwise waits 3; beside these
 * 3.5 (on two cores). `npm run bench:retention` measures it.
 */
export const usualPace: PaceLimits = { statementMs: 3, rest: 60, lookMs: 1_000, busy: busyLimits };

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
