/** Entries of knowledge are locked once in a transaction, at its end, in the order of their ids. */
import { sql, type Transaction } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { figureDifferences } from '../../src/data/bots/bot-knowledge.ts';
import type { Database } from '../../src/database/connect.ts';
import { testDatabase } from '../support/database.ts';
import { waiting, whileHeld } from '../support/held.ts';

const { db } = await testDatabase();
type Trx = Transaction<Database>;

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_knowledge, bot_actions CASCADE`.execute(db);
  await sql`
    INSERT INTO bots (name, display_name, schedule_cron, api_endpoint) VALUES ('b', 'b', '@daily', 'bot:b')`.execute(
    db,
  );
  await sql`
    INSERT INTO bot_knowledge (name, category, issue_pattern, solution) SELECT n, 'x', 'xyz', 'x' FROM unnest('{a,b,c}'::text[]) n`.execute(
    db,
  );
  await sql`
    INSERT INTO bot_actions (bot_id, knowledge_id, heal_id, idempotency_key, fingerprint, state, success, action_type,
                             action_description, remedy, risk, applied_at)
    SELECT b.id, k.id, gen_random_uuid(), k.name, k.name, 'verified', true, 'x', 'x', 'x', 'safe', now() FROM bots b, bot_knowledge k`.execute(
    db,
  );
  await sql`
    INSERT INTO bot_decisions (bot_id, knowledge_id, fingerprint, verdict, outcome)
    SELECT b.id, k.id, k.name, 'shadowed', 'pending' FROM bots b, bot_knowledge k`.execute(db);
  await sql`UPDATE bot_knowledge SET unjudged = false`.execute(db);
});

const held = (trx: Trx, of: string) =>
  sql`UPDATE bot_actions SET state = 'held' WHERE fingerprint = ${of}`.execute(trx);
const persisted = (trx: Trx, of: string) =>
  sql`UPDATE bot_decisions SET outcome = 'persisted' WHERE fingerprint = ${of}`.execute(trx);

async function entries() {
  const { rows } = await sql<{ name: string; held: number; unjudged: boolean }>`
    SELECT name, times_successful AS held, unjudged FROM bot_knowledge ORDER BY name`.execute(db);
  expect(await figureDifferences(db)).toEqual([]);
  return rows.map((row) => `${row.name} ${row.held} ${row.unjudged ? 'unjudged' : 'judged'}`);
}

test('two transactions that write actions of one entry and decisions of the other do not wait for each other', async () => {
  await db.transaction().execute(async (one) => {
    await db.transaction().execute(async (other) => {
      for (const trx of [one, other]) await sql`SET LOCAL lock_timeout = '1s'`.execute(trx);
      await held(one, 'a');
      await held(other, 'b');
      await persisted(one, 'b');
      await persisted(other, 'a');
    });
  });
  expect(await entries()).toEqual(['a 1 unjudged', 'b 1 unjudged', 'c 0 judged']);
});

test('at its end a transaction locks all of its entries in the order of their ids', async () => {
  const { rows } = await sql<{ id: string; name: string }>`
    SELECT id, name FROM bot_knowledge ORDER BY id`.execute(db);
  const [low, middle, high] = rows.map(({ name }) => name);
  let written: Promise<unknown> = Promise.resolve();
  await whileHeld(db, sql`SELECT FROM bot_knowledge WHERE name = ${middle!}`, async () => {
    written = db.transaction().execute(async (trx) => {
      await persisted(trx, high!);
      await held(trx, middle!);
      await held(trx, low!);
    });
    await expect.poll(waiting(db)).toBe(1);
    const free = await sql`SELECT name FROM bot_knowledge FOR NO KEY UPDATE SKIP LOCKED`.execute(
      db,
    );
    expect(free.rows).toEqual([{ name: high }]);
  });
  await written;
  expect(await entries()).toEqual(
    ['a', 'b', 'c'].map((name) => `${name} ${name === high ? 0 : 1} unjudged`),
  );
});

test('what a savepoint takes back is not counted, and the rest is', async () => {
  await db.transaction().execute(async (trx) => {
    await held(trx, 'a');
    await sql`SAVEPOINT here`.execute(trx);
    await held(trx, 'b');
    await persisted(trx, 'c');
    await sql`ROLLBACK TO here`.execute(trx);
  });
  expect(await entries()).toEqual(['a 1 unjudged', 'b 0 judged', 'c 0 judged']);
});
