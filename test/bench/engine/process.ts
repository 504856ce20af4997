/** One process of the engine around the bench's own catalogue: role, database, Redis (or empty), concurrency. */
import { enableCompileCache } from 'node:module';
import { openLog } from '../../../src/log.ts';
import { readConfig } from '../../../src/config.ts';
import { startEngine } from '../../../src/bin/engine.ts';

// As the command does.
enableCompileCache();

const [role, databaseUrl, redisUrl, concurrency] = process.argv.slice(2);
const config = {
  ...readConfig(),
  databaseUrl,
  redisUrl: redisUrl || undefined,
  concurrency: Number(concurrency),
  logLevel: 'error',
};
const engine = await startEngine(
  role as 'scheduler' | 'worker' | 'up',
  config,
  databaseUrl!,
  openLog(config),
  new URL('./bots.ts', import.meta.url),
);
process.send?.('ready');
process.once('disconnect', () => void engine.stop(0).then(() => process.exit()));
