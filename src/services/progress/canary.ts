/**
 * Proves that runs move: a canary goes the way of a run, from a scheduler's claim to the record, and the result names
 * the leg (stage) that it does not get through. Every command that says that an installation is healthy sends one, and does not
 * only look whether processes are alive.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  readCanary,
  removeCanary,
  requestCanary,
  type CanaryRow,
} from '../../data/progress/canaries.ts';
import { listNodes } from '../../data/bots/engine.ts';
import { countRunsByWorker } from '../../data/bots/progress.ts';
import type { Db } from '../../database/connect.ts';
import { stopAtRequest, explainStop, rowGone, type Leg, type Stop } from './canary-stop.ts';
import { fullPlaces, schedulersOf, workersOf } from './facts.ts';

/** Milliseconds that each leg took, by the database's clock; `total` is from the request to the record. */
export type LegTimes = Record<Leg | 'total', number>;

export type CanaryResult = { passed: true; ms: LegTimes } | ({ passed: false } & Stop);

/**
 * A scheduler claims once a second, a worker takes an entry within a moment, and a child starts in less than a
 * second.
 */
const defaultLegTimeoutMs = 10_000;
const pollMs = 50;
/** If the canary still waits although a place has been free for this long, it does not wait for a place. */
const placeFreeMs = 1_000;

/**
 * Sends one canary and waits for it, at each leg for `legTimeoutMs` at most. Several canaries may be under way at
 * once; a canary leaves no run, figure or finding. Rejects only when the database does not answer.
 */
export async function sendCanary(
  db: Db,
  { legTimeoutMs = defaultLegTimeoutMs }: { legTimeoutMs?: number } = {},
): Promise<CanaryResult> {
  const nodes = await listNodes(db);
  // Without a scheduler it is clear where the canary would stop.
  if (schedulersOf(nodes).length === 0)
    return { passed: false, ...explainStop({ row: null, nodes, full: null, legTimeoutMs }) };
  const id = await requestCanary(db).catch((error: unknown) => stopAtRequest(error));
  if (typeof id !== 'string') return { passed: false, ...id };
  const noWorker = workersOf(nodes).length === 0;
  let row = await follow(db, id, { legTimeoutMs, noWorker });
  let full = await busyPlaces(db);
  if (row && isWaiting(row) && !noWorker && full === null) {
    // A place may have become free in the last moment.
    row = await follow(db, id, { legTimeoutMs: placeFreeMs, noWorker, from: row });
    if (row?.started_at) row = await follow(db, id, { legTimeoutMs, noWorker, from: row });
    full = await busyPlaces(db);
  }
  // While its entry may still wait in the queue, the row stays: it tells a scheduler to remove the entry.
  if (row && !isWaiting(row)) await removeCanary(db, id).catch(() => {});
  if (row?.recorded_at) return { passed: true, ms: timesOf(row) };
  if (!row) return { passed: false, ...rowGone };
  return {
    passed: false,
    ...explainStop({ row, nodes: await listNodes(db), full, legTimeoutMs }),
  };
}

const isWaiting = (row: CanaryRow): boolean => row.queued_at !== null && row.started_at === null;

async function busyPlaces(db: Db): Promise<number | null> {
  return fullPlaces(await listNodes(db), await countRunsByWorker(db));
}

interface FollowOptions {
  legTimeoutMs: number;
  /** no worker is alive to take it out of the queue */
  noWorker: boolean;
  /** the row as last seen */
  from?: CanaryRow;
}

/** The row when the canary has ended, or has made no progress for `legTimeoutMs`; null when the row was removed. */
async function follow(
  db: Db,
  id: string,
  { legTimeoutMs, noWorker, from }: FollowOptions,
): Promise<CanaryRow | null> {
  let legs = from ? legsOf(from) : 0;
  let since = performance.now();
  for (;;) {
    await sleep(pollMs);
    const row = await readCanary(db, id);
    if (!row || row.recorded_at || row.error !== null || (noWorker && row.queued_at))
      return row ?? null;
    if (legsOf(row) > legs) since = performance.now();
    legs = legsOf(row);
    if (performance.now() - since > legTimeoutMs) return row;
  }
}

/** The number of legs that the canary has passed. */
const legsOf = (row: CanaryRow): number =>
  [row.claimed_at, row.queued_at, row.started_at, row.answered_at].filter((at) => at !== null)
    .length;

function timesOf(row: CanaryRow): LegTimes {
  const between = (from: Date | null, to: Date | null) =>
    from && to ? Math.max(0, to.getTime() - from.getTime()) : 0;
  return {
    claim: between(row.requested_at, row.claimed_at),
    queue: between(row.claimed_at, row.started_at),
    child: between(row.started_at, row.answered_at),
    record: between(row.answered_at, row.recorded_at),
    total: between(row.requested_at, row.recorded_at),
  };
}
