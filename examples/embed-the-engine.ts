/**
 * Scheduler and worker in the process of an application, with a catalogue of its own, until the application is stopped.
 *
 *     npx node examples/embed-the-engine.ts
 *
 * It brings the schema, so give it a database of its own: an empty one in DATABASE_URL, or none there and none in `.env`;
 * then it makes an embedded one in `.roundsman-example`. enqueue-a-run.ts has it run its bot.
 */
import { startEngine } from 'roundsman';

process.env.ROUNDSMAN_HOME ??= '.roundsman-example';

// An address, because the children of the worker load the same module.
const catalogue = new URL('./a-bot-in-a-file.ts', import.meta.url);
const engine = await startEngine({ catalogue, migrate: true });
console.log(`started on ${engine.backend}`);

// The engine leaves signals to the application. `stop` lets running bots end, and gives back those that take too long.
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, async () => {
    await engine.stop();
    console.log('stopped');
  });
