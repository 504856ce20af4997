/** Tables that are vacuumed and analysed, on a real server, and what breaks that off. */
import { sql } from 'kysely';
import { expect, inject, test } from 'vitest';
import { connect, forEngine } from '../../src/database/connect.ts';
import { Tally } from '../../src/upkeep/tally.ts';
import { waiting } from '../support/held.ts';
import { administer, inDatabase } from '../support/postgres.ts';
import { aDatabase, aTable, busy, change, deleteMost, session, slowDown, work } from './scene.ts';

const settled = { timeout: 20_000, interval: 50 };

test('when the time is over a VACUUM is broken off in the middle, and what is left is counted', async () => {
  const database = await aDatabase();
  const { db, url } = database;
  for (const name of ['orders', 'carts']) await aTable(db, name, 20_000);
  for (const name of ['orders', 'carts']) await deleteMost(db, name);
  await slowDown(database);
  const done = work({ db, url }, { until: performance.now() + 2_000 });
  await expect
    .poll(busy(db), settled)
    .toEqual([expect.stringMatching(/^VACUUM \(ANALYZE\) "public"/)]);
  const { ended, left, undone, tables } = await done;
  expect({ ended, left, tables }).toEqual({
    ended: 'time',
    left: { tables: 2, indexes: 0 },
    tables: [],
  });
  expect(undone).toMatchObject([{ why: 'the time was over' }]);
  expect(await busy(db)()).toEqual([]);
}, 60_000);

test('it gives way to a session that waits for its lock, and goes on with the next table', async () => {
  const database = await aDatabase();
  const { db, url } = database;
  await aTable(db, 'orders', 20_000);
  await deleteMost(db, 'orders');
  await slowDown(database);
  const done = work({ db, url });
  await expect.poll(busy(db), settled).toHaveLength(1);
  const began = performance.now();
  // This waits for the lock that VACUUM holds, and every statement on the table would wait behind it.
  await sql`ALTER TABLE orders ADD COLUMN note text`.execute(db);
  expect(performance.now() - began).toBeLessThan(5_000);
  expect((await done).figures()).toMatchObject({
    ended: 'done',
    vacuumed: 0,
    not_done: [{ name: 'public.orders', why: 'another session waited for what it held' }],
  });
}, 60_000);

test('a table that another session holds is left out, and keeps no one waiting', async () => {
  const { db, url } = await aDatabase();
  for (const name of ['orders', 'carts']) {
    await aTable(db, name, 20_000);
    await deleteMost(db, name);
  }
  const holder = await session(url);
  await holder.query('BEGIN');
  await holder.query('LOCK TABLE orders IN SHARE UPDATE EXCLUSIVE MODE');
  const done = work({ db, url });
  await expect.poll(waiting(db), settled).toBe(1);
  // While it waits, rows are written.
  await sql`SET LOCAL statement_timeout = '1s'`.execute(db);
  await sql`INSERT INTO orders VALUES (0, 'new')`.execute(db);
  expect((await done).figures()).toMatchObject({
    ended: 'done',
    tables: [{ table: 'public.carts' }],
    not_done: [{ name: 'public.orders', why: 'another session held what it needs' }],
  });
}, 60_000);

test('a login that does not own the tables skips them, and is told how to get the right', async () => {
  const { db, url, name } = await aDatabase();
  await aTable(db, 'orders', 20_000);
  await deleteMost(db, 'orders');
  const login = `${name}_login`;
  const server = inject('postgresUrl');
  await administer(
    server,
    `CREATE ROLE ${login} LOGIN PASSWORD 'x'`,
    `GRANT service_role TO ${login}`,
  );
  const own = new URL(inDatabase(server, name));
  [own.username, own.password] = [login, 'x'];
  const mine = connect(own.href, { ...forEngine, max: 3 });
  try {
    const refused = await work({ db: mine, url: own.href });
    expect(refused.figures()).toMatchObject({
      ended: 'done',
      vacuumed: 0,
      not_allowed: {
        tables: 1,
        indexes: 0,
        owners: [new URL(url).username],
        how: expect.stringContaining('GRANT MAINTAIN'),
      },
    });
    await administer(inDatabase(server, name), `GRANT MAINTAIN ON orders TO ${login}`);
    expect((await work({ db: mine, url: own.href })).figures()).toMatchObject({
      vacuumed: 1,
      tables: [{ table: 'public.orders' }],
    });
  } finally {
    await mine.destroy();
    await administer(inDatabase(server, name), `REVOKE MAINTAIN ON orders FROM ${login}`);
    await administer(server, `DROP ROLE ${login}`);
  }
}, 60_000);

test('it works once at a time on a database, ends when it is stopped, and when the mode becomes off', async () => {
  const database = await aDatabase();
  const { db, url } = database;
  await aTable(db, 'orders', 20_000);
  await deleteMost(db, 'orders');
  await slowDown(database);
  const stop = new AbortController();
  const tally = new Tally();
  const first = work({ db, url }, { signal: stop.signal, tally });
  await expect.poll(busy(db), settled).toHaveLength(1);
  await expect(work({ db, url })).rejects.toMatchObject({
    name: 'UpkeepUnderWayError',
    retryable: true,
  });
  // What is known of a run whose process is killed: it does not say that all was done.
  expect(tally.figures()).not.toHaveProperty('ended');
  stop.abort(new Error('enough'));
  await expect(first).rejects.toThrow('enough');
  expect(tally.figures()).not.toHaveProperty('ended');
  expect(await busy(db)()).toEqual([]);

  let allowed = true;
  const second = work({ db, url }, { isAllowed: async () => allowed });
  await expect.poll(busy(db), settled).toHaveLength(1);
  allowed = false;
  expect((await second).figures()).toMatchObject({ ended: 'mode', left: { tables: 1 } });
}, 60_000);

test('tables of an old age are frozen, and those that got many new rows are vacuumed, once', async () => {
  const { db, url } = await aDatabase();
  await aTable(db, 'orders', 20_000);
  await change(
    db,
    sql`INSERT INTO orders SELECT n, md5(n::text) FROM generate_series(20001, 40000) n`,
  );
  const tally = await work({ db, url });
  expect(tally.figures()).toMatchObject({
    tables: [{ table: 'public.orders', why: ['inserted rows', 'changed rows'] }],
  });
  expect((await work({ db, url })).figures()).toMatchObject({ tables: [] });
  // As if half of the transactions after which the server freezes it at whatever time had passed.
  await sql`
    UPDATE pg_class SET relfrozenxid = ((pg_current_xact_id()::text::bigint - 120000000 + 4294967296) % 4294967296)::text::xid
    WHERE relname = 'orders'`.execute(db);
  const frozen = await work({ db, url });
  expect(frozen.figures()).toMatchObject({
    tables: [{ table: 'public.orders', did: 'vacuum', why: ['wraparound'] }],
  });
  const { rows } = await sql<{
    age: number;
  }>`SELECT age(relfrozenxid) FROM pg_class WHERE relname = 'orders'`.execute(db);
  expect(rows[0]!.age).toBeLessThan(1_000);
  expect((await work({ db, url })).figures()).toMatchObject({ tables: [] });
}, 60_000);
