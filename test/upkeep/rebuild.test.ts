/** Indexes that have grown are rebuilt, on a real server, and what is in the way of that. */
import type pg from 'pg';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import type { Db } from '../../src/database/connect.ts';
import { measureIndexes, noteRebuild } from '../../src/upkeep/index-sizes.ts';
import { waiting } from '../support/held.ts';
import {
  aDatabase,
  aTable,
  bytesOf,
  change,
  deleteMost,
  invalidIndexes,
  session,
  work,
} from './scene.ts';

const settled = { timeout: 20_000, interval: 50 };
/** Its index takes some 12 MB. */
const rows = 210_000;

/** Has the server's process that rebuilds an index killed while it waits for a transaction that has made the statement, and stays open. */
async function breakOff(
  { db, url }: { db: Db; url: string },
  index: string,
  statement: string,
): Promise<pg.Client> {
  const other = await session(url);
  await other.query('BEGIN');
  await other.query(statement);
  const dba = await session(url);
  const { rows: pids } = await dba.query('SELECT pg_backend_pid() AS pid');
  const ended = dba.query(`REINDEX INDEX CONCURRENTLY ${index}`).then(
    () => 'rebuilt',
    () => 'broken off',
  );
  await expect.poll(waiting(db), settled).toBe(1);
  await sql`SELECT pg_terminate_backend(${pids[0].pid})`.execute(db);
  expect(await ended).toBe('broken off');
  return other;
}

test('a table full of dead rows is vacuumed, and its index, which takes ten times what it has to, is rebuilt; then nothing is due', async () => {
  const { db, url } = await aDatabase();
  await aTable(db, 'orders', rows);
  await work({ db, url });
  const before = await bytesOf(db, 'orders_key');
  expect(before).toBeGreaterThan(10 * 1_048_576);
  await deleteMost(db, 'orders');
  const { rows: places } = await sql<{ key: string }>`SELECT key FROM orders ORDER BY id`.execute(
    db,
  );

  const tally = await work({ db, url });
  const after = await bytesOf(db, 'orders_key');
  expect(after).toBeLessThan(before / 5);
  const figures = tally.figures();
  expect(figures).toMatchObject({
    ended: 'done',
    vacuumed: 1,
    analyzed: 1,
    rebuilt: 1,
    tables: [
      { table: 'public.orders', did: 'vacuum and analyze', why: ['dead rows', 'changed rows'] },
    ],
    indexes: [
      { index: 'public.orders_key', of: 'orders', bytes_before: before, bytes_after: after },
    ],
    room: expect.stringMatching(/^(enough|not known: )/),
  });
  const { tables, indexes, bytes_before, bytes_after } = figures as Record<string, any>;
  expect(indexes[0].growth).toBeGreaterThan(9);
  expect(tables[0].bytes_after).toBeLessThanOrEqual(tables[0].bytes_before);
  expect(bytes_before).toBe(tables[0].bytes_before + before);
  expect(bytes_after).toBe(tables[0].bytes_after + after);
  expect((await sql<{ key: string }>`SELECT key FROM orders ORDER BY id`.execute(db)).rows).toEqual(
    places,
  );
  expect(await invalidIndexes(db)).toEqual([]);

  const again = await work({ db, url });
  expect(again.figures()).toMatchObject({
    ended: 'done',
    vacuumed: 0,
    analyzed: 0,
    rebuilt: 0,
    tables: [],
  });
}, 60_000);

test('an index that is as large as its rows need is left alone, and so is a small one that has grown', async () => {
  const { db, url } = await aDatabase();
  await aTable(db, 'orders', rows);
  await aTable(db, 'carts', 20_000);
  await work({ db, url });
  await deleteMost(db, 'carts');
  // Half of the rows: the index takes a little less than twice what it has to.
  await change(db, sql`DELETE FROM orders WHERE id % 20 < 9`);
  const tally = await work({ db, url });
  expect(tally.figures()).toMatchObject({ ended: 'done', vacuumed: 2, rebuilt: 0, indexes: [] });
}, 60_000);

test('an index of the same name that is defined in another way begins anew', async () => {
  const { db, url } = await aDatabase();
  await aTable(db, 'orders', rows);
  await work({ db, url });
  await sql`DROP INDEX orders_key`.execute(db);
  await sql`CREATE INDEX orders_key ON orders ((key || key || key))`.execute(db);
  await sql`ANALYZE orders`.execute(db);
  expect((await work({ db, url })).figures()).toMatchObject({ rebuilt: 0 });
  await sql`DROP INDEX orders_key`.execute(db);
  await work({ db, url });
  const { rows: known } =
    await sql`SELECT FROM engine.index_sizes WHERE index_name = 'orders_key'`.execute(db);
  expect(known).toEqual([]);
}, 60_000);

test('what a rebuild that was broken off has left is removed, and no other invalid index', async () => {
  const { db, url } = await aDatabase();
  const statements = {
    // A transaction that writes keeps a rebuild waiting before it has built anything, one that reads before it removes the old index.
    ours: 'UPDATE ours SET id = id WHERE id = 1',
    ours_too: 'SELECT FROM ours_too LIMIT 1',
    theirs: 'UPDATE theirs SET id = id WHERE id = 1',
  };
  const names = Object.keys(statements);
  for (const name of names) await aTable(db, name, 30_000);
  await measureIndexes(db);
  for (const index of ['ours_key', 'ours_too_key'])
    await noteRebuild(db, { schema: 'public', index });
  for (const [name, statement] of Object.entries(statements))
    await (await breakOff({ db, url }, `${name}_key`, statement)).query('COMMIT');
  expect(await invalidIndexes(db)).toEqual([
    'ours_key_ccnew',
    'ours_too_key_ccold',
    'theirs_key_ccnew',
  ]);

  const tally = await work({ db, url });
  expect(tally.figures()).toMatchObject({
    removed_leftovers: 2,
    leftovers: ['public.ours_key_ccnew', 'public.ours_too_key_ccold'],
  });
  expect(await invalidIndexes(db)).toEqual(['theirs_key_ccnew']);
  const { rows: open } =
    await sql`SELECT FROM engine.index_sizes WHERE rebuilding_since IS NOT NULL`.execute(db);
  expect(open).toEqual([]);
}, 60_000);

test('of two indexes whose long names begin alike only what a rebuild of the noted one has left is removed', async () => {
  const { db, url } = await aDatabase();
  await aTable(db, 'orders', 30_000);
  // PostgreSQL shortens both names to the same one before it puts `_ccnew` behind it.
  const [ours, theirs] = ['ours', 'theirs'].map((end) => `orders_${'k'.repeat(50)}_${end}`);
  await sql`CREATE INDEX ${sql.ref(ours!)} ON orders (key)`.execute(db);
  await sql`CREATE INDEX ${sql.ref(theirs!)} ON orders (key, id)`.execute(db);
  await sql`ANALYZE orders`.execute(db);
  await measureIndexes(db);
  await noteRebuild(db, { schema: 'public', index: ours! });
  for (const index of [ours, theirs])
    await (
      await breakOff({ db, url }, index!, 'UPDATE orders SET id = id WHERE id = 1')
    ).query('COMMIT');
  const stem = `orders_${'k'.repeat(49)}`;
  expect(await invalidIndexes(db)).toEqual([`${stem}_ccnew1`, `${stem}k_ccnew`]);
  expect((await work({ db, url })).leftovers).toEqual([`public.${stem}k_ccnew`]);
  expect(await invalidIndexes(db)).toEqual([`${stem}_ccnew1`]);
  const { rows: open } =
    await sql`SELECT FROM engine.index_sizes WHERE rebuilding_since IS NOT NULL`.execute(db);
  expect(open).toEqual([]);
}, 60_000);

test('while what a rebuild has left cannot be removed no other one of that index begins, which would leave as much again', async () => {
  const { db, url } = await aDatabase();
  await aTable(db, 'orders', rows);
  await work({ db, url });
  await sql`UPDATE engine.index_sizes SET best_bytes = bytes / 3 WHERE index_name = 'orders_key'`.execute(
    db,
  );
  await noteRebuild(db, { schema: 'public', index: 'orders_key' });
  const writer = await breakOff(
    { db, url },
    'orders_key',
    'UPDATE orders SET id = id WHERE id = 1',
  );
  const tally = await work({ db, url });
  expect(tally.figures()).toMatchObject({
    rebuilt: 0,
    not_done: [
      { name: 'public.orders_key', why: 'what an earlier rebuild has left could not be removed' },
    ],
  });
  expect(await invalidIndexes(db)).toEqual(['orders_key_ccnew']);
  await writer.query('COMMIT');
  expect((await work({ db, url })).figures()).toMatchObject({ removed_leftovers: 1, rebuilt: 1 });
  expect(await invalidIndexes(db)).toEqual([]);
}, 90_000);

test('behind a transaction that is open for long no rebuild begins; when it has ended it is made', async () => {
  const { db, url } = await aDatabase();
  await aTable(db, 'orders', rows);
  await work({ db, url });
  await deleteMost(db, 'orders');
  const before = await bytesOf(db, 'orders_key');
  const reader = await session(url);
  await sql`VACUUM (ANALYZE) orders`.execute(db);
  await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  await reader.query('SELECT 1');
  const tally = await work({ db, url }, { longSeconds: 0 });
  expect(tally.figures()).toMatchObject({
    rebuilt: 0,
    not_done: [
      {
        name: 'public.orders_key',
        why: 'it would wait for a transaction that has been open for long',
      },
    ],
  });
  expect(await bytesOf(db, 'orders_key')).toBe(before);
  await reader.query('COMMIT');
  expect((await work({ db, url }, { longSeconds: 0 })).figures()).toMatchObject({ rebuilt: 1 });
}, 60_000);
