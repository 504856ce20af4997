/** A step that the run which applied it cannot judge: a run of its own judges it. */
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { backends } from '../support/backends.ts';
import { aBot, aRemedy, broken, catalogue, clean, entry } from '../support/builders.ts';
import { anEngine, startFlow } from '../support/engine.ts';
import { attempt, nothingHeldOut, queuedRun, run } from '../support/runs.ts';
import { movableClock } from '../support/clocks.ts';
import { simulatedPlatform, type Cure } from '../heal/simulated-platform.ts';

const steps = (...rungs: [remedy: string, delay: string][]) =>
  entry(
    'waiting',
    `steps:${rungs.map(([remedy, delay]) => `\n  - remedy: ${remedy}\n    verify_after: ${delay}`).join('')}`,
  );

/** Healed once, the judgement an hour away. */
async function admitted(
  cures: Cure[] = [{ name: 'disk.first' }],
  seed = steps(['disk.first', '1h']),
) {
  const platform = await simulatedPlatform([seed], cures, { severity: 'low' });
  const { db, engine } = platform;
  const move = await movableClock(db);
  await platform.round();
  return {
    ...platform,
    move,
    verifications: () =>
      db
        .selectFrom('bot_executions')
        .selectAll()
        .where('trigger', '=', 'verify')
        .orderBy('queued_at')
        .execute(),
    async judge() {
      const { id } = await db
        .selectFrom('bot_executions')
        .select('id')
        .where('trigger', '=', 'verify')
        .where('status', '=', 'queued')
        .executeTakeFirstOrThrow();
      return attempt(engine, id);
    },
    states: async () => (await platform.actions()).map(({ remedy, state }) => [remedy, state]),
    counters: () =>
      db
        .selectFrom('bots')
        .select(['total_runs', 'successful_runs', 'failed_runs', 'last_execution_at'])
        .executeTakeFirstOrThrow(),
  };
}

const hour = 3_600;

test('it is queued for the moment of the judgement, once, whatever runs come by before', async () => {
  const platform = await admitted([{ name: 'disk.first', works: false }]);
  await sql`UPDATE bots SET max_attempts = 7`.execute(platform.db);
  await sql`DELETE FROM bot_executions WHERE trigger = 'verify'`.execute(platform.db);
  await platform.round();
  await platform.round();
  const [action] = await platform.actions();
  expect(action).toMatchObject({ state: 'applied' });
  expect(await platform.verifications()).toMatchObject([
    {
      status: 'queued',
      run_after: action!.verify_after,
      scheduled_for: null,
      generation: 1,
      max_attempts: 7,
    },
  ]);
});

test('it does not start before', async () => {
  const platform = await admitted();
  expect(await platform.judge()).toMatchObject({ status: 'queued', attempt: 0 });
});

test('it verifies with the same check, resolves the finding, and is outside of the counters', async () => {
  const platform = await admitted();
  const before = await platform.counters();
  await platform.move(hour);
  expect(await platform.judge()).toMatchObject({
    status: 'success',
    checks_performed: 1,
    actions_taken: 0,
    issues_found: 0,
  });
  expect(await platform.states()).toEqual([['disk.first', 'verified']]);
  expect(await platform.finding()).toMatchObject({ resolution_method: 'auto-fixed' });
  expect(await platform.counters()).toEqual(before);
});

test('where the check still fails it goes on with the ladder, and the next judgement is queued', async () => {
  const platform = await admitted(
    [{ name: 'disk.first', works: false }, { name: 'disk.second' }],
    steps(['disk.first', '1h'], ['disk.second', '2h']),
  );
  await platform.move(hour);
  expect(await platform.judge()).toMatchObject({
    status: 'success',
    actions_taken: 1,
    issues_found: 1,
  });
  expect(await platform.states()).toEqual([
    ['disk.first', 'failed'],
    ['disk.second', 'applied'],
  ]);
  const [first, second] = await platform.actions();
  expect(second!.heal_id).toBe(first!.heal_id);
  await platform.move(2 * hour);
  await platform.judge();
  expect(await platform.states()).toEqual([
    ['disk.first', 'failed'],
    ['disk.second', 'verified'],
  ]);
  expect(await platform.effects()).toEqual(['disk.first', 'disk.second']);
});

test('where the ladder has no more steps the finding stays open', async () => {
  const platform = await admitted([{ name: 'disk.first', works: false }]);
  await platform.move(hour);
  expect(await platform.judge()).toMatchObject({ status: 'success', issues_found: 1 });
  expect(await platform.states()).toEqual([['disk.first', 'failed']]);
  expect(await platform.finding()).toMatchObject({ resolved_at: null });
});

test('what was judged meanwhile is left alone: it ends as a success that checked nothing', async () => {
  const platform = await admitted();
  await platform.round();
  expect(await platform.states()).toEqual([['disk.first', 'verified']]);
  await platform.move(hour);
  expect(await platform.judge()).toMatchObject({
    status: 'success',
    reason: null,
    checks_performed: 0,
  });
  expect(await platform.states()).toEqual([['disk.first', 'verified']]);
});

test('it asks no other check, and begins no heal', async () => {
  const platform = await admitted();
  await platform.move(hour);
  platform.broken.add('memory');
  await platform.judge();
  const findings = await platform.db.selectFrom('bot_findings').selectAll().execute();
  expect(findings.map(({ affected_component }) => affected_component)).toEqual(['disk']);
  expect(await platform.actions()).toHaveLength(1);
});

test('a longer delay in the entry does not change what was written down', async () => {
  const platform = await admitted();
  await sql`UPDATE bot_knowledge SET solution = replace(solution, '1h', '9h')`.execute(platform.db);
  await platform.move(hour);
  await platform.judge();
  expect(await platform.states()).toEqual([['disk.first', 'verified']]);
  expect(await platform.verifications()).toHaveLength(1);
});

test('under the kill switch it verifies, and takes no further step', async () => {
  const platform = await admitted(
    [{ name: 'disk.first', works: false }, { name: 'disk.second' }],
    steps(['disk.first', '1h'], ['disk.second', '1h']),
  );
  await sql`UPDATE engine.settings SET value = '"off"' WHERE key = 'mode'`.execute(platform.db);
  await platform.move(hour);
  await platform.judge();
  expect(await platform.states()).toEqual([['disk.first', 'failed']]);
});

test.each(['paused', 'disabled'])(
  'where the bot was %s meanwhile it verifies, and takes no further step',
  async (status) => {
    const platform = await admitted(
      [{ name: 'disk.first', works: false }, { name: 'disk.second' }],
      steps(['disk.first', '1h'], ['disk.second', '1h']),
    );
    await sql`UPDATE bots SET status = ${status}`.execute(platform.db);
    await platform.move(hour);
    await platform.judge();
    expect(await platform.states()).toEqual([['disk.first', 'failed']]);
  },
);

test('an attempt that dies between the steps leaves the rest to the next attempt', async () => {
  const platform = await admitted(
    [{ name: 'disk.first', works: false }, { name: 'disk.second' }],
    steps(['disk.first', '1h'], ['disk.second', '1h']),
  );
  await platform.move(hour);
  const { id } = (await platform.verifications())[0]!;
  // It had judged the first step and intended the second one when its worker was lost.
  await sql`UPDATE bot_actions SET state = 'failed', settled_at = engine.now()`.execute(
    platform.db,
  );
  await sql`
    INSERT INTO bot_actions (bot_id, finding_id, execution_id, knowledge_id, heal_id, step, idempotency_key, action_type,
                             action_description, remedy, risk, fingerprint, component, state, success)
    SELECT bot_id, finding_id, ${id}::uuid, knowledge_id, heal_id, 1, heal_id || '/1', 'disk.second', '', 'disk.second', risk,
           fingerprint, component, 'intent', false FROM bot_actions`.execute(platform.db);
  await platform.judge();
  expect(await platform.states()).toEqual([
    ['disk.first', 'failed'],
    ['disk.second', 'applied'],
  ]);
});

test('where two runs judge the same at once, one of them goes on with the ladder', async () => {
  const asked: (() => void)[] = [];
  /** Makes each of the two runs wait until the other one has judged too. */
  const together = () =>
    new Promise<void>((resolve) => {
      asked.push(resolve);
      if (asked.length === 2) for (const go of asked) go();
    });
  const effects: string[] = [];
  const cures = ['disk.first', 'disk.second'].map((name) =>
    aRemedy(name, async () => effects.push(name)),
  );
  const bot = aBot(
    'watch',
    async (_, { since }) => {
      if (since) await together();
      return broken('disk');
    },
    { knowledge: [steps(['disk.first', '1h'], ['disk.second', '1h'])] },
  );
  const engine = await anEngine({ name: 'postgres' }, catalogue([bot], cures));
  await nothingHeldOut(engine.db);
  await sql`UPDATE bots SET concurrency = 2`.execute(engine.db);
  const move = await movableClock(engine.db);
  await run(engine, 'watch');
  await move(hour);
  const { id } = await engine.db
    .selectFrom('bot_executions')
    .select('id')
    .where('trigger', '=', 'verify')
    .executeTakeFirstOrThrow();
  const rows = await Promise.all([attempt(engine, id), run(engine, 'watch')]);
  expect(rows.map(({ status, error_message }) => [status, error_message])).toEqual([
    ['success', null],
    ['success', null],
  ]);
  expect(effects).toEqual(['disk.first', 'disk.second']);
});

describe.each(backends)('on $name', (backend) => {
  test('a worker takes it when its time has come', async () => {
    let isBroken = true;
    const cure = aRemedy('disk.clean', async () => (isBroken = false));
    const bot = aBot(
      'watch',
      async () => (isBroken ? broken('disk') : clean('disk')),
      // The check is asked again after the run's deadline.
      { timeoutSeconds: 2, knowledge: [steps(['disk.clean', '2s'])] },
    );
    const flow = await startFlow(backend, catalogue([bot], [cure]));
    await nothingHeldOut(flow.db);
    await queuedRun(flow.db, 'watch', { generation: 0, max_attempts: 1 });
    await expect
      .poll(() => flow.db.selectFrom('bot_actions').select('state').execute(), { timeout: 15_000 })
      .toEqual([{ state: 'verified' }]);
    const runs = flow.db
      .selectFrom('bot_executions')
      .select(['trigger', 'status', 'attempt'])
      .where('trigger', '=', 'verify');
    await expect
      .poll(() => runs.execute())
      .toEqual([{ trigger: 'verify', status: 'success', attempt: 1 }]);
  });
});
