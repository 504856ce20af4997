/**
 * Takes entries in this process, with a worker of BullMQ that is replaced by a new one when it has stopped. A worker
 * that started while PostgreSQL was down never recovers, and a worker on a dead socket waits for an answer that never
 * comes; both report that they are running.
 */
import { WaitingError, type Job, type Worker } from 'bullmq';
import { within } from '../ground/within.ts';
import type { Processor, Transport } from './transport.ts';

export interface RunWorker {
  /** Takes no more entries; resolves when the entries that it has taken are done. */
  drain(): Promise<void>;
  /** For how long it has had a free place and taken no entry, in milliseconds; 0 while it is paused. */
  idleMs(): number;
  /** Takes no more entries until `resume`; entries that it has taken go on. */
  hold(): void;
  resume(): void;
  /** Starts another worker of BullMQ in its place; entries that the old one has taken go on. */
  replace(): void;
}

/**
 * Handles one entry. Once it has called `free`, the next entry may use its place, while the rest of its work goes on.
 */
export type Take<Entry> = (entry: Entry, free: () => void) => Promise<void>;

/** Makes the entry wait again. When that fails the entry is lost, and rescue queues its row again. */
async function putBack(job: Job, token?: string): Promise<never> {
  await job.moveToWait(token);
  throw new WaitingError();
}

/** How long a worker that closes may take to report that its last entries are done. */
const farewellMs = 2_000;

export function openWorker<Entry>(
  transport: Transport,
  concurrency: number,
  take: Take<Entry>,
  onError: (error: Error) => void,
): RunWorker {
  const carried = new Set<Promise<void>>();
  // Entries that occupy a place, and entries that gave theirs up and are still handled. There are at most as many of
  // the latter as places; a further entry keeps its place.
  let placed = 0;
  let parting = 0;
  const leaving = new Set<Promise<void>>();
  let current: { worker: Worker; retire(): Promise<void> } | null = null;
  let changedAt = performance.now();
  let closed = false;

  function open(): void {
    const itsEntries = new Set<Promise<void>>();
    let taking = true;
    const process: Processor = async (job, token) => {
      // BullMQ fetches one more entry while it closes: the next worker gets it.
      if (!taking) return putBack(job, token);
      const { promise: freed, resolve: leave } = Promise.withResolvers<void>();
      let left = false;
      const free = () => {
        if (left || parting >= concurrency) return;
        left = true;
        parting += 1;
        leave();
      };
      placed += 1;
      const work = take(job.data as Entry, free).finally(() => {
        for (const list of [itsEntries, carried]) list.delete(work);
        if (left) parting -= 1;
      });
      for (const list of [itsEntries, carried]) list.add(work);
      changedAt = performance.now();
      try {
        await Promise.race([freed, work]);
      } finally {
        placed -= 1;
        changedAt = performance.now();
      }
    };
    const { worker, end } = transport.openWorker(concurrency, process);
    worker.on('error', onError);
    const retire = async () => {
      taking = false;
      // Not awaited here: closing waits for the entries that are being handled, and on a dead socket for ever.
      const ended = worker.close();
      await Promise.allSettled(itsEntries);
      await within(farewellMs, ended).catch(() => {});
      await within(farewellMs, end()).catch(() => {});
    };
    current = { worker, retire };
    changedAt = performance.now();
  }

  function retire(): void {
    const gone = current?.retire();
    current = null;
    if (!gone) return;
    leaving.add(gone);
    void gone.finally(() => leaving.delete(gone));
  }

  open();
  return {
    async drain() {
      closed = true;
      retire();
      await Promise.allSettled([...carried, ...leaving]);
    },
    idleMs: () => (current && placed < concurrency ? performance.now() - changedAt : 0),
    hold: retire,
    resume() {
      if (!current && !closed) open();
    },
    replace() {
      if (!current || closed) return;
      retire();
      open();
    },
  };
}
