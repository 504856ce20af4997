import { setTimeout as sleep } from 'node:timers/promises';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import { currentTime } from '../../data/bots/engine.ts';
import { openRuns, type OpenRun } from '../../data/checks/progress.ts';
import { queueManualRun } from '../runs/queue.ts';
import { whyNotHealed } from './not-healed.ts';
import { readRound, type Round } from './read.ts';
import type { Db } from '../../database/connect.ts';
import { authorise, type Actor } from '../actor.ts';

export type { Round, SeenFinding } from './read.ts';

const pollMs = 100;

/** The runs of a round that has not ended. */
export interface RoundUnderWay {
  /** how many runs the round has */
  all: number;
  /** those that have not ended */
  open: OpenRun[];
}

/**
 * Runs these bots once, now, and waits until every run has ended; meanwhile `onWait` is called with the runs that have not.
 * Resolves with what they did and, if the caller gives a catalogue, why the rest was not healed. Resolves with null if `signal`
 * aborts first: the runs then go on. A worker must be alive. For operators. Throws BotCannotRunError if one of the bots cannot
 * run; then none is queued.
 */
export async function makeRound(
  { db, actor, catalogue }: { db: Db; actor: Actor; catalogue?: () => Promise<Catalogue> },
  {
    bots,
    signal,
    onWait,
  }: { bots: { id: string }[]; signal?: AbortSignal; onWait?: (round: RoundUnderWay) => void },
): Promise<Round | null> {
  authorise(actor, 'run bots', 'operator');
  // One transaction: if one of the bots cannot run, none is queued. It locks the bots in the order of their ids, as other
  // transactions do.
  const ids = await db.transaction().execute(async (trx) => {
    const queued: string[] = [];
    for (const id of bots.map((bot) => bot.id).toSorted())
      queued.push((await queueManualRun(trx, id)).id);
    return queued;
  });
  for (;;) {
    const open = await openRuns(db, ids);
    if (open.length === 0) break;
    if (signal?.aborted) return null;
    onWait?.({ all: ids.length, open });
    await sleep(pollMs);
  }
  const round = await readRound(db, ids);
  if (!catalogue) return round;
  const context = { db, catalogue: await catalogue() };
  return {
    ...round,
    held_back: await whyNotHealed(context, round.findings, await currentTime(db)),
  };
}
