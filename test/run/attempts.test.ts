import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { rescuer } from '../../src/maintain/rescue.ts';
import { escalateLost } from '../../src/run/writer/escalate.ts';
import { giveBack } from '../../src/run/give-back.ts';
import { performRun } from '../../src/run/perform.ts';
import { aBot, broken, catalogue, clean } from '../support/builders.ts';
import { anEngine, type TestEngine } from '../support/engine.ts';
import { attempt, queuedRun, rowOf, run } from '../support/runs.ts';
import { saw } from './group-commit-runs.ts';

const postgres = { name: 'postgres' as const };
const openFindings = ({ db }: TestEngine) =>
  db
    .selectFrom('bot_findings')
    .select(['affected_component as component', 'occurrences', 'last_fence'])
    .where('resolved_at', 'is', null)
    .orderBy('affected_component')
    .execute();

/** Lets the waiting time of a retry pass. */
const waited = ({ db }: TestEngine, id: string) =>
  sql`UPDATE bot_executions SET run_after = engine.now() - interval '1 ms' WHERE id = ${id}`.execute(
    db,
  );

describe('a check that throws', () => {
  const bot = aBot('shaky', {
    good: async () => broken('disk'),
    bad: async () => {
      throw new Error('no route to host');
    },
    last: async () => broken('memory'),
  });

  test('fails the attempt, which is queued again later, until the last one is final', async () => {
    const engine = await anEngine(postgres, catalogue([bot]));
    const id = await queuedRun(engine.db, 'shaky', { max_attempts: 3 });
    const delays: number[] = [];
    for (const number of [1, 2]) {
      const row = await attempt(engine, id);
      expect(row).toMatchObject({
        status: 'queued',
        attempt: number,
        generation: number + 1,
        reason: 'check errored',
        error_message: 'bad: no route to host',
        completed_at: null,
        lease_until: null,
      });
      delays.push((row.run_after!.getTime() - Date.now()) / 1_000);
      expect(await attempt(engine, id)).toMatchObject({ status: 'queued', attempt: number });
      await waited(engine, id);
    }
    expect(delays[0]).toBeGreaterThan(3);
    expect(delays[0]).toBeLessThan(7);
    expect(delays[1]).toBeGreaterThan(8);
    expect(await attempt(engine, id)).toMatchObject({
      status: 'failed',
      attempt: 3,
      reason: 'check errored',
      checks_performed: 2,
      issues_found: 2,
    });
    const { total_runs, failed_runs, status } = await engine.db
      .selectFrom('bots')
      .selectAll()
      .executeTakeFirstOrThrow();
    expect({ total_runs, failed_runs, status }).toEqual({
      total_runs: 1,
      failed_runs: 1,
      status: 'active',
    });
  });

  test('does not take the findings of the others with it, and they count once a run', async () => {
    const engine = await anEngine(postgres, catalogue([bot]));
    const id = await queuedRun(engine.db, 'shaky');
    await attempt(engine, id);
    await waited(engine, id);
    await attempt(engine, id);
    expect(await openFindings(engine)).toMatchObject([
      { component: 'disk', occurrences: 1 },
      { component: 'memory', occurrences: 1 },
    ]);
    await run(engine, 'shaky');
    expect(await openFindings(engine)).toMatchObject([{ occurrences: 2 }, { occurrences: 2 }]);
    const { states } = await engine.db
      .selectFrom('bot_finding_states')
      .select('states')
      .executeTakeFirstOrThrow();
    expect(states, 'one result a run').toEqual([true, true]);
  });
});

test('checks that all skip make a failed run that says so', async () => {
  const bot = aBot('idle', async (_, { skip }) => skip('nothing to look at'));
  const engine = await anEngine(postgres, catalogue([bot]));
  const row = await run(engine, 'idle', { max_attempts: 1 });
  expect(row).toMatchObject({
    status: 'failed',
    reason: 'no checks performed',
    error_message: 'every check was skipped: nothing to look at',
    checks_performed: 0,
  });
  expect(row.metadata).toMatchObject({
    checks: [{ status: 'skipped', reason: 'nothing to look at' }],
  });
});

test('one skipped check beside one that performed is a success', async () => {
  const bot = aBot('half', {
    off: async (_, { skip }) => skip('not configured'),
    on: async () => clean('x'),
  });
  const engine = await anEngine(postgres, catalogue([bot]));
  expect(await run(engine, 'half')).toMatchObject({ status: 'success', checks_performed: 1 });
});

test('a definition that became unfit meanwhile is final at once and sets the bot to error', async () => {
  const engine = await anEngine(postgres, catalogue([aBot('gone', async () => clean('x'))]));
  await sql`UPDATE bots SET api_endpoint = '/api/bots/nobody'`.execute(engine.db);
  expect(await run(engine, 'gone')).toMatchObject({
    status: 'failed',
    attempt: 1,
    reason: 'definition',
  });
  const bot = await engine.db.selectFrom('bots').selectAll().executeTakeFirstOrThrow();
  expect(bot.status).toBe('error');
  expect(bot.status_reason).toMatch(/^api_endpoint: /);
});

test('a run that was given back keeps its attempt and what it still does is dropped', async () => {
  let letGo: () => void = () => {};
  const slow = aBot(
    'slow',
    () => new Promise((resolve) => (letGo = () => resolve(broken('disk')))),
  );
  const engine = await anEngine(postgres, catalogue([slow]));
  const id = await queuedRun(engine.db, 'slow');
  const performed = performRun(engine, { id, generation: 1 });
  await expect.poll(() => engine.leases.all()).toHaveLength(1);
  expect(await giveBack(engine, engine.leases.all())).toBe(1);
  letGo();
  await performed;
  const row = await rowOf(engine.db, id);
  expect(row).toMatchObject({ status: 'queued', attempt: 0, lease_until: null, run_after: null });
  expect(await openFindings(engine)).toEqual([]);
  expect(await engine.queue.entryState({ id, generation: row.generation })).toBe('waiting');
});

describe('giving back', () => {
  /** Runs of a check that goes on until its run is stopped. */
  async function endless(count: number) {
    const bots = Array.from({ length: count }, (_, n) =>
      aBot(`endless-${n}`, (_config, { signal }) => {
        const stopped = Promise.withResolvers<never>();
        signal.addEventListener('abort', () => stopped.reject(signal.reason));
        return stopped.promise;
      }),
    );
    const engine = await anEngine(postgres, catalogue(bots));
    const ids: string[] = [];
    for (const { name } of bots) ids.push(await queuedRun(engine.db, name));
    const performed = Promise.all(ids.map((id) => performRun(engine, { id, generation: 1 })));
    await expect.poll(() => engine.leases.all()).toHaveLength(count);
    return { engine, ids, performed };
  }

  test('goes on with the others while a transaction holds the row of one, and takes that one when it is free', async () => {
    const { engine, ids, performed } = await endless(2);
    const runs = engine.leases.all();
    const free = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const holding = engine.db.transaction().execute(async (trx) => {
      await sql`SELECT FROM bot_executions WHERE id = ${ids[0]!}::uuid FOR UPDATE`.execute(trx);
      held.resolve();
      await free.promise;
    });
    await held.promise;
    const given = giveBack(engine, runs);
    await expect.poll(() => rowOf(engine.db, ids[1]!)).toMatchObject({ status: 'queued' });
    expect(runs.every(({ signal }) => signal.reason === 'lost')).toBe(true);
    expect(await rowOf(engine.db, ids[0]!)).toMatchObject({ status: 'running' });
    free.resolve();
    await holding;
    expect(await given).toBe(2);
    expect(await rowOf(engine.db, ids[0]!)).toMatchObject({ status: 'queued', attempt: 0 });
    await performed;
  });

  test('gives a row up that stays held, and says how many it gave back', async () => {
    const { engine, ids, performed } = await endless(2);
    await engine.db.transaction().execute(async (trx) => {
      await sql`SELECT FROM bot_executions WHERE id = ${ids[0]!}::uuid FOR UPDATE`.execute(trx);
      expect(await giveBack(engine, engine.leases.all())).toBe(1);
    });
    expect(await rowOf(engine.db, ids[0]!)).toMatchObject({ status: 'running', attempt: 1 });
    await performed;
  }, 15_000);

  test('leaves a run that somebody wants to end to rescue, which escalates and counts it', async () => {
    const { engine, ids, performed } = await endless(1);
    await engine.writer.record(engine.leases.all()[0]!, saw(['disk'], ['disk']));
    await sql`UPDATE bot_executions SET cancel_requested_at = engine.now()`.execute(engine.db);
    await giveBack(engine, engine.leases.all());
    await performed;
    await rescuer(engine.db, engine.queue, escalateLost, engine.emit)();
    expect(await rowOf(engine.db, ids[0]!)).toMatchObject({
      status: 'cancelled',
      reason: 'cancelled',
      attempt: 1,
    });
    const { total_runs } = await engine.db
      .selectFrom('bots')
      .select('total_runs')
      .executeTakeFirstOrThrow();
    expect(total_runs).toBe(1);
    const tickets = await engine.db.selectFrom('bot_tickets').select('title').execute();
    expect(tickets).toEqual([{ title: 'disk is broken' }]);
  });
});

describe('the fence', () => {
  test('a run that was taken over writes nothing at all', async () => {
    const engine = await anEngine(
      postgres,
      catalogue([
        aBot('slow', async () => {
          await sql`UPDATE bot_executions SET fence = nextval('engine.fence')`.execute(engine.db);
          return broken('disk');
        }),
      ]),
    );
    const id = await queuedRun(engine.db, 'slow');
    const row = await attempt(engine, id);
    expect(row).toMatchObject({ status: 'running', checks_performed: 0, completed_at: null });
    expect(await openFindings(engine)).toEqual([]);
    expect(await engine.db.selectFrom('bot_finding_states').selectAll().execute()).toEqual([]);
    expect(
      (await engine.db.selectFrom('bots').selectAll().executeTakeFirstOrThrow()).total_runs,
    ).toBe(0);
  });

  /** Two starts at once, the later of which ends first. */
  async function overtaken(old: 'broken' | 'clean', young: 'broken' | 'clean') {
    const answers = { broken: broken('disk'), clean: clean('disk') };
    let letGo: () => void = () => {};
    const queue: (() => Promise<ReturnType<typeof clean>>)[] = [];
    const engine = await anEngine(postgres, catalogue([aBot('pair', () => queue.shift()!())]));
    await sql`UPDATE bots SET concurrency = 2`.execute(engine.db);
    queue.push(async () => answers.broken);
    await run(engine, 'pair');
    if (young === 'broken') {
      queue.push(async () => answers.clean);
      await run(engine, 'pair');
    }
    queue.push(() => new Promise((resolve) => (letGo = () => resolve(answers[old]))));
    queue.push(async () => answers[young]);
    const slow = run(engine, 'pair');
    await expect.poll(() => queue).toHaveLength(1);
    await run(engine, 'pair');
    const before = await openFindings(engine);
    letGo();
    await slow;
    return { before, after: await openFindings(engine) };
  }

  test('a slow old run does not reopen what a newer one resolved', async () => {
    const { before, after } = await overtaken('broken', 'clean');
    expect(before).toEqual([]);
    expect(after).toEqual([]);
  });

  test('a slow old run does not resolve what a newer one opened', async () => {
    const { before, after } = await overtaken('clean', 'broken');
    expect(before).toHaveLength(1);
    expect(after).toEqual(before);
  });
});

test('a cancellation that was asked for while the attempt failed ends the run', async () => {
  const bot = aBot('shaky', async () => {
    await sql`UPDATE bot_executions SET cancel_requested_at = engine.now()`.execute(engine.db);
    throw new Error('no');
  });
  const engine = await anEngine(postgres, catalogue([bot]));
  expect((await run(engine, 'shaky')).status).toBe('cancelled');
});
