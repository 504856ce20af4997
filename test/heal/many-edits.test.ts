/** What a decision reads must not grow with how often people and the engine have changed an entry. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { triedOf } from '../../src/heal/judging/current-solution.ts';
import { figuresOf } from '../../src/heal/judging/figures.ts';
import { entry } from '../support/builders.ts';
import { clean, diagnosed, healed, idOf } from './outcomes.ts';

test('an entry with 60 heals that was edited 400 times: when its solution was replaced is read once', async () => {
  const platform = await diagnosed([entry('clean', clean)]);
  const { db } = platform;
  const id = await idOf(platform, 'clean');
  await healed(platform, 'clean', { held: 60 });
  await sql`
    INSERT INTO bot_knowledge_events (knowledge_id, event, after, actor, created_at)
    SELECT ${id}, 'edited', CASE n WHEN 200 THEN '{"solution": "x"}' ELSE '{"autonomy": "auto"}' END::jsonb, 'ann',
           engine.now() - make_interval(days => 500 - n)
    FROM generate_series(1, 400) n`.execute(db);
  await sql`ANALYZE bot_knowledge_events, bot_actions`.execute(db);
  const asked = { fingerprint: 'f', component: 'disk', category: 'trouble' };
  const read = await db.transaction().execute(async (trx) => {
    const figures = await figuresOf(trx, [id], asked);
    expect(figures.get(id)!.records.all.decided).toBe(60);
    const tried = await triedOf(trx, [id]);
    expect(tried.get(id)).toMatchObject({ current: 60, earlier: 0 });
    const { rows } = await sql<{ read: number }>`
      SELECT (seq_tup_read + idx_tup_fetch)::int AS read FROM pg_stat_xact_user_tables
      WHERE relname = 'bot_knowledge_events'`.execute(trx);
    return rows[0]!.read;
  });
  // One row for each of the two questions.
  expect(read).toBeLessThanOrEqual(4);
});
