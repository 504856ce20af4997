/** How errors of a real server, a real network and a program's own mistakes are classified. */
import { connect as dial, createServer, type AddressInfo } from 'node:net';
import { sql } from 'kysely';
import { describe, expect, onTestFinished, test } from 'vitest';
import { NotAppliedError } from '../../src/bot.ts';
import { connect, type Db } from '../../src/database/connect.ts';
import { ConstraintError, explaining } from '../../src/database/faults/constraint-errors.ts';
import { faultBehind } from '../../src/database/faults/fault-behind.ts';
import { isOutage } from '../../src/database/faults/outage.ts';
import { testDatabase } from '../support/database.ts';
import { administer, inDatabase } from '../support/postgres.ts';
import { faults } from '../support/real-faults.ts';

const thrownBy = async (work: () => Promise<unknown>): Promise<unknown> => {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
};

/** A connection of a test's own. */
function session(url: string, max = 1): Db {
  const db = connect(url, { max });
  onTestFinished(() => db.destroy());
  return db;
}

const raise = (db: Db, code: string, words = 'as the server says it') =>
  sql`DO ${sql.lit(`BEGIN RAISE '%', '${words}' USING ERRCODE = '${code}'; END`)}`.execute(db);

const inTransaction = (db: Db, work: (trx: Db) => Promise<unknown>) =>
  thrownBy(() => db.transaction().execute(work));

describe('not caused by the code that met it:', () => {
  test.each([
    ['its session was ended', 'connection'],
    ['its session was ended in the middle of a statement', 'connection'],
    ['it was the victim of a deadlock', 'conflict'],
    ['a lock was not free in time', 'timeout'],
    ['a statement took too long', 'timeout'],
    ['an operator cancelled its statement', 'timeout'],
    ['it sat idle in its transaction', 'connection'],
    ['it was the victim of a deadlock, caught it and went on', 'conflict'],
  ] as const)('%s (%s)', async (name, fault) => {
    const { db, url } = await testDatabase();
    const error = await inTransaction(session(url), (trx) => faults[name](trx, db));
    expect(faultBehind(error), String(error)).toBe(fault);
  });

  test('another transaction changed what a serializable one had read', async () => {
    const { db, url } = await testDatabase();
    await sql`CREATE TABLE engine.counted AS SELECT 1 AS n`.execute(db);
    const error = await thrownBy(() =>
      session(url)
        .transaction()
        .setIsolationLevel('serializable')
        .execute(async (trx) => {
          await sql`SELECT n FROM engine.counted`.execute(trx);
          await sql`UPDATE engine.counted SET n = n + 1`.execute(db);
          await sql`UPDATE engine.counted SET n = n + 1`.execute(trx);
        }),
    );
    expect(error).toMatchObject({ code: '40001' });
    expect(faultBehind(error)).toBe('conflict');
  });

  test('a lock that it wants without waiting is held', async () => {
    const { db, url } = await testDatabase();
    await db.transaction().execute(async (trx) => {
      await sql`LOCK TABLE bots`.execute(trx);
      const error = await inTransaction(session(url), (other) =>
        sql`LOCK TABLE bots NOWAIT`.execute(other),
      );
      expect(faultBehind(error)).toBe('timeout');
    });
  });

  test('its transaction took too long', async () => {
    const { url } = await testDatabase();
    const error = await inTransaction(session(url), async (trx) => {
      await sql`SET transaction_timeout = '50ms'`.execute(trx);
      await sql`SELECT pg_sleep(60)`.execute(trx);
    });
    expect(faultBehind(error), String(error)).toMatch(/timeout|connection/);
  });

  test('a limit of the server on temporary files was reached', async () => {
    const { url } = await testDatabase();
    const db = session(url);
    const error = await inTransaction(db, async (trx) => {
      await sql`SET LOCAL temp_file_limit = '64kB'`.execute(trx);
      await sql`SET LOCAL work_mem = '64kB'`.execute(trx);
      await sql`SELECT * FROM generate_series(1, 200000) n ORDER BY n DESC`.execute(trx);
    });
    expect(error).toMatchObject({ code: '53400' });
    expect(faultBehind(error)).toBe('resources');
  });

  test('the server accepts no writes, and the session that said so is not used again', async () => {
    const { url, name } = await testDatabase();
    const beside = inDatabase(url, 'postgres');
    await administer(beside, `ALTER DATABASE ${name} SET default_transaction_read_only = on`);
    const writing = session(url);
    const write = () => sql`UPDATE bots SET display_name = 'x'`.execute(writing);
    expect(faultBehind(await thrownBy(write))).toBe('read-only');
    await administer(beside, `ALTER DATABASE ${name} RESET default_transaction_read_only`);
    await write();
  });

  test('no connection is free, or none can be made, whatever the reason', async () => {
    const { url } = await testDatabase();
    const role = `faulty_${Math.random().toString(36).slice(2)}`;
    await administer(url, `CREATE ROLE ${role} LOGIN PASSWORD 'right' CONNECTION LIMIT 1`);
    onTestFinished(() => administer(url, `DROP ROLE ${role}`));
    const as = (change: (url: URL) => void) => {
      const other = new URL(url);
      Object.assign(other, { username: role, password: 'right' });
      change(other);
      return session(other.href);
    };
    const ask = (db: Db) => sql`SELECT 1`.execute(db);
    const first = as(() => {});
    await ask(first);
    const met = async (change: (url: URL) => void) =>
      faultBehind(await thrownBy(() => ask(as(change))));
    expect(await met(() => {})).toMatch(/resources|connection/);
    expect(await met((other) => (other.pathname = '/there_is_none'))).toMatch(
      /resources|connection/,
    );
    expect(await met((other) => (other.port = '1'))).toBe('connection');
    expect(await met((other) => (other.hostname = 'there-is-none.invalid'))).toBe('connection');
    await first.destroy();
  });

  test('its socket was closed without an error of the server', async () => {
    const { url } = await testDatabase();
    const { hostname, port } = new URL(url);
    const reset: (() => void)[] = [];
    const server = createServer((client) => {
      const upstream = dial(Number(port), hostname);
      client.pipe(upstream).pipe(client);
      for (const each of [client, upstream]) each.on('error', () => {});
      reset.push(() => client.resetAndDestroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const through = new URL(url);
    through.hostname = '127.0.0.1';
    through.port = String((server.address() as AddressInfo).port);
    const db = session(through.href);
    const error = await inTransaction(db, async (trx) => {
      const asleep = sql`SELECT pg_sleep(60)`.execute(trx);
      for (const each of reset) each();
      await asleep;
    });
    expect(faultBehind(error), String(error)).toBe('connection');
  });

  test.each([
    ['08006', 'connection'],
    ['57P01', 'connection'],
    ['57P02', 'connection'],
    ['57P03', 'connection'],
    ['57P04', 'connection'],
    ['57P05', 'connection'],
    ['25P03', 'timeout'],
    ['25P04', 'timeout'],
    ['40003', 'conflict'],
    ['53000', 'resources'],
    ['53100', 'resources'],
    ['53200', 'resources'],
    ['53300', 'resources'],
    ['57000', 'server'],
    ['58000', 'server'],
    ['58030', 'server'],
    ['XX000', 'server'],
    ['XX001', 'server'],
    ['XX002', 'server'],
  ])('SQLSTATE %s (%s)', async (code, fault) => {
    const { db } = await shared;
    expect(faultBehind(await thrownBy(() => raise(db, code)))).toBe(fault);
  });
});

const shared = testDatabase();

/** Messages of PgBouncer 1.18 to 1.25, Supabase's pooler and pgcat. */
describe('errors of a pooler that differ only in their message', () => {
  test.each([
    ['08P01', 'server conn crashed?', 'connection', true],
    ['08P01', 'server connection closed', 'connection', true],
    ['08P01', 'server shutting down', 'connection', true],
    ['08P01', 'pooler is shutting down', 'connection', true],
    ['08P01', 'the pooler is shut down', 'connection', true],
    ['08P01', 'client_login_timeout (server down)', 'connection', true],
    ['08P01', 'client_idle_timeout', 'connection', true],
    ['08P01', 'query_wait_timeout', 'connection', true],
    ['08P01', 'server idle timeout', 'connection', true],
    ['08P01', 'server lifetime over', 'connection', true],
    ['08P01', 'connect failed', 'connection', true],
    ['08P01', 'pgbouncer cannot connect to server', 'connection', true],
    ['08P01', 'server DNS lookup failed', 'connection', true],
    [
      '08P01',
      'server login has been failing, try again later (server_login_retry)',
      'connection',
      true,
    ],
    ['08P01', 'database "app" is disabled', 'connection', true],
    ['08P01', 'database configuration changed', 'connection', true],
    ['08P01', 'admin forced disconnect', 'connection', true],
    ['08P01', 'no more connections allowed (max_client_conn)', 'resources', true],
    ['08P01', 'client connections exceeded (max_user_client_connections)', 'resources', true],
    ['08P01', 'no memory for pool', 'resources', true],
    ['08P01', 'query_timeout', 'timeout', false],
    ['08P01', 'query timeout', 'timeout', false],
    ['08P01', 'idle transaction timeout', 'timeout', false],
    ['08P01', 'transaction timeout', 'timeout', false],
    ['08P01', 'no such database: app', null, false],
    ['08P01', 'no such user', null, false],
    ['08P01', 'password authentication failed', null, false],
    ['08P01', 'unsupported startup parameter: options', null, false],
    ['08P01', 'transaction blocks not allowed in statement pooling mode', null, false],
    ['XX000', 'Max client connections reached', 'resources', true],
    ['XX000', 'MaxClientsInSessionMode: max clients reached - in Session mode', 'resources', true],
    ['XX000', 'Unable to check out process from the pool due to timeout', 'resources', true],
    ['XX000', 'DbHandler exited', 'connection', true],
    ['XX000', 'Tenant or user not found', 'server', false],
    ['58000', 'could not get connection from the pool - AllServersDown', 'connection', true],
  ] as const)('%s %s: %s', async (code, words, fault, isAway) => {
    const error = await thrownBy(async () => raise((await shared).db, code, words));
    expect(faultBehind(error)).toBe(fault);
    expect(isOutage(error)).toBe(isAway);
  });
});

test('the first error of a transaction stays known behind that of its ROLLBACK', async () => {
  const { url, db } = await shared;
  const error = await inTransaction(session(url), async (trx) => {
    const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(trx);
    const [{ pid }] = rows as [{ pid: number }];
    await raise(trx, '40P01').catch(async (first: unknown) => {
      await sql`SELECT pg_terminate_backend(${pid}, 5000)`.execute(db);
      throw first;
    });
  });
  expect(error).not.toMatchObject({ code: '40P01' });
  expect(error).toMatchObject({ cause: { code: '40P01' } });
});

describe('an error outside of a transaction', () => {
  test('is not taken for the cause of the next one on the same connection', async () => {
    const { url } = await shared;
    const db = session(url);
    expect(faultBehind(await thrownBy(() => raise(db, '40P01')))).toBe('conflict');
    expect(faultBehind(await thrownBy(() => sql`SELEC 1`.execute(db)))).toBeNull();
  });

  test('nor is one whose transaction has ended, or was rolled back to a savepoint before it', async () => {
    const { url } = await shared;
    const db = session(url);
    expect(faultBehind(await inTransaction(db, (trx) => raise(trx as Db, '40P01')))).toBe(
      'conflict',
    );
    expect(faultBehind(await thrownBy(() => sql`SELEC 1`.execute(db)))).toBeNull();
    const gone = await inTransaction(db, async (trx) => {
      await sql`SAVEPOINT here`.execute(trx);
      await raise(trx, '40P01').catch(() => {});
      await sql`ROLLBACK TO SAVEPOINT here`.execute(trx);
      await sql`SELEC 1`.execute(trx);
    });
    expect(faultBehind(gone)).toBeNull();
  });
});

describe('caused by the code that met it:', () => {
  test.each([
    ['a syntax error', (db: Db) => sql`SELEC 1`.execute(db)],
    ['a table that is not there', (db: Db) => sql`SELECT FROM there_is_none`.execute(db)],
    [
      'a value that is not allowed',
      (db: Db) => sql`INSERT INTO bots (name, status) VALUES ('x', 'x')`.execute(db),
    ],
    ['a division by zero', (db: Db) => sql`SELECT 1 / 0`.execute(db)],
    ['an error of its own in PL/pgSQL', (db: Db) => raise(db, 'P0001')],
    ['a broken protocol', (db: Db) => raise(db, '08P01')],
    ['a constraint that its transaction breaks at the end', (db: Db) => raise(db, '40002')],
    ['a file that it names', (db: Db) => sql`COPY bots FROM '/there/is/none'`.execute(db)],
    [
      'a value that cannot be written down',
      (db: Db) => {
        const circular: Record<string, unknown> = {};
        circular.self = circular;
        return sql`SELECT ${circular}`.execute(db);
      },
    ],
    [
      'an error that it caught, and went on in the same transaction',
      (db: Db) =>
        db.transaction().execute(async (trx) => {
          await sql`SELEC 1`.execute(trx).catch(() => {});
          await sql`SELECT 1`.execute(trx);
        }),
    ],
    ['a mistake', async () => (undefined as unknown as { x: number }).x],
    ['a request to a place that is not there', () => fetch('http://127.0.0.1:1/')],
    [
      'a lost connection of another kind',
      async () => {
        throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
      },
    ],
    [
      'words as pg has them, of something else',
      async () => {
        throw new Error('timeout expired');
      },
    ],
    [
      'no error at all',
      async () => {
        // eslint-disable-next-line no-throw-literal
        throw 'deadlock detected';
      },
    ],
  ])('%s', async (_, work) => {
    const { db } = await shared;
    expect(faultBehind(await thrownBy(() => work(db)))).toBeNull();
  });
});

describe('a fault is found', () => {
  const deadlock = async () => thrownBy(async () => raise((await shared).db, '40P01'));

  test('behind other errors', async () => {
    const cause = await deadlock();
    expect(faultBehind(new Error('could not set it', { cause }))).toBe('conflict');
    expect(faultBehind(new NotAppliedError('not begun', { cause }))).toBe('conflict');
    expect(faultBehind(new AggregateError([new Error('other'), new Error('one', { cause })]))).toBe(
      'conflict',
    );
  });

  test("behind the data layer's own errors", async () => {
    const { db } = await shared;
    const error = await thrownBy(() =>
      explaining('it could not be changed', {}, () => raise(db, '40001')),
    );
    expect(error).toBeInstanceOf(ConstraintError);
    expect(faultBehind(error)).toBe('conflict');
  });

  test("errors that are each other's cause are searched once", async () => {
    const { db } = await shared;
    const one = (await thrownBy(() => sql`SELEC 1`.execute(db))) as Error;
    one.cause = new Error('other', { cause: one });
    expect(faultBehind(one)).toBeNull();
  });
});

test('a code of five characters is a code of the server only if the server has sent it', () => {
  const own = Object.assign(new Error('rejected by the other system'), { code: '40001' });
  expect(faultBehind(own)).toBeNull();
  const said = Object.assign(new Error('as the server says it'), {
    code: '40001',
    severity: 'ERROR',
  });
  expect(faultBehind(said)).toBe('conflict');
});
