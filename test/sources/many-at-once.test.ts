/** Very many deliveries in one commit, as they come together while the database was slow. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { sourceScene } from './scene.ts';

const many = 10_000;

test('ten thousand deliveries in one call are taken within the time of a statement, and each is known again', async () => {
  const { db, bot } = await sourceScene();
  const receive = async () => {
    const { rows } = await sql<{ answer: string; count: number }>`
      SELECT answer, count(*)::int AS count FROM unnest((
        SELECT engine.receive(jsonb_agg(jsonb_build_object('bot_id', ${bot}::uuid, 'delivery_id', 'd' || n, 'event', 'alarms',
          'secret', 'IN_KEY', 'alarms', '[]'::jsonb) ORDER BY n))
        FROM generate_series(1, ${many}::int) n)) answer GROUP BY answer`.execute(db);
    return rows;
  };
  expect(await receive()).toEqual([{ answer: 'new', count: many }]);
  expect(await receive()).toEqual([{ answer: 'twice', count: many }]);
  const { rows } = await sql`
    SELECT count(*)::int AS count, min(number)::int AS first, max(number)::int AS last,
           bool_and(delivery_id = 'd' || number) AS in_order,
           (SELECT last_number::int FROM engine.sources) AS counted
    FROM engine.inbox`.execute(db);
  expect(rows).toEqual([{ count: many, first: 1, last: many, in_order: true, counted: many }]);
});
