/** Bots whose remedies and checks take their time; a child loads this module. */
import { defineBot, defineRemedy, sql, z, type RemedyContext } from '../../src/bot.ts';

/** Tells the test that it is at work, in which process. */
async function say({ db }: Pick<RemedyContext, 'db'>, what: string): Promise<void> {
  const { rows } = await sql<{ value: string }>`
    SELECT value FROM engine.settings WHERE key = 'kill_switch_test'`.execute(db);
  await fetch(`${rows[0]!.value}/${what}`, { method: 'POST', body: String(process.pid) });
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const seconds = 30;

const effect = ({ db, target }: RemedyContext) =>
  sql`INSERT INTO engine.effects (component) VALUES (${target.component})`.execute(db);

const remedy = (name: string, work: (context: RemedyContext) => unknown, rest = {}) =>
  defineRemedy({
    name,
    title: name,
    risk: 'safe',
    params: z.strictObject({}),
    isDone: async (_, context) => {
      if ('outside' in rest) await say(context, 'asked');
      return null;
    },
    async apply(_, context) {
      await work(context);
      return { summary: 'done', before: null, after: null };
    },
    ...rest,
  });

export const remedies = [
  remedy('sleeps', async (context) => {
    await effect(context);
    await say(context, 'begun');
    await sql`SELECT pg_sleep(${seconds})`.execute(context.db);
  }),
  remedy('spins', async (context) => {
    await effect(context);
    await say(context, 'begun');
    for (const until = Date.now() + seconds * 1_000; Date.now() < until;);
  }),
  remedy('is-quick', effect),
  remedy(
    'sends',
    async (context) => {
      await say(context, 'begun');
      await sleep(seconds * 1_000);
    },
    { outside: true },
  ),
];

/** Its components are broken until there is an effect on them. */
const bot = (name: string, components = name === 'sends' ? ['x'] : ['x', 'y']) =>
  defineBot({
    name,
    displayName: name,
    description: name,
    schedule: '0 0 1 1 *',
    timeoutSeconds: 60,
    config: z.looseObject({}),
    checks: [
      {
        name: 'is-well',
        title: 'Is it well?',
        async run(_, { db, since }) {
          // A cure is verified without haste.
          if (since && name === 'is-quick') {
            await say({ db }, 'begun');
            await sleep(1_500);
          }
          const { rows } = await sql<{ component: string }>`
            SELECT component FROM engine.effects`.execute(db);
          const done = new Set(rows.map(({ component }) => component));
          return {
            examined: components,
            findings: components
              .filter((component) => !done.has(component))
              .map((component) => ({
                severity: 'critical' as const,
                category: 'trouble',
                title: `wants ${name}`,
                component,
              })),
          };
        },
      },
    ],
    knowledge: [
      {
        name: `cure.${name}`,
        category: 'trouble',
        pattern: `wants ${name}`,
        solution: `steps:\n  - remedy: ${name}\n`,
        autonomy: 'auto',
      },
    ],
  });

export const bots = remedies.map(({ name }) => bot(name));
