import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Db } from '../database/connect.ts';
import type { Emit } from '../events/events.ts';
import type { RunQueue } from '../queue/run-queue.ts';
import type { Children } from './tasks/children.ts';
import type { RunWriter } from './writer/run-writer.ts';
import type { Leases } from './lease.ts';
import type { Secrets } from './secrets.ts';

/** The dependencies with which a worker process executes runs of bots. */
export interface Engine {
  /** the name under which runs are leased: host, pid, start */
  worker: string;
  db: Db;
  /** where checks and remedies run */
  children: Children;
  catalogue: Catalogue;
  queue: RunQueue;
  /** starts, records and ends runs */
  writer: RunWriter;
  leases: Leases;
  secrets: Secrets;
  emit: Emit;
  /** why checks that look outside are skipped at once; without it they are asked */
  offline?: string | undefined;
}
