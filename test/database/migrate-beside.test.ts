/** Migrations while other processes read and write the same tables. */
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { connect } from '../../src/database/connect.ts';
import { lockTables, TablesInUseError } from '../../src/database/migrate/lock-tables.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { testDatabase } from '../support/database.ts';
import { madeByHand, platform } from './adopt-platform.ts';

async function deadlocks(db: Awaited<ReturnType<typeof testDatabase>>['db']): Promise<number> {
  const { rows } = await sql<{ deadlocks: number }>`
    SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()`.execute(db);
  return rows[0]!.deadlocks;
}

type Pair = readonly [string, string];

const inBothOrders = (tables: string[]): Pair[] =>
  tables.flatMap((a) => tables.filter((b) => b !== a).map((b) => [a, b] as const));

/** In each pair the table that stands first in `tables` is first. */
const inOneOrder = (tables: string[]): Pair[] =>
  tables.flatMap((a, at) => tables.slice(at + 1).map((b) => [a, b] as const));

/** Writes to these pairs of tables until it is stopped or a transaction fails; resolves with the errors. */
function write(url: string, pairs: Pair[], writers = 6) {
  const db = connect(url, { max: writers });
  onTestFinished(() => db.destroy());
  const errors: unknown[] = [];
  let over = false;
  let done = 0;
  const work = Array.from({ length: writers }, async (_, at) => {
    for (let i = at; !over; i++) {
      const pair = pairs[i % pairs.length]!;
      try {
        await db.transaction().execute(async (trx) => {
          for (const table of pair) {
            await sql`DELETE FROM ${sql.table(table)} WHERE id IS NULL`.execute(trx);
            await sql`SELECT pg_sleep(0.005)`.execute(trx);
          }
        });
        done += 1;
      } catch (error) {
        errors.push(error);
        over = true;
      }
    }
  });
  return {
    done: () => done,
    async stop() {
      over = true;
      await Promise.all(work);
      return errors;
    },
  };
}

const written = ['credits', 'profiles', 'bot_tickets', 'bots', 'bot_executions'];

test('a platform is migrated while its tables are written to, without a deadlock', async () => {
  const { db, url } = await madeByHand(platform);
  const writers = write(url, inBothOrders(written));
  await expect.poll(writers.done).toBeGreaterThan(20);
  expect((await migrateToLatest(db)).length).toBeGreaterThan(20);
  expect(await writers.stop()).toEqual([]);
  await expect.poll(() => deadlocks(db)).toBe(0);
}, 120_000);

test('the tables are locked beside many transactions that lock them in an order of their own', async () => {
  const { db, url } = await testDatabase();
  const writers = write(url, inOneOrder(written), 16);
  await expect.poll(writers.done).toBeGreaterThan(50);
  await db.transaction().execute((trx) => lockTables(trx, 20_000));
  const before = writers.done();
  await expect.poll(writers.done).toBeGreaterThan(before + 50);
  expect(await writers.stop()).toEqual([]);
  expect(await deadlocks(db)).toBe(0);
}, 150_000);

test('a session that locks the tables for long is named, and nothing was changed', async () => {
  const { db, url } = await testDatabase();
  const keeper = connect(url, { name: 'a long report', max: 1 });
  onTestFinished(() => keeper.destroy());
  await keeper.transaction().execute(async (reading) => {
    await sql`SELECT FROM bot_tickets`.execute(reading);
    const locking = db.transaction().execute((trx) => lockTables(trx, 1_500));
    await expect(locking).rejects.toThrow(TablesInUseError);
    await expect(locking).rejects.toThrow(
      /a long report \(process \d+ of the database, for \d+ s\)/,
    );
  });
  await db.transaction().execute((trx) => lockTables(trx, 1_500));
});
