/** Cures that are needed because of themselves: what they break, and what ends them. */
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { editKnowledge } from '../support/transitions.ts';
import { loopWorld, type Cure, type Watched } from './loop-world.ts';

const day = 24 * 60;
const relays = ['relay-a', 'relay-b', 'relay-c', 'relay-d', 'relay-e', 'relay-f'];

/** Removes its fault, and breaks the next one each time. */
const movesOn: Cure = {
  name: 'relay.restart',
  bot: 'relay',
  also: (component, broken) =>
    void broken.add(relays[(relays.indexOf(component) + 1) % relays.length]!),
};

describe('a cure that breaks one more thing each time it works', () => {
  test.each<[string, number, number, Partial<Watched>]>([
    ['every 10 minutes', 10, 6, {}],
    ['every 20 minutes, so that no limit of an hour is in its way', 20, 12, {}],
    ['critical, so that nothing is held out', 10, 6, { severity: 'critical' }],
    ['accruing, so that it holds at once', 10, 6, { accruing: true }],
    ['critical, every 20 minutes, so that nothing is left alone', 20, 12, { severity: 'critical' }],
  ])('loses auto within hours, and a ticket says why: %s', async (_, step, hours, rest) => {
    const world = await loopWorld([{ bot: 'relay', components: relays, ...rest }], [movesOn]);
    await world.rounds([0, hours * 60, step], ['relay'], (minute) => {
      if (minute === 0) world.broken.add('relay-a');
    });
    const [lost, ...more] = await world.changes();
    expect(more).toEqual([]);
    expect(lost).toMatchObject({ name: 'relay.restart', after: 'suggest' });
    expect(lost!.why).toMatch(
      /^another problem began at relay within \d+ minutes after \d+ of \d+/,
    );
    expect(world.heals.filter(({ minute }) => minute > lost!.minute)).toEqual([]);
    expect(await world.tickets()).toMatchObject([
      {
        component: 'relay.restart',
        status: 'assigned',
        title: expect.stringMatching(/^relay\.restart makes problems: another one began at relay/),
        description: expect.stringMatching(/another problem began at relay .* autonomy is suggest/),
      },
    ]);
  });

  test('stays at suggest, however well its heals hold, until a person gives it auto again', async () => {
    const world = await loopWorld([{ bot: 'relay', components: relays }], [movesOn]);
    // Its limit of a day counts what a person approved, too, and is not what ends it here.
    await sql`UPDATE engine.settings SET value = value || '{"heals_per_day": 100}' WHERE key = 'healing'`.execute(
      world.db,
    );
    await world.rounds([0, 5 * 60, 10], ['relay'], (minute) => {
      if (minute === 0) world.broken.add('relay-a');
    });
    expect(await world.changes()).toHaveLength(1);
    const approve = sql`UPDATE bot_decisions SET answer = 'approved', answered_by = 'ann', answered_at = engine.now()
                        WHERE verdict = 'suggested' AND answer IS NULL`;
    for (let hour = 5; hour < 14; hour++) {
      await approve.execute(world.db);
      await world.rounds([hour * 60, hour * 60 + 60, 10], ['relay']);
    }
    const { rows } = await sql<{ held: number }>`
      SELECT count(*)::int AS held FROM engine.heals WHERE outcome = 'held'`.execute(world.db);
    expect(rows[0]!.held, 'by its outcomes it would be auto').toBeGreaterThan(15);
    expect(await world.changes()).toHaveLength(1);

    const { id } = await world.db
      .selectFrom('bot_knowledge')
      .select('id')
      .where('name', '=', 'relay.restart')
      .executeTakeFirstOrThrow();
    const { before, after } = (await editKnowledge(world.db, id, () => ({ autonomy: 'auto' }), {
      actor: 'ann',
    }))!;
    expect([before.aftermath, after.aftermath]).toEqual([expect.anything(), null]);
    await world.rounds([14 * 60, 16 * 60, 10], ['relay']);
    const known = await world.db
      .selectFrom('bot_knowledge')
      .select(['autonomy', 'aftermath'])
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    expect(known, 'what was before has been judged').toEqual({ autonomy: 'auto', aftermath: null });
    await world.rounds([16 * 60, 20 * 60, 10], ['relay']);
    expect((await world.changes()).map(({ after }) => after)).toEqual([
      'suggest',
      'auto',
      'suggest',
    ]);
  });
});

describe('two accruing entries that undo each other', () => {
  const breaks = (name: string, bot: string, other: string): Cure => ({
    name,
    bot,
    also: (_, broken) => void broken.add(other),
  });

  test.each<[string, number, number, Partial<Watched>]>([
    ['every 10 minutes', 10, 4, {}],
    ['every hour', 60, 24, {}],
    ['critical, so that nothing is held out', 10, 4, { severity: 'critical' }],
  ])('lose auto within a day, and tickets say why: %s', async (_, step, hours, rest) => {
    const world = await loopWorld(
      [
        { bot: 'lease', components: ['lease'], accruing: true, ...rest },
        { bot: 'lock', components: ['lock'], accruing: true, ...rest },
      ],
      [breaks('lease.free', 'lease', 'lock'), breaks('lock.free', 'lock', 'lease')],
    );
    await world.rounds([0, hours * 60, step], ['lease', 'lock'], (minute) => {
      if (minute === 0) world.broken.add('lease');
    });
    const changes = await world.changes();
    expect(changes.map(({ name, after }) => `${name} ${after}`).toSorted()).toEqual([
      'lease.free suggest',
      'lock.free suggest',
    ]);
    for (const { why } of changes) expect(why).toMatch(/^it and l\w+\.free undo each other: /);
    const titles = (await world.tickets()).map(({ title }) => title).toSorted();
    expect(titles).toEqual([
      expect.stringMatching(
        /^lease\.free and lock\.free alternate: \d+ heals in 24 h, each within/,
      ),
      expect.stringMatching(
        /^lock\.free and lease\.free alternate: \d+ heals in 24 h, each within/,
      ),
    ]);
  });

  test('are recognized on one component of one bot, too', async () => {
    const world = await loopWorld(
      [{ bot: 'lease', components: ['lease', 'lock'], accruing: true }],
      [
        { ...breaks('lease.free', 'lease', 'lock'), heals: 'lease' },
        { ...breaks('lock.free', 'lease', 'lease'), heals: 'lock' },
      ],
      { component: 'session' },
    );
    await world.rounds([0, 4 * 60, 10], ['lease'], (minute) => {
      if (minute === 0) world.broken.add('lease');
    });
    expect((await world.changes()).map(({ after }) => after)).toEqual(['suggest', 'suggest']);
    expect(await world.tickets()).toHaveLength(2);
  });
});

describe('no loop is seen', () => {
  const hourly = ['lease', 'lock'].map((bot) => ({
    bot,
    components: [bot],
    accruing: true as const,
  }));
  const cures = ['lease', 'lock'].map((bot) => ({ name: `${bot}.free`, bot }));
  const quiet = async (world: Awaited<ReturnType<typeof loopWorld>>) => {
    expect(await world.changes()).toEqual([]);
    const rows = world.db.selectFrom('bot_knowledge').select('aftermath').execute();
    expect((await rows).filter(({ aftermath }) => aftermath !== null)).toEqual([]);
  };

  test.each([
    ['at the same time', 0],
    ['ten minutes apart', 10],
  ])(
    'in two entries that are needed every hour for problems of their own, %s',
    async (_, apart) => {
      const world = await loopWorld(hourly, cures);
      await sql`UPDATE engine.settings SET value = value || '{"heals_per_day": 100}' WHERE key = 'healing'`.execute(
        world.db,
      );
      await world.rounds([0, day, 10], ['lease', 'lock'], (minute) => {
        if (minute % 60 === 0) world.broken.add('lease');
        if (minute % 60 === apart) world.broken.add('lock');
      });
      await quiet(world);
      expect(world.heals.length).toBeGreaterThan(18);
      expect(await world.tickets()).toEqual([]);
    },
  );

  test('in two entries that are needed at every look, though each heal comes soon after one of the other', async () => {
    const world = await loopWorld(hourly, cures);
    await world.rounds([0, day / 4, 10], ['lease', 'lock'], () => {
      world.broken.add('lease').add('lock');
    });
    await quiet(world);
    expect(await world.tickets(), 'but that both are at their limit').toMatchObject([
      {
        title: expect.stringMatching(/^l\w+\.free healed l\w+ 8 times in 24 h and is at its daily/),
      },
      {
        title: expect.stringMatching(/^l\w+\.free healed l\w+ 8 times in 24 h and is at its daily/),
      },
    ]);
  });

  test('in an entry that heals one part of a storm after another', async () => {
    const world = await loopWorld(
      [{ bot: 'relay', components: relays }],
      [{ ...movesOn, also: () => {} }],
    );
    await world.rounds([0, day, 10], ['relay'], (minute) => {
      const at = minute % 240;
      if (at < 40) world.broken.add(relays[at / 10]!);
    });
    await quiet(world);
    expect(world.heals.length).toBeGreaterThan(18);
  });
});
