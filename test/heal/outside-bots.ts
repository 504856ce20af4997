/** Bots whose remedies break off between their effect and its record; a child loads this module. */
import {
  defineBot,
  defineRemedy,
  sql,
  z,
  type Evidence,
  type RemedyContext,
} from '../../src/bot.ts';

const config = z.strictObject({ url: z.string().default('') });

const bot = (name: string, remedy: string) =>
  defineBot({
    name,
    displayName: name,
    description: name,
    schedule: '0 0 1 1 *',
    timeoutSeconds: 60,
    config,
    checks: [
      {
        name: 'is-well',
        title: 'Is it well?',
        run: async (_, { db }) => {
          const { rows } = await sql`SELECT FROM engine.effects WHERE remedy = ${remedy}`.execute(
            db,
          );
          return {
            examined: ['x'],
            findings:
              rows.length > 0
                ? []
                : [
                    {
                      severity: 'high',
                      category: 'trouble',
                      title: `wants ${remedy}`,
                      component: 'x',
                    },
                  ],
          };
        },
      },
    ],
    knowledge: [
      {
        name: `cure.${remedy}`,
        category: 'trouble',
        pattern: `wants ${remedy}`,
        solution: `steps:\n  - remedy: ${remedy}\n`,
        autonomy: 'auto',
      },
    ],
  });

const done: Evidence = { summary: 'done', before: null, after: null };

const settings = async ({ db }: RemedyContext): Promise<{ url: string; breaks: boolean }> => {
  const { rows } = await sql<{ value: any }>`
    SELECT value FROM engine.settings WHERE key = 'outside_test'`.execute(db);
  return rows[0]!.value;
};

/** Says that it is about to be recorded, and waits there to be killed; the next one goes through. */
async function breakOff(context: RemedyContext): Promise<void> {
  const { url, breaks } = await settings(context);
  if (!breaks) return;
  await fetch(`${url}/done`, { method: 'POST', body: String(process.pid) });
  await new Promise(() => {});
}

const sends = (name: string, isDone: (context: RemedyContext) => Promise<boolean | null>) =>
  defineRemedy({
    name,
    title: name,
    risk: 'safe',
    outside: true,
    params: z.strictObject({}),
    isDone: (_, context) => isDone(context),
    async apply(_, context) {
      const { url } = await settings(context);
      await fetch(`${url}/effect`, { method: 'POST' });
      await breakOff(context);
      return done;
    },
  });

export const bots = [
  bot('inside', 'inside'),
  bot('cannot-tell', 'cannot-tell'),
  bot('can-tell', 'can-tell'),
];

export const remedies = [
  defineRemedy({
    name: 'inside',
    title: 'inside',
    risk: 'safe',
    params: z.strictObject({}),
    isDone: async () => false,
    async apply(_, context) {
      await sql`INSERT INTO engine.effects (remedy) VALUES ('inside')`.execute(context.db);
      await breakOff(context);
      return done;
    },
  }),
  sends('cannot-tell', async () => null),
  sends('can-tell', async (context) => {
    const { url } = await settings(context);
    return (await fetch(`${url}/effect`)).status === 200;
  }),
];
