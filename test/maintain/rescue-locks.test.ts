/** Rescue beside transactions that hold what it looks at: it waits for none, so that none can wait for it in turn. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { heartbeat } from '../../src/maintain/heartbeat.ts';
import { rescuer } from '../../src/maintain/rescue.ts';
import { escalateLost } from '../../src/run/writer/escalate.ts';
import { whileHeld } from '../support/held.ts';
import { aBot, catalogue, clean } from '../support/builders.ts';
import { anEngine } from '../support/engine.ts';
import { queuedRun, rowOf } from '../support/runs.ts';

const known = catalogue([aBot('watch', async () => clean('x'))]);
const old = { queued_at: new Date(Date.now() - 60_000) };

/** Three runs of which the middle one is held while a rescue comes by, in the order of their ids. */
async function rescued(values: object, request: 'beside' | null = null) {
  const engine = await anEngine({ name: 'postgres' }, known);
  const { db, queue, emit } = engine;
  const ids = [];
  for (let n = 0; n < 3; n += 1) ids.push(await queuedRun(db, 'watch', { ...old, ...values }));
  ids.sort();
  await sql`UPDATE bots SET concurrency = 10`.execute(db);
  if (request)
    await sql`INSERT INTO engine.cancellations (execution_id) SELECT unnest(${ids}::uuid[])`.execute(
      db,
    );
  const rescue = rescuer(db, queue, escalateLost, emit);
  const held = sql`SELECT FROM bot_executions WHERE id = ${ids[1]!}::uuid`;
  await whileHeld(db, held, rescue);
  return { engine, rows: await Promise.all(ids.map((id) => rowOf(db, id))) };
}

test('a lost run that a start holds is left to it, and the others are queued again', async () => {
  const { rows } = await rescued({});
  expect(rows.map(({ generation }) => generation)).toEqual([2, 1, 2]);
});

test('a run by hand that is held is left for the next time, and the others are queued', async () => {
  const { rows } = await rescued({ generation: 0 });
  expect(rows.map(({ generation }) => generation)).toEqual([1, 0, 1]);
});

test('a cancelled run that is held is left for the next time, and the others are ended', async () => {
  const { rows } = await rescued({ cancel_requested_at: new Date() });
  expect(rows.map(({ status }) => status)).toEqual(['cancelled', 'queued', 'cancelled']);
});

test('requests beside runs become those of the runs that are free', async () => {
  const { engine, rows } = await rescued({}, 'beside');
  const heard = rows.map(({ cancel_requested_at }) => cancel_requested_at !== null);
  expect(heard).toEqual([true, false, true]);
  const { rows: left } = await sql`SELECT FROM engine.cancellations`.execute(engine.db);
  expect(left).toHaveLength(1);
});

test('a request that is just being changed keeps no rescue from removing those of runs that are over', async () => {
  const { db, queue, emit } = await anEngine({ name: 'postgres' }, known);
  const ended = { status: 'success', completed_at: new Date() };
  const ids = [await queuedRun(db, 'watch', ended), await queuedRun(db, 'watch', ended)].toSorted();
  await sql`INSERT INTO engine.cancellations (execution_id) SELECT unnest(${ids}::uuid[])`.execute(
    db,
  );
  const held = sql`SELECT FROM engine.cancellations WHERE execution_id = ${ids[0]!}::uuid`;
  await whileHeld(db, held, rescuer(db, queue, escalateLost, emit));
  const { rows } = await sql`SELECT execution_id FROM engine.cancellations`.execute(db);
  expect(rows).toEqual([{ execution_id: ids[0] }]);
});

test('of processes that died long ago one that is held keeps no heartbeat from being written', async () => {
  const { db } = await anEngine({ name: 'postgres' }, known);
  await sql`
    INSERT INTO engine.nodes (id, role, host, pid, heartbeat_at)
    SELECT 'dead-' || n, 'worker', 'x', n, now() - interval '2 days' FROM generate_series(1, 3) n`.execute(
    db,
  );
  const held = sql`SELECT FROM engine.nodes WHERE id = 'dead-2'`;
  await whileHeld(db, held, () => heartbeat(db, { id: 'alive', role: 'worker', queue: 'x' }));
  const { rows } = await sql`SELECT id FROM engine.nodes ORDER BY id`.execute(db);
  expect(rows).toEqual([{ id: 'alive' }, { id: 'dead-2' }]);
});
