/** docs/deploy-supabase.md: its statements, and how many connections an installation has that follows it. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connect, type Db } from '../../src/database/connect.ts';
import { startThrowaway } from '../../src/database/embedded/throwaway.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { migrateQueue } from '../../src/queue/backend.ts';
import { queueManualRun } from '../../src/services/runs/queue.ts';
import { install, roundsman, type Running } from '../support/installation.ts';
import { placeOfServers } from '../support/place-of-servers.ts';
import { administer } from '../support/postgres.ts';
import { supabaseDatabase } from '../support/supabase.ts';
import { blocksOf } from './guide.ts';

const checkout = install('asking-bots.ts');
const settled = { timeout: 150_000, interval: 50 };
const [makeLogin, grantForRemedy] = blocksOf('deploy-supabase', 'sql') as [string, string];

/** A server of its own: the statements of the guide name the role `roundsman`, and roles belong to the whole server. */
let owner: { url: string; db: Db };
let login: string;
/** what the database had before Roundsman came */
let before: unknown;
/** as a superuser, which may see all sessions */
let above: Db;
const ends: (() => Promise<unknown> | void)[] = [];

/** All objects of a database that are not the server's own, with what they say and who may do what with them. */
async function everythingIn(db: Db): Promise<unknown> {
  const { rows } = await sql`
    WITH own AS (SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')
    SELECT 'schema' AS kind, nspname AS name, nspacl::text AS says FROM pg_namespace JOIN own USING (oid, nspname)
    UNION ALL SELECT 'relation ' || relkind::text, nspname || '.' || relname, concat_ws(' ', relrowsecurity, relforcerowsecurity, relacl::text)
              FROM pg_class c JOIN own ON own.oid = relnamespace
    UNION ALL SELECT 'column', attrelid::regclass || '.' || attname, concat_ws(' ', atttypid::regtype, attnotnull, attacl::text)
              FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN own ON own.oid = relnamespace WHERE attnum > 0
    UNION ALL SELECT 'function', p.oid::regprocedure::text, concat_ws(' ', md5(prosrc), proacl::text) FROM pg_proc p JOIN own ON own.oid = pronamespace
    UNION ALL SELECT 'policy', polrelid::regclass || ' ' || polname, polroles::regrole[]::text FROM pg_policy
    UNION ALL SELECT 'trigger', tgrelid::regclass || ' ' || tgname, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'constraint', conrelid::regclass || ' ' || conname, pg_get_constraintdef(c.oid) FROM pg_constraint c JOIN own ON own.oid = connamespace
    UNION ALL SELECT 'type', nspname || '.' || typname, typtype::text FROM pg_type JOIN own ON own.oid = typnamespace
    UNION ALL SELECT 'default rights', coalesce(n.nspname, '') || defaclrole::regrole || defaclobjtype::text, defaclacl::text
              FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = defaclnamespace
    UNION ALL SELECT 'extension', extname, extversion FROM pg_extension
    UNION ALL SELECT 'event trigger', evtname, '' FROM pg_event_trigger
    UNION ALL SELECT 'role', rolname, '' FROM pg_roles WHERE rolname ~ 'roundsman'
    ORDER BY 1, 2, 3`.execute(db);
  return rows;
}

beforeAll(async () => {
  const parent = mkdtempSync(join(placeOfServers(), 'roundsman-supabase-'));
  chmodSync(parent, 0o755);
  const server = await startThrowaway(join(parent, 'server'), { fsync: false });
  ends.push(
    () => rmSync(parent, { recursive: true, force: true }),
    () => server.stop(),
  );
  const made = await supabaseDatabase(server.url);
  owner = { url: made.url, db: made.db };
  // Supabase's postgres is no superuser and may make roles.
  await administer(server.url, 'ALTER ROLE postgres_like CREATEROLE');
  above = connect(Object.assign(new URL(server.url), { pathname: `/${made.name}` }).href, {
    max: 1,
  });
  ends.push(() => above.destroy());
  await sql
    .raw(
      `CREATE TABLE public.payments (id bigint PRIMARY KEY, cents int);
       INSERT INTO public.payments VALUES (1, 100); ALTER TABLE public.payments ENABLE ROW LEVEL SECURITY`,
    )
    .execute(owner.db);
  before = await everythingIn(owner.db);
  // `npx roundsman db migrate --only bots`
  await migrateToLatest(owner.db, { only: 'bots' });
  await migrateQueue(owner.url);
  await sql.raw(makeLogin).execute(owner.db);
  login = Object.assign(new URL(owner.url), {
    username: 'roundsman',
    password: 'a-long-random-password',
  }).href;
}, 400_000);

afterAll(async () => {
  for (const end of ends.toReversed()) await end();
});

test("the login may do with Roundsman's tables what service_role may, and nothing with the tables of the platform", async () => {
  const { rows: lacking } = await sql<{ what: string }>`
    SELECT a.privilege_type || ' ' || c.oid::regclass AS what FROM pg_class c, aclexplode(c.relacl) a
    WHERE a.grantee = 'service_role'::regrole AND c.relkind IN ('r', 'p', 'v')
      AND (c.relnamespace IN ('engine'::regnamespace, 'bullmq'::regnamespace)
           OR c.relnamespace = 'public'::regnamespace AND c.relname ~ '^bots?(_|$)')
      AND NOT has_table_privilege('roundsman', c.oid, a.privilege_type)`.execute(above);
  expect(lacking).toEqual([]);
  const mine = connect(login, { max: 1, asService: true });
  ends.push(() => mine.destroy());
  const { rows: who } = await sql`
    SELECT current_user::text AS role, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication AS strong,
           pg_has_role('service_role', 'MEMBER') AS service FROM pg_roles WHERE rolname = current_user`.execute(
    mine,
  );
  expect(who).toEqual([{ role: 'roundsman', strong: false, service: false }]);
  for (const statement of [
    'SELECT * FROM payments',
    'DELETE FROM payments',
    'CREATE TABLE public.mine ()',
    'CREATE TABLE engine.mine ()',
    'TRUNCATE bots CASCADE',
    'SELECT * FROM auth.users',
    'SELECT engine.let_login_work(current_user::regrole)',
  ])
    await expect(sql.raw(statement).execute(mine), statement).rejects.toMatchObject({
      code: '42501',
    });
  const checks = connect(login, { max: 1, readOnly: true });
  ends.push(() => checks.destroy());
  expect((await sql`SELECT cents FROM payments`.execute(checks)).rows).toEqual([{ cents: 100 }]);
  await sql.raw(grantForRemedy).execute(owner.db);
  expect((await sql`SELECT count(*)::int AS n FROM orders`.execute(mine)).rows).toEqual([{ n: 0 }]);
  // Nothing is left to add.
  const { rows } = await sql`SELECT engine.let_login_work('roundsman') AS added`.execute(owner.db);
  expect(rows).toEqual([{ added: 0 }]);
});

test('the doctor finds no right of it missing, and none too many', async () => {
  const doctor = roundsman(checkout, { DATABASE_URL: login }, 'doctor', '--json');
  await doctor.ended;
  const found = JSON.parse(doctor.heard.out) as {
    subject: string;
    status: string;
    detail: string;
  }[];
  const of = (subject: string) => found.filter((each) => each.subject === subject);
  expect(of('Roles')).toMatchObject([{ status: 'ok' }]);
  expect(of('Checks')).toMatchObject([{ status: 'ok' }]);
  expect(of('Schema')).toMatchObject([{ status: 'ok' }]);
});

const redisUrl = inject('redisUrl');
const divisions: { name: string; settings: NodeJS.ProcessEnv; processes: [string, number][] }[] = [
  { name: 'the queue in the database: up', settings: {}, processes: [['up', 10]] },
  ...(redisUrl
    ? [
        {
          name: 'the queue on Redis: up',
          settings: { REDIS_URL: redisUrl },
          processes: [['up', 7]] as [string, number][],
        },
        {
          name: 'the queue on Redis: scheduler, worker and web',
          settings: { REDIS_URL: redisUrl },
          processes: [
            ['scheduler', 2],
            ['worker', 7],
            ['web', 1],
          ] as [string, number][],
        },
      ]
    : []),
];

test.each(divisions)(
  '$name: runs and heals within its connections, counted',
  async ({ settings, processes }) => {
    const db = owner.db;
    await sql`DELETE FROM engine.settings WHERE key IN ('queue_backend') OR key LIKE 'well-%'`.execute(
      db,
    );
    const home = mkdtempSync(join(checkout, 'home-'));
    const started: Running[] = processes.map(([role, connections]) =>
      roundsman(
        checkout,
        {
          DATABASE_URL: login,
          ROUNDSMAN_HOME: home,
          ROUNDSMAN_CONCURRENCY: '1',
          ROUNDSMAN_CONNECTIONS: String(connections),
          ...settings,
        },
        ...(role === 'web' ? [role, '--port', '0'] : [role]),
      ),
    );
    const alive = async () =>
      (
        await sql<{ n: number }>`
      SELECT (SELECT count(*) FROM engine.nodes) + (SELECT count(*) FROM engine.listeners WHERE role = 'web') AS n`.execute(
          db,
        )
      ).rows[0]!.n;
    const all = () => started.map(({ heard }) => heard.out + heard.err).join('\n');
    await expect
      .poll(async () => (Number(await alive()) === processes.length ? 'alive' : all()), settled)
      .toBe('alive');
    // The catalogue is registered after the first heartbeat.
    const active = () =>
      db.selectFrom('bots').select('id').where('status', '=', 'active').execute();
    await expect.poll(async () => (await active()).length, settled).toBe(6);
    let highest = 0;
    let isOver = false;
    const counting = (async () => {
      while (!isOver) {
        const { rows } = await sql<{ n: number }>`
        SELECT count(*)::int AS n FROM pg_stat_activity WHERE usename = 'roundsman'`.execute(above);
        highest = Math.max(highest, rows[0]!.n);
      }
    })();
    try {
      const ids: string[] = [];
      for (const { id } of await active()) ids.push((await queueManualRun(db, id)).id);
      const statuses = async () => {
        const rows = await db
          .selectFrom('bot_executions')
          .select('status')
          .where('id', 'in', ids)
          .execute();
        return [...new Set(rows.map(({ status }) => String(status)))];
      };
      await expect.poll(statuses, settled).toEqual(['success']);
    } finally {
      isOver = true;
      await counting;
    }
    console.log(`${processes.map(([role]) => role).join(', ')}: ${highest} connections`);
    expect(highest).toBeGreaterThan(3);
    expect(highest).toBeLessThanOrEqual(10);
    expect(all()).not.toMatch(/too many connections|timeout exceeded|permission denied/);
    for (const { child } of started) child.kill('SIGTERM');
    expect(await Promise.all(started.map(({ ended }) => ended))).toEqual(processes.map(() => 0));
  },
  400_000,
);

test('after the page about taking it away, the database is as it was before Roundsman came', async () => {
  const [takeAway] = blocksOf('uninstall', 'sql') as [string];
  await sql`DROP TABLE orders`.execute(owner.db);
  await sql.raw(takeAway).execute(owner.db);
  expect(await everythingIn(owner.db)).toEqual(before);
  expect((await sql`SELECT cents FROM payments`.execute(owner.db)).rows).toEqual([{ cents: 100 }]);
}, 100_000);
