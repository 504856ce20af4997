import type { Job } from '../../contract/job.ts';
import type { Db } from '../../database/connect.ts';
import type { Log } from '../../log.ts';
import type { Emit } from '../../events/events.ts';
import type { RunQueue } from '../../queue/run-queue.ts';
import type { Secrets } from '../secrets.ts';
import type { JobLeases } from './job-leases.ts';

/** The dependencies with which a worker process executes runs of jobs. */
export interface JobEngine {
  /** the name under which runs are leased */
  worker: string;
  db: Db;
  databaseUrl: string;
  queue: Pick<RunQueue, 'add'>;
  /** the jobs that this version knows */
  jobs: readonly Job[];
  leases: JobLeases;
  secrets: Pick<Secrets, 'open'>;
  emit: Emit;
  /** the log; each handler gets a child log of it for its own messages */
  log: Log;
}
