import { sql } from 'kysely';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { attempt, queuedRun, set } from '../support/runs.ts';
import { entry, playbook } from '../support/builders.ts';
import { diagnosed, healed } from './outcomes.ts';
import { simulatedPlatform } from './simulated-platform.ts';
import { eventsTo } from '../../src/events/log-events.ts';

const ladder = entry('ladder', playbook('disk.first', 'disk.second'));

const states = async (platform: Awaited<ReturnType<typeof simulatedPlatform>>) =>
  (await platform.actions()).map(({ remedy, state, success }) => [remedy, state, success]);

test('a cure that works is verified, counted once, and resolves its finding', async () => {
  const platform = await simulatedPlatform(
    [ladder],
    [{ name: 'disk.first' }, { name: 'disk.second' }],
  );
  expect(await platform.round()).toMatchObject({
    status: 'success',
    issues_found: 1,
    actions_taken: 1,
  });
  expect(await states(platform)).toEqual([['disk.first', 'verified', true]]);
  expect(await platform.finding()).toMatchObject({ resolution_method: 'auto-fixed' });
  const [action] = await platform.actions();
  expect(action).toMatchObject({ step: 0, risk: 'safe', component: 'disk', error_message: null });
  expect(action!.hold_until).not.toBeNull();
  const knowledge = await platform.db
    .selectFrom('bot_knowledge')
    .selectAll()
    .executeTakeFirstOrThrow();
  expect(knowledge).toMatchObject({ times_applied: 1 });
  expect(knowledge.last_used_at).not.toBeNull();
});

test('the next rung is tried because the check still fails', async () => {
  const platform = await simulatedPlatform(
    [ladder],
    [{ name: 'disk.first', works: false }, { name: 'disk.second' }],
  );
  expect(await platform.round()).toMatchObject({ actions_taken: 2 });
  expect(await states(platform)).toEqual([
    ['disk.first', 'failed', false],
    ['disk.second', 'verified', true],
  ]);
  const [first, second] = await platform.actions();
  expect(first!.heal_id).toBe(second!.heal_id);
  const { times_applied } = await platform.db
    .selectFrom('bot_knowledge')
    .selectAll()
    .executeTakeFirstOrThrow();
  expect(times_applied, 'a heal counts once, whatever its steps').toBe(1);
});

test('its own first rung is no failure to the breaker, whatever failed before it; what fails elsewhere is', async () => {
  const fails = { name: 'disk.first', works: false };
  const platform = await diagnosed([ladder], {}, [fails, { name: 'disk.second' }]);
  await healed(platform, 'ladder', { failed: 2 });
  await platform.round();
  expect(await platform.effects()).toEqual(['disk.first', 'disk.second']);

  const before = () => healed(others, 'ladder', { failed: 3 });
  const others = await diagnosed([ladder], {}, [{ ...fails, before }, { name: 'disk.second' }]);
  await others.round();
  expect(await others.effects()).toEqual(['disk.first']);
});

const waiting = (delay: string) =>
  entry('waiting', `steps:\n  - remedy: disk.first\n    verify_after: ${delay}`);

test('a step is judged after its delay, within the same run where that is in time', async () => {
  const platform = await simulatedPlatform([waiting('1s')], [{ name: 'disk.first' }]);
  await platform.round();
  const [action] = await platform.actions();
  expect(action).toMatchObject({ state: 'verified' });
  const { resolved_at } = (await platform.finding())!;
  expect(resolved_at!.getTime() - action!.applied_at!.getTime()).toBeGreaterThanOrEqual(950);
});

test('a step whose delay goes past the deadline stays applied, and the next run judges it', async () => {
  const platform = await simulatedPlatform([waiting('1h')], [{ name: 'disk.first', works: false }]);
  expect(await platform.round()).toMatchObject({ status: 'success', actions_taken: 1 });
  expect((await states(platform)).map(([, state]) => state)).toEqual(['applied']);
  platform.broken.clear();
  await platform.round();
  expect((await states(platform)).map(([, state]) => state)).toEqual(['verified']);
});

test('a ladder without success leaves the finding open and opens a ticket for a medium one too', async () => {
  const cures = ['disk.first', 'disk.second'].map((name) => ({ name, works: false }));
  const platform = await simulatedPlatform([ladder], cures, { severity: 'medium' });
  await platform.round();
  expect((await states(platform)).map(([, state]) => state)).toEqual(['failed', 'failed']);
  expect(await platform.finding()).toMatchObject({ resolved_at: null });
  expect(await platform.db.selectFrom('bot_tickets').selectAll().execute()).toHaveLength(1);
});

test('a remedy that throws rolls its effect back and is recorded as failed with its message', async () => {
  const platform = await simulatedPlatform(
    [entry('single', playbook('disk.first'))],
    [{ name: 'disk.first', throws: true }],
  );
  expect(await platform.round()).toMatchObject({ status: 'success', actions_taken: 0 });
  expect(await platform.effects()).toEqual([]);
  const [action] = await platform.actions();
  expect(action).toMatchObject({
    state: 'failed',
    error_message: 'disk.first broke off',
    applied_at: null,
  });
  const { times_applied } = await platform.db
    .selectFrom('bot_knowledge')
    .selectAll()
    .executeTakeFirstOrThrow();
  expect(times_applied).toBe(0);
});

test('after a rung that threw the next one is tried only if the check still fails', async () => {
  const platform = await simulatedPlatform(
    [ladder],
    [
      { name: 'disk.first', throws: true, before: async () => void platform.broken.delete('disk') },
      { name: 'disk.second' },
    ],
  );
  await platform.round();
  expect(await platform.effects()).toEqual([]);
});

test('up to ten entries of which it is not known whether they match are named in the log', async () => {
  const seeds = Array.from({ length: 12 }, (_, number) =>
    entry(`heavy-${String(number).padStart(2, '0')}`, 'Advice.'),
  );
  const platform = await simulatedPlatform(seeds, []);
  await sql`UPDATE bot_knowledge SET issue_pattern = ${`disk${'a{0,1000}'.repeat(50)}`}`.execute(
    platform.db,
  );
  const lines: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  await attempt(
    { ...platform.engine, emit: eventsTo(log).emit },
    await queuedRun(platform.db, 'watch'),
  );
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { bot: 'watch', count: 12, entries: seeds.slice(0, 10).map(({ name }) => name) },
  ]);
});

describe('the kill switch between the rungs', () => {
  test.each(['off', 'careful'])('mode %s stops the ladder', async (mode) => {
    const platform = await simulatedPlatform(
      [ladder],
      [
        {
          name: 'disk.first',
          works: false,
          before: async () => void (await set(platform.db, 'mode', mode)),
        },
        { name: 'disk.second' },
      ],
    );
    await platform.round();
    expect(await platform.effects()).toEqual(['disk.first']);
    expect(await states(platform)).toEqual([['disk.first', 'failed', false]]);
  });

  test('mode safe stops a ladder whose next rung is not', async () => {
    const platform = await simulatedPlatform(
      [ladder],
      [
        {
          name: 'disk.first',
          works: false,
          before: async () => void (await set(platform.db, 'mode', 'safe')),
        },
        { name: 'disk.second', rest: { risk: 'reversible' } },
      ],
    );
    await set(platform.db, 'mode', 'auto');
    await platform.round();
    expect(await platform.effects()).toEqual(['disk.first']);
  });
});

describe('two workers and one finding', () => {
  test('between whose steps another heal begins leave the finding to that heal', async () => {
    const platform = await simulatedPlatform(
      [ladder],
      [{ name: 'disk.first', works: false }, { name: 'disk.second' }],
    );
    await sql`
      CREATE FUNCTION other_heal() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO bot_actions (bot_id, finding_id, heal_id, idempotency_key, action_type, action_description, remedy,
                                 risk, fingerprint, state, success)
        VALUES (NEW.bot_id, NEW.finding_id, gen_random_uuid(), 'other', 'other', 'other', 'other', 'safe', NEW.fingerprint,
                'intent', false);
        RETURN NULL;
      END $$`.execute(platform.db);
    await sql`CREATE TRIGGER other_heal AFTER UPDATE ON bot_actions FOR EACH ROW WHEN (NEW.state = 'failed')
              EXECUTE FUNCTION other_heal()`.execute(platform.db);
    expect(await platform.round()).toMatchObject({ status: 'success', actions_taken: 1 });
    expect(await platform.effects()).toEqual(['disk.first']);
    expect(await platform.decisions()).toMatchObject([
      { verdict: 'applied' },
      { verdict: 'blocked', gate: 'in_progress' },
    ]);
  });

  /** Two runs of one bot at once, both of which saw the finding before either of them healed. */
  async function both(platform: Awaited<ReturnType<typeof simulatedPlatform>>) {
    await sql`UPDATE bots SET concurrency = 2`.execute(platform.db);
    return Promise.all([platform.round(), platform.round()]);
  }

  test('heal it once', async () => {
    const platform = await simulatedPlatform(
      [entry('single', playbook('disk.first'))],
      [{ name: 'disk.first' }],
    );
    await both(platform);
    expect(await platform.effects()).toEqual(['disk.first']);
    expect(await platform.actions()).toHaveLength(1);
  });

  test('do not heal it again with another entry once it is healed', async () => {
    const platform = await simulatedPlatform(
      [entry('a-one', playbook('disk.first')), entry('b-two', playbook('disk.second'))],
      [{ name: 'disk.first' }, { name: 'disk.second' }],
      // Of a critical one nothing is explored: the first by name goes first.
      { severity: 'critical' },
    );
    const finding = await platform.seen();
    // The slower run recorded what it saw while the problem was there, and comes to healing now.
    await (
      await platform.comesTo(finding)
    )();
    await (
      await platform.comesTo(finding)
    )();
    expect(await platform.finding()).toMatchObject({ resolution_method: 'escalated' });
    expect(await platform.effects()).toEqual(['disk.first']);
  });
});
