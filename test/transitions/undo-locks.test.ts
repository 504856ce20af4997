/** A person requests an undo while a remedy is being applied, whose transaction holds the action and may change the bot. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { requestUndo } from '../support/transitions.ts';
import { testDatabase } from '../support/database.ts';
import { whileHeld } from '../support/held.ts';

test('a request waits for a step that another transaction holds, and does not hold the bot meanwhile', async () => {
  const { db } = await testDatabase();
  await sql`
    INSERT INTO bots (name, display_name, schedule_cron, api_endpoint) VALUES ('b', 'b', '@daily', 'bot:b')`.execute(
    db,
  );
  const { rows } = await sql<{ id: string }>`
    INSERT INTO bot_actions (bot_id, heal_id, step, idempotency_key, fingerprint, state, success, action_type,
                             action_description, remedy, risk, applied_at)
    SELECT id, ${crypto.randomUUID()}::uuid, n, n, 'f' || n, state, state = 'verified', 'x', 'x', 'x', 'reversible', applied_at
    FROM bots, (VALUES (0, 'verified', now()), (1, 'intent', NULL)) s (n, state, applied_at)
    RETURNING id`.execute(db);
  const [first, second] = rows.map(({ id }) => id);
  let asked: Promise<unknown> = Promise.resolve();
  const held = sql`SELECT FROM bot_actions WHERE id = ${second!}::uuid`;
  await whileHeld(db, held, async (trx) => {
    asked = requestUndo(db, first!, 'ann');
    asked.catch(() => {});
    // As often as the request may be tried.
    for (let n = 0; n < 5; n += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      await sql`SET LOCAL lock_timeout = '1s'`.execute(trx);
      await sql`SAVEPOINT look`.execute(trx);
      await sql`SELECT FROM bots FOR NO KEY UPDATE`.execute(trx);
      await sql`ROLLBACK TO look`.execute(trx);
    }
    await sql`UPDATE bot_actions SET state = 'failed' WHERE id = ${second!}::uuid`.execute(trx);
  });
  expect(await asked).toMatchObject({ action: { undo_requested_by: 'ann' } });
});
