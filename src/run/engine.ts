import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Db } from '../database/connect.ts';
import type { Emit } from '../events/events.ts';
import type { RunQueue } from '../queue/run-queue.ts';
import type { Children } from './tasks/children.ts';
import type { RunWriter } from './writer/run-writer.ts';
import type { Leases } from './lease.ts';
import type { RemotePlaces } from './remote-places.ts';
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
  /** which places runs of remote bots may take; without it they take any */
  remotePlaces?: RemotePlaces | undefined;
  offline?: Offline | undefined;
}

/** Checks that look outside are skipped at once; without this they are asked. */
export interface Offline {
  /** the reason that is written down for each of them */
  why: string;
  /** endpoints whose checks are asked all the same: what they look at is on this machine */
  except: readonly string[];
}
