/** The proof of kills.test.ts at any size: node test/notify/kills-full.ts 1000 */
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../../src/database/connect.ts';
import { startThrowaway } from '../../src/database/embedded/throwaway.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { killAgainAndAgain } from './kills.ts';
import { receiveInto, type Received } from './received.ts';

const kills = Number(process.argv[2] ?? 1_000);
const postgres = await startThrowaway(mkdtempSync(join(tmpdir(), 'kills-')), { fsync: false });
const db = connect(postgres.url);
const received: Received[] = [];
const server = createServer(receiveInto(received, () => sleep(Math.random() * 20)));
try {
  await migrateToLatest(db);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const killed = await killAgainAndAgain(
    { db, url: postgres.url },
    { host, received },
    {
      kills,
      onKill(count) {
        if (count % 50 === 0) console.error(`${count} kills`);
      },
    },
  );
  console.log(JSON.stringify(killed, null, 2));
  const { lost, unexplained, unmarked, uncounted } = killed;
  if ([lost, unexplained, unmarked, uncounted].some((wrong) => wrong.length > 0))
    process.exitCode = 1;
} finally {
  server.closeAllConnections();
  server.close();
  await db.destroy();
  await postgres.stop();
}
