import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { oldestDue, type Cursor } from '../../src/maintain/oldest-due.ts';
import { testDatabase } from '../support/database.ts';

test('what is due is found in turn, each once, and what waits for a place is passed over', async () => {
  const { db } = await testDatabase();
  await sql`
    INSERT INTO bots (name, display_name, schedule_cron, api_endpoint)
    SELECT unnest('{busy,free}'::text[]), 'Bot', '* * * * *', 'bot:watch'`.execute(db);
  await sql`
    INSERT INTO bot_executions (bot_id, status, trigger, generation, started_at, attempt, fence, lease_until, worker)
    SELECT id, 'running', 'manual', 1, now(), 1, 1, now() + interval '1 hour', 'another' FROM bots WHERE name = 'busy'`.execute(
    db,
  );
  // A backlog of one that is busy, and behind it what may start; many of them at the same moment.
  for (const [bot, count, ago] of [
    ['busy', 25_000, '2 hours'],
    ['free', 1_200, '1 hour'],
    ['free', 100, '1 second'],
  ])
    await sql`
      INSERT INTO bot_executions (bot_id, status, trigger, generation, started_at, queued_at)
      SELECT id, 'queued', 'manual', 1, now(), now() - ${ago}::interval
      FROM bots, generate_series(1, ${count}::int) WHERE name = ${bot}`.execute(db);
  let after: Cursor | null = null;
  const goes: number[] = [];
  const found = new Set<string>();
  do {
    const { due, end } = await oldestDue(db, { seconds: 2, limit: 500, after });
    goes.push(due.length);
    for (const { id } of due) found.add(id);
    after = end;
  } while (after);
  expect(goes).toEqual([0, 0, 500, 500, 200]);
  expect(found.size).toBe(1_200);
});
