/** The end of runs that no worker carries any more and that may not be begun again. */
import type { Transaction } from 'kysely';
import type { Fenced } from '../data/bots/fence.ts';
import type { Database, Db } from '../database/connect.ts';
import { faultBehind } from '../database/faults/fault-behind.ts';
import { isOutage } from '../database/faults/outage.ts';
import type { Log } from '../log.ts';
import { endLostRuns, findLostRuns, holdLostRuns } from '../transitions/runs/end-lost.ts';

/** Brings what lost runs have left open to people, in a transaction that holds the runs and their bots. */
export type Escalate = (trx: Transaction<Database>, runs: Fenced[]) => Promise<unknown>;

const batch = 500;
/** What ends alone gets so long in one go; the rest follows with the next rescue. */
const aloneMs = 5_000;

/**
 * Ends what is lost. What the attempts of a run have recorded is escalated as at every other end. Where that fails, each run is ended alone, so that one cannot keep the others, and one whose
 * escalation fails alone is ended without it.
 */
export async function endLost(db: Db, escalate: Escalate, log: Log): Promise<number> {
  const lost = await findLostRuns(db, batch);
  if (lost.length === 0) return 0;
  try {
    return await end(db, escalate, lost);
  } catch (error) {
    if (isOutage(error)) throw error;
    log.warn({ err: error }, 'lost runs could not be ended together; each is ended alone');
  }
  const until = performance.now() + aloneMs;
  let ended = 0;
  for (const id of await findLostRuns(db, batch)) {
    if (performance.now() > until) break;
    ended += await endAlone(db, escalate, id, log);
  }
  return ended;
}

async function endAlone(db: Db, escalate: Escalate, id: string, log: Log): Promise<number> {
  try {
    return await end(db, escalate, [id]);
  } catch (error) {
    if (isOutage(error)) throw error;
    if (isInTheWay(error)) {
      log.warn({ err: error, run: id }, 'a lost run is ended later: somebody holds what it needs');
      return 0;
    }
    const ended = await end(db, async () => {}, [id]);
    if (ended > 0)
      log.error({ err: error, run: id }, 'a lost run was ended without escalation, which fails');
    return ended;
  }
}

/** Deadlocks, locks and statements that took too long, a server without room: not what escalation itself does. */
const isInTheWay = (error: unknown) =>
  ['conflict', 'timeout', 'resources', 'connection', 'read-only'].includes(
    faultBehind(error) ?? '',
  );

/** Ends those of them that are still lost and whose rows, with their bots', are free. */
const end = (db: Db, escalate: Escalate, ids: string[]): Promise<number> =>
  db.transaction().execute(async (trx) => {
    const lost = await holdLostRuns(trx, ids);
    if (lost.length === 0) return 0;
    await escalate(trx, lost);
    await endLostRuns(trx, lost);
    return lost.length;
  });
