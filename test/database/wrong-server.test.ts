/** A PostgreSQL that answers but accepts no writes: a standby, an old primary, a server that was set read-only. */
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { connect, forEngine, pool, type Db } from '../../src/database/connect.ts';
import { explainFault } from '../../src/database/faults/explain-fault.ts';
import { faultBehind } from '../../src/database/faults/fault-behind.ts';
import { isOutage } from '../../src/database/faults/outage.ts';
import { ReadOnlyServerError } from '../../src/database/session.ts';
import { faultOf } from '../../src/batch/fault.ts';
import { testDatabase } from '../support/database.ts';
import { ownPostgres } from '../support/own-servers.ts';
import { openProxy } from '../support/proxy.ts';

function sessions(url: string, options: Parameters<typeof connect>[1] = {}): Db {
  const db = connect(url, options);
  onTestFinished(() => db.destroy());
  return db;
}

const thrownBy = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => expect.unreachable('nothing was thrown'),
    (error: unknown) => error,
  );

const write = (db: Db) =>
  sql`INSERT INTO engine.settings (key, value) VALUES (gen_random_uuid()::text, '1')`.execute(db);

async function pidOf(db: Db): Promise<number> {
  const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(db);
  return rows[0]!.pid;
}

/** Uses `count` sessions at the same time; resolves with their process ids. */
const pidsOf = (db: Db, count: number): Promise<number[]> =>
  Promise.all(
    Array.from({ length: count }, async () => {
      const { rows } = await sql<{ pid: number }>`
        SELECT pg_backend_pid() AS pid FROM pg_sleep(0.2)`.execute(db);
      return rows[0]!.pid;
    }),
  );

const alive = async (db: Db, pids: number[]): Promise<number[]> => {
  const { rows } = await sql<{ pid: number }>`
    SELECT pid FROM pg_stat_activity WHERE pid = ANY (${pids})`.execute(db);
  return rows.map(({ pid }) => pid);
};

test('a session on which a write was refused is not used again, nor are the others of all pools of the process', async () => {
  const postgres = await ownPostgres();
  const one = sessions(postgres.url, { max: 3 });
  const other = pool(postgres.url, { max: 2, keep: true });
  onTestFinished(() => other.end());
  const pids = await pidsOf(one, 3);
  const listener = await other.connect();
  const idle = await other.connect();
  await listener.query('LISTEN something');
  const lost = Promise.withResolvers<void>();
  listener.once('error', () => lost.resolve());
  for (const client of [listener, idle])
    pids.push((await client.query('SELECT pg_backend_pid() AS pid')).rows[0].pid);
  idle.release();

  await postgres.takeWrites(false);
  const refused = await thrownBy(write(one));
  expect(refused).toMatchObject({ code: '25006' });
  await expect.poll(() => alive(postgres.db, pids)).toEqual([]);
  // A listener that keeps a session is told.
  await lost.promise;
  listener.release(true);
  await postgres.takeWrites(true);
  await write(one);
  await other.query('SELECT 1');
});

test('a statement of another caller is not interrupted, and its session is not used afterwards', async () => {
  const postgres = await ownPostgres();
  const db = sessions(postgres.url, { max: 2 });
  const pid = await db.transaction().execute(async (trx) => {
    const own = await pidOf(trx);
    await write(trx);
    await postgres.takeWrites(false);
    await thrownBy(write(db));
    // It began while the server accepted writes.
    await write(trx);
    return own;
  });
  await expect.poll(() => alive(postgres.db, [pid])).toEqual([]);
});

test('a session that was opened read-only proves nothing about its server', async () => {
  const { db, url } = await testDatabase();
  const reader = sessions(url, { max: 1, readOnly: true, ...forEngine });
  const pid = await pidOf(reader);
  const error = await thrownBy(write(reader));
  expect(error).toMatchObject({ code: '25006' });
  expect(faultBehind(error), 'its own doing').toBeNull();
  expect(await pidOf(reader)).toBe(pid);
  await write(db);
});

test('the engine keeps no session at a server that accepts no writes, and treats the refusal as an outage', async () => {
  const postgres = await ownPostgres();
  await postgres.kill();
  const standby = await postgres.copy('standby');
  await postgres.start();
  await postgres.takeWrites(false);
  for (const [url, why] of [
    [standby, /standby/],
    [postgres.url, /default_transaction_read_only is on/],
  ] as const)
    for (const readOnly of [false, true]) {
      const error = await thrownBy(pidOf(sessions(url, { ...forEngine, readOnly })));
      expect(error).toBeInstanceOf(ReadOnlyServerError);
      expect((error as ReadOnlyServerError).why).toMatch(why);
      expect(isOutage(error)).toBe(true);
      expect(faultBehind(error)).toBe('read-only');
      expect(faultOf(error)).toBe('disconnected');
    }
  // Commands that only read still work.
  expect(await pidOf(sessions(standby))).toBeGreaterThan(0);
  await postgres.takeWrites(true);
  await write(sessions(postgres.url, forEngine));
});

test('errors of a standby are known, also those of statements that write nothing', async () => {
  const postgres = await ownPostgres();
  await postgres.kill();
  const standby = await postgres.copy('standby');
  for (const statement of [
    sql`SELECT nextval('engine.fence')`,
    sql`SELECT FROM bots FOR UPDATE`,
    sql`LISTEN something`,
    sql`VACUUM bots`,
    sql`SELECT pg_current_wal_lsn()`,
    sql`CREATE TEMP TABLE t ()`,
  ]) {
    const error = await thrownBy(statement.execute(sessions(standby, { max: 1 })));
    expect([faultBehind(error), isOutage(error)], String(error)).toEqual(['read-only', true]);
    expect(explainFault(error)!.what).toBe('the database takes no writes now');
    expect(faultOf(error)).toBe('disconnected');
  }
});

test('after a switchover in which the old primary stays up, the next session is at the new one', async () => {
  const postgres = await ownPostgres();
  await postgres.kill();
  const next = await postgres.copy('primary');
  await postgres.start();
  const proxy = await openProxy(postgres.url);
  const db = sessions(proxy.url, { max: 4, ...forEngine });
  await pidsOf(db, 4);
  await postgres.takeWrites(false);
  proxy.leadTo(next);
  await thrownBy(write(db));
  await expect.poll(() => write(db).then(() => 'written', String)).toBe('written');
  const { rows } = await sql`SELECT FROM engine.settings`.execute(sessions(next));
  expect(rows.length).toBeGreaterThan(0);
});
