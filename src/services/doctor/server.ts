import type { Config } from '../../config.ts';
import type { Db } from '../../database/connect.ts';
import { describeConnection } from './describe-connection.ts';
import type { Diagnosis } from './diagnosis.ts';
import { examineDisk } from './disk.ts';
import { examineFailover, examineServers } from './failover.ts';
import type { Look } from './look.ts';
import { examineOpenSessions } from './open-sessions.ts';
import { examinePooler } from './pooler.ts';
import { examineTls } from './tls.ts';

/** The looks at the server of the database, migrated or not: one more is one file and one line. */
const looks: Look[] = [
  examinePooler,
  examineOpenSessions,
  examineTls,
  examineFailover,
  examineServers,
  examineDisk,
];

/** The server of the database: how it is reached, how full it is, and what a loss of it would cost. */
export async function examineServer(db: Db, url: string, config: Config): Promise<Diagnosis[]> {
  const around = { db, config, connection: await describeConnection(url) };
  const found: Diagnosis[] = [];
  for (const look of looks) found.push(...(await look(around)));
  return found;
}
