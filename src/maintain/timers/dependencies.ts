import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { Job } from '../../contract/job.ts';
import type { Db } from '../../database/connect.ts';
import type { Emit } from '../../events/events.ts';
import type { RunQueue, RunWorker } from '../../queue/run-queue.ts';
import type { Escalate } from '../end-lost.ts';
import type { Node } from '../heartbeat.ts';

/** What the timers of a process work with. */
export interface TimerDependencies {
  db: Db;
  queue: RunQueue;
  catalogue: Catalogue;
  /** the jobs that this version knows */
  jobs: readonly Job[];
  /** how findings that lost runs have left open are escalated */
  escalate: Escalate;
  node: Node;
  /** takes entries in this process; null in a process without a worker */
  worker: RunWorker | null;
  emit: Emit;
  /** sends the outward ping when it is due; null where none is set */
  ping: (() => Promise<void>) | null;
}
