/**
 * The catalogue of the engine under test: bots that wait, find, spin, and end their own processes. The
 * rows of `bots` that are due all the time are planted by load.ts and name these as their endpoints.
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

/** One open case in `chaos.cases` is one finding; every case has a name of its own and is cured once. */
async function casesOf(config: Waiting, { db, signal }: CheckContext) {
  await wait(config, signal);
  const { rows } = await sql<{ name: string }>`
    SELECT name FROM chaos.cases WHERE site = ${config.site} ORDER BY name`.execute(db);
  return {
    // Every key: a case that is not there any more is gone.
    examined: { count: rows.length, except: [] },
    findings: rows.map(({ name }) => ({
      severity: 'high' as const,
      category: 'case',
      title: `There is a case: ${name}`,
      component: name,
    })),
  };
}

/** None of these is due by itself: the rows that are have names of their own. */
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

/** Not done before, whatever was done: the engine alone keeps it from being applied twice. */
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

/** What can be taken back: the case is open again then. */
const close = defineRemedy({
  name: 'case.close',
  title: 'Closes the case until somebody takes that back',
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
