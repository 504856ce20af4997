/** Ends runs that no worker executes any more and that may not be started again. */
import type { Transaction } from 'kysely';
import type { Fenced } from '../data/bots/fence.ts';
import type { Database, Db } from '../database/connect.ts';
import { faultBehind } from '../database/faults/fault-behind.ts';
import { isOutage } from '../database/faults/outage.ts';
import { emitTicketChange, type TicketChange } from '../events/ticket-change.ts';
import { emitLost } from './emit-lost.ts';
import type { Emit } from '../events/events.ts';
import { endLostRuns, findLostRuns, lockLostRuns } from '../transitions/runs/end-lost.ts';

/** Escalates what lost runs have left open, in a transaction that has locked the rows of the runs and their bots. */
export type Escalate = (trx: Transaction<Database>, runs: Fenced[]) => Promise<TicketChange[]>;

/** How many lost runs one rescue ends at most; the next rescue continues. */
const maxLost = 500;
/** For how long one rescue ends runs one by one; the next rescue continues. */
const maxOneByOneMs = 5_000;

/**
 * Ends the lost runs, and returns how many. What the attempts of a run have recorded is escalated as at every other end.
 * When that fails, each run is ended in a transaction of its own, so that one run cannot stop the others. A run whose
 * escalation fails even then is ended without escalation.
 */
export async function endLost(db: Db, escalate: Escalate, emit: Emit): Promise<number> {
  const lost = await findLostRuns(db, maxLost);
  if (lost.length === 0) return 0;
  try {
    return await endRuns(db, escalate, lost, emit);
  } catch (error) {
    if (isOutage(error)) throw error;
    emit('lost_runs.ended_alone', { err: error });
  }
  const until = performance.now() + maxOneByOneMs;
  let ended = 0;
  for (const id of await findLostRuns(db, maxLost)) {
    if (performance.now() > until) break;
    ended += await endAlone(db, escalate, id, emit);
  }
  return ended;
}

async function endAlone(db: Db, escalate: Escalate, id: string, emit: Emit): Promise<number> {
  try {
    return await endRuns(db, escalate, [id], emit);
  } catch (error) {
    if (isOutage(error)) throw error;
    if (isTemporary(error)) {
      emit('lost_run.postponed', { err: error, run: id });
      return 0;
    }
    const ended = await endRuns(db, async () => [], [id], emit);
    if (ended > 0) emit('lost_run.unescalated', { err: error, run: id });
    return ended;
  }
}

/**
 * Whether the transaction failed because of deadlocks, locks and statements that took too long, or a full server. Then
 * the escalation itself is not the cause, and a later rescue tries again.
 */
const isTemporary = (error: unknown) =>
  ['conflict', 'timeout', 'resources', 'connection', 'read-only'].includes(
    faultBehind(error) ?? '',
  );

/** Ends those of these runs that are still lost. Skips a run whose row or bot another transaction has locked. */
async function endRuns(db: Db, escalate: Escalate, ids: string[], emit: Emit): Promise<number> {
  const { lost, tickets } = await db.transaction().execute(async (trx) => {
    const locked = await lockLostRuns(trx, ids);
    if (locked.length === 0) return { lost: locked, tickets: [] };
    const changed = await escalate(trx, locked);
    await endLostRuns(trx, locked);
    return { lost: locked, tickets: changed };
  });
  emitLost(
    emit,
    lost.filter(({ waits }) => !waits),
  );
  for (const ticketed of tickets) emitTicketChange(emit, ticketed);
  return lost.length;
}
