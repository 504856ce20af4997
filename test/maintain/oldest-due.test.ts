import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { oldestDue, type Cursor } from '../../src/maintain/oldest-due.ts';
import { testDatabase } from '../support/database.ts';
import { backlog, carried, queuedRun } from '../support/runs.ts';

test('what is due is found in turn, each once, and what waits for a place is passed over', async () => {
  const { db } = await testDatabase();
  await sql`
    INSERT INTO bots (name, display_name, schedule_cron, api_endpoint)
    SELECT unnest('{busy,free}'::text[]), 'Bot', '* * * * *', 'bot:watch'`.execute(db);
  await queuedRun(db, 'busy', carried);
  // A backlog of one that is busy, and behind it what may start; many of them at the same moment.
  await backlog(db, 'busy', 25_000, '2 hours');
  await backlog(db, 'free', 1_200, '1 hour');
  await backlog(db, 'free', 100, '1 second');
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
