/** Ends runs that no worker executes any more and that may not be started again. */
import type { Transaction } from 'kysely';
import type { Fenced } from '../data/bots/fence.ts';
import type { Database, Db } from '../database/connect.ts';
import { faultBehind } from '../database/faults/fault-behind.ts';
import { isOutage } from '../database/faults/outage.ts';
import { emitTicketed, type Ticketed } from '../events/ticketed.ts';
import { emitLost } from './emit-lost.ts';
import type { Emit } from '../events/events.ts';
import { endLostRuns, findLostRuns, holdLostRuns } from '../transitions/runs/end-lost.ts';

/** Escalates what lost runs have left open, in a transaction that holds the runs and their bots. */
export type Escalate = (trx: Transaction<Database>, runs: Fenced[]) => Promise<Ticketed[]>;

const batch = 500;
/** How long one rescue ends runs one by one; the next rescue continues. */
const aloneMs = 5_000;

/**
 * Ends the lost runs. What the attempts of a run have recorded is escalated as at every other end. When that fails,
 * each run is ended alone, so that one run cannot stop the others. A run whose escalation fails even alone is ended
 * without escalation.
 */
export async function endLost(db: Db, escalate: Escalate, emit: Emit): Promise<number> {
  const lost = await findLostRuns(db, batch);
  if (lost.length === 0) return 0;
  try {
    return await end(db, escalate, lost, emit);
  } catch (error) {
    if (isOutage(error)) throw error;
    emit('lost_runs.ended_alone', { err: error });
  }
  const until = performance.now() + aloneMs;
  let ended = 0;
  for (const id of await findLostRuns(db, batch)) {
    if (performance.now() > until) break;
    ended += await endAlone(db, escalate, id, emit);
  }
  return ended;
}

async function endAlone(db: Db, escalate: Escalate, id: string, emit: Emit): Promise<number> {
  try {
    return await end(db, escalate, [id], emit);
  } catch (error) {
    if (isOutage(error)) throw error;
    if (isInTheWay(error)) {
      emit('lost_run.postponed', { err: error, run: id });
      return 0;
    }
    const ended = await end(db, async () => [], [id], emit);
    if (ended > 0) emit('lost_run.unescalated', { err: error, run: id });
    return ended;
  }
}

/** Deadlocks, locks and statements that took too long, or a full server: the escalation itself is not the cause. */
const isInTheWay = (error: unknown) =>
  ['conflict', 'timeout', 'resources', 'connection', 'read-only'].includes(
    faultBehind(error) ?? '',
  );

/** Ends those runs that are still lost, and whose rows and bots' rows are not locked. */
async function end(db: Db, escalate: Escalate, ids: string[], emit: Emit): Promise<number> {
  const { lost, tickets } = await db.transaction().execute(async (trx) => {
    const held = await holdLostRuns(trx, ids);
    if (held.length === 0) return { lost: held, tickets: [] };
    const changed = await escalate(trx, held);
    await endLostRuns(trx, held);
    return { lost: held, tickets: changed };
  });
  emitLost(
    emit,
    lost.filter(({ waits }) => !waits),
  );
  for (const ticketed of tickets) emitTicketed(emit, ticketed);
  return lost.length;
}
