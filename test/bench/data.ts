/**
 * `npm run bench:data -- [small|medium|large]`: every query function over a seeded platform, p95 of 200
 * calls with distinct parameters and fresh statistics, as service and under row level security as a
 * user. A goal that is missed is printed as missed, with the plan of its slowest call below the table.
 * BENCH_DATABASE_URL: a database that is migrated and seeded already, so that the seeding is not
 * waited for again. BENCH_SIZE=small only shows that each function runs.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kysely, PostgresDialect, sql } from 'kysely';
import { asService, asUser } from '../../src/database/as-user.ts';
import { pool, type Database } from '../../src/database/connect.ts';
import { startThrowaway } from '../../src/database/embedded/throwaway.ts';
import { idOf } from '../../src/demo/planting.ts';
import { seedFiction } from '../../src/demo/seed.ts';
import { sizes, type SizeName } from '../../src/demo/sizes.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { casesOf, type Case } from './data-cases.ts';
import { planOfSlowest, type Under } from './data-plan.ts';
import { isSmall, sized } from './size.ts';

/** p95 in ms that each class of query has to stay below. */
const goals = { simple: 5, complex: 50, aggregate: 200 } as const;
const calls = sized(200, 5);

const name = (process.argv[2] ?? sized('large', 'small')) as SizeName;
const size = sizes[name];
if (!size) {
  console.error(`no such size: ${name}; there are ${Object.keys(sizes).join(', ')}`);
  process.exit(2);
}
const user = (i: number) => idOf('profiles', 3 + ((i * 7_919) % (size.profiles - 3)));
const admin = idOf('profiles', 1);

/** Who makes call `i`: the platform's server, or somebody whom row level security holds back. */
const askerOf =
  ({ as }: Case, i: number, service: boolean): Under =>
  (db, work) =>
    service ? asService(db, work) : asUser(db, { sub: as === 'admin' ? admin : user(i) }, work);

const roleOf = ({ as }: Case, service: boolean) =>
  service ? 'service' : as === 'admin' ? 'admin' : 'user';

const rowsOf = (answer: unknown): number => {
  if (Array.isArray(answer)) return answer.length;
  const page = answer as { rows?: unknown[] } | null | undefined;
  return page?.rows?.length ?? (answer === undefined || answer === null ? 0 : 1);
};

async function measure(db: Kysely<Database>, each: Case, service: boolean) {
  const times: number[] = [];
  let rows = 0;
  for (let i = 0; i < calls; i++) {
    const ask = askerOf(each, i, service);
    await ask(db, async (trx) => {
      const began = performance.now();
      rows += rowsOf(await each.call(trx, i, user(i)));
      times.push(performance.now() - began);
    });
  }
  const slowest = times.indexOf(Math.max(...times));
  times.sort((a, b) => a - b);
  const [p50, p95] = [times[calls >> 1]!, times[Math.floor(calls * 0.95)]!];
  return { p50, p95, rows: rows / calls, slowest, worst: times.at(-1)! };
}

const given = process.env.BENCH_DATABASE_URL;
const server = given
  ? { url: given, stop: async () => {} }
  : await startThrowaway(await mkdtemp(join(tmpdir(), 'roundsman-bench-')), { fsync: false });
const connections = pool(server.url, { max: 1 });
const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool: connections }) });
const missed: { each: Case; service: boolean; slowest: number; worst: number }[] = [];
try {
  if (!given) {
    await migrateToLatest(db);
    const seeding = pool(server.url, { max: 1, statementTimeoutMs: 0 });
    await seedFiction(seeding, name, 1);
    await seeding.end();
  }
  await sql`ANALYZE`.execute(db);
  // The day that is asked about ends with the newest row, also where the seeding is days ago.
  const { rows: facts } = await sql<{ version: string; since: Date }>`
    SELECT current_setting('server_version') AS version, max(created_at) - interval '1 day' AS since
    FROM api_logs`.execute(db);
  const { version, since } = facts[0]!;
  console.log(`PostgreSQL ${version}, size ${name}, ${calls} calls each; ms`);
  console.log('| function | as | rows | p50 | p95 | goal |\n|---|---|---|---|---|---|');
  for (const each of casesOf(size, since))
    for (const service of [true, false]) {
      const { p50, p95, rows, ...rest } = await measure(db, each, service);
      const goal = goals[each.kind];
      const met = isSmall || p95 <= goal;
      if (!met) missed.push({ each, service, ...rest });
      console.log(
        `| ${each.name} | ${roleOf(each, service)} | ${rows.toFixed(0)} | ${p50.toFixed(1)} | ${p95.toFixed(1)} | ${goal}${met ? '' : ' MISSED'} |`,
      );
    }
  if (isSmall) console.log('no goal was judged: this only shows that each function runs');
  else
    console.log(missed.length === 0 ? 'every goal was met' : `${missed.length} goals were missed`);
  // Only now, so that no plan warms what another function is measured on.
  for (const { each, service, slowest, worst } of missed) {
    const plan = await planOfSlowest(connections, askerOf(each, slowest, service), (trx) =>
      each.call(trx, slowest, user(slowest)),
    );
    console.log(
      `\n${each.name} as ${roleOf(each, service)}, its slowest call (${worst.toFixed(1)} ms):\n${plan}`,
    );
  }
} finally {
  await db.destroy();
  await server.stop();
}
