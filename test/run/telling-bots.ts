/** Bots whose checks tell a secret in other ways than by a result; a child loads this module. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql, type Check } from '../../src/bot.ts';
import { aBot } from '../support/builders.ts';

const bot = (name: string, tells: Check<unknown>['run']) =>
  aBot(name, { tells }, { secrets: ['KEY'] });

export const bots = [
  bot('tells-how-far', async (_, { db, progress, signal }) => {
    progress(0.25, 'a quarter');
    // Ends once the worker has written it.
    for (;;) {
      const { rows } = await sql`SELECT FROM engine.run_progress WHERE share = 0.25`.execute(db);
      if (rows.length > 0) return { examined: ['x'], findings: [] };
      await sleep(50, undefined, { signal });
    }
  }),
  bot('prints', async (_, { secret }) => {
    process.stderr.write(`the key is ${secret('KEY')}\n`);
    process.exit(3);
  }),
  bot('throws-outside', async (_, { secret }) => {
    const key = secret('KEY');
    setImmediate(() => {
      throw new Error(`outside, with ${key}`);
    });
    return new Promise<never>(() => {});
  }),
];

export const remedies = [];
