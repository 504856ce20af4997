/**
 * Which of a worker's places runs of remote bots may take. How long such a run lasts is decided by a server elsewhere: by one
 * that does not answer, or by one that reports hours later. If these runs could take every place, a hundred servers that hang
 * would keep the bots of the catalogue, the jobs and the canaries from running.
 */
import type { Db } from '../database/connect.ts';
import type { Emit } from '../events/events.ts';
import type { RunEntry, RunQueue } from '../queue/run-queue.ts';
import { isAddress } from '../remote/endpoint.ts';
import { putOffRemoteRun } from '../transitions/runs/put-off.ts';
import type { Run } from './writer/run.ts';

export interface RemotePlaces {
  /**
   * Starts a run by `start`. Resolves with null when there is no place for it: then it is queued for a later time, without
   * using up an attempt.
   */
  start(entry: RunEntry, start: () => Promise<Run | null>): Promise<Run | null>;
  /** The run has ended: another one may take its place. */
  end(run: Run): void;
}

/** How many of so many places they may take: of ten seven, and all but one of a few. A worker with a single place keeps none free. */
export const maxRemote = (places: number): number =>
  places - Math.max(Math.floor(places * 0.3), places > 1 ? 1 : 0);

/** The shortest pause of a run that is put off. */
const pauseMs = 500;
/** The time between two runs that come back: so a thousand of them cost a worker no more than fifty queries a second. */
const spacingMs = 20;

export function openRemotePlaces(
  { db, queue, emit }: { db: Db; queue: Pick<RunQueue, 'add'>; emit: Emit },
  places: number,
): RemotePlaces {
  const most = maxRemote(places);
  const remote = new Set<Run>();
  // Runs whose bot is not known before they have started: each of them may be remote.
  let starting = 0;
  let lastTurn = 0;

  async function putOff(entry: RunEntry): Promise<boolean> {
    const now = performance.now();
    lastTurn = Math.max(now + pauseMs, lastTurn + spacingMs);
    const again = await putOffRemoteRun(db, entry, Math.round(lastTurn - now));
    if (!again) return false;
    // Rescue queues the run when this fails.
    await queue
      .add([again])
      .catch((error: unknown) => emit('run.unqueued', { err: error, run: entry.id }));
    return true;
  }

  return {
    async start(entry, start) {
      const mayBeRemote = starting + remote.size < most;
      if (!mayBeRemote && (await putOff(entry))) return null;
      if (mayBeRemote) starting += 1;
      try {
        const run = await start();
        if (run && isAddress(run.bot.endpoint)) remote.add(run);
        return run;
      } finally {
        if (mayBeRemote) starting -= 1;
      }
    },
    end: (run) => void remote.delete(run),
  };
}
