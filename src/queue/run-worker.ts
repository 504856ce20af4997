/**
 * Takes entries in this process, with a worker of BullMQ that is replaced by a new one when it has stopped. A worker
 * that started while PostgreSQL was down never recovers, and a worker on a dead socket waits for an answer that never
 * comes; both report that they are running.
 */
import { WaitingError, type Job, type Worker } from 'bullmq';
import { settlesWithin } from '../ground/settles-within.ts';
import type { Processor, Transport } from './transport.ts';

export interface RunWorker {
  /** Takes no more entries; resolves when the entries that it has taken are done. */
  drain(): Promise<void>;
  /** For how long the worker has had a free place and taken no entry, in milliseconds; 0 while it is paused. */
  idleMs(): number;
  /** Takes no more entries until `resume`; entries that it has taken go on. */
  pause(): void;
  resume(): void;
  /** Starts another worker of BullMQ in its place; entries that the old one has taken go on. */
  replace(): void;
}

/**
 * Handles one entry. It may call `free` when little of its work is left: then the next entry may use its place meanwhile.
 */
export type Take<Entry> = (entry: Entry, free: () => void) => Promise<void>;

/** Makes the entry wait again. If that fails, the entry is lost, and rescue queues its run again. */
async function putBack(job: Job, token?: string): Promise<never> {
  await job.moveToWait(token);
  throw new WaitingError();
}

/** How long each of the two steps that close a worker of BullMQ may take. */
const closeTimeoutMs = 2_000;

export function openWorker<Entry>(
  transport: Transport,
  concurrency: number,
  take: Take<Entry>,
  onError: (error: Error) => void,
): RunWorker {
  const entriesInWork = new Set<Promise<void>>();
  // How many entries occupy a place, and how many have freed their place and are still handled. The latter are at most as
  // many as there are places; a further entry keeps its place.
  let placesInUse = 0;
  let withoutPlace = 0;
  const retiring = new Set<Promise<void>>();
  let current: { worker: Worker; retire(): Promise<void> } | null = null;
  let changedAt = performance.now();
  let closed = false;

  function open(): void {
    const itsEntries = new Set<Promise<void>>();
    let takesEntries = true;
    const process: Processor = async (job, token) => {
      // BullMQ fetches one more entry while it closes: the next worker gets it.
      if (!takesEntries) return putBack(job, token);
      const { promise: freed, resolve: markFreed } = Promise.withResolvers<void>();
      let hasFreed = false;
      const free = () => {
        if (hasFreed || withoutPlace >= concurrency) return;
        hasFreed = true;
        withoutPlace += 1;
        markFreed();
      };
      placesInUse += 1;
      const work = take(job.data as Entry, free).finally(() => {
        for (const list of [itsEntries, entriesInWork]) list.delete(work);
        if (hasFreed) withoutPlace -= 1;
      });
      for (const list of [itsEntries, entriesInWork]) list.add(work);
      changedAt = performance.now();
      try {
        await Promise.race([freed, work]);
      } finally {
        placesInUse -= 1;
        changedAt = performance.now();
      }
    };
    const { worker, end } = transport.openWorker(concurrency, process);
    worker.on('error', onError);
    const retire = async () => {
      takesEntries = false;
      // Not awaited here: closing waits for the entries that are being handled, and on a dead socket for ever.
      const ended = worker.close();
      await Promise.allSettled(itsEntries);
      await settlesWithin(closeTimeoutMs, ended).catch(() => {});
      await settlesWithin(closeTimeoutMs, end()).catch(() => {});
    };
    current = { worker, retire };
    changedAt = performance.now();
  }

  function retire(): void {
    const retired = current?.retire();
    current = null;
    if (!retired) return;
    retiring.add(retired);
    void retired.finally(() => retiring.delete(retired));
  }

  open();
  return {
    async drain() {
      closed = true;
      retire();
      await Promise.allSettled([...entriesInWork, ...retiring]);
    },
    idleMs: () => (current && placesInUse < concurrency ? performance.now() - changedAt : 0),
    pause: retire,
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
