/**
 * The catalogue of the engine under test: bots that wait, that find problems, that loop for ever, and that end their own
 * processes. load.ts plants the rows of `bots` that are due all the time; they name these bots as their endpoints.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { defineBot, defineRemedy, sql, z } from '../../src/bot.ts';
import type { Bot, Check, CheckContext, Remedy } from '../../src/bot.ts';

const clean = { examined: ['all'], findings: [] };
const waiting = z.strictObject({
  leastMs: z.int().default(0),
  maxMs: z.int().default(2_000),
  site: z.string().default(''),
});
type Waiting = z.infer<typeof waiting>;

const wait = async ({ leastMs, maxMs }: Waiting, signal: AbortSignal) =>
  void (await sleep(leastMs + Math.random() * (maxMs - leastMs), null, { signal }));

/** Reports each open case in `chaos.cases` as a finding. Every case has a name of its own and is cured once. */
async function casesOf(config: Waiting, { db, signal }: CheckContext) {
  await wait(config, signal);
  const { rows } = await sql<{ name: string }>`
    SELECT name FROM chaos.cases WHERE site = ${config.site} ORDER BY name`.execute(db);
  return {
    // The check examines every key, so a case that is no longer in the table is gone.
    examined: { count: rows.length, except: [] },
    findings: rows.map(({ name }) => ({
      severity: 'high' as const,
      category: 'case',
      title: `There is a case: ${name}`,
      component: name,
    })),
  };
}

/** A bot that is due once a year. The rows of load.ts that are due all the time have other names. */
const bot = (name: string, run: Check<Waiting>['run']): Bot =>
  defineBot({
    name,
    displayName: name,
    description: `The kind of bot that is called ${name}.`,
    schedule: '0 0 1 1 *',
    config: waiting,
    checks: [{ name: 'look', title: 'Is all well?', run }],
  });

export const bots: Bot[] = [
  bot('walker', async (config, { signal }) => {
    await wait(config, signal);
    return clean;
  }),
  bot('nurse', casesOf),
  bot('spinner', async () => {
    for (;;);
  }),
  bot('child-killer', async () => {
    process.kill(process.pid, 'SIGKILL');
    return clean;
  }),
  bot('worker-killer', async () => {
    process.kill(process.ppid, 'SIGKILL');
    await sleep(60_000);
    return clean;
  }),
];

/** Its isDone is always false, so only the engine keeps it from being applied twice. */
const cure = defineRemedy({
  name: 'case.cure',
  title: 'Closes the case and counts it',
  risk: 'safe',
  params: z.strictObject({}),
  isDone: async () => false,
  async apply(_, { db, target }) {
    await sql`INSERT INTO chaos.effects (name) VALUES (${target.component})`.execute(db);
    await sql`DELETE FROM chaos.cases WHERE name = ${target.component}`.execute(db);
    return { summary: `closed ${target.component}`, before: 1, after: 0 };
  },
});

/** A remedy with an undo, which opens the case again. */
const close = defineRemedy({
  name: 'case.close',
  title: 'Closes the case until a person undoes that',
  risk: 'reversible',
  params: z.strictObject({}),
  isDone: async () => false,
  async apply(_, { db, target }) {
    await sql`INSERT INTO chaos.effects (name) VALUES (${target.component})`.execute(db);
    await sql`DELETE FROM chaos.cases WHERE name = ${target.component}`.execute(db);
    return { summary: `closed ${target.component}`, before: 1, after: 0 };
  },
  async undo(_, { db, target }) {
    const site = target.component.split('/')[0]!;
    await sql`
      INSERT INTO chaos.cases (site, name) VALUES (${site}, ${target.component}) ON CONFLICT DO NOTHING`.execute(
      db,
    );
    return { summary: `opened ${target.component}`, before: 0, after: 1 };
  },
});

export const remedies: Remedy[] = [cure, close];
