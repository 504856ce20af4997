/** One process of the engine around the bench's own catalogue: role, database, Redis (or empty), concurrency. */
import { enableCompileCache } from 'node:module';
import { eventsTo } from '../../../src/events/log-events.ts';

// As the command does, before it loads anything.
enableCompileCache();
const [{ openLog }, { readConfig }, { startEngine }] = await Promise.all([
  import('../../../src/log.ts'),
  import('../../../src/config.ts'),
  import('../../../src/bin/engine.ts'),
]);

const [role, databaseUrl, redisUrl, concurrency] = process.argv.slice(2);
const config = {
  ...readConfig(),
  databaseUrl,
  redisUrl: redisUrl || undefined,
  concurrency: Number(concurrency),
  logLevel: 'error',
};
const log = openLog(config);
const engine = await startEngine(
  role as 'scheduler' | 'worker' | 'up',
  config,
  databaseUrl!,
  { log, emit: eventsTo(log).emit },
  new URL('./bots.ts', import.meta.url),
);
process.send?.('ready');
process.once('disconnect', () => void engine.stop(0).then(() => process.exit()));
