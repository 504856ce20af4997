/** What people and the platform do at the very moment in which retention removes rows. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { removeBatch } from '../../src/data/retention/remove-batch.ts';
import { withForeignReasons } from '../../src/data/retention/referring.ts';
import { retainedTables } from '../../src/data/retention/tables/index.ts';
import { undoAction } from '../../src/services/actions/undo.ts';
import { connect, forEngine, type Db } from '../../src/database/connect.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { addBot, addFinding, addHeal, addRun, addTicket } from './retention-scene.ts';

let database: TestDatabase;
let db: Db;
/** the session that removes rows */
let other: Db;
beforeEach(async () => {
  database = await testDatabase();
  ({ db } = database);
  other = await connect(database.url, { ...forEngine, max: 2 });
  onTestFinished(() => other.destroy());
  // A statement that asks for this time has its snapshot, and waits before it locks anything.
  await sql`CREATE FUNCTION once_open() RETURNS timestamptz LANGUAGE plpgsql AS $$
    BEGIN
      WHILE pg_try_advisory_xact_lock(77) = false LOOP PERFORM pg_sleep(0.005); END LOOP;
      RETURN now();
    END $$`.execute(db);
});

/** Removes old rows of a table; `meanwhile` happens after its statement has looked at them, and before it locks them. */
async function removeWhile(name: string, meanwhile: () => Promise<unknown>): Promise<number> {
  const table = await withForeignReasons(
    db,
    retainedTables.find((one) => one.table === name)!,
  );
  const from = { after: null, before: sql<Date>`once_open()`, limit: 500, cleared: null };
  let removing: ReturnType<typeof removeBatch> | undefined;
  await db.transaction().execute(async (gate) => {
    await sql`SELECT pg_advisory_xact_lock(77)`.execute(gate);
    removing = other.transaction().execute((trx) => removeBatch(trx, table, from));
    await expect
      .poll(async () => {
        const { rows } = await sql`SELECT FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event = 'PgSleep'`.execute(db);
        return rows.length;
      })
      .toBe(1);
    await meanwhile();
  });
  return (await removing!).removed;
}

const count = async (from: string) =>
  (await sql<{ n: number }>`SELECT count(*)::int AS n FROM ${sql.raw(from)}`.execute(db)).rows[0]!
    .n;

const ann = { name: 'ann', role: 'admin' } as never;

async function aHeal(states: readonly string[]): Promise<string[]> {
  const bot = await addBot(db);
  const heal = await addHeal(db, {
    bot,
    run: null,
    finding: null,
    entry: null,
    print: randomUUID(),
    days: 500,
    states,
  });
  const { rows } = await sql<{ id: string }>`
    SELECT id FROM bot_actions WHERE heal_id = ${heal} ORDER BY step`.execute(db);
  return rows.map(({ id }) => id);
}

test.each([0, 1])(
  'an undo that is asked for while its heal is about to go is kept: step %i',
  async (step) => {
    const ids = await aHeal(step === 0 ? ['held', 'failed'] : ['failed', 'held']);
    await sql`UPDATE bot_actions SET applied_at = NULL WHERE state = 'failed'`.execute(db);
    const removed = await removeWhile('bot_actions', () =>
      undoAction({ db, actor: ann }, { action: { id: ids[step]! } }),
    );
    expect([removed, await count('bot_actions WHERE undo_requested_at IS NOT NULL')]).toEqual([
      0, 1,
    ]);
  },
);

test('an undo of a heal that has gone meanwhile is refused, with the reason', async () => {
  const [id] = await aHeal(['held']);
  const asked = { action: { id: id! } };
  const table = retainedTables.find((one) => one.table === 'bot_actions')!;
  let asking: Promise<unknown> | undefined;
  const rollbacks = async () => {
    const { rows } = await sql<{ n: string }>`
      SELECT xact_rollback AS n FROM pg_stat_database WHERE datname = current_database()`.execute(
      db,
    );
    return Number(rows[0]!.n);
  };
  const before = await rollbacks();
  await other.transaction().execute(async (trx) => {
    const from = { after: null, before: sql<Date>`now()`, limit: 500, cleared: null };
    expect((await removeBatch(trx, table, from)).removed).toBe(1);
    asking = undoAction({ db, actor: ann }, asked).then(
      () => 'asked',
      (error: Error) => error,
    );
    // It has met the lock.
    await expect.poll(rollbacks, { timeout: 10_000 }).toBeGreaterThan(before);
  });
  expect(await asking).toMatchObject({
    what: `action ${id!.slice(0, 8)} cannot be undone`,
    why: expect.stringContaining('the job retention has removed it'),
  });
  await expect(undoAction({ db, actor: ann }, asked)).rejects.toThrow(/has removed it/);
});

test('a ticket on which a person comments while it is about to go stays', async () => {
  const bot = await addBot(db);
  const id = await addTicket(db, { bot, finding: null, print: 'p', closed: 500 });
  const removed = await removeWhile('bot_tickets', () =>
    sql`INSERT INTO bot_ticket_events (ticket_id, event, actor, routed_at) VALUES (${id}, 'commented', 'ann', now())`.execute(
      db,
    ),
  );
  expect([removed, await count(`bot_ticket_events WHERE actor = 'ann'`)]).toEqual([0, 1]);
});

test('a run to which a finding, and one to which a row of the platform begins to refer, stay', async () => {
  const bot = await addBot(db);
  const [first, second] = [await addRun(db, bot, 500), await addRun(db, bot, 501)];
  for (let n = 0; n < 10; n += 1) await addRun(db, bot, 1);
  await sql`CREATE TABLE notes (run uuid REFERENCES bot_executions (id) ON DELETE CASCADE)`.execute(
    db,
  );
  const removed = await removeWhile('bot_executions', async () => {
    await addFinding(db, { bot, run: first, found: 500, resolved: 499 });
    await sql`INSERT INTO notes VALUES (${second})`.execute(db);
  });
  expect([removed, await count('notes'), await count('bot_findings')]).toEqual([0, 1, 1]);
});
