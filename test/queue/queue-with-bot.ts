import { migrateQueue } from '../../src/queue/backend.ts';
import { openQueue } from '../../src/queue/run-queue.ts';
import { registerCatalogue } from '../../src/schedule/register.ts';
import type { Backend } from '../support/backends.ts';
import { aBot, catalogue, clean } from '../support/builders.ts';
import { testDatabase } from '../support/database.ts';

/** Opens a queue on a new database, which has a bot `watch` for the runs of a test. */
export async function queueWithBot(backend: Backend) {
  const { db, url } = await testDatabase();
  if (backend.name === 'postgres') await migrateQueue(url);
  await registerCatalogue(db, catalogue([aBot('watch', async () => clean('x'))]));
  const queue = await openQueue(db, { redisUrl: backend.redisUrl, databaseUrl: url }, () => {});
  return { db, queue };
}
