/**
 * The two sessions of the job `maintenance`: one works, and the other one watches it. They are of the login itself, because only
 * the owner of a table may vacuum it, and because only the same role may cancel what a session does.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { connectAlone } from '../database/connect.ts';
import { lockNotGranted, cancelled, meaningOf, stateOf } from '../database/faults/sql-states.ts';
import { messageOf, RoundsmanError } from '../ground/errors.ts';

/** Another process works on the tables of this database at this moment. */
export class UpkeepUnderWayError extends RoundsmanError {
  override readonly retryable = true;
}

/** Why a statement was broken off: the time is over, the mode became off, or another session waited for what it held. */
export type BreakOff = 'time' | 'mode' | 'yielded';

export type Ended =
  | { outcome: 'done'; seconds: number; warnings: string[] }
  /** `locked`: it could not get its lock in time. `cancelled`: a person cancelled it. `gone`: a caller saw that the table or index is not there any more. */
  | { outcome: BreakOff | 'locked' | 'cancelled' | 'gone'; seconds: number }
  | { outcome: 'failed'; seconds: number; error: string };

export interface Statement {
  sql: string;
  /**
   * How long it may wait for any lock. VACUUM, ANALYZE and REINDEX CONCURRENTLY ask for locks that let rows be read and written meanwhile,
   * also by those who come while they wait.
   */
  lockTimeoutMs: number;
  /** broken off when this is over, however much time there is in all */
  withinMs?: number;
}

/** The text whose hash is the advisory lock under which tables are worked on. */
const upkeepLock = 'roundsman maintenance';
/** How often it is looked whether the statement has to be broken off. */
const lookMs = 500;
/** So often it is asked whether the mode is off. */
const looksAMode = 4;

/** What a statement is broken off by, beside what it asks for itself. */
export interface Limits {
  /** when the time is over, on the clock of `performance.now()` */
  until: number;
  signal: AbortSignal;
  /** whether the mode allows work */
  isAllowed: () => Promise<boolean>;
}

export class Sessions {
  /** for short statements about what has been done, and for what is done */
  readonly worker: pg.Client;
  readonly #watch: pg.Client;
  readonly #limits: Limits;
  readonly #pid: number;

  private constructor(worker: pg.Client, watch: pg.Client, pid: number, limits: Limits) {
    this.worker = worker;
    this.#watch = watch;
    this.#pid = pid;
    this.#limits = limits;
  }

  /** Throws {@link UpkeepUnderWayError} while another process has such sessions on this database. */
  static async open(url: string, limits: Limits): Promise<Sessions> {
    const options = { name: 'roundsman maintenance', primary: true, statementTimeoutMs: 0 };
    const worker = await connectAlone(url, options);
    let watch: pg.Client | undefined;
    try {
      watch = await connectAlone(url, { ...options, statementTimeoutMs: 5_000 });
      const { rows } = await worker.query<{ free: boolean; pid: number }>(
        'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS free, pg_backend_pid() AS pid',
        [upkeepLock],
      );
      if (!rows[0]!.free)
        throw new UpkeepUnderWayError({
          what: 'no table was worked on',
          why: 'another process works on the tables of this database',
          hint: 'it is tried again soon; `npx roundsman jobs history maintenance` shows the other run',
        });
      return new Sessions(worker, watch, rows[0]!.pid, limits);
    } catch (error) {
      await Promise.allSettled([worker.end(), watch?.end()]);
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.worker.end(), this.#watch.end()]);
  }

  /** The process ids of both sessions at the server. */
  async pids(): Promise<number[]> {
    const { rows } = await this.#watch.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    return [this.#pid, rows[0]!.pid];
  }

  /** Why nothing more may begin; null while there is time, and the mode allows it. Throws the reason of an aborted signal. */
  async isOver(): Promise<'time' | 'mode' | null> {
    const { until, signal, isAllowed } = this.#limits;
    signal.throwIfAborted();
    if (performance.now() >= until) return 'time';
    return (await isAllowed()) ? null : 'mode';
  }

  /** How many milliseconds are left. */
  get leftMs(): number {
    return Math.max(0, this.#limits.until - performance.now());
  }

  /**
   * Carries out one statement outside of a transaction, and breaks it off where it has to be. Throws the reason of an aborted signal, when
   * the statement has ended, and what a lost connection throws.
   */
  carryOut(statement: Statement): Promise<Ended> {
    return this.#perform(statement, this.#limits);
  }

  /** Carries out a statement that takes moments, also when the time is over or the mode is off. */
  tidyUp(sql: string): Promise<Ended> {
    const limits = { ...this.#limits, until: Infinity, isAllowed: async () => true };
    return this.#perform({ sql, lockTimeoutMs: 2_000, withinMs: 30_000 }, limits);
  }

  async #perform(
    { sql, lockTimeoutMs, withinMs = Infinity }: Statement,
    limits: Limits,
  ): Promise<Ended> {
    const began = performance.now();
    await this.worker.query(`SET lock_timeout = ${Math.ceil(lockTimeoutMs)}`);
    const warnings: string[] = [];
    const hear = ({ severity, message }: { severity?: string; message?: string }) =>
      severity === 'WARNING' && message && warnings.push(message);
    this.worker.on('notice', hear as never);
    const ended = new AbortController();
    const until = Math.min(limits.until, began + withinMs);
    const watched = this.#watchOver({ ...limits, until }, ended.signal);
    let error: unknown;
    try {
      await this.worker.query(sql);
    } catch (thrown) {
      error = thrown;
    } finally {
      ended.abort();
      this.worker.off('notice', hear as never);
    }
    const why = await watched;
    const seconds = (performance.now() - began) / 1_000;
    limits.signal.throwIfAborted();
    if (error === undefined) return { outcome: 'done', seconds, warnings };
    if (stateOf(error) === cancelled) return { outcome: why ?? 'cancelled', seconds };
    if (notGranted.has(stateOf(error))) return { outcome: 'locked', seconds };
    // An error without a state of the server's is no answer: the connection is lost.
    if (stateOf(error).length !== 5 || meaningOf(error)?.fault === 'connection') throw error;
    return { outcome: 'failed', seconds, error: messageOf(error) };
  }

  /** Cancels the worker's statement when it has to end, again and again until it has; resolves with the reason. */
  async #watchOver(limits: Limits, ended: AbortSignal): Promise<BreakOff | null> {
    let why: BreakOff | null = null;
    for (let looks = 1; !ended.aborted; looks += 1) {
      await sleep(lookMs, undefined, { signal: ended }).catch(() => {});
      if (ended.aborted) return why;
      try {
        why ??= await this.#whyToEnd(limits, looks);
        if (why !== null || limits.signal.aborted)
          await this.#watch.query('SELECT pg_cancel_backend($1)', [this.#pid]);
      } catch {
        // The watch itself is lost: the work must not go on without it, and its session ends with its connection.
        if (!ended.aborted) this.worker.end().catch(() => {});
        return why;
      }
    }
    return why;
  }

  async #whyToEnd({ until, isAllowed }: Limits, looks: number): Promise<BreakOff | null> {
    if (performance.now() >= until) return 'time';
    if (await this.#isWaitedFor()) return 'yielded';
    if (looks % looksAMode === 0 && !(await isAllowed())) return 'mode';
    return null;
  }

  /** Whether another session waits for a lock that the worker holds: everything that comes after it would wait, too. */
  async #isWaitedFor(): Promise<boolean> {
    const { rows } = await this.#watch.query<{ waits: boolean }>(
      `SELECT EXISTS (SELECT FROM pg_locks w WHERE NOT w.granted AND w.pid <> $1 AND $1 = ANY (pg_blocking_pids(w.pid))) AS waits`,
      [this.#pid],
    );
    return rows[0]!.waits;
  }
}

/** A lock was not to be had: not in time, or because the other session waits for one that this one holds (a deadlock). */
const notGranted = new Set([lockNotGranted, '40P01']);
