/** Rescue beside transactions that have locked rows: it waits for none of them, so there can be no deadlock. */
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

/**
 * Makes three runs, and one rescue while another transaction has locked the second one. Returns the rows in the order of
 * their ids. With `request`, each run has a row in engine.cancellations.
 */
async function rescueBesideLock(values: object, request: 'beside' | null = null) {
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
  const lockedRun = sql`SELECT FROM bot_executions WHERE id = ${ids[1]!}::uuid`;
  await whileHeld(db, lockedRun, rescue);
  return { engine, rows: await Promise.all(ids.map((id) => rowOf(db, id))) };
}

test('a run without an entry whose row is locked is skipped, and the others are queued again', async () => {
  const { rows } = await rescueBesideLock({});
  expect(rows.map(({ generation }) => generation)).toEqual([2, 1, 2]);
});

test('a manual run whose row is locked is left for the next rescue, and the others are queued', async () => {
  const { rows } = await rescueBesideLock({ generation: 0 });
  expect(rows.map(({ generation }) => generation)).toEqual([1, 0, 1]);
});

test('a cancelled run whose row is locked is left for the next rescue, and the others are ended', async () => {
  const { rows } = await rescueBesideLock({ cancel_requested_at: new Date() });
  expect(rows.map(({ status }) => status)).toEqual(['cancelled', 'queued', 'cancelled']);
});

test('requests in engine.cancellations are moved into the runs whose rows are not locked', async () => {
  const { engine, rows } = await rescueBesideLock({}, 'beside');
  const heard = rows.map(({ cancel_requested_at }) => cancel_requested_at !== null);
  expect(heard).toEqual([true, false, true]);
  const { rows: left } = await sql`SELECT FROM engine.cancellations`.execute(engine.db);
  expect(left).toHaveLength(1);
});

test('a rescue removes the requests of ended runs, although one of the requests is locked', async () => {
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

test('a heartbeat removes the nodes that died long ago, except one whose row is locked', async () => {
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
