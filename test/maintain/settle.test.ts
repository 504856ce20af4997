import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { Bot } from '../../src/bot.ts';
import { connect } from '../../src/database/connect.ts';
import { settle } from '../../src/maintain/settle.ts';
import { figures, healed, miscounted } from '../heal/outcomes.ts';
import { leftBehind, simulatedPlatform, type Cure } from '../heal/simulated-platform.ts';
import { aBot, aRemedy, broken, catalogue, clean, entry, playbook } from '../support/builders.ts';
import { anEngine } from '../support/engine.ts';
import { movableClock } from '../support/clocks.ts';
import { nothingHeldOut, run, set } from '../support/runs.ts';

const minutes = 60;

/** A simulated platform with a disk that a remedy has just healed, and a clock that the test can move. */
async function platformWithCure(cure: Partial<Cure> = {}) {
  const platform = await simulatedPlatform(
    [entry('clean', playbook('disk.clean'))],
    [{ name: 'disk.clean', ...cure }],
  );
  const wait = await movableClock(platform.db);
  await platform.round();
  return {
    ...platform,
    wait,
    settle: () => settle(platform.db, platform.engine.catalogue),
    state: async () => (await platform.actions()).map(({ state }) => state).join(' '),
    entry: () =>
      platform.db
        .selectFrom('bot_knowledge')
        .select(['times_applied', 'times_successful', 'success_rate'])
        .executeTakeFirstOrThrow(),
    watched: async () =>
      (await platform.db.selectFrom('bot_finding_states').select('watched').executeTakeFirst())!
        .watched,
  };
}

describe('a cure', () => {
  test('has held when a run that began after the hold window was clean', async () => {
    const platform = await platformWithCure();
    expect([await platform.settle(), await platform.state()]).toMatchObject([
      { held: 0 },
      'verified',
    ]);
    await platform.wait(61 * minutes);
    expect(await platform.settle(), 'there was no run since').toMatchObject({ held: 0 });
    await platform.round();
    expect(await platform.state()).toBe('verified');
    expect(await platform.settle()).toMatchObject({ held: 1 });
    const [action] = await platform.actions();
    expect(action).toMatchObject({ state: 'held', success: true, settled_at: expect.any(Date) });
    expect(await platform.entry()).toEqual({
      times_applied: 1,
      times_successful: 1,
      success_rate: '100.00',
    });
    expect(await platform.settle()).toMatchObject({ held: 0 });
  });

  test('has held although the problem came back before it was settled', async () => {
    const platform = await platformWithCure();
    await platform.wait(61 * minutes);
    await platform.round();
    await set(platform.db, 'mode', 'off');
    platform.broken.add('disk');
    await platform.round();
    expect(await platform.state()).toBe('verified');
    expect(await platform.settle()).toMatchObject({ held: 1 });
  });

  test('has not held when the clean run began within the window, however late it is settled', async () => {
    const platform = await platformWithCure();
    await platform.wait(59 * minutes);
    await platform.round();
    await platform.wait(600 * minutes);
    expect([await platform.settle(), await platform.state()]).toMatchObject([
      { held: 0 },
      'verified',
    ]);
  });

  test('has not held by a run of another check, or by one that did not examine the component', async () => {
    let result = broken('disk');
    const bot: Bot = aBot(
      'watch',
      { looks: async () => result, other: async () => clean('disk') },
      { knowledge: [entry('clean', playbook('disk.clean'))] },
    );
    const cure = aRemedy('disk.clean', async () => void (result = clean('disk')));
    const engine = await anEngine({ name: 'postgres' }, catalogue([bot], [cure]));
    await nothingHeldOut(engine.db);
    const wait = await movableClock(engine.db);
    await run(engine, 'watch');
    await wait(61 * minutes);
    for (const [looked, held] of [
      [clean(), 0],
      [clean('memory'), 0],
      [{ ...clean('disk'), truncated: true }, 0],
      [clean('disk'), 1],
    ] as const) {
      result = looked;
      await run(engine, 'watch');
      expect(await settle(engine.db, engine.catalogue)).toMatchObject({ held });
    }
  });

  test.each([
    ['within the window', 40],
    ['after it, before a clean run', 90],
  ])('has relapsed when the problem comes back %s', async (_, after) => {
    const platform = await platformWithCure();
    await platform.wait(after * minutes);
    await set(platform.db, 'mode', 'off');
    platform.broken.add('disk');
    await platform.round();
    const [action] = await platform.actions();
    expect(action).toMatchObject({ state: 'relapsed', success: false });
    expect(await platform.entry()).toEqual({
      times_applied: 1,
      times_successful: 0,
      success_rate: '0.00',
    });
    platform.broken.clear();
    await platform.round();
    await platform.wait(120 * minutes);
    await platform.round();
    expect(await platform.settle()).toMatchObject({ held: 0 });
  });

  test('that has held does not relapse when the problem comes again', async () => {
    const platform = await platformWithCure();
    await platform.wait(61 * minutes);
    await platform.round();
    await platform.settle();
    await set(platform.db, 'mode', 'off');
    platform.broken.add('disk');
    await platform.round();
    expect(await platform.state()).toBe('held');
  });

  test('that was undone counts as relapsed; one that is unknown or was aborted does not count', async () => {
    const platform = await platformWithCure();
    for (const [state, counted] of [
      ['undone', { decided: 1, relapsed: 1 }],
      ['unknown', { decided: 0 }],
      ['aborted', { decided: 0 }],
    ] as const) {
      await sql`UPDATE bot_actions SET state = ${state}, success = false`.execute(platform.db);
      expect((await figures(platform, 'clean')).records.all).toMatchObject(counted);
      expect(await miscounted(platform.db)).toEqual([]);
    }
  });

  test('has the hold window of the limit hold_minutes', async () => {
    const platform = await simulatedPlatform(
      [entry('clean', playbook('disk.clean'))],
      [{ name: 'disk.clean' }],
    );
    const wait = await movableClock(platform.db);
    await sql`UPDATE engine.settings SET value = value || '{"hold_minutes": 240}' WHERE key = 'healing'`.execute(
      platform.db,
    );
    await platform.round();
    for (const held of [0, 0, 1]) {
      await wait(100 * minutes);
      await platform.round();
      expect(await settle(platform.db, platform.engine.catalogue)).toMatchObject({ held });
    }
  });
});

test('a cure of a check whose findings accrue by themselves has held when it is verified', async () => {
  let isBroken = true;
  const check = { name: 'is-well', title: 'Is it well?', accruing: true };
  const bot: Bot = {
    ...aBot('watch', async () => clean(), { knowledge: [entry('clean', playbook('disk.clean'))] }),
    checks: [{ ...check, run: async () => (isBroken ? broken('disk') : clean('disk')) }],
  };
  const cure = aRemedy('disk.clean', async () => void (isBroken = false));
  const told: string[] = [];
  const engine = await anEngine({ name: 'postgres' }, catalogue([bot], [cure]), {
    hear: ({ name }) => void told.push(name),
  });
  await nothingHeldOut(engine.db);
  const actions = () =>
    engine.db.selectFrom('bot_actions').select(['state', 'success', 'hold_until']).execute();
  await run(engine, 'watch');
  expect(told).toContain('heal.held');
  expect(told).not.toContain('heal.verified');
  const held = [{ state: 'held', success: true, hold_until: null }];
  expect(await actions()).toEqual(held);
  const known = await engine.db.selectFrom('bot_knowledge').selectAll().executeTakeFirstOrThrow();
  expect(known).toMatchObject({ times_successful: 1, success_rate: '100.00' });
  // The findings are back the next day, which says nothing against the cure.
  isBroken = true;
  await set(engine.db, 'mode', 'off');
  await run(engine, 'watch');
  expect(await actions()).toEqual(held);
});

describe('a memory', () => {
  test('records clean results until its outcomes are known, and no longer', async () => {
    const platform = await platformWithCure();
    await platform.settle();
    expect(await platform.watched()).toBe(true);
    // Without an open outcome, clean results would not be recorded any more after 21 of them.
    for (let number = 0; number < 22; number++) await platform.round();
    await platform.wait(61 * minutes);
    await platform.round();
    expect(await platform.settle()).toMatchObject({ held: 1 });
    expect(await platform.watched()).toBe(false);
  });

  test('whose outcomes are known is not written by further clean runs', async () => {
    const platform = await platformWithCure();
    await platform.wait(61 * minutes);
    await platform.round();
    await platform.settle();
    for (let number = 0; number < 21; number++) await platform.round();
    const fence = async () =>
      (await platform.db.selectFrom('bot_finding_states').select('last_fence').executeTakeFirst())!
        .last_fence;
    const before = await fence();
    await platform.round();
    expect(await fence()).toBe(before);
  });
});

test('an entry with new outcomes is judged in the same call', async () => {
  const platform = await platformWithCure();
  await healed(platform, 'clean', { failed: 20 }, { component: null });
  expect(await platform.settle()).toMatchObject({ judged: 1 });
  const events = platform.db.selectFrom('bot_knowledge_events').select('event').execute();
  expect(await events).toEqual([{ event: 'demoted' }]);
});

test('eight processes at once settle each heal once', async () => {
  const platform = await platformWithCure();
  await platform.wait(300 * minutes);
  for (let number = 0; number < 40; number++) {
    await leftBehind(platform, 'clean', 'disk.clean', 'verified', {
      fingerprint: `f-${number}`,
      hold_until: sql<Date>`engine.now() - interval '1 hour'`,
    });
    await sql`
      INSERT INTO bot_finding_states (fingerprint, bot_id, check_name, component_key, last_fence, last_clean_at, watched)
      SELECT ${`f-${number}`}, id, 'is-well', 'k', 1, engine.now(), true FROM bots`.execute(
      platform.db,
    );
  }
  const connections = Array.from({ length: 8 }, () => connect(platform.engine.url, { max: 1 }));
  try {
    let held = 0;
    for (let turn = 0; turn < 3; turn++) {
      const done = await Promise.all(
        connections.map((one) => settle(one, platform.engine.catalogue)),
      );
      held += done.reduce((sum, each) => sum + each.held, 0);
    }
    expect(held).toBe(40);
  } finally {
    for (const one of connections) await one.destroy();
  }
  expect(await platform.entry()).toMatchObject({ times_successful: 40 });
  expect(await miscounted(platform.db)).toEqual([]);
});
