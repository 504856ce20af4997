import type { Config } from '../../config.ts';
import type { Db } from '../../database/connect.ts';
import type { ConnectionFacts } from './describe-connection.ts';
import type { Diagnosis } from './diagnosis.ts';

/** What a look at the database's server has. */
export interface LookAround {
  db: Db;
  config: Config;
  connection: ConnectionFacts;
}

/** One look of the doctor at one thing: it reads, writes nothing, and returns what it found. */
export type Look = (around: LookAround) => Promise<Diagnosis[]>;
