import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { aBot, anEngine, broken, catalogue, clean, run } from '../support/flow.ts';

test('a run reads what is its own, however many bots and runs came since the tables were analysed', async () => {
  let ill = false;
  const known = catalogue([aBot('watch', async () => (ill ? broken('disk') : clean('disk')))]);
  const database = await testDatabase();
  const { db } = database;
  for (const table of ['bots', 'bot_executions', 'bot_finding_states'])
    await sql`ALTER TABLE ${sql.table(table)} SET (autovacuum_enabled = false)`.execute(db);
  const some = async () => {
    const engine = await anEngine({ name: 'postgres' }, known, { database });
    for (ill of [false, true, true, false, false]) await run(engine, 'watch');
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

  const read = async () => {
    const { rows } = await sql<{ relname: string; read: number }>`
      SELECT relname, (seq_tup_read + coalesce(idx_tup_fetch, 0))::int AS read FROM pg_stat_user_tables
      WHERE schemaname = 'public' AND seq_tup_read + coalesce(idx_tup_fetch, 0) > 0
      UNION ALL
      SELECT indexrelname, idx_tup_read::int FROM pg_stat_user_indexes WHERE schemaname = 'public' AND idx_tup_read > 0`.execute(
      database.db,
    );
    return new Map(rows.map((row) => [row.relname, row.read]));
  };
  const settled = async () => {
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
  };
  const before = await settled();
  await some();
  const after = await settled();
  const reads = [...after].map(([table, count]) => [table, count - (before.get(table) ?? 0)]);
  // Five runs, each of a few statements that look at a few rows.
  expect(Object.fromEntries(reads.filter(([, count]) => Number(count) > 1_000))).toEqual({});
});
