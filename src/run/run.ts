import type { Catalogue } from '../catalogue.ts';
import type { Db } from '../data/connect.ts';
import type { Log } from '../log.ts';
import type { RunQueue } from '../queue/run-queue.ts';
import type { Leases } from './lease.ts';

/** What a worker process works with. */
export interface Engine {
  /** the name under which runs are leased: host, pid, start */
  worker: string;
  db: Db;
  /** a pool whose sessions refuse to write: what checks get */
  reader: Db;
  catalogue: Catalogue;
  queue: RunQueue;
  leases: Leases;
  log: Log;
}

/** Why a run was stopped before its checks were through. */
export type Stop = 'timeout' | 'cancelled' | 'lost';

/** One start of one row of `bot_executions`: the value that passes through every step. */
export interface Run {
  id: string;
  fence: string;
  attempt: number;
  maxAttempts: number;
  trigger: 'schedule' | 'manual' | 'backfill' | 'verify';
  startedAt: Date;
  bot: { id: string; name: string; endpoint: string; config: unknown };
  timeoutMs: number;
  /** Aborted with a {@link Stop} as its reason. */
  signal: AbortSignal;
  stop(why: Stop): void;
}
