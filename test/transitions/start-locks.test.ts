/** The order in which a start locks rows: the runs, then their bots. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { waiting, whileHeld } from '../support/held.ts';
import { queuedRun } from '../support/runs.ts';
import { aDatabase, aRunWriter } from '../run/group-commit-runs.ts';

async function twelveQueued() {
  const database = await aDatabase(12);
  const { db } = database;
  const runs = [];
  for (let n = 1; n <= 12; n += 1) runs.push(await queuedRun(db, `bot-${n}`));
  return { ...database, ids: runs.toSorted() };
}

test.each(['bot_executions', 'bots'] as const)(
  'the rows of %s are locked in their order, each bot after all runs',
  async (table) => {
    const { db, url, ids } = await twelveQueued();
    const writer = aRunWriter(url);
    const { rows } = await sql<{ id: string }>`
      SELECT id FROM ${sql.table(table)} ORDER BY id`.execute(db);
    let starts: Promise<unknown[]> = Promise.resolve([]);
    const middle = sql`SELECT FROM ${sql.table(table)} WHERE id = ${rows[6]!.id}::uuid`;
    await whileHeld(db, middle, async () => {
      // Not in the order of their ids.
      const mixed = [...ids.filter((_, at) => at % 2), ...ids.filter((_, at) => at % 2 === 0)];
      starts = Promise.all(mixed.map((id) => writer.start({ id, generation: 1 })));
      await expect.poll(waiting(db)).toBe(1);
      const free = async (of: string) => {
        const found = await sql<{ id: string }>`
          SELECT id FROM ${sql.table(of)} ORDER BY id FOR NO KEY UPDATE SKIP LOCKED`.execute(db);
        return found.rows.map(({ id }) => id);
      };
      expect(await free(table)).toEqual(rows.slice(7).map(({ id }) => id));
      const other = table === 'bots' ? 'bot_executions' : 'bots';
      expect(await free(other)).toHaveLength(table === 'bots' ? 0 : 12);
    });
    expect((await starts).filter(Boolean)).toHaveLength(12);
  },
);
