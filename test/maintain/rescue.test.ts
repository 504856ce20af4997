import type { ReportedSeverity } from '../../src/bot.ts';
import { Redis } from 'ioredis';
import { sql } from 'kysely';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { cancelRun } from '../../src/transitions/runs/cancel.ts';
import type { Escalate } from '../../src/maintain/end-lost.ts';
import { eventsTo } from '../../src/events/log-events.ts';
import { rescuer } from '../../src/maintain/rescue.ts';
import { queuePrefix } from '../../src/queue/backend.ts';
import { escalateLost } from '../../src/run/writer/escalate.ts';
import { backends, type Backend } from '../support/backends.ts';
import { aBot, broken, catalogue, clean } from '../support/builders.ts';
import { anEngine, startFlow, type TestEngine } from '../support/engine.ts';
import { attempt, backlog, carried, queuedRun, rowOf } from '../support/runs.ts';

import { saw } from '../run/group-commit-runs.ts';

let runs: string[] = [];
const watch = aBot('watch', async () => {
  runs.push('watch');
  return clean('x');
});
const known = catalogue([watch]);
const secondsAgo = (seconds: number) => new Date(Date.now() - seconds * 1_000);
const old = { queued_at: secondsAgo(60) };
const dead = {
  status: 'running',
  worker: 'dead',
  fence: 1,
  attempt: 1,
  generation: 1,
  lease_until: secondsAgo(1),
  started_at: secondsAgo(10),
};

/** Removes all entries from the queue. */
async function loseEntries(backend: Backend, { db }: TestEngine): Promise<void> {
  if (!backend.redisUrl) return void (await sql`DELETE FROM bullmq.job`.execute(db));
  const redis = new Redis(backend.redisUrl);
  const keys = await redis.keys(`${await queuePrefix(db)}:*`);
  await redis.del(...keys);
  await redis.quit();
}

describe.each(backends)('on $name', (backend) => {
  test('runs whose entries were lost are queued again and run once', async () => {
    runs = [];
    const engine = await anEngine(backend, known);
    const ids = [await queuedRun(engine.db, 'watch'), await queuedRun(engine.db, 'watch')];
    await engine.queue.add(ids.map((id) => ({ id, generation: 1 })));
    await loseEntries(backend, engine);
    const database = { db: engine.db, url: engine.url, name: '' };
    const began = performance.now();
    await startFlow(backend, known, { database, roles: ['worker'] });
    for (const id of ids)
      await expect
        .poll(() => rowOf(engine.db, id), { timeout: 12_000 })
        .toMatchObject({ status: 'success', attempt: 1 });
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(runs).toHaveLength(2);
  });

  test('a lost entry uses up a generation and no attempt', async () => {
    const engine = await anEngine(backend, known);
    const id = await queuedRun(engine.db, 'watch', old);
    await engine.queue.add([{ id, generation: 1 }]);
    const rescue = rescuer(engine.db, engine.queue, escalateLost, engine.emit);
    expect(await rescue()).toMatchObject({ queued: 0 });
    await loseEntries(backend, engine);
    expect(await rescue()).toMatchObject({ queued: 1 });
    expect(await rescue()).toMatchObject({ queued: 0 });
    expect(await rowOf(engine.db, id)).toMatchObject({
      generation: 2,
      attempt: 0,
      status: 'queued',
    });
    expect(await engine.queue.entryState({ id, generation: 2 })).toBe('waiting');
  });

  test('a backlog that waits in the queue is left alone', async () => {
    const engine = await anEngine(backend, known);
    const ids = [];
    for (let number = 0; number < 30; number++) ids.push(await queuedRun(engine.db, 'watch', old));
    await engine.queue.add(ids.map((id, index) => ({ id, generation: 1, priority: index % 3 })));
    const rescue = rescuer(engine.db, engine.queue, escalateLost, engine.emit);
    for (let number = 0; number < 3; number++)
      expect(await rescue()).toEqual({ queued: 0, takenOver: 0, ended: 0 });
    const rows = await engine.db
      .selectFrom('bot_executions')
      .select('generation')
      .distinct()
      .execute();
    expect(rows).toEqual([{ generation: 1 }]);
  });

  test('a run without an entry waits while its bot has no free place', async () => {
    const engine = await anEngine(backend, known);
    const place = await queuedRun(engine.db, 'watch', {
      ...dead,
      lease_until: new Date(Date.now() + 60_000),
    });
    const id = await queuedRun(engine.db, 'watch', old);
    const rescue = rescuer(engine.db, engine.queue, escalateLost, engine.emit);
    expect(await rescue()).toMatchObject({ queued: 0 });
    await sql`UPDATE bot_executions SET status = 'success', completed_at = now() WHERE id = ${place}`.execute(
      engine.db,
    );
    expect(await rescue()).toMatchObject({ queued: 1 });
    expect(await rowOf(engine.db, id)).toMatchObject({ generation: 2 });
  });

  test('a lost entry is found although many runs of another bot wait for a place', async () => {
    const engine = await anEngine(
      backend,
      catalogue([watch, aBot('other', async () => clean('x'))]),
    );
    await queuedRun(engine.db, 'watch', carried);
    await backlog(engine.db, 'watch', 1_200);
    const id = await queuedRun(engine.db, 'other', old);
    const rescue = rescuer(engine.db, engine.queue, escalateLost, engine.emit);
    expect(await rescue()).toMatchObject({ queued: 1 });
    expect(await rowOf(engine.db, id)).toMatchObject({ generation: 2 });
  });

  test('when the whole queue is lost, one rescue queues thousands of runs again', async () => {
    const engine = await anEngine(backend, known);
    await sql`UPDATE bots SET concurrency = 1000`.execute(engine.db);
    await backlog(engine.db, 'watch', 2_700);
    const rescue = rescuer(engine.db, engine.queue, escalateLost, engine.emit);
    expect(await rescue()).toMatchObject({ queued: 2700 });
    expect(await rescue()).toMatchObject({ queued: 0 });
  });

  test('a manual run, which never had an entry, is queued at once', async () => {
    runs = [];
    const flow = await startFlow(backend, known, { roles: ['worker'] });
    const id = await queuedRun(flow.db, 'watch', { generation: 0 });
    await expect
      .poll(() => rowOf(flow.db, id), { timeout: 5_000 })
      .toMatchObject({ status: 'success', generation: 1, attempt: 1 });
    expect(runs).toHaveLength(1);
  });

  test('a run of a dead worker is taken over at once while attempts are left', async () => {
    const engine = await anEngine(backend, known);
    const id = await queuedRun(engine.db, 'watch', dead);
    const rescue = rescuer(engine.db, engine.queue, escalateLost, engine.emit);
    expect(await rescue()).toEqual({ queued: 0, takenOver: 1, ended: 0 });
    expect(await rowOf(engine.db, id)).toMatchObject({
      status: 'queued',
      generation: 2,
      attempt: 1,
      reason: 'worker lost',
      lease_until: null,
      completed_at: null,
    });
    expect(await attempt(engine, id)).toMatchObject({
      status: 'success',
      attempt: 2,
      reason: null,
    });
  });
});

const postgres = { name: 'postgres' as const };

test('a run that lost its worker in its last attempt fails, and its bot counts it', async () => {
  const engine = await anEngine(postgres, known);
  const id = await queuedRun(engine.db, 'watch', { ...dead, attempt: 3, max_attempts: 3 });
  const rescue = rescuer(engine.db, engine.queue, escalateLost, engine.emit);
  expect(await rescue()).toEqual({ queued: 0, takenOver: 0, ended: 1 });
  expect(await rescue()).toEqual({ queued: 0, takenOver: 0, ended: 0 });
  const row = await rowOf(engine.db, id);
  expect(row).toMatchObject({ status: 'failed', reason: 'worker lost', attempt: 3 });
  expect(row.completed_at).not.toBeNull();
  const bot = await engine.db.selectFrom('bots').selectAll().executeTakeFirstOrThrow();
  expect(bot).toMatchObject({ total_runs: 1, failed_runs: 1, status: 'active' });
  expect(bot.last_execution_at).toEqual(row.started_at);
  expect(bot.avg_execution_time_ms, 'the mean over all runs').toBe(row.execution_time_ms);
});

describe('what a run has recorded before its last worker was lost', () => {
  /**
   * A run loses its worker in its last attempt, after it has recorded that these components are broken. Returns the tickets
   * that exist after two rescues.
   */
  async function ticketsOfLostRun(components: string[], severity: ReportedSeverity = 'high') {
    const engine = await anEngine(postgres, known);
    const id = await queuedRun(engine.db, 'watch', { max_attempts: 1 });
    const run = (await engine.writer.start({ id, generation: 1 }))!;
    await engine.writer.record(run, saw(components, components, { severity }));
    await sql`UPDATE bot_executions SET lease_until = engine.now() - interval '1 second'`.execute(
      engine.db,
    );
    const ended = await Promise.all(
      [1, 2].map(() => rescuer(engine.db, engine.queue, escalateLost, engine.emit)()),
    );
    expect(ended.reduce((sum, each) => sum + each.ended, 0)).toBe(1);
    expect(await rowOf(engine.db, id)).toMatchObject({ status: 'failed', reason: 'worker lost' });
    return engine.db
      .selectFrom('bot_tickets')
      .select(['severity', 'status', 'title', 'metadata'])
      .execute();
  }

  test('becomes a ticket', async () => {
    expect(await ticketsOfLostRun(['disk'])).toMatchObject([
      { severity: 'high', status: 'assigned', title: 'disk is broken' },
    ]);
  });

  test('becomes no ticket if it is medium, because its healing may not have begun', async () => {
    expect(await ticketsOfLostRun(['disk'], 'medium')).toEqual([]);
  });

  test('becomes one ticket about a storm if many components are broken', async () => {
    const tickets = await ticketsOfLostRun(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    expect(tickets).toMatchObject([
      {
        title: 'Storm: 7 of 7 components of watch are broken',
        metadata: { storm: { broken: 7, of: 7 } },
      },
    ]);
  });
});

describe('when the escalation of a lost run fails', () => {
  const spent = { ...dead, attempt: 3, max_attempts: 3 };
  const statusOf = async (engine: TestEngine, id: string) => (await rowOf(engine.db, id)).status;

  test('this run is ended without escalation, which is logged, and the others are ended with escalation', async () => {
    const engine = await anEngine(postgres, known);
    const ids = [];
    for (let n = 0; n < 3; n++) ids.push(await queuedRun(engine.db, 'watch', spent));
    const [bad] = ids;
    const escalated: string[] = [];
    const said: unknown[] = [];
    const escalate: Escalate = async (trx, runs) => {
      if (runs.some(({ id }) => id === bad)) await sql`SELECT 1 / 0`.execute(trx);
      escalated.push(...runs.map(({ id }) => id));
      return [];
    };
    const log = pino({ level: 'error' }, { write: (line: string) => said.push(JSON.parse(line)) });
    const { emit } = eventsTo(log);
    expect(await rescuer(engine.db, engine.queue, escalate, emit)()).toMatchObject({ ended: 3 });
    for (const id of ids) expect(await statusOf(engine, id)).toBe('failed');
    expect(escalated.toSorted()).toEqual(ids.slice(1).toSorted());
    expect(said).toMatchObject([{ run: bad, err: { message: 'division by zero' } }]);
    const { total_runs } = await engine.db
      .selectFrom('bots')
      .select('total_runs')
      .executeTakeFirstOrThrow();
    expect(total_runs).toBe(3);
  });

  test('because a server is away, the run stays for the next rescue, and other lost runs are taken over', async () => {
    const engine = await anEngine(postgres, known);
    const lost = await queuedRun(engine.db, 'watch', spent);
    const again = await queuedRun(engine.db, 'watch', dead);
    const away: Escalate = async () => {
      throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    };
    await expect(rescuer(engine.db, engine.queue, away, engine.emit)()).rejects.toThrow('ECONNREF');
    expect(await statusOf(engine, lost)).toBe('running');
    expect(await statusOf(engine, again)).toBe('queued');
  });

  test('because of a lock, the run stays for the next rescue', async () => {
    const engine = await anEngine(postgres, known);
    const lost = await queuedRun(engine.db, 'watch', spent);
    const blocked: Escalate = async (trx) => {
      await sql`DO $$ BEGIN RAISE lock_not_available; END $$`.execute(trx);
      return [];
    };
    const rescued = await rescuer(engine.db, engine.queue, blocked, engine.emit)();
    expect(rescued).toMatchObject({ ended: 0 });
    expect(await statusOf(engine, lost)).toBe('running');
  });
});

test('a lost run whose bot is locked does not keep other lost runs from being ended', async () => {
  const two = catalogue([known.bots[0]!, aBot('other', async () => clean())]);
  const engine = await anEngine(postgres, two);
  const spent = { ...dead, attempt: 3, max_attempts: 3 };
  const held = await queuedRun(engine.db, 'watch', spent);
  const free = await queuedRun(engine.db, 'other', spent);
  await engine.db.transaction().execute(async (trx) => {
    await sql`SELECT FROM bots WHERE name = 'watch' FOR UPDATE`.execute(trx);
    expect(await rescuer(engine.db, engine.queue, escalateLost, engine.emit)()).toMatchObject({
      ended: 1,
    });
  });
  expect(await rowOf(engine.db, free)).toMatchObject({ status: 'failed' });
  expect(await rowOf(engine.db, held)).toMatchObject({ status: 'running' });
});

test('lost runs are ended although the queue is away', async () => {
  const engine = await anEngine(postgres, known);
  const lost = await queuedRun(engine.db, 'watch', { ...dead, attempt: 3, max_attempts: 3 });
  await queuedRun(engine.db, 'watch', dead);
  const away = { ...engine.queue, add: () => Promise.reject(new Error('no queue')) };
  await expect(rescuer(engine.db, away, escalateLost, engine.emit)()).rejects.toThrow('no queue');
  expect(await rowOf(engine.db, lost)).toMatchObject({ status: 'failed' });
});

test('four rescues at the same time take each lost run over once', async () => {
  const engine = await anEngine(postgres, known);
  const ids = [];
  for (let number = 0; number < 20; number++) ids.push(await queuedRun(engine.db, 'watch', dead));
  const rescued = await Promise.all(
    Array.from({ length: 4 }, () => rescuer(engine.db, engine.queue, escalateLost, engine.emit)()),
  );
  expect(rescued.reduce((sum, { takenOver }) => sum + takenOver, 0)).toBe(20);
});

test('a lost run whose cancellation was requested is cancelled', async () => {
  const engine = await anEngine(postgres, known);
  const id = await queuedRun(engine.db, 'watch', { ...dead, cancel_requested_at: new Date() });
  await rescuer(engine.db, engine.queue, escalateLost, engine.emit)();
  expect(await rowOf(engine.db, id)).toMatchObject({ status: 'cancelled', reason: 'cancelled' });
});

test('a queued run whose cancellation was requested does not stay queued for ever', async () => {
  const engine = await anEngine(postgres, known);
  const id = await queuedRun(engine.db, 'watch', { ...old, cancel_requested_at: new Date() });
  await rescuer(engine.db, engine.queue, escalateLost, engine.emit)();
  await attempt(engine, id);
  await rescuer(engine.db, engine.queue, escalateLost, engine.emit)();
  expect((await rowOf(engine.db, id)).status).toBe('cancelled');
});

test('a cancelled run that waits for another attempt ends with its escalation and its counters', async () => {
  const shaky = aBot('shaky', {
    good: async () => broken('disk'),
    bad: async () => {
      throw new Error('no route to host');
    },
  });
  const engine = await anEngine(postgres, catalogue([shaky]));
  const id = await queuedRun(engine.db, 'shaky');
  expect(await attempt(engine, id)).toMatchObject({ status: 'queued', attempt: 1 });
  await sql`UPDATE bots SET total_runs = 1, avg_execution_time_ms = 70`.execute(engine.db);
  expect(await cancelRun(engine.db, id, 'enough')).toMatchObject({ completed_at: null });
  expect(await rescuer(engine.db, engine.queue, escalateLost, engine.emit)()).toMatchObject({
    ended: 1,
  });
  expect(await rowOf(engine.db, id)).toMatchObject({
    status: 'cancelled',
    reason: 'cancelled',
    cancel_reason: 'enough',
    error_message: 'bad: no route to host',
  });
  const bot = await engine.db.selectFrom('bots').selectAll().executeTakeFirstOrThrow();
  expect(bot).toMatchObject({ total_runs: 2, failed_runs: 0, avg_execution_time_ms: 70 });
  const tickets = await engine.db.selectFrom('bot_tickets').select('title').execute();
  expect(tickets).toEqual([{ title: 'disk is broken' }]);
});

test('a run that may not start yet (run_after) has no entry, and rescue leaves it alone', async () => {
  const engine = await anEngine(postgres, known);
  const later = new Date(Date.now() + 60_000);
  const waiting = await queuedRun(engine.db, 'watch', { ...old, run_after: later });
  const fresh = await queuedRun(engine.db, 'watch', { ...old, run_after: later, generation: 0 });
  expect(await rescuer(engine.db, engine.queue, escalateLost, engine.emit)()).toMatchObject({
    queued: 0,
  });
  expect(await rowOf(engine.db, waiting)).toMatchObject({ generation: 1 });
  expect(await rowOf(engine.db, fresh)).toMatchObject({ generation: 0 });
});
