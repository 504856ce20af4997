/**
 * Proof that runs move: a canary takes the way of a run, from a scheduler's claim to the record, and the leg
 * that it does not get through is named. Whatever calls an installation healthy asks here, and not only
 * whether its processes are alive.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  readCanary,
  removeCanary,
  requestCanary,
  type CanaryRow,
} from '../../data/bots/canaries.ts';
import { listNodes } from '../../data/bots/engine.ts';
import { runsCarried } from '../../data/bots/progress.ts';
import type { Db } from '../../data/connect.ts';
import { explainRefusal, explainStop, type Leg, type Stop } from './canary-stop.ts';
import { fullPlaces, schedulersOf, workersOf } from './facts.ts';

/** Milliseconds that each leg took, by the database's clock; `total` is from the request to the record. */
export type LegTimes = Record<Leg | 'total', number>;

export type CanaryResult =
  | { passed: true; ms: LegTimes }
  /** `waits`: it is first in the queue, and every place is busy with a run; nothing is known to be broken */
  | ({ passed: false } & Stop);

/** A scheduler claims once a second, and a start of a child takes less than one. */
const canaryWithinMs = 10_000;
const pollMs = 50;

/**
 * Sends one canary and waits for it, for `withinMs` at most. Any number may be under way at once; none has a
 * row, a figure or a finding. Rejects only when the database does not answer.
 */
export async function sendCanary(
  db: Db,
  { withinMs = canaryWithinMs }: { withinMs?: number } = {},
): Promise<CanaryResult> {
  const nodes = await listNodes(db);
  // Without a scheduler it is known where it would stop.
  if (schedulersOf(nodes).length === 0)
    return { passed: false, ...explainStop({ row: null, nodes, full: null, withinMs }) };
  const id = await requestCanary(db).catch((error: unknown) => explainRefusal(error));
  if (typeof id !== 'string') return { passed: false, ...id };
  let row: CanaryRow | null = null;
  try {
    const noWorker = workersOf(nodes).length === 0;
    const until = performance.now() + withinMs;
    do {
      await sleep(pollMs);
      row = (await readCanary(db, id)) ?? null;
    } while (row && !isOver(row, noWorker) && performance.now() < until);
    if (row?.recorded_at) return { passed: true, ms: timesOf(row) };
    const now = await listNodes(db);
    const full = fullPlaces(now, await runsCarried(db));
    return { passed: false, ...explainStop({ row, nodes: now, full, withinMs }) };
  } finally {
    // As long as its entry may wait in the queue, its row tells a scheduler to take that away.
    const waits = row?.queued_at && !row.started_at;
    if (!waits) await removeCanary(db, id).catch(() => {});
  }
}

const isOver = (row: CanaryRow, noWorker: boolean): boolean =>
  row.recorded_at !== null || row.error !== null || (noWorker && row.queued_at !== null);

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
