import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { Bot } from '../../src/bot.ts';
import { connect } from '../../src/database/connect.ts';
import { settle } from '../../src/maintain/settle.ts';
import { figures, healed, miscounted } from '../heal/outcomes.ts';
import { leftBehind, ward, type Cure } from '../heal/patients.ts';
import { aBot, aRemedy, broken, catalogue, clean, entry, playbook } from '../support/builders.ts';
import { anEngine } from '../support/engine.ts';
import { movableClock } from '../support/clocks.ts';
import { nothingHeldOut, run, set } from '../support/runs.ts';

const minutes = 60;

/** A disk that was healed a moment ago, and a clock to move. */
async function cured(cure: Partial<Cure> = {}) {
  const patients = await ward(
    [entry('clean', playbook('disk.clean'))],
    [{ name: 'disk.clean', ...cure }],
  );
  const wait = await movableClock(patients.db);
  await patients.round();
  return {
    ...patients,
    wait,
    settle: () => settle(patients.db, patients.engine.catalogue),
    state: async () => (await patients.actions()).map(({ state }) => state).join(' '),
    entry: () =>
      patients.db
        .selectFrom('bot_knowledge')
        .select(['times_applied', 'times_successful', 'success_rate'])
        .executeTakeFirstOrThrow(),
    watched: async () =>
      (await patients.db.selectFrom('bot_finding_states').select('watched').executeTakeFirst())!
        .watched,
  };
}

describe('a cure', () => {
  test('has held when a run that began after the hold window found it clean', async () => {
    const patients = await cured();
    expect([await patients.settle(), await patients.state()]).toMatchObject([
      { held: 0 },
      'verified',
    ]);
    await patients.wait(61 * minutes);
    expect(await patients.settle(), 'nobody has looked since').toMatchObject({ held: 0 });
    await patients.round();
    expect(await patients.state()).toBe('verified');
    expect(await patients.settle()).toMatchObject({ held: 1 });
    const [action] = await patients.actions();
    expect(action).toMatchObject({ state: 'held', success: true, settled_at: expect.any(Date) });
    expect(await patients.entry()).toEqual({
      times_applied: 1,
      times_successful: 1,
      success_rate: '100.00',
    });
    expect(await patients.settle()).toMatchObject({ held: 0 });
  });

  test('has held though the problem came back before anybody drew the conclusion', async () => {
    const patients = await cured();
    await patients.wait(61 * minutes);
    await patients.round();
    await set(patients.db, 'mode', 'off');
    patients.ill.add('disk');
    await patients.round();
    expect(await patients.state()).toBe('verified');
    expect(await patients.settle()).toMatchObject({ held: 1 });
  });

  test('has not when the clean run began within the window, however late it is settled', async () => {
    const patients = await cured();
    await patients.wait(59 * minutes);
    await patients.round();
    await patients.wait(600 * minutes);
    expect([await patients.settle(), await patients.state()]).toMatchObject([
      { held: 0 },
      'verified',
    ]);
  });

  test('has not by a run of another check, or one that did not look at it', async () => {
    let result = broken('disk');
    const bot: Bot = aBot(
      'doctor',
      { looks: async () => result, other: async () => clean('disk') },
      { knowledge: [entry('clean', playbook('disk.clean'))] },
    );
    const cure = aRemedy('disk.clean', async () => void (result = clean('disk')));
    const engine = await anEngine({ name: 'postgres' }, catalogue([bot], [cure]));
    await nothingHeldOut(engine.db);
    const wait = await movableClock(engine.db);
    await run(engine, 'doctor');
    await wait(61 * minutes);
    for (const [looked, held] of [
      [clean(), 0],
      [clean('memory'), 0],
      [{ ...clean('disk'), truncated: true }, 0],
      [clean('disk'), 1],
    ] as const) {
      result = looked;
      await run(engine, 'doctor');
      expect(await settle(engine.db, engine.catalogue)).toMatchObject({ held });
    }
  });

  test.each([
    ['within the window', 40],
    ['after it, before anybody found it clean', 90],
  ])('whose problem comes back %s has relapsed', async (_, after) => {
    const patients = await cured();
    await patients.wait(after * minutes);
    await set(patients.db, 'mode', 'off');
    patients.ill.add('disk');
    await patients.round();
    const [action] = await patients.actions();
    expect(action).toMatchObject({ state: 'relapsed', success: false });
    expect(await patients.entry()).toEqual({
      times_applied: 1,
      times_successful: 0,
      success_rate: '0.00',
    });
    patients.ill.clear();
    await patients.round();
    await patients.wait(120 * minutes);
    await patients.round();
    expect(await patients.settle()).toMatchObject({ held: 0 });
  });

  test('that had held has not relapsed when the problem comes again', async () => {
    const patients = await cured();
    await patients.wait(61 * minutes);
    await patients.round();
    await patients.settle();
    await set(patients.db, 'mode', 'off');
    patients.ill.add('disk');
    await patients.round();
    expect(await patients.state()).toBe('held');
  });

  test('that was undone counts as relapsed, one that nobody can tell or that was aborted not at all', async () => {
    const patients = await cured();
    for (const [state, counted] of [
      ['undone', { decided: 1, relapsed: 1 }],
      ['unknown', { decided: 0 }],
      ['aborted', { decided: 0 }],
    ] as const) {
      await sql`UPDATE bot_actions SET state = ${state}, success = false`.execute(patients.db);
      expect((await figures(patients, 'clean')).records.all).toMatchObject(counted);
      expect(await miscounted(patients.db)).toEqual([]);
    }
  });

  test('holds for as long as the settings say', async () => {
    const patients = await ward([entry('clean', playbook('disk.clean'))], [{ name: 'disk.clean' }]);
    const wait = await movableClock(patients.db);
    await sql`UPDATE engine.settings SET value = value || '{"hold_minutes": 240}' WHERE key = 'healing'`.execute(
      patients.db,
    );
    await patients.round();
    for (const held of [0, 0, 1]) {
      await wait(100 * minutes);
      await patients.round();
      expect(await settle(patients.db, patients.engine.catalogue)).toMatchObject({ held });
    }
  });
});

test('where findings come back by themselves the verification alone decides', async () => {
  let ill = true;
  const check = { name: 'is-well', title: 'Is it well?', accruing: true };
  const bot: Bot = {
    ...aBot('doctor', async () => clean(), { knowledge: [entry('clean', playbook('disk.clean'))] }),
    checks: [{ ...check, run: async () => (ill ? broken('disk') : clean('disk')) }],
  };
  const cure = aRemedy('disk.clean', async () => void (ill = false));
  const told: string[] = [];
  const engine = await anEngine({ name: 'postgres' }, catalogue([bot], [cure]), {
    hear: ({ name }) => void told.push(name),
  });
  await nothingHeldOut(engine.db);
  const actions = () =>
    engine.db.selectFrom('bot_actions').select(['state', 'success', 'hold_until']).execute();
  await run(engine, 'doctor');
  expect(told).toContain('heal.held');
  expect(told).not.toContain('heal.verified');
  const held = [{ state: 'held', success: true, hold_until: null }];
  expect(await actions()).toEqual(held);
  const known = await engine.db.selectFrom('bot_knowledge').selectAll().executeTakeFirstOrThrow();
  expect(known).toMatchObject({ times_successful: 1, success_rate: '100.00' });
  // They are back the next day, which says nothing against it.
  ill = true;
  await set(engine.db, 'mode', 'off');
  await run(engine, 'doctor');
  expect(await actions()).toEqual(held);
});

describe('a memory', () => {
  test('listens to clean results until its outcomes are known, and no longer', async () => {
    const patients = await cured();
    await patients.settle();
    expect(await patients.watched()).toBe(true);
    // 21 clean results would have made it deaf by now.
    for (let number = 0; number < 22; number++) await patients.round();
    await patients.wait(61 * minutes);
    await patients.round();
    expect(await patients.settle()).toMatchObject({ held: 1 });
    expect(await patients.watched()).toBe(false);
  });

  test('that is needed no more is left alone by clean runs', async () => {
    const patients = await cured();
    await patients.wait(61 * minutes);
    await patients.round();
    await patients.settle();
    for (let number = 0; number < 21; number++) await patients.round();
    const fence = async () =>
      (await patients.db.selectFrom('bot_finding_states').select('last_fence').executeTakeFirst())!
        .last_fence;
    const before = await fence();
    await patients.round();
    expect(await fence()).toBe(before);
  });
});

test('what the outcomes ask for is judged with them', async () => {
  const patients = await cured();
  await healed(patients, 'clean', { failed: 20 }, { component: null });
  expect(await patients.settle()).toMatchObject({ judged: 1 });
  const events = patients.db.selectFrom('bot_knowledge_events').select('event').execute();
  expect(await events).toEqual([{ event: 'demoted' }]);
});

test('eight processes at once settle each heal once', async () => {
  const patients = await cured();
  await patients.wait(300 * minutes);
  for (let number = 0; number < 40; number++) {
    await leftBehind(patients, 'clean', 'disk.clean', 'verified', {
      fingerprint: `f-${number}`,
      hold_until: sql<Date>`engine.now() - interval '1 hour'`,
    });
    await sql`
      INSERT INTO bot_finding_states (fingerprint, bot_id, check_name, component_key, last_fence, last_clean_at, watched)
      SELECT ${`f-${number}`}, id, 'is-well', 'k', 1, engine.now(), true FROM bots`.execute(
      patients.db,
    );
  }
  const connections = Array.from({ length: 8 }, () => connect(patients.engine.url, { max: 1 }));
  try {
    let held = 0;
    for (let turn = 0; turn < 3; turn++) {
      const done = await Promise.all(
        connections.map((one) => settle(one, patients.engine.catalogue)),
      );
      held += done.reduce((sum, each) => sum + each.held, 0);
    }
    expect(held).toBe(40);
  } finally {
    for (const one of connections) await one.destroy();
  }
  expect(await patients.entry()).toMatchObject({ times_successful: 40 });
  expect(await miscounted(patients.db)).toEqual([]);
});
