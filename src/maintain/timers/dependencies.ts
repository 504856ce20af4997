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
  /** how what lost runs have left open is brought to people */
  escalate: Escalate;
  node: Node;
  /** what takes entries here; null where nothing does */
  worker: RunWorker | null;
  emit: Emit;
}
