/**
 * Bots whose remedies tell a test when they have had their effect and not recorded it, and wait for its
 * answer, which may never come; a child or a worker loads this module. Every effect is written down with the
 * key of its application.
 */
import {
  defineBot,
  defineRemedy,
  sql,
  z,
  type Evidence,
  type RemedyContext,
} from '../../src/bot.ts';

/** Inside our database; outside, where the remedy cannot tell or can tell whether it was done. */
export const kinds = ['inside', 'cannot-tell', 'can-tell'] as const;
export type Kind = (typeof kinds)[number];

const done: Evidence = { summary: 'done', before: null, after: null };

/** Asks the world, which is a server of the test. */
async function ask({ db, key, target }: RemedyContext, path: string, method = 'POST') {
  const { rows } = await sql<{ value: string }>`
    SELECT value #>> '{}' AS value FROM engine.settings WHERE key = 'world'`.execute(db);
  const query = new URLSearchParams({
    key,
    component: target.component,
    pid: String(process.pid),
  });
  return fetch(`${rows[0]!.value}${path}?${query.toString()}`, { method });
}

const sends = (name: Kind, isDone: (context: RemedyContext) => Promise<boolean | null>) =>
  defineRemedy({
    name: `lost.${name}`,
    title: name,
    risk: 'safe',
    outside: true,
    params: z.strictObject({}),
    isDone: (_, context) => isDone(context),
    async apply(_, context) {
      await ask(context, '/effect');
      await ask(context, '/done');
      return done;
    },
  });

export const remedies = [
  defineRemedy({
    name: 'lost.inside',
    title: 'inside',
    risk: 'safe',
    params: z.strictObject({}),
    isDone: async () => false,
    async apply(_, context) {
      await sql`INSERT INTO engine.lost_effects (key, component)
                VALUES (${context.key}, ${context.target.component})`.execute(context.db);
      await ask(context, '/done');
      return done;
    },
  }),
  sends('cannot-tell', async () => null),
  sends('can-tell', async (context) => (await ask(context, '/effect', 'GET')).status === 200),
];

export const bots = kinds.map((kind) =>
  defineBot({
    name: kind,
    displayName: kind,
    description: kind,
    schedule: '0 0 1 1 *',
    timeoutSeconds: 120,
    config: z.looseObject({}),
    checks: [
      {
        name: 'is-well',
        title: 'Is it well?',
        // What a request outside did is not visible in the database: the problem stays until its case is closed.
        run: async (_, { db }) => {
          const { rows } = await sql<{ component: string }>`
            SELECT component FROM engine.lost_cases c
            WHERE kind = ${kind} AND NOT closed
              AND NOT EXISTS (SELECT FROM engine.lost_effects e WHERE e.component = c.component)
            ORDER BY component`.execute(db);
          return {
            examined: { count: 1_000_000, except: [] },
            findings: rows.map(({ component }) => ({
              severity: 'high' as const,
              category: 'trouble',
              title: `wants ${kind}`,
              component,
            })),
          };
        },
      },
    ],
    knowledge: [
      {
        name: `lost.${kind}`,
        category: 'trouble',
        pattern: `wants ${kind}`,
        solution: `steps:\n  - remedy: lost.${kind}\n`,
        autonomy: 'auto',
      },
    ],
  }),
);
