/** In which order tables are worked on, and what becomes of those that a run does not come to. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { aDatabase, aTable, busy, change, deleteMost, slowDown, work } from './scene.ts';

const settled = { timeout: 20_000, interval: 50 };

test('a table that takes longer than there is time keeps the others waiting once, and comes after them from then on', async () => {
  const database = await aDatabase();
  const { db, url } = database;
  await aTable(db, 'orders', 20_000);
  await deleteMost(db, 'orders');
  await sql`CREATE TABLE carts (id int)`.execute(db);
  await change(db, sql`INSERT INTO carts SELECT generate_series(1, 1100)`);
  await slowDown(database);
  const soon = () => ({ until: performance.now() + 2_000 });
  const first = (await work({ db, url }, soon())).figures() as Record<string, any>;
  expect(first).toMatchObject({ vacuumed: 0, analyzed: 0, broken_off: ['public.orders'] });
  const done = work({ db, url }, { last: first.broken_off, until: performance.now() + 30_000 });
  // It is broken off, as by a person, when its turn has come.
  await expect.poll(busy(db), settled).toEqual([expect.stringMatching(/orders/)]);
  await sql`
    SELECT pg_cancel_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'roundsman maintenance' AND query ~ 'orders'`.execute(
    db,
  );
  expect((await done).figures()).toMatchObject({
    ended: 'done',
    tables: [{ table: 'public.carts', did: 'analyze' }],
    not_done: [{ name: 'public.orders', why: 'a person cancelled it' }],
  });
  // There was no time for it at all: it stays the last.
  const none = await work({ db, url }, { last: first.broken_off, until: performance.now() });
  expect(none.figures()).toMatchObject({
    ended: 'time',
    left: { tables: 1 },
    broken_off: ['public.orders'],
  });
}, 60_000);

test('a table that is removed meanwhile has not failed', async () => {
  const database = await aDatabase();
  const { db, url } = database;
  for (const name of ['orders', 'carts']) await aTable(db, name, 20_000);
  await deleteMost(db, 'orders');
  await change(db, sql`DELETE FROM carts WHERE id % 4 = 0`);
  await slowDown(database);
  const done = work({ db, url });
  await expect.poll(busy(db), settled).toEqual([expect.stringMatching(/orders/)]);
  await sql`DROP TABLE carts`.execute(db);
  await sql`
    SELECT pg_cancel_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'roundsman maintenance' AND query ~ 'orders'`.execute(
    db,
  );
  const { failed, undone } = await done;
  expect({ failed, undone }).toMatchObject({
    failed: [],
    undone: [{ name: 'public.orders' }, { name: 'public.carts', why: 'it was removed meanwhile' }],
  });
}, 60_000);

test('a partitioned table is analysed as a whole, which the server never does, and again only when its partitions were', async () => {
  const { db, url } = await aDatabase();
  await sql`CREATE TABLE visits (id int, day int) PARTITION BY LIST (day)`.execute(db);
  for (const day of [0, 1])
    await sql`CREATE TABLE ${sql.table(`visits_${day}`)} PARTITION OF visits FOR VALUES IN (${sql.lit(day)})`.execute(
      db,
    );
  await change(db, sql`INSERT INTO visits SELECT n, n % 2 FROM generate_series(1, 30_000) n`);
  const analysed = async () =>
    (await work({ db, url })).tables.map(({ table, did }) => `${did} ${table}`).toSorted();
  expect(await analysed()).toEqual([
    'analyze public.visits',
    'vacuum and analyze public.visits_0',
    'vacuum and analyze public.visits_1',
  ]);
  const { rows } = await sql`
    SELECT attname, n_distinct FROM pg_stats WHERE tablename = 'visits' AND attname = 'day'`.execute(
    db,
  );
  expect(rows).toEqual([{ attname: 'day', n_distinct: 2 }]);
  expect(await analysed()).toEqual([]);
  await change(db, sql`UPDATE visits SET id = id + 1 WHERE id % 5 = 0`);
  expect(await analysed()).toContain('analyze public.visits');
}, 60_000);
