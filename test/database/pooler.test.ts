/** PgBouncer between Roundsman and PostgreSQL, in each of its modes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { Client, type PoolClient } from 'pg';
import { untilStarted } from '../../src/bin/wait.ts';
import { connect, pool, type Db } from '../../src/database/connect.ts';
import { faultBehind } from '../../src/database/faults/fault-behind.ts';
import { isOutage } from '../../src/database/faults/outage.ts';
import { prepareDatabase } from '../../src/database/migrate/prepare.ts';
import { faultOf } from '../../src/batch/fault.ts';
import { freePort } from '../../src/database/embedded/server.ts';
import { serverAccount } from '../../src/database/embedded/account.ts';
import { refuseTransactionPooler, TransactionPoolerError } from '../../src/database/pooler.ts';
import { migrateQueue } from '../../src/queue/backend.ts';
import { onPostgres } from '../../src/queue/postgres.ts';
import { testDatabase } from '../support/database.ts';
import { installedFromDebian } from '../support/debian.ts';
import { faults } from '../support/real-faults.ts';

const program = '/usr/sbin/pgbouncer';
const withPgBouncer = test.runIf(installedFromDebian('pgbouncer', () => existsSync(program)));

const listens = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = createConnection(port, '127.0.0.1', () => socket.end(() => resolve(true)));
    socket.once('error', () => resolve(false));
  });

/** Resolves with the error of a query, or null if it succeeds. */
async function failureOf(url: string): Promise<unknown> {
  const connections = pool(url, { max: 1 });
  try {
    await connections.query('SELECT 1');
    return null;
  } catch (error) {
    return error;
  } finally {
    await connections.end();
  }
}

/** The given database, reached through a PgBouncer that this starts. */
async function through(
  url: string,
  settings: Record<string, string | number>,
  { away = false } = {},
): Promise<string> {
  const target = new URL(url);
  const directory = mkdtempSync(join(tmpdir(), 'roundsman-pgbouncer-'));
  const port = await freePort(0);
  const all = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    auth_type: 'any',
    ...settings,
  };
  const file = join(directory, 'pgbouncer.ini');
  const name = target.pathname.slice(1);
  const to = `host=${target.hostname} port=${away ? 1 : target.port} user=${target.username} password=${target.password}`;
  const lines = Object.entries(all).map(([key, value]) => `${key} = ${value}`);
  writeFileSync(file, ['[databases]', `${name} = ${to}`, '[pgbouncer]', ...lines, ''].join('\n'));
  chmodSync(directory, 0o755);
  // PgBouncer refuses to run as root.
  const account = serverAccount();
  const child = spawn(program, [file], {
    stdio: 'ignore',
    ...(account && { uid: account.uid, gid: account.gid }),
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null) await once(child, 'exit');
    rmSync(directory, { recursive: true, force: true });
  });
  target.port = String(port);
  await expect.poll(() => listens(port), { timeout: 10_000, interval: 20 }).toBe(true);
  return target.href;
}

withPgBouncer.each([
  { by: 'transaction', pool_mode: 'transaction' },
  {
    by: 'transaction, least recently used first',
    pool_mode: 'transaction',
    server_round_robin: 1,
    min_pool_size: 4,
  },
  {
    by: 'transaction, with one session for everybody',
    pool_mode: 'transaction',
    default_pool_size: 1,
  },
  {
    by: 'transaction, startup options ignored',
    pool_mode: 'transaction',
    ignore_startup_parameters: 'options',
  },
  { by: 'statement', pool_mode: 'statement' },
])(
  'a pooler that pools by $by is refused, and the reason is given',
  async ({ by, ...settings }) => {
    const { url } = await testDatabase();
    const error = await refuseTransactionPooler(await through(url, settings)).catch(
      (thrown) => thrown,
    );
    expect(error, by).toBeInstanceOf(TransactionPoolerError);
    expect(error.hint).toContain('pool_mode = session');
  },
);

withPgBouncer.each([
  { name: 'as it comes' },
  { name: 'startup options ignored', ignore_startup_parameters: 'options' },
])(
  'a pooler in session mode is accepted, and our settings apply behind it: $name',
  async ({ name: _, ...settings }) => {
    const { url } = await testDatabase();
    const behind = await through(url, { pool_mode: 'session', ...settings });
    for (let times = 0; times < 3; times += 1) await refuseTransactionPooler(behind);
    const connections = pool(behind, { max: 1, statementTimeoutMs: 1234 });
    const { rows } = await connections.query('SHOW statement_timeout');
    await connections.end();
    expect(rows).toEqual([{ statement_timeout: '1234ms' }]);
  },
);

test('a direct connection is accepted', async () => {
  const { url } = await testDatabase();
  for (let times = 0; times < 10; times += 1) await refuseTransactionPooler(url);
});

withPgBouncer('a PostgreSQL that is away behind its pooler is waited for', async () => {
  const { url } = await testDatabase();
  const behind = await through(url, { pool_mode: 'session' }, { away: true });
  expect(isOutage(await failureOf(behind))).toBe(true);
  expect(isOutage(await failureOf(behind.replace(/\/[^/]+$/, '/nowhere')))).toBe(false);
});

/** Two sessions of ours through a PgBouncer, and one without it. */
async function behindSession(settings: Record<string, string | number> = {}) {
  const { url, db } = await testDatabase();
  const behind = await through(url, { pool_mode: 'session', ...settings });
  const session = connect(behind, { max: 1 });
  onTestFinished(() => session.destroy());
  return { behind, session, db };
}

const thrownBy = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

withPgBouncer.each([
  ['its session was ended', 'connection'],
  ['its session was ended in the middle of a statement', 'connection'],
  ['it was the victim of a deadlock', 'conflict'],
  ['a lock was not free in time', 'timeout'],
  ['it sat idle in its transaction', 'connection'],
] as const)(
  'behind a pooler, as without one, it is known of a transaction that %s',
  async (name, fault) => {
    const { session, db } = await behindSession();
    const error = await thrownBy(session.transaction().execute((trx) => faults[name](trx, db)));
    expect(faultBehind(error), String(error)).toBe(fault);
    expect(faultOf(error), 'and by a batch of runs').not.toBe('refused');
    if (name.includes('session was ended')) expect(isOutage(error)).toBe(true);
    await expect
      .poll(() => thrownBy(sql`SELECT 1`.execute(session)), { message: 'with another session' })
      .toBeNull();
  },
);

withPgBouncer('a pooler that is full is waited for', async () => {
  const { behind } = await behindSession({ max_client_conn: 1 });
  const holder = pool(behind, { max: 1 });
  // The pooler may still count the connection that checked whether it listens.
  let held: PoolClient | undefined;
  const take = async () => (held ??= await holder.connect().catch(() => undefined));
  await expect.poll(take, { timeout: 10_000, interval: 20 }).toBeDefined();
  const other = connect(behind, { max: 1 });
  onTestFinished(() => other.destroy());
  const error = await thrownBy(prepareDatabase(other, { migrate: false }));
  expect(isOutage(error), String(error)).toBe(true);
  const asked: string[] = [];
  const waited = await untilStarted(
    { ask: async () => {}, begin: () => prepareDatabase(other, { migrate: false }) },
    {
      missing(what) {
        asked.push(what);
        held!.release();
        void holder.end();
      },
      answers: () => asked.push('answers'),
    },
    new AbortController().signal,
  );
  expect(waited).toEqual([]);
  expect(asked).toEqual([expect.any(String), 'answers']);
});

withPgBouncer.each([
  ['query_timeout', 'timeout', (session: Db) => sql`SELECT pg_sleep(30)`.execute(session)],
  [
    'idle_transaction_timeout',
    'timeout',
    (session: Db) =>
      session.transaction().execute(async (trx) => {
        await sql`SELECT 1`.execute(trx);
        await sleep(4_000);
        await sql`SELECT 1`.execute(trx);
      }),
  ],
] as const)('what the pooler ends by its %s is a fault (%s)', async (setting, fault, work) => {
  const { session } = await behindSession({ [setting]: 1 });
  const error = await thrownBy(work(session));
  expect(faultBehind(error), String(error)).toMatch(new RegExp(`${fault}|connection`));
  expect(faultOf(error)).toBe('disconnected');
});

withPgBouncer(
  'a database that an operator has disabled is waited for, one that does not exist is not',
  async () => {
    const { behind } = await behindSession({ admin_users: 'postgres' });
    const { pathname } = new URL(behind);
    const console = new Client({ connectionString: behind.replace(/\/[^/]+$/, '/pgbouncer') });
    await console.connect();
    await console.query(`DISABLE ${pathname.slice(1)}`);
    expect(isOutage(await failureOf(behind))).toBe(true);
    await console.query(`ENABLE ${pathname.slice(1)}`);
    expect(await failureOf(behind)).toBeNull();
    await console.end();
  },
);

const limits = `SELECT current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock,
  current_setting('idle_in_transaction_session_timeout') AS idle, current_setting('client_connection_check_interval') AS gone`;

test("the time limits apply to our connections and to BullMQ's", async () => {
  const { url } = await testDatabase();
  await migrateQueue(url);
  const ours = pool(url, { max: 1 });
  expect((await ours.query(limits)).rows).toEqual([
    { statement: '30s', lock: '10s', idle: '1min', gone: '500ms' },
  ]);
  const { queue, end } = onPostgres(url).openQueue();
  await queue.waitUntilReady();
  const inside = queue.getBackend() as unknown as { connection: { pool: typeof ours } };
  expect((await inside.connection.pool.query(limits)).rows).toEqual([
    { statement: '5s', lock: '10s', idle: '1min', gone: '500ms' },
  ]);
  const { worker, end: endWorker } = onPostgres(url).openWorker(1, async () => {});
  await worker.waitUntilReady();
  const { rows } = await ours.query(
    `SELECT count(*)::int AS listening FROM pg_stat_activity WHERE application_name = 'runs' AND datname = current_database()`,
  );
  expect(rows, 'the one that listens is of the same making').toEqual([{ listening: 1 }]);
  await worker.close();
  await endWorker();
  await queue.close();
  await end();
  await ours.end();
});
