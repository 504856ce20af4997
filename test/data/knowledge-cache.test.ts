import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { figureDifferences, correctDifferences } from '../../src/data/bots/bot-knowledge.ts';
import type { Db } from '../../src/database/connect.ts';
import { testDatabase } from '../support/database.ts';

const { db } = await testDatabase();
const { id: bot_id } = await db
  .insertInto('bots')
  .values({ name: 'b', display_name: 'b', schedule_cron: '@daily', api_endpoint: 'bot:b' })
  .returning('id')
  .executeTakeFirstOrThrow();
let entries: { id: string }[];

beforeEach(async () => {
  await sql`TRUNCATE bot_knowledge, bot_actions CASCADE`.execute(db);
  entries = await db
    .insertInto('bot_knowledge')
    .values(
      ['a', 'b', 'c'].map((name) => ({ name, category: 'x', issue_pattern: 'xyz', solution: 'x' })),
    )
    .returning('id')
    .execute();
});

/** Every other one held. */
const heal = (db: Db, index: number) => {
  const id = randomUUID();
  return db
    .insertInto('bot_actions')
    .values({
      bot_id,
      knowledge_id: entries[index % 3]!.id,
      heal_id: id,
      idempotency_key: id,
      fingerprint: id,
      state: index % 2 ? 'held' : 'failed',
      success: index % 2 === 1,
      action_type: 'x',
      action_description: 'x',
      remedy: 'x',
      risk: 'safe',
      applied_at: sql<Date>`engine.now()`,
      settled_at: sql<Date>`engine.now()`,
    })
    .execute();
};

/** No command writes this: it stands for a dump that was restored in parts, or a hand on the table. */
const spoil = () =>
  sql`UPDATE bot_knowledge SET times_applied = 1000, success_rate = 1`.execute(db);

test('the cache is mended while outcomes come in, and none of them is lost', async () => {
  for (let round = 0; round < 5; round++) {
    await spoil();
    expect(await figureDifferences(db)).toHaveLength(6);
    await Promise.all([
      ...Array.from({ length: 12 }, (_, index) => heal(db, index)),
      correctDifferences(db),
      correctDifferences(db),
    ]);
    expect(await figureDifferences(db)).toEqual([]);
  }
  const rows = await db
    .selectFrom('bot_knowledge')
    .select(['name', 'times_applied', 'times_successful', 'success_rate'])
    .orderBy('name')
    .execute();
  expect(rows).toEqual(
    ['a', 'b', 'c'].map((name) => ({
      name,
      times_applied: 20,
      times_successful: 10,
      success_rate: '50.00',
    })),
  );
});

test('an outcome that is committed while the mending waits for it counts', async () => {
  await heal(db, 0);
  await spoil();
  const waiting = async () => {
    const { rows } = await sql`
      SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`.execute(
      db,
    );
    return rows.length;
  };
  let mended: Promise<unknown> | undefined;
  await db.transaction().execute(async (trx) => {
    await heal(trx, 0);
    // As at its end, which is when entries are counted.
    await sql`SET CONSTRAINTS ALL IMMEDIATE`.execute(trx);
    mended = correctDifferences(db);
    await expect.poll(waiting, { timeout: 10_000 }).toBe(1);
  });
  await mended;
  expect(await figureDifferences(db)).toEqual([]);
});
