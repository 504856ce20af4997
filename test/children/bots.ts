/** Bots that harm the process in which they run, each in another way; a child loads this module. */
import { execSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineBot, defineRemedy, sql, z, type Check, type RemedyContext } from '../../src/bot.ts';

const clean = { examined: ['x'], findings: [] };

/** These are ended by their deadline, which is short; the others get enough time. */
const endless = new Set([
  'spins',
  'allocates',
  'shells',
  'never-settles',
  'queries',
  'minds',
  'cured-by-spin',
  'cured-by-query',
]);

const bot = (name: string, run: Check<unknown>['run'], rest = {}) =>
  defineBot({
    name,
    displayName: name,
    description: name,
    schedule: '0 0 1 1 *',
    timeoutSeconds: endless.has(name) ? 2 : 20,
    config: z.looseObject({}),
    checks: [
      { name: 'hurts', title: 'It hurts', run },
      { name: 'is-well', title: 'Is it well?', run: async () => clean },
    ],
    ...rest,
  });

type Db = RemedyContext['db'];

const held: unknown[] = [];

const brokenBy = (remedy: string) => ({
  examined: ['x'],
  findings: [
    { severity: 'high' as const, category: 'trouble', title: `wants ${remedy}`, component: 'x' },
  ],
});

const healedBy = (remedy: string) => ({
  knowledge: [
    {
      name: `cure.${remedy}`,
      category: 'trouble',
      pattern: `wants ${remedy}`,
      solution: `steps:\n  - remedy: ${remedy}`,
      autonomy: 'auto' as const,
    },
  ],
});

const remedy = (name: string, apply: (db: Db) => unknown) =>
  defineRemedy({
    name,
    title: name,
    risk: 'safe',
    params: z.looseObject({}),
    isDone: async () => false,
    async apply(_, { db }) {
      await sql`UPDATE engine.settings SET value = '"touched"' WHERE key = 'touched'`.execute(db);
      await apply(db);
      return { summary: 'done', before: null, after: null };
    },
  });

function spin(): never {
  for (;;);
}

export const bots = [
  bot('well', async () => clean),
  bot('spins', async () => spin()),
  bot('exits', async () => process.exit(0)),
  bot('kills-itself', async () => void process.kill(process.pid, 'SIGKILL') as never),
  bot('leaks', async () => {
    for (;;) held.push(Array.from({ length: 10_000 }, Math.random));
  }),
  bot('fills-buffers', async () => {
    for (;;) held.push(Buffer.alloc(64 * 2 ** 20, 1));
  }),
  bot('allocates', async () => {
    for (;;) held.push(Buffer.alloc(2 ** 31));
  }),
  bot('shells', async () => void execSync('sleep 86397') as never),
  bot('never-settles', () => new Promise<never>(() => {})),
  bot('floats', async () => {
    void Promise.reject(new Error('nobody heard me'));
    await new Promise((resolve) => setTimeout(resolve, 60_000));
    return clean;
  }),
  bot('queries', async (_, { db }) => {
    await sql`SELECT pg_sleep(60)`.execute(db);
    return clean;
  }),
  bot('minds', async (_, { signal }) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    throw signal.reason;
  }),
  bot('writes', async (_, { db }) => {
    await sql`DELETE FROM engine.nodes`.execute(db);
    return clean;
  }),
  bot('waits-for-word', async (_, { db }) => {
    for (;;) {
      const { rows } = await sql`SELECT FROM bots WHERE display_name = 'go on'`.execute(db);
      if (rows.length > 0) return clean;
      await sleep(50);
    }
  }),
  bot('looks-around', async () => ({
    examined: ['x'],
    findings: [
      {
        severity: 'low' as const,
        category: 'trouble',
        title: 'environment',
        component: 'x',
        metadata: { pid: process.pid, names: Object.keys(process.env) },
      },
    ],
  })),
  bot('returns-too-much', async () => ({
    examined: ['x'],
    findings: Array.from({ length: 5_000 }, (_, i) => ({
      severity: 'high' as const,
      category: 'trouble',
      title: 'a'.repeat(5_000),
      component: `c${i}`,
      metadata: { run: () => {}, note: 'nul \0 and a lone \uD800' },
    })),
  })),
  bot('cured-by-spin', async () => brokenBy('spin'), healedBy('spin')),
  bot('cured-by-exit', async () => brokenBy('exit'), healedBy('exit')),
  bot('cured-by-leak', async () => brokenBy('leak'), healedBy('leak')),
  bot('cured-by-query', async () => brokenBy('query'), healedBy('query')),
];

export const remedies = [
  remedy('spin', spin),
  remedy('exit', () => process.exit(1)),
  remedy('leak', () => {
    for (;;) held.push(Buffer.alloc(64 * 2 ** 20, 1));
  }),
  remedy('query', (db) => sql`SELECT pg_sleep(60)`.execute(db)),
];
