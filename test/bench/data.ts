/**
 * `npm run bench:data -- [small|medium|large]`: every query function over a seeded platform, p95 of 200
 * calls with distinct parameters and fresh statistics, as service and under row level security as a
 * user. A goal that is missed is printed as missed, with its plan. BENCH_DATABASE_URL: a database that
 * is migrated and seeded already, so that the seeding is not waited for again.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql, type Transaction } from 'kysely';
import { apiLogsOf, endpointTotals } from '../../src/data/analytics/api-logs.ts';
import { errorLogsOf, errorTotals } from '../../src/data/analytics/error-logs.ts';
import { pageViewsOf, pageViewTotals } from '../../src/data/analytics/page-views.ts';
import { appUsage, appUsageTotals, toolUsage, toolUsageTotals } from '../../src/data/apps/usage.ts';
import { asService, asUser } from '../../src/data/as-user.ts';
import { listExecutions } from '../../src/data/bots/bot-executions.ts';
import { listFindings } from '../../src/data/bots/bot-findings.ts';
import { connect, pool, type Database, type Db } from '../../src/data/connect.ts';
import { creditBalance, ledgerPage } from '../../src/data/credits/ledger.ts';
import { startThrowaway } from '../../src/data/embedded/throwaway.ts';
import { fictionalBots } from '../../src/data/fiction/bot-plantings.ts';
import { day, idOf } from '../../src/data/fiction/planting.ts';
import { seedFiction } from '../../src/data/fiction/seed.ts';
import { sizes, type SizeName } from '../../src/data/fiction/sizes.ts';
import { leaderboardPage } from '../../src/data/games/leaderboard.ts';
import { conversationsOf } from '../../src/data/javari/conversations.ts';
import { migrateToLatest } from '../../src/data/migrate.ts';
import { profileByEmail, profileById } from '../../src/data/users/profiles.ts';

/** p95 in ms that each class of query has to stay below. */
const goals = { simple: 5, complex: 50, aggregate: 200 } as const;
const calls = 200;

type Trx = Transaction<Database>;

interface Case {
  name: string;
  kind: keyof typeof goals;
  /** 'admin': only a platform admin sees anything; 'own': about the asking user */
  as: 'own' | 'admin';
  call(trx: Trx, i: number, user: string): Promise<unknown>;
}

const name = (process.argv[2] ?? 'large') as SizeName;
const size = sizes[name];
const user = (i: number) => idOf('profiles', 3 + ((i * 7_919) % (size.profiles - 3)));
const admin = idOf('profiles', 1);
const endpoint = (i: number) =>
  `/api/${['apps', 'session', 'credits', 'chat'][i % 4]}/${(i % 25) + 1}`;
const span = { since: new Date(Date.now() - day) };

const cases: Case[] = [
  { name: 'profileById', kind: 'simple', as: 'own', call: (trx, _, id) => profileById(trx, id) },
  {
    name: 'profileByEmail',
    kind: 'simple',
    as: 'own',
    call: (trx, i) =>
      profileByEmail(trx, `person.${4 + ((i * 7_919) % (size.profiles - 3))}@moonfold.test`),
  },
  {
    name: 'creditBalance',
    kind: 'simple',
    as: 'own',
    call: (trx, _, id) => creditBalance(trx, id),
  },
  { name: 'ledgerPage', kind: 'simple', as: 'own', call: (trx, _, id) => ledgerPage(trx, id) },
  {
    name: 'conversationsOf',
    kind: 'simple',
    as: 'own',
    call: (trx, _, id) => conversationsOf(trx, id),
  },
  {
    name: 'appUsage of a user',
    kind: 'simple',
    as: 'own',
    call: (trx, _, user_id) => appUsage(trx, { user_id }),
  },
  {
    name: 'toolUsage of a user',
    kind: 'simple',
    as: 'own',
    call: (trx, _, user_id) => toolUsage(trx, { user_id }),
  },
  {
    name: 'leaderboardPage',
    kind: 'complex',
    as: 'own',
    call: (trx, i) => leaderboardPage(trx, idOf('games_catalog', i % size.games)),
  },
  {
    name: 'listExecutions of a bot',
    kind: 'simple',
    as: 'admin',
    call: (trx, i) => listExecutions(trx, { botId: idOf('bots', i % fictionalBots), limit: 50 }),
  },
  {
    name: 'listFindings of a bot',
    kind: 'simple',
    as: 'admin',
    call: (trx, i) =>
      listFindings(trx, { botId: idOf('bots', i % fictionalBots), which: 'all', limit: 50 }),
  },
  {
    name: 'apiLogsOf an endpoint',
    kind: 'simple',
    as: 'admin',
    call: (trx, i) => apiLogsOf(trx, endpoint(i)),
  },
  {
    name: 'pageViewsOf a path',
    kind: 'simple',
    as: 'admin',
    call: (trx, i) => pageViewsOf(trx, `/amber/${(i % 40) + 1}`),
  },
  {
    name: 'errorLogsOf a type',
    kind: 'simple',
    as: 'admin',
    call: (trx, i) => errorLogsOf(trx, `app.${['amber', 'brisk', 'cedar'][i % 3]}`),
  },
  {
    name: 'appUsageTotals of an app',
    kind: 'aggregate',
    as: 'admin',
    call: (trx, i) => appUsageTotals(trx, { app_id: idOf('app_catalog', i % size.apps) }, span),
  },
  {
    name: 'toolUsageTotals of an app',
    kind: 'aggregate',
    as: 'admin',
    call: (trx, i) => toolUsageTotals(trx, { app_id: idOf('app_catalog', i % size.apps) }, span),
  },
  {
    name: 'endpointTotals, a day',
    kind: 'aggregate',
    as: 'admin',
    call: (trx, i) => endpointTotals(trx, endpoint(i), span),
  },
  {
    name: 'pageViewTotals, a day',
    kind: 'aggregate',
    as: 'admin',
    call: (trx, i) => pageViewTotals(trx, `/amber/${(i % 40) + 1}`, span),
  },
  {
    name: 'errorTotals, a day',
    kind: 'aggregate',
    as: 'admin',
    call: (trx, i) => errorTotals(trx, `app.${['amber', 'brisk', 'cedar'][i % 3]}`, span),
  },
];

const rowsOf = (answer: unknown): number => {
  if (Array.isArray(answer)) return answer.length;
  const page = answer as { rows?: unknown[] } | null | undefined;
  return page?.rows?.length ?? (answer === undefined || answer === null ? 0 : 1);
};

async function measure(db: Db, { as, call }: Case, service: boolean) {
  const times: number[] = [];
  let rows = 0;
  for (let i = 0; i < calls; i++) {
    const own = user(i);
    const sub = as === 'admin' ? admin : own;
    const work = async (trx: Trx) => {
      const began = performance.now();
      rows += rowsOf(await call(trx, i, own));
      times.push(performance.now() - began);
    };
    await (service ? asService(db, work) : asUser(db, { sub }, work));
  }
  times.sort((a, b) => a - b);
  return { p50: times[calls / 2]!, p95: times[Math.floor(calls * 0.95)]!, rows: rows / calls };
}

const given = process.env.BENCH_DATABASE_URL;
const server = given
  ? { url: given, stop: async () => {} }
  : await startThrowaway(await mkdtemp(join(tmpdir(), 'roundsman-bench-')), { fsync: false });
const db = connect(server.url, { max: 1 });
let missed = 0;
try {
  if (!given) {
    await migrateToLatest(db);
    const connections = pool(server.url, { max: 1, statementTimeoutMs: 0 });
    await seedFiction(connections, name, 1);
    await connections.end();
  }
  await sql`ANALYZE`.execute(db);
  console.log(`size ${name}, ${calls} calls each; ms`);
  console.log('| function | as | rows | p50 | p95 | goal |\n|---|---|---|---|---|---|');
  for (const each of cases)
    for (const service of [true, false]) {
      const { p50, p95, rows } = await measure(db, each, service);
      const goal = goals[each.kind];
      const met = p95 <= goal;
      missed += Number(!met);
      console.log(
        `| ${each.name} | ${service ? 'service' : each.as === 'admin' ? 'admin' : 'user'} | ${rows.toFixed(0)} | ${p50.toFixed(1)} | ${p95.toFixed(1)} | ${goal}${met ? '' : ' MISSED'} |`,
      );
    }
  console.log(missed === 0 ? 'every goal was met' : `${missed} goals were missed`);
} finally {
  await db.destroy();
  await server.stop();
}
