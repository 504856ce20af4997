import { sql } from 'kysely';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { attempt, queuedRun, set } from '../support/runs.ts';
import { entry, playbook } from '../support/builders.ts';
import { diagnosed, healed } from './outcomes.ts';
import { ward } from './patients.ts';
import { eventsTo } from '../../src/events/log-events.ts';

const ladder = entry('ladder', playbook('disk.first', 'disk.second'));

const states = async (patients: Awaited<ReturnType<typeof ward>>) =>
  (await patients.actions()).map(({ remedy, state, success }) => [remedy, state, success]);

test('a cure that works is verified, counted once, and resolves its finding', async () => {
  const patients = await ward([ladder], [{ name: 'disk.first' }, { name: 'disk.second' }]);
  expect(await patients.round()).toMatchObject({
    status: 'success',
    issues_found: 1,
    actions_taken: 1,
  });
  expect(await states(patients)).toEqual([['disk.first', 'verified', true]]);
  expect(await patients.finding()).toMatchObject({ resolution_method: 'auto-fixed' });
  const [action] = await patients.actions();
  expect(action).toMatchObject({ step: 0, risk: 'safe', component: 'disk', error_message: null });
  expect(action!.hold_until).not.toBeNull();
  const knowledge = await patients.db
    .selectFrom('bot_knowledge')
    .selectAll()
    .executeTakeFirstOrThrow();
  expect(knowledge).toMatchObject({ times_applied: 1 });
  expect(knowledge.last_used_at).not.toBeNull();
});

test('the next rung is tried because the check still fails', async () => {
  const patients = await ward(
    [ladder],
    [{ name: 'disk.first', works: false }, { name: 'disk.second' }],
  );
  expect(await patients.round()).toMatchObject({ actions_taken: 2 });
  expect(await states(patients)).toEqual([
    ['disk.first', 'failed', false],
    ['disk.second', 'verified', true],
  ]);
  const [first, second] = await patients.actions();
  expect(first!.heal_id).toBe(second!.heal_id);
  const { times_applied } = await patients.db
    .selectFrom('bot_knowledge')
    .selectAll()
    .executeTakeFirstOrThrow();
  expect(times_applied, 'a heal counts once, whatever its steps').toBe(1);
});

test('its own first rung is no failure to the breaker, whatever failed before it; what fails elsewhere is', async () => {
  const fails = { name: 'disk.first', works: false };
  const patients = await diagnosed([ladder], {}, [fails, { name: 'disk.second' }]);
  await healed(patients, 'ladder', { failed: 2 });
  await patients.round();
  expect(await patients.effects()).toEqual(['disk.first', 'disk.second']);

  const before = () => healed(others, 'ladder', { failed: 3 });
  const others = await diagnosed([ladder], {}, [{ ...fails, before }, { name: 'disk.second' }]);
  await others.round();
  expect(await others.effects()).toEqual(['disk.first']);
});

const waiting = (delay: string) =>
  entry('waiting', `steps:\n  - remedy: disk.first\n    verify_after: ${delay}`);

test('a step is judged after its delay, within the same run where that is in time', async () => {
  const patients = await ward([waiting('1s')], [{ name: 'disk.first' }]);
  await patients.round();
  const [action] = await patients.actions();
  expect(action).toMatchObject({ state: 'verified' });
  const { resolved_at } = (await patients.finding())!;
  expect(resolved_at!.getTime() - action!.applied_at!.getTime()).toBeGreaterThanOrEqual(950);
});

test('a step whose delay goes past the deadline stays applied, and the next run judges it', async () => {
  const patients = await ward([waiting('1h')], [{ name: 'disk.first', works: false }]);
  expect(await patients.round()).toMatchObject({ status: 'success', actions_taken: 1 });
  expect((await states(patients)).map(([, state]) => state)).toEqual(['applied']);
  patients.ill.clear();
  await patients.round();
  expect((await states(patients)).map(([, state]) => state)).toEqual(['verified']);
});

test('a ladder without success leaves the finding open and opens a ticket for a medium one too', async () => {
  const cures = ['disk.first', 'disk.second'].map((name) => ({ name, works: false }));
  const patients = await ward([ladder], cures, { severity: 'medium' });
  await patients.round();
  expect((await states(patients)).map(([, state]) => state)).toEqual(['failed', 'failed']);
  expect(await patients.finding()).toMatchObject({ resolved_at: null });
  expect(await patients.db.selectFrom('bot_tickets').selectAll().execute()).toHaveLength(1);
});

test('a remedy that throws rolls its effect back and is recorded as failed with its message', async () => {
  const patients = await ward(
    [entry('single', playbook('disk.first'))],
    [{ name: 'disk.first', throws: true }],
  );
  expect(await patients.round()).toMatchObject({ status: 'success', actions_taken: 0 });
  expect(await patients.effects()).toEqual([]);
  const [action] = await patients.actions();
  expect(action).toMatchObject({
    state: 'failed',
    error_message: 'disk.first broke off',
    applied_at: null,
  });
  const { times_applied } = await patients.db
    .selectFrom('bot_knowledge')
    .selectAll()
    .executeTakeFirstOrThrow();
  expect(times_applied).toBe(0);
});

test('after a rung that threw the next one is tried only if the check still fails', async () => {
  const patients = await ward(
    [ladder],
    [
      { name: 'disk.first', throws: true, before: async () => void patients.ill.delete('disk') },
      { name: 'disk.second' },
    ],
  );
  await patients.round();
  expect(await patients.effects()).toEqual([]);
});

test('entries of which it is not known whether they match are named in the log, ten of them', async () => {
  const seeds = Array.from({ length: 12 }, (_, number) =>
    entry(`heavy-${String(number).padStart(2, '0')}`, 'Advice.'),
  );
  const patients = await ward(seeds, []);
  await sql`UPDATE bot_knowledge SET issue_pattern = ${`disk${'a{0,1000}'.repeat(50)}`}`.execute(
    patients.db,
  );
  const lines: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  await attempt(
    { ...patients.engine, emit: eventsTo(log).emit },
    await queuedRun(patients.db, 'doctor'),
  );
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { bot: 'doctor', count: 12, entries: seeds.slice(0, 10).map(({ name }) => name) },
  ]);
});

describe('the kill switch between the rungs', () => {
  test.each(['off', 'careful'])('mode %s stops the ladder', async (mode) => {
    const patients = await ward(
      [ladder],
      [
        {
          name: 'disk.first',
          works: false,
          before: async () => void (await set(patients.db, 'mode', mode)),
        },
        { name: 'disk.second' },
      ],
    );
    await patients.round();
    expect(await patients.effects()).toEqual(['disk.first']);
    expect(await states(patients)).toEqual([['disk.first', 'failed', false]]);
  });

  test('mode safe stops a ladder whose next rung is not', async () => {
    const patients = await ward(
      [ladder],
      [
        {
          name: 'disk.first',
          works: false,
          before: async () => void (await set(patients.db, 'mode', 'safe')),
        },
        { name: 'disk.second', rest: { risk: 'reversible' } },
      ],
    );
    await set(patients.db, 'mode', 'auto');
    await patients.round();
    expect(await patients.effects()).toEqual(['disk.first']);
  });
});

describe('two workers and one finding', () => {
  test('between whose rungs another heal begins leave it to that one', async () => {
    const patients = await ward(
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
      END $$`.execute(patients.db);
    await sql`CREATE TRIGGER other_heal AFTER UPDATE ON bot_actions FOR EACH ROW WHEN (NEW.state = 'failed')
              EXECUTE FUNCTION other_heal()`.execute(patients.db);
    expect(await patients.round()).toMatchObject({ status: 'success', actions_taken: 1 });
    expect(await patients.effects()).toEqual(['disk.first']);
    expect(await patients.decisions()).toMatchObject([
      { verdict: 'applied' },
      { verdict: 'blocked', gate: 'in_progress' },
    ]);
  });

  /** Two runs of one bot at once, both of which saw the finding before either of them healed. */
  async function both(patients: Awaited<ReturnType<typeof ward>>) {
    await sql`UPDATE bots SET concurrency = 2`.execute(patients.db);
    return Promise.all([patients.round(), patients.round()]);
  }

  test('heal it once', async () => {
    const patients = await ward(
      [entry('single', playbook('disk.first'))],
      [{ name: 'disk.first' }],
    );
    await both(patients);
    expect(await patients.effects()).toEqual(['disk.first']);
    expect(await patients.actions()).toHaveLength(1);
  });

  test('do not heal it again with another entry once it is healed', async () => {
    const patients = await ward(
      [entry('a-one', playbook('disk.first')), entry('b-two', playbook('disk.second'))],
      [{ name: 'disk.first' }, { name: 'disk.second' }],
      // Of a critical one nothing is explored: the first by name goes first.
      { severity: 'critical' },
    );
    const finding = await patients.seen();
    // The slower run recorded what it saw while the problem was there, and comes to healing now.
    await (
      await patients.comesTo(finding)
    )();
    await (
      await patients.comesTo(finding)
    )();
    expect(await patients.finding()).toMatchObject({ resolution_method: 'escalated' });
    expect(await patients.effects()).toEqual(['disk.first']);
  });
});
