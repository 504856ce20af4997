import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { oldestDue, type Cursor } from '../../src/maintain/oldest-due.ts';
import { testDatabase } from '../support/database.ts';
import { backlog, carried, queuedRun } from '../support/runs.ts';

test('due runs are found in turn, each once, and runs of a bot without a free place are skipped', async () => {
  const { db } = await testDatabase();
  await sql`
    INSERT INTO bots (name, display_name, schedule_cron, api_endpoint)
    SELECT unnest('{busy,free}'::text[]), 'Bot', '* * * * *', 'bot:watch'`.execute(db);
  await queuedRun(db, 'busy', carried);
  // First a backlog of the bot without a free place, then runs that may start; many have the same time.
  await backlog(db, 'busy', 25_000, '2 hours');
  await backlog(db, 'free', 1_200, '1 hour');
  await backlog(db, 'free', 100, '1 second');
  let after: Cursor | null = null;
  const counts: number[] = [];
  const found = new Set<string>();
  do {
    const { due, end } = await oldestDue(db, { overdueSeconds: 2, limit: 500, after });
    counts.push(due.length);
    for (const { id } of due) found.add(id);
    after = end;
  } while (after);
  expect(counts).toEqual([0, 0, 500, 500, 200]);
  expect(found.size).toBe(1_200);
});
