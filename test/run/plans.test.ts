import { sql } from 'kysely';
import { expect, test } from 'vitest';
import type { Db } from '../../src/database/connect.ts';
import { rescuer } from '../../src/maintain/rescue.ts';
import { escalateLost } from '../../src/run/writer/escalate.ts';
import { testDatabase } from '../support/database.ts';
import { aBot, broken, catalogue, clean } from '../support/builders.ts';
import { anEngine } from '../support/engine.ts';
import { run } from '../support/runs.ts';

/** Rows read of each table and entries of each index so far, when all connections have told what they read. */
async function readSoFar(db: Db): Promise<Map<string, number>> {
  const read = async () => {
    const { rows } = await sql<{ relname: string; read: number }>`
      SELECT relname, (seq_tup_read + coalesce(idx_tup_fetch, 0))::int AS read FROM pg_stat_user_tables
      WHERE schemaname = 'public'
      UNION ALL
      SELECT indexrelname, idx_tup_read::int FROM pg_stat_user_indexes WHERE schemaname = 'public'
      ORDER BY relname`.execute(db);
    return new Map(rows.map((row) => [row.relname, row.read]));
  };
  let last = '';
  await expect
    .poll(
      async () => {
        const now = JSON.stringify([...(await read())]);
        const same = now === last;
        last = now;
        return same;
      },
      { interval: 1_500, timeout: 15_000 },
    )
    .toBe(true);
  return read();
}

/** What was read more than so often in between. */
const above = (most: number, before: Map<string, number>, after: Map<string, number>) =>
  Object.fromEntries(
    [...after]
      .map(([name, count]) => [name, count - (before.get(name) ?? 0)] as const)
      .filter(([, count]) => count > most),
  );

test('a run reads what is its own, however many bots and runs came since the tables were analysed', async () => {
  let isBroken = false;
  const known = catalogue([aBot('watch', async () => (isBroken ? broken('disk') : clean('disk')))]);
  const database = await testDatabase();
  const { db } = database;
  for (const table of ['bots', 'bot_executions', 'bot_finding_states'])
    await sql`ALTER TABLE ${sql.table(table)} SET (autovacuum_enabled = false)`.execute(db);
  let runs = 0;
  // In the order in which they were written: then the planner takes a walk along a whole index for cheap.
  const nextId = () => `00000000-0000-4000-8000-${String((runs += 1)).padStart(12, '0')}`;
  const some = async () => {
    const engine = await anEngine({ name: 'postgres' }, known, { database });
    for (isBroken of [false, true, true, false, false])
      await run(engine, 'watch', { id: nextId() });
    // A connection tells what it has read at its end.
    await engine.close();
  };
  await some();
  await sql`ANALYZE`.execute(db);
  await sql`
    WITH grown AS (
      INSERT INTO bots (name, display_name, schedule_cron, api_endpoint)
      SELECT 'bot-' || i, 'Bot', '* * * * *', 'bot:watch' FROM generate_series(1, 5000) i RETURNING id
    ), queued AS (
      INSERT INTO bot_executions (bot_id, status, trigger, generation, started_at, queued_at)
      SELECT id, 'queued', 'manual', 1, now(), now() FROM grown
    )
    INSERT INTO bot_finding_states (fingerprint, bot_id, check_name, component_key, states, last_fence)
    SELECT id::text, id, 'is-well', 'disk', '{t}', 0 FROM grown`.execute(db);
  // Others have run and ended, and no vacuum has come since: indexes still have them as they were on their way.
  await sql`
    INSERT INTO bot_executions (bot_id, status, trigger, generation, started_at, attempt, fence, lease_until, worker)
    SELECT id, 'running', 'manual', 1, now(), 1, nextval('engine.fence'), now() + interval '1 hour', 'another'
    FROM bots WHERE name LIKE 'bot-%'`.execute(db);
  await sql`
    UPDATE bot_executions SET status = 'success', completed_at = now(), execution_time_ms = 1, lease_until = NULL
    WHERE status = 'running'`.execute(db);

  const before = await readSoFar(db);
  await some();
  const after = await readSoFar(db);
  // Five runs, each of a few statements that look at a few rows.
  expect(above(1_000, before, after)).toEqual({});
});

test('a rescue reads a few batches of what waits, however much that is', async () => {
  const database = await testDatabase();
  const { db } = database;
  await sql`ALTER TABLE bot_executions SET (autovacuum_enabled = false)`.execute(db);
  await sql`
    INSERT INTO bots (name, display_name, schedule_cron, api_endpoint)
    SELECT 'bot-' || i, 'Bot', '* * * * *', 'bot:watch' FROM generate_series(1, 100) i`.execute(db);
  await sql`
    INSERT INTO bot_executions (bot_id, status, trigger, generation, started_at, queued_at)
    SELECT id, 'queued', 'manual', 1, now(), now() - interval '1 hour' FROM bots, generate_series(1, 1000)`.execute(
    db,
  );
  await sql`ANALYZE`.execute(db);
  const before = await readSoFar(db);
  const engine = await anEngine(
    { name: 'postgres' },
    catalogue([aBot('watch', async () => clean('disk'))]),
    { database },
  );
  const rescue = rescuer(engine.db, engine.queue, escalateLost, engine.emit);
  // Nothing of it has an entry.
  expect(await rescue()).toMatchObject({ queued: 5_000 });
  await engine.close();
  expect(above(30_000, before, await readSoFar(db))).toEqual({});
});
