/** What a backend of BullMQ has to provide. */
import type { Job, Queue, Worker } from 'bullmq';

/** `token` proves to BullMQ that this worker holds the job. */
export type Processor = (job: Job, token?: string) => Promise<void>;

export interface Transport {
  /** `end` closes its connections at once, in whatever state they are. */
  openQueue(): { queue: Queue; end(): Promise<unknown> };
  openWorker(concurrency: number, process: Processor): { worker: Worker; end(): Promise<unknown> };
}

/** BullMQ's name of our only queue. */
export const queueName = 'runs';

// `maxStalledCount` 0: BullMQ never starts a stalled entry again; rescue decides that from the row.
export const workerOptions = { lockDuration: 60_000, maxStalledCount: 0, stalledInterval: 30_000 };
