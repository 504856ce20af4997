/** What a process opens to PostgreSQL: counted, kept within, and refused where it is too little. */
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import {
  planConnections,
  TooFewConnectionsError,
  type ConnectionPlan,
} from '../../src/services/connections/plan.ts';
import { queueManualRun } from '../../src/services/runs/queue.ts';
import type { Db } from '../../src/database/connect.ts';
import { migrateQueue } from '../../src/queue/backend.ts';
import { backends, type Backend } from '../support/backends.ts';
import { testDatabase } from '../support/database.ts';
import { nothingHeldOut } from '../support/runs.ts';
import { install, roundsman, type Running } from '../support/installation.ts';
import { administer } from '../support/postgres.ts';

const checkout = install('asking-bots.ts');
const settled = { timeout: 40_000, interval: 50 };
const of = 'role app';

describe('the plan', () => {
  const least = {
    worker: { postgres: 10, redis: 7 },
    up: { postgres: 10, redis: 7 },
    scheduler: { postgres: 3, redis: 2 },
  };

  test.each(
    (['worker', 'up', 'scheduler'] as const).flatMap((role) =>
      (['postgres', 'redis'] as const).map((backend) => ({ role, backend })),
    ),
  )(
    'never exceeds its limit and uses more as it gets more: $role on $backend',
    ({ role, backend }) => {
      let before: ConnectionPlan | null = null;
      for (let most = 1; most <= 100; most += 1) {
        const make = () => planConnections(role, backend, 10, { most, of });
        if (most < least[role][backend]) {
          expect(make).toThrow(TooFewConnectionsError);
          expect(make).toThrow(`it needs ${least[role][backend]} at least`);
          const helps = backend === 'postgres' && most >= least[role].redis;
          expect(hintOf(make).includes('REDIS_URL')).toBe(helps);
          continue;
        }
        const plan = make();
        expect(plan.total).toBeLessThanOrEqual(most);
        expect(plan.places).toBeGreaterThanOrEqual(before?.places ?? 0);
        expect(plan.total).toBeGreaterThanOrEqual(before?.total ?? 0);
        before = plan;
      }
      expect(before).toEqual(planConnections(role, backend, 10, null));
    },
  );

  test('is the one in docs/operating.md', () => {
    const rows = [1, 5, 10, 20].map((places) =>
      (['postgres', 'redis'] as const).map((backend) => [
        planConnections('worker', backend, places, null).total,
        leastFor(backend, places),
      ]),
    );
    expect(rows).toEqual([
      [
        [23, 10],
        [14, 7],
      ],
      [
        [39, 26],
        [30, 23],
      ],
      [
        [59, 46],
        [50, 43],
      ],
      [
        [99, 86],
        [90, 83],
      ],
    ]);
  });
});

function hintOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof TooFewConnectionsError) return error.hint;
  }
  return '';
}

/** The smallest limit with which all places are kept. */
function leastFor(backend: 'postgres' | 'redis', places: number): number {
  for (let most = 10 - (backend === 'redis' ? 3 : 0); ; most += 1)
    if (planConnections('worker', backend, places, { most, of }).places === places) return most;
}

async function aLogin(url: string, limit: number): Promise<{ role: string; url: string }> {
  const role = `few_${randomBytes(5).toString('hex')}`;
  await administer(
    url,
    `CREATE ROLE ${role} LOGIN PASSWORD 'secret' CONNECTION LIMIT ${limit}`,
    `GRANT service_role TO ${role}`,
  );
  onTestFinished(() => administer(url, `DROP ROLE ${role}`));
  const as = Object.assign(new URL(url), { username: role, password: 'secret' });
  return { role, url: as.href };
}

const said = (worker: Running) => worker.lines().map(({ msg }) => msg);

/** Queues `rounds` runs of each bot and waits for their ends; resolves with their statuses. */
async function load(db: Db, rounds: number): Promise<string[]> {
  const bots = await db.selectFrom('bots').select('id').execute();
  await sql`UPDATE bots SET concurrency = 5`.execute(db);
  const ids: string[] = [];
  for (let round = 0; round < rounds; round += 1)
    for (const { id } of bots) ids.push((await queueManualRun(db, id)).id);
  const statuses = async () => {
    const rows = await db
      .selectFrom('bot_executions')
      .select('status')
      .where('id', 'in', ids)
      .execute();
    return rows.map(({ status }) => String(status));
  };
  await expect
    .poll(async () => (await statuses()).filter((each) => /queued|running/.test(each)), settled)
    .toEqual([]);
  return statuses();
}

/** Samples how many sessions a login, or an application, has, until it is stopped. */
function most(db: Db, where: ReturnType<typeof sql<boolean>>) {
  let highest = 0;
  let stopped = false;
  const sampling = (async () => {
    while (!stopped) {
      const { rows } = await sql<{ n: number }>`
        SELECT count(*)::int AS n FROM pg_stat_activity
        WHERE datname = current_database() AND ${where}`.execute(db);
      highest = Math.max(highest, rows[0]!.n);
    }
  })();
  return async () => {
    stopped = true;
    await sampling;
    return highest;
  };
}

const settingsOf = (backend: Backend) => (backend.redisUrl ? { REDIS_URL: backend.redisUrl } : {});

describe.each(backends)('a worker, queue on $name', (backend) => {
  const fewest = backend.redisUrl ? 7 : 10;

  test('carries out runs and heals with the smallest number of connections, and never needs one more', async () => {
    const { db, url } = await testDatabase();
    if (!backend.redisUrl) await migrateQueue(url);
    await nothingHeldOut(db);
    const login = await aLogin(url, fewest);
    const worker = roundsman(
      checkout,
      { DATABASE_URL: login.url, ...settingsOf(backend) },
      'worker',
    );
    await expect
      .poll(() => [...said(worker), worker.heard.err].join('\n'), settled)
      .toContain('started');
    expect(worker.lines().find(({ places }) => places === 1)).toMatchObject({
      msg: `this process executes fewer runs at once, because the limit of the role ${login.role} is ${fewest} connections`,
      wanted: 10,
      connections: fewest,
    });
    const stop = most(db, sql<boolean>`usename = ${login.role}`);
    const statuses = await load(db, 2);
    console.log(`${backend.name}: ${await stop()} of ${fewest} connections`);
    expect([...new Set(statuses)]).toEqual(['success']);
    expect(worker.heard.out).not.toMatch(/too many connections|timeout exceeded/);
    const healed = await db.selectFrom('bot_actions').select('state').execute();
    expect(healed.length).toBe(6);
  }, 60_000);

  test('says how many it needs where there are fewer, and ends', async () => {
    const { url } = await testDatabase();
    if (!backend.redisUrl) await migrateQueue(url);
    const login = await aLogin(url, fewest - 1);
    const worker = roundsman(
      checkout,
      { DATABASE_URL: login.url, ...settingsOf(backend) },
      'worker',
    );
    expect(await worker.ended).toBe(1);
    expect(worker.heard.err).toContain(`is ${fewest - 1}, and it needs ${fewest} at least`);
    const doctor = roundsman(
      checkout,
      { DATABASE_URL: login.url, ...settingsOf(backend) },
      'doctor',
    );
    expect(await doctor.ended).toBe(1);
    expect(doctor.heard.out).toMatch(/fail +Connections .*it needs \d+ at least/);
    const given = { DATABASE_URL: url, ROUNDSMAN_CONNECTIONS: '1', ...settingsOf(backend) };
    const scheduler = roundsman(checkout, given, 'scheduler');
    expect(await scheduler.ended).toBe(1);
    expect(scheduler.heard.err).toMatch(/ROUNDSMAN_CONNECTIONS is 1, and it needs \d at least/);
  });

  test.each([24, 61])(
    'keeps within ROUNDSMAN_CONNECTIONS=%i',
    async (given) => {
      const { db, url } = await testDatabase();
      if (!backend.redisUrl) await migrateQueue(url);
      await nothingHeldOut(db);
      const settings = {
        DATABASE_URL: url,
        ROUNDSMAN_CONNECTIONS: String(given),
        ...settingsOf(backend),
      };
      const worker = roundsman(checkout, settings, 'worker');
      await expect
        .poll(() => [...said(worker), worker.heard.err].join('\n'), settled)
        .toContain('started');
      const stop = most(db, sql<boolean>`application_name ~ '^roundsman .|^runs'`);
      const statuses = await load(db, 4);
      const highest = await stop();
      console.log(`${backend.name}: ${highest} of ${given} connections`);
      expect(highest).toBeLessThanOrEqual(given);
      expect([...new Set(statuses)]).toEqual(['success']);
    },
    60_000,
  );
});

test('of all limits of a server, the smallest is found', async () => {
  const { connectionLimit } = await import('../../src/database/connection-limit.ts');
  const { url, name } = await testDatabase();
  expect(await connectionLimit(inject('postgresUrl'))).toEqual({
    most: 200,
    of: 'server (max_connections)',
  });
  const anyone = await aLogin(url, -1);
  expect(await connectionLimit(anyone.url)).toEqual({
    most: 197,
    of: 'server (max_connections is 200, of which 3 are kept for other roles)',
  });
  const login = await aLogin(url, 7);
  expect(await connectionLimit(login.url)).toEqual({ most: 7, of: `role ${login.role}` });
  await administer(url, `ALTER DATABASE ${name} CONNECTION LIMIT 5`);
  expect(await connectionLimit(login.url)).toEqual({ most: 5, of: `database ${name}` });
});
