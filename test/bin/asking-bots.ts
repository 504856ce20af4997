/** The catalogue of a copied checkout: bots that use every connection they may have, and one whose findings are healed. */
import { defineBot, defineRemedy, sql, z } from '../../src/bot.ts';

const names = ['one', 'two', 'three', 'four', 'five', 'six'];

export const bots = names.map((name) =>
  defineBot({
    name,
    displayName: name,
    description: name,
    schedule: '0 0 1 1 *',
    timeoutSeconds: 120,
    config: z.looseObject({}),
    checks: [
      {
        name: 'is-well',
        title: 'Is it well?',
        // A question beside its own transaction: two connections at once.
        run: async (_, { db }) =>
          db.transaction().execute(async (trx) => {
            await sql`SELECT pg_sleep(0.3)`.execute(trx);
            const { rows } = await sql`
              SELECT FROM engine.settings WHERE key = ${`well-${name}`}`.execute(db);
            const finding = {
              severity: 'high' as const,
              category: 'trouble',
              title: `${name} wants to be well`,
              component: name,
            };
            return { examined: [name], findings: rows.length > 0 ? [] : [finding] };
          }),
      },
    ],
    knowledge: [
      {
        name: `heal.${name}`,
        category: 'trouble',
        pattern: `${name} wants to be well`,
        solution: `steps:\n  - remedy: make.well\n    with: { name: ${name} }\n`,
        autonomy: 'auto',
      },
    ],
  }),
);

export const remedies = [
  defineRemedy({
    name: 'make.well',
    title: 'Make it well',
    risk: 'safe',
    params: z.strictObject({ name: z.string() }),
    isDone: async () => false,
    async apply({ name }, { db }) {
      await sql`SELECT pg_sleep(0.2)`.execute(db);
      await sql`INSERT INTO engine.settings (key, value) VALUES (${`well-${name}`}, '1')
                ON CONFLICT DO NOTHING`.execute(db);
      return { summary: 'made it well', before: null, after: null };
    },
  }),
];
