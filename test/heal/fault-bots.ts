/** A bot whose remedy tells a test when it is at work, and waits for its answer; a child loads this module. */
import { defineBot, defineRemedy, sql, z } from '../../src/bot.ts';

const bot = (name: string, remedy: string) =>
  defineBot({
    name,
    displayName: name,
    description: 'Wants the counter to be raised',
    schedule: '0 0 1 1 *',
    timeoutSeconds: 60,
    config: z.looseObject({}),
    checks: [
      {
        name: 'is-raised',
        title: 'Is the counter raised?',
        run: async (_, { db }) => {
          const { rows } = await sql`SELECT FROM engine.fault_effects`.execute(db);
          const finding = {
            severity: 'high' as const,
            category: 'trouble',
            title: `wants ${remedy}`,
            component: 'counter',
          };
          return { examined: ['counter'], findings: rows.length > 0 ? [] : [finding] };
        },
      },
    ],
    knowledge: [
      {
        name: `raise.${name}`,
        category: 'trouble',
        pattern: `wants ${remedy}`,
        solution: `steps:\n  - remedy: ${remedy}\n`,
        autonomy: 'auto',
      },
    ],
  });

export const bots = [bot('counts', 'counter.raise'), bot('sends', 'counter.send')];

export const remedies = [
  defineRemedy({
    name: 'counter.raise',
    title: 'Raise the counter',
    risk: 'safe',
    params: z.strictObject({}),
    isDone: async () => false,
    async apply(_, { db }) {
      const { rows } = await sql<{ n: number; url: string }>`
        SELECT n, url FROM engine.fault_counter`.execute(db);
      await sql`INSERT INTO engine.fault_effects DEFAULT VALUES`.execute(db);
      await fetch(rows[0]!.url, { method: 'POST', body: String(process.pid) });
      await sql`UPDATE engine.fault_counter SET n = ${rows[0]!.n + 1}`.execute(db);
      return { summary: 'raised it', before: null, after: null };
    },
  }),
  defineRemedy({
    name: 'counter.send',
    title: 'Raise the counter, each statement by itself',
    risk: 'safe',
    outside: true,
    params: z.strictObject({}),
    isDone: async () => null,
    async apply(_, { db }) {
      await sql`INSERT INTO engine.fault_effects DEFAULT VALUES`.execute(db);
      return { summary: 'sent it', before: null, after: null };
    },
  }),
];
