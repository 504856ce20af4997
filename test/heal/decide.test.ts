import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { KnowledgeSeed } from '../../src/bot.ts';
import { oneInFour } from '../../src/heal/statistics/draw.ts';
import { settle } from '../../src/maintain/settle.ts';
import { fingerprintOf } from '../../src/run/tasks/finding.ts';
import { aBot, aRemedy, broken, catalogue, entry, playbook } from '../support/builders.ts';
import { anEngine } from '../support/engine.ts';
import { attempt, queuedRun, set } from '../support/runs.ts';
import { movableClock } from '../support/clocks.ts';
import { clean, figures, healed, type SimulatedPlatform } from './outcomes.ts';
import { simulatedPlatform, type Cure } from './simulated-platform.ts';

const cure: Cure = { name: 'disk.clean' };

/** The decisions with their outcomes, about one component or about all. */
const decisions = async ({ db }: SimulatedPlatform) =>
  db
    .selectFrom('bot_decisions as d')
    .innerJoin('bot_knowledge as k', 'k.id', 'd.knowledge_id')
    .select(['k.name', 'd.verdict', 'd.outcome'])
    .where('d.fingerprint', '<>', 'elsewhere')
    .orderBy('d.id')
    .execute();

/** Components for whose first case with this entry the draw has this result. */
async function drawn(
  { db }: SimulatedPlatform,
  why: 'explore' | 'hold out',
  name: string,
  is: boolean,
  seen = 0,
) {
  const { id } = await db.selectFrom('bots').select('id').executeTakeFirstOrThrow();
  for (let number = 0; ; number++) {
    const component = `disk-${number}`;
    const fingerprint = fingerprintOf(id, 'is-well', { category: 'trouble', component });
    if (oneInFour(why, fingerprint, name, seen) === is) return component;
  }
}

/** A heal of the entry `clean` that held before: without any there is nothing to compare with. */
const heldBefore = ({ db }: SimulatedPlatform) =>
  sql`
    INSERT INTO bot_actions (bot_id, knowledge_id, heal_id, idempotency_key, action_type, action_description, remedy, risk,
                             fingerprint, state, success, taken_at, applied_at, settled_at)
    SELECT b.id, k.id, gen_random_uuid(), 'before', 'disk.clean', 'Clean', 'disk.clean', 'safe', 'past', 'held', true,
           engine.now() - interval '2 hours', engine.now() - interval '2 hours', engine.now() - interval '1 hour'
    FROM bots b, bot_knowledge k WHERE k.name = 'clean'`.execute(db);

describe('holding out', () => {
  const made = async (is: boolean, options: Parameters<typeof simulatedPlatform>[2] = {}) => {
    const platform = await simulatedPlatform([entry('clean', clean)], [cure], {
      holdsOut: true,
      ...options,
    });
    await heldBefore(platform);
    platform.broken.clear();
    platform.broken.add(await drawn(platform, 'hold out', 'clean', is, 1));
    return platform;
  };

  test('begins when the entry has an outcome', async () => {
    const platform = await simulatedPlatform([entry('clean', clean)], [cure], { holdsOut: true });
    platform.broken.clear();
    platform.broken.add(await drawn(platform, 'hold out', 'clean', true));
    await platform.round();
    expect(await platform.effects()).toEqual(['disk.clean']);
  });

  test('leaves a drawn finding alone for one run, and no longer', async () => {
    const platform = await made(true);
    await platform.round();
    expect(await platform.effects()).toEqual([]);
    expect(await decisions(platform)).toEqual([
      { name: 'clean', verdict: 'held_out', outcome: 'pending' },
    ]);
    await platform.round();
    expect(await platform.effects()).toEqual(['disk.clean']);
    expect(await decisions(platform)).toEqual([
      { name: 'clean', verdict: 'held_out', outcome: 'persisted' },
      { name: 'clean', verdict: 'applied', outcome: null },
    ]);
    expect((await figures(platform, 'clean')).untouched).toMatchObject({ persisted: 1 });
  });

  test('leaves the others to be healed at once', async () => {
    const platform = await made(false);
    await platform.round();
    expect(await platform.effects()).toEqual(['disk.clean']);
  });

  test('does not concern critical ones', async () => {
    const platform = await made(true, { severity: 'critical' });
    await platform.round();
    expect(await platform.effects()).toEqual(['disk.clean']);
  });

  test('ends once five untouched findings are known', async () => {
    const platform = await made(true, { holdsOut: false });
    await platform.round();
    expect(await platform.effects()).toEqual(['disk.clean']);
  });

  test('lets no other entry act in its place', async () => {
    const other = entry('second', playbook('disk.second'));
    const platform = await simulatedPlatform(
      [entry('clean', clean), other],
      [cure, { name: 'disk.second' }],
      {
        holdsOut: true,
      },
    );
    await heldBefore(platform);
    platform.broken.clear();
    for (let number = 0; ; number++) {
      const component = `disk-${number}`;
      const { id } = await platform.db.selectFrom('bots').select('id').executeTakeFirstOrThrow();
      const fingerprint = fingerprintOf(id, 'is-well', { category: 'trouble', component });
      // No entry is explored, so the first by name is chosen, and it leaves the finding alone.
      if (oneInFour('explore', fingerprint, 'clean', 1)) continue;
      if (oneInFour('explore', fingerprint, 'second', 0)) continue;
      if (!oneInFour('hold out', fingerprint, 'clean', 1)) continue;
      platform.broken.add(component);
      break;
    }
    await platform.round();
    expect(await platform.effects()).toEqual([]);
    expect(await decisions(platform)).toMatchObject([{ name: 'clean', verdict: 'held_out' }]);
  });
});

describe('exploring', () => {
  const pair: KnowledgeSeed[] = [
    entry('known', playbook('disk.known')),
    entry('new', playbook('disk.new')),
  ];

  test.each([
    [true, 'disk.new'],
    [false, 'disk.known'],
  ])('by a draw (%s) %s is tried first', async (is, first) => {
    const platform = await simulatedPlatform(pair, [{ name: 'disk.known' }, { name: 'disk.new' }]);
    await platform.seen();
    await healed(platform, 'known', { held: 20 });
    platform.broken.clear();
    // Five untouched findings are known of each entry, and no heal of the new one.
    platform.broken.add(await drawn(platform, 'explore', 'new', is, 5));
    await platform.round();
    expect(await platform.effects()).toEqual([first]);
  });
});

describe('what the entry left alone', () => {
  const shadow = (options: Parameters<typeof simulatedPlatform>[2] = {}) =>
    simulatedPlatform([entry('clean', clean, { autonomy: 'shadow' })], [cure], {
      holdsOut: true,
      ...options,
    });

  const outcomes = async (platform: SimulatedPlatform) =>
    (await decisions(platform)).map((row) => row.outcome);

  test('persisted when the next run sees it again', async () => {
    const platform = await shadow();
    await platform.round();
    expect(await outcomes(platform)).toEqual(['pending']);
    await platform.round();
    expect(await outcomes(platform)).toEqual(['persisted']);
  });

  test('waits while further attempts of the run that decided see it', async () => {
    const fails = async () => {
      throw new Error('no');
    };
    const bot = aBot(
      'watch',
      { sees: async () => broken('disk'), fails },
      { knowledge: [entry('clean', clean, { autonomy: 'shadow' })] },
    );
    const engine = await anEngine(
      { name: 'postgres' },
      catalogue([bot], [aRemedy('disk.clean', async () => {})]),
    );
    const { db } = engine;
    const outcome = async () =>
      (await db.selectFrom('bot_decisions').select('outcome').execute()).map((row) => row.outcome);
    const id = await queuedRun(db, 'watch', { max_attempts: 3 });
    for (let number = 0; number < 3; number++) {
      await sql`UPDATE bot_executions SET run_after = NULL`.execute(db);
      await attempt(engine, id);
      expect(await outcome()).toEqual(['pending']);
    }
    await attempt(engine, await queuedRun(db, 'watch'));
    expect(await outcome()).toEqual(['persisted']);
  });

  test('recovered when it is clean at the next run and once more after the hold window', async () => {
    const platform = await shadow();
    const wait = await movableClock(platform.db);
    const settled = () => settle(platform.db, platform.engine.catalogue);
    await platform.round();
    platform.broken.clear();
    await platform.round();
    expect([await settled(), await outcomes(platform)]).toMatchObject([
      { recovered: 0 },
      ['pending'],
    ]);
    await wait(59 * 60);
    await platform.round();
    await wait(2 * 60);
    expect(await settled(), 'no run has begun after the window').toMatchObject({ recovered: 0 });
    await platform.round();
    expect(await settled()).toMatchObject({ recovered: 1 });
    expect(await outcomes(platform)).toEqual(['recovered']);
    expect((await figures(platform, 'clean')).untouched).toMatchObject({ recovered: 1, rate: 1 });
    expect(await settled()).toMatchObject({ recovered: 0 });
  });

  test('recovered although it comes back before the timer concluded that', async () => {
    const platform = await shadow();
    const wait = await movableClock(platform.db);
    await platform.round();
    platform.broken.clear();
    await platform.round();
    await wait(61 * 60);
    await platform.round();
    platform.broken.add('disk');
    await platform.round();
    await settle(platform.db, platform.engine.catalogue);
    expect((await outcomes(platform))[0]).toBe('recovered');
  });

  test('persisted when it comes back within the window', async () => {
    const platform = await shadow();
    const wait = await movableClock(platform.db);
    await platform.round();
    platform.broken.clear();
    await platform.round();
    await wait(30 * 60);
    platform.broken.add('disk');
    await platform.round();
    expect((await outcomes(platform))[0]).toBe('persisted');
    platform.broken.clear();
    await platform.round();
    await wait(120 * 60);
    await platform.round();
    await settle(platform.db, platform.engine.catalogue);
    expect((await outcomes(platform))[0]).toBe('persisted');
  });

  test('is decided once about each finding, however many runs see it', async () => {
    const platform = await shadow();
    for (let number = 0; number < 4; number++) await platform.round();
    for (const mode of ['off', 'safe']) {
      await set(platform.db, 'mode', mode);
      await platform.round();
    }
    expect(await outcomes(platform)).toEqual(['persisted', null, null]);
  });

  test('is recorded for every entry that a gate stopped, whichever gate it was', async () => {
    const platform = await simulatedPlatform(
      [entry('a', clean), entry('b', clean, { autonomy: 'suggest' }), entry('c', 'Call somebody.')],
      [cure],
      { holdsOut: true, severity: 'critical' },
    );
    await set(platform.db, 'mode', 'off');
    await platform.round();
    expect(await decisions(platform)).toEqual([
      { name: 'a', verdict: 'blocked', outcome: 'pending' },
      { name: 'b', verdict: 'blocked', outcome: 'pending' },
      { name: 'c', verdict: 'suggested', outcome: null },
    ]);
    await platform.round();
    expect(await outcomes(platform)).toEqual(['persisted', 'persisted', null]);
  });

  test('counts as touched, and is no evidence, once another entry was applied', async () => {
    const platform = await simulatedPlatform(
      [entry('better', clean, { autonomy: 'shadow' }), entry('works', playbook('disk.second'))],
      [cure, { name: 'disk.second' }],
      { severity: 'critical' },
    );
    await platform.seen();
    await platform.forget();
    await healed(platform, 'better', { held: 9 });
    await platform.round();
    expect(await decisions(platform)).toEqual([
      { name: 'better', verdict: 'shadowed', outcome: 'touched' },
      { name: 'works', verdict: 'applied', outcome: null },
    ]);
    expect(await platform.effects()).toEqual(['disk.second']);
  });

  test('is not recorded after an action on the same finding', async () => {
    const platform = await simulatedPlatform([entry('clean', clean)], [{ ...cure, works: false }]);
    await platform.round();
    await platform.round();
    expect((await decisions(platform)).map(({ verdict, outcome }) => [verdict, outcome])).toEqual([
      ['applied', null],
      ['blocked', null],
    ]);
  });
});

describe('a person answers', () => {
  const asking = () =>
    simulatedPlatform(
      [entry('clean', clean, { autonomy: 'suggest' })],
      [{ ...cure, works: false }],
    );

  const answer = ({ db }: SimulatedPlatform, word: 'approved' | 'rejected') =>
    sql`UPDATE bot_decisions SET answer = ${word}, answered_by = 'ann', answered_at = engine.now()
        WHERE verdict = 'suggested'`.execute(db);

  test('approved: the next run does it, once', async () => {
    const platform = await asking();
    const wait = await movableClock(platform.db);
    await platform.round();
    expect(await platform.effects()).toEqual([]);
    await answer(platform, 'approved');
    await platform.round();
    expect(await platform.effects()).toEqual(['disk.clean']);
    await wait(10 * 60);
    await platform.round();
    expect(await platform.effects(), 'an approval is for one heal').toEqual(['disk.clean']);
  });

  test('approved: it is done at once, also where the draw leaves the finding alone', async () => {
    const seed = entry('clean', clean, { autonomy: 'suggest' });
    const platform = await simulatedPlatform([seed], [cure], { holdsOut: true });
    await heldBefore(platform);
    platform.broken.clear();
    platform.broken.add(await drawn(platform, 'hold out', 'clean', true, 1));
    await platform.round();
    await answer(platform, 'approved');
    await platform.round();
    expect(await platform.effects()).toEqual(['disk.clean']);
  });

  test('approved: all rungs of its ladder are tried', async () => {
    const ladder = entry('clean', playbook('disk.clean', 'disk.second'), { autonomy: 'suggest' });
    const platform = await simulatedPlatform(
      [ladder],
      [{ ...cure, works: false }, { name: 'disk.second' }],
    );
    await platform.round();
    await answer(platform, 'approved');
    await platform.round();
    expect(await platform.effects()).toEqual(['disk.clean', 'disk.second']);
  });

  test('rejected: it is not done, and not asked for again', async () => {
    const platform = await asking();
    await platform.round();
    await answer(platform, 'rejected');
    for (let number = 0; number < 3; number++) await platform.round();
    expect(await platform.effects()).toEqual([]);
    expect(await decisions(platform)).toHaveLength(1);
  });

  test('rejected: it is not asked for again after something else kept it from acting', async () => {
    const platform = await asking();
    await platform.round();
    await answer(platform, 'rejected');
    for (const mode of ['off', 'safe', 'auto']) {
      await set(platform.db, 'mode', mode);
      await platform.round();
    }
    await sql`UPDATE bot_knowledge SET autonomy = 'auto'`.execute(platform.db);
    await platform.round();
    expect((await platform.decisions()).map(({ verdict, gate }) => [verdict, gate])).toEqual([
      ['suggested', 'autonomy'],
      ['blocked', 'kill_switch'],
    ]);
    expect(await platform.effects()).toEqual([]);
  });
});

test('each decision keeps the figures that were its reason', async () => {
  const platform = await simulatedPlatform([entry('clean', clean)], [cure]);
  await platform.seen();
  await platform.forget();
  const taken_at = sql<Date>`engine.now() - interval '2 days'`;
  await healed(platform, 'clean', { held: 9, failed: 1 }, { taken_at });
  await platform.round();
  const row = await platform.db
    .selectFrom('bot_decisions')
    .select(['figures', 'component', 'category', 'execution_id'])
    .where('verdict', '=', 'applied')
    .executeTakeFirstOrThrow();
  expect(row).toMatchObject({
    component: 'disk',
    category: 'trouble',
    figures: {
      mode: 'safe',
      cooldown: 5,
      budget: 60,
      engine_last_hour: 0,
      record: { context: 'component', decided: 10, held: 9, lower: expect.closeTo(0.493, 2) },
    },
  });
  const [action] = await platform
    .actions()
    .then((rows) => rows.filter(({ state }) => state === 'verified'));
  expect(row.execution_id).toBe(action!.execution_id);
});
