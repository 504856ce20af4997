import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { connect } from '../../src/database/connect.ts';
import { editKnowledge } from '../support/transitions.ts';
import { judgeEntries } from '../../src/heal/judging/judge.ts';
import { entry, playbook } from '../support/builders.ts';
import { clean, diagnosed, healed, idOf, leftAlone, type SimulatedPlatform } from './outcomes.ts';

const seed = (autonomy: 'shadow' | 'suggest' | 'auto', rest = {}) =>
  entry('clean', clean, { autonomy, ...rest });

const cures = (risk: 'safe' | 'reversible' | 'irreversible') => [
  { name: 'disk.clean', rest: { risk } },
];

const about = (autonomy: 'shadow' | 'suggest' | 'auto', risk: 'safe' | 'reversible' = 'safe') =>
  diagnosed([seed(autonomy)], { holdsOut: true }, cures(risk));

const judge = async ({ db, engine }: SimulatedPlatform) =>
  (await judgeEntries(db, engine.catalogue)).length;

const autonomy = async ({ db }: SimulatedPlatform) =>
  (await db.selectFrom('bot_knowledge').select(['autonomy', 'unjudged']).executeTakeFirst())!;

const components = async ({ db }: SimulatedPlatform) => {
  const rows = await db
    .selectFrom('bot_knowledge_autonomy')
    .select(['component', 'autonomy'])
    .execute();
  return Object.fromEntries(rows.map((row) => [row.component, row.autonomy]));
};

const ago = sql`engine.now() - interval '1 hour'`;

const events = ({ db }: SimulatedPlatform) =>
  db
    .selectFrom('bot_knowledge_events')
    .select(['event', 'component', 'before', 'after', 'figures', 'actor'])
    .orderBy('id')
    .execute();

/** Outcomes on this many components, each with too few of its own: only the entry as a whole has enough. */
const scattered = async (platform: SimulatedPlatform, outcomes: Parameters<typeof healed>[2]) => {
  for (const [state, count] of Object.entries(outcomes))
    for (let number = 0; number < count; number++)
      await healed(platform, 'clean', { [state]: 1 }, { component: `${state}-${number}` });
};

test('a harmless entry without lift is lowered after twenty outcomes, and this is recorded with its figures', async () => {
  const platform = await about('auto');
  await leftAlone(platform, 'clean', { recovered: 7, persisted: 3 }, { component: 'elsewhere' });
  await scattered(platform, { held: 13, failed: 6 });
  expect(await judge(platform)).toBe(0);
  expect(await autonomy(platform)).toEqual({ autonomy: 'auto', unjudged: false });
  await scattered(platform, { relapsed: 1 });
  expect(await autonomy(platform)).toMatchObject({ unjudged: true });
  expect(await judge(platform)).toBe(1);
  expect(await autonomy(platform)).toEqual({ autonomy: 'suggest', unjudged: false });
  expect(await events(platform)).toMatchObject([
    {
      event: 'demoted',
      component: null,
      before: { autonomy: 'auto' },
      after: { autonomy: 'suggest' },
      actor: 'roundsman',
      figures: {
        why: expect.stringContaining('after 20 outcomes'),
        decided: 20,
        held: 13,
        relapsed: 1,
        failed: 6,
        lower: expect.closeTo(0.315, 2),
        upper: expect.closeTo(0.915, 2),
        untouched: { recovered: 7, persisted: 3, rate: 0.7 },
        lift: expect.closeTo(-0.05, 2),
      },
    },
  ]);
});

const newest = { component: null, settled_at: sql`engine.now()` };
/** Makes the entry due for judging, as the next outcome does. */
const judgeAgain = async (platform: SimulatedPlatform) => {
  await sql`UPDATE bot_knowledge SET unjudged = true`.execute(platform.db);
  return judge(platform);
};

test('one that can be undone reaches auto, and loses it by four relapses in a row', async () => {
  const platform = await about('suggest', 'reversible');
  await scattered(platform, { held: 10 });
  expect(await judge(platform), 'nobody knows what it has to be better than').toBe(0);
  await leftAlone(platform, 'clean', { persisted: 5 }, { component: 'elsewhere' });
  expect(await judgeAgain(platform)).toBe(1);
  expect(await autonomy(platform)).toEqual({ autonomy: 'auto', unjudged: false });
  await healed(platform, 'clean', { relapsed: 3 }, newest);
  expect(await judge(platform)).toBe(0);
  await healed(platform, 'clean', { relapsed: 1 }, newest);
  expect(await judge(platform)).toBe(1);
  expect(await events(platform)).toMatchObject([
    { event: 'promoted', after: { autonomy: 'auto' }, figures: { decided: 10, held: 10 } },
    {
      event: 'demoted',
      after: { autonomy: 'suggest' },
      figures: {
        why: expect.stringContaining('of its newest 4 outcomes 0 held'),
        decided: 14,
        recent: { decided: 4, held: 0, upper: expect.closeTo(0.57, 2) },
      },
    },
  ]);
});

test('lost autonomy is earned again by later outcomes only', async () => {
  const platform = await about('auto', 'reversible');
  await leftAlone(platform, 'clean', { persisted: 5 }, { component: 'elsewhere' });
  await scattered(platform, { held: 40 });
  await healed(platform, 'clean', { relapsed: 4 }, newest);
  expect(await judge(platform)).toBe(1);
  expect(await judgeAgain(platform)).toBe(0);
  await healed(platform, 'clean', { held: 6 }, newest);
  expect(await judge(platform)).toBe(0);
  expect(await autonomy(platform)).toMatchObject({ autonomy: 'suggest' });
  await healed(platform, 'clean', { held: 1 }, newest);
  await judge(platform);
  expect(await autonomy(platform)).toMatchObject({ autonomy: 'auto' });
});

test('four failures on one finding are one failure, and cost nothing', async () => {
  const platform = await about('auto', 'reversible');
  await scattered(platform, { held: 5 });
  const finding_id = sql`(SELECT id FROM bot_findings LIMIT 1)`;
  await healed(platform, 'clean', { failed: 4 }, { ...newest, finding_id });
  expect(await judge(platform)).toBe(0);
  await healed(platform, 'clean', { failed: 3 }, newest);
  expect(await judge(platform)).toBe(1);
});

test('an irreversible entry is never promoted, and is set to suggest again if a person made it auto', async () => {
  const platform = await diagnosed([seed('suggest')], { holdsOut: true }, cures('irreversible'));
  await scattered(platform, { held: 40 });
  await leftAlone(platform, 'clean', { persisted: 9 }, { component: 'elsewhere' });
  expect(await judge(platform)).toBe(0);
  await sql`UPDATE bot_knowledge SET autonomy = 'auto', unjudged = true`.execute(platform.db);
  expect(await judge(platform)).toBe(1);
  expect(await autonomy(platform)).toMatchObject({ autonomy: 'suggest' });
});

test("an entry's risk is the highest of its steps", async () => {
  const both = entry('clean', playbook('disk.clean', 'disk.send'), { autonomy: 'suggest' });
  const platform = await diagnosed([both], { holdsOut: true }, [
    { name: 'disk.clean' },
    { name: 'disk.send', rest: { risk: 'irreversible' } },
  ]);
  await scattered(platform, { held: 40 });
  await leftAlone(platform, 'clean', { persisted: 9 }, { component: 'elsewhere' });
  expect(await judge(platform)).toBe(0);
});

describe('a component', () => {
  test('with five outcomes of its own is judged by them: auto where it works, and nowhere else', async () => {
    const platform = await about('suggest', 'reversible');
    await leftAlone(platform, 'clean', { persisted: 5 }, { component: 'elsewhere' });
    await healed(platform, 'clean', { held: 8 }, { component: 'a' });
    await healed(platform, 'clean', { failed: 8 }, { component: 'b' });
    await healed(platform, 'clean', { held: 4 }, { component: 'c' });
    expect(await judge(platform)).toBe(1);
    expect(await components(platform)).toEqual({ a: 'auto' });
    expect(await autonomy(platform)).toMatchObject({ autonomy: 'suggest' });
    expect(await events(platform)).toMatchObject([
      { event: 'promoted', component: 'a', figures: { decided: 8, held: 8 } },
    ]);
    expect(await judge(platform), 'nothing came in since').toBe(0);
  });

  test('that is surely bad is not even suggested, where the rest of the entry is', async () => {
    const platform = await about('suggest', 'reversible');
    await scattered(platform, { held: 6 });
    await healed(platform, 'clean', { failed: 8 }, { component: 'b' });
    expect(await judge(platform)).toBe(0);
    await healed(platform, 'clean', { failed: 1 }, { component: 'b' });
    expect(await judge(platform)).toBe(1);
    expect(await components(platform)).toEqual({ b: 'shadow' });
    expect(await events(platform)).toMatchObject([
      {
        event: 'demoted',
        component: 'b',
        before: { autonomy: 'suggest' },
        after: { autonomy: 'shadow' },
        figures: { why: expect.stringContaining('its upper bound .319 is below .333'), decided: 9 },
        actor: 'roundsman',
      },
    ]);
    expect(await judgeAgain(platform)).toBe(0);
  });

  test('does not earn auto by a few successes where the entry holds half of the time', async () => {
    const platform = await about('suggest', 'reversible');
    await leftAlone(platform, 'clean', { persisted: 9 }, { component: 'elsewhere' });
    for (const component of ['b', 'c', 'd'])
      await healed(platform, 'clean', { held: 5, failed: 5 }, { component });
    await healed(platform, 'clean', { held: 7 }, { component: 'a', settled_at: sql`engine.now()` });
    expect(await judge(platform)).toBe(0);
    await healed(platform, 'clean', { held: 3 }, { component: 'a', settled_at: sql`engine.now()` });
    expect(await judge(platform)).toBe(1);
    expect(await components(platform)).toEqual({ a: 'auto' });
  });

  test('loses what it had earned by its own outcomes', async () => {
    const platform = await about('suggest', 'reversible');
    await leftAlone(platform, 'clean', { persisted: 5 }, { component: 'elsewhere' });
    await healed(platform, 'clean', { held: 8 }, { component: 'a' });
    await scattered(platform, { failed: 8 });
    await judge(platform);
    await healed(
      platform,
      'clean',
      { relapsed: 4 },
      { component: 'a', settled_at: sql`engine.now()` },
    );
    await judge(platform);
    expect(await components(platform)).toEqual({ a: 'suggest' });
    expect((await events(platform)).map(({ event, component }) => [event, component])).toEqual([
      ['promoted', 'a'],
      ['demoted', 'a'],
    ]);
  });

  test('keeps what it has earned when the entry falls', async () => {
    const platform = await about('auto', 'reversible');
    await leftAlone(platform, 'clean', { persisted: 5 }, { component: 'elsewhere' });
    await healed(platform, 'clean', { held: 9 }, { component: 'a' });
    await healed(platform, 'clean', { failed: 30 }, { component: 'b' });
    await judge(platform);
    expect(await autonomy(platform)).toMatchObject({ autonomy: 'suggest' });
    expect(await components(platform)).toMatchObject({ a: 'auto' });
    expect(await events(platform)).toMatchObject(
      expect.arrayContaining([
        expect.objectContaining({ event: 'kept', component: 'a' }),
        expect.objectContaining({ event: 'demoted', component: null }),
      ]),
    );
    await healed(
      platform,
      'clean',
      { failed: 1 },
      { component: 'a', settled_at: sql`engine.now()` },
    );
    expect(await judge(platform), 'it goes by all of its own outcomes').toBe(0);
  });

  test('that was lowered together with the entry is not raised by its earlier outcomes', async () => {
    const platform = await about('auto', 'reversible');
    await leftAlone(platform, 'clean', { persisted: 5 }, { component: 'elsewhere' });
    await healed(platform, 'clean', { held: 30 }, { component: 'a', settled_at: ago });
    const now = { component: 'a', settled_at: sql`engine.now()` };
    await healed(platform, 'clean', { failed: 4 }, now);
    expect(await judge(platform)).toBe(1);
    expect(await autonomy(platform)).toMatchObject({ autonomy: 'suggest' });
    await healed(platform, 'clean', { failed: 9 }, now);
    expect(await judge(platform)).toBe(1);
    expect(await autonomy(platform)).toMatchObject({ autonomy: 'shadow' });
    expect(await components(platform)).toEqual({});
  });
});

test('an entry that is surely bad is suggested only on components where a heal held', async () => {
  const platform = await about('suggest', 'reversible');
  await healed(platform, 'clean', { held: 1 }, { component: 'a' });
  await scattered(platform, { failed: 16 });
  expect(await judge(platform)).toBe(0);
  await scattered(platform, { failed: 1 });
  expect(await judge(platform)).toBe(2);
  expect(await autonomy(platform)).toMatchObject({ autonomy: 'shadow' });
  expect(await components(platform)).toEqual({ a: 'suggest' });
  expect(await events(platform)).toMatchObject([
    { event: 'kept', component: 'a', figures: { decided: 1, held: 1 } },
    {
      event: 'demoted',
      component: null,
      after: { autonomy: 'shadow' },
      figures: { decided: 18, held: 1, upper: expect.closeTo(0.32, 2) },
    },
  ]);
});

describe('what an admin has lowered', () => {
  /** It was auto, as a whole and on one component, by a long record, until ann lowered it. */
  const lowered = async (to: 'suggest' | 'shadow' = 'suggest') => {
    const platform = await about('auto', 'reversible');
    await leftAlone(platform, 'clean', { persisted: 5 }, { component: 'elsewhere' });
    await healed(platform, 'clean', { held: 20 }, { component: 'a' });
    await judge(platform);
    const edit = () => ({ autonomy: to });
    await editKnowledge(platform.db, await idOf(platform, 'clean'), edit, { actor: 'ann' });
    await sql`UPDATE bot_knowledge SET unjudged = true`.execute(platform.db);
    return platform;
  };
  const settledNow = { settled_at: sql`engine.now()` };

  test('is not earned back by earlier outcomes on any component', async () => {
    const platform = await lowered();
    expect(await judge(platform)).toBe(0);
    await healed(platform, 'clean', { held: 4 }, { component: 'a', ...settledNow });
    expect(await judge(platform)).toBe(0);
    expect(await autonomy(platform)).toMatchObject({ autonomy: 'suggest' });
    expect(await components(platform)).not.toMatchObject({ a: 'auto' });
  });

  test('is earned back by later outcomes', async () => {
    const platform = await lowered();
    await healed(platform, 'clean', { held: 7 }, { component: 'a', ...settledNow });
    expect(await judge(platform)).toBe(1);
    expect(await autonomy(platform)).toMatchObject({ autonomy: 'auto' });
    const rows = await events(platform);
    expect(rows.at(-1)).toMatchObject({ event: 'promoted', figures: { decided: 7, held: 7 } });
    await sql`UPDATE bot_knowledge SET unjudged = true`.execute(platform.db);
    expect(await judge(platform)).toBe(0);
  });

  test('is not lowered further by earlier outcomes either', async () => {
    const platform = await lowered();
    await healed(platform, 'clean', { failed: 30 }, { component: 'a', settled_at: ago });
    await healed(platform, 'clean', { held: 7 }, { component: 'a', ...settledNow });
    await judge(platform);
    await sql`UPDATE bot_knowledge SET unjudged = true`.execute(platform.db);
    expect(await judge(platform), 'it does not come and go').toBe(0);
    expect(await autonomy(platform)).toMatchObject({ autonomy: 'auto' });
  });
});

describe('what an admin has raised', () => {
  const raised = async (to: 'suggest' | 'auto') => {
    const platform = await about('suggest', 'reversible');
    await scattered(platform, { failed: 9 });
    await judge(platform);
    expect(await autonomy(platform)).toMatchObject({ autonomy: 'shadow' });
    const edit = () => ({ autonomy: to });
    await editKnowledge(platform.db, await idOf(platform, 'clean'), edit, { actor: 'ann' });
    return platform;
  };

  test.each(['suggest', 'auto'] as const)(
    'to %s is not lowered at once by earlier outcomes',
    async (to) => {
      const platform = await raised(to);
      expect(await judgeAgain(platform)).toBe(0);
      await healed(platform, 'clean', { failed: 3 }, newest);
      expect(await judge(platform)).toBe(0);
      expect(await autonomy(platform)).toMatchObject({ autonomy: to });
    },
  );

  test('is lowered by later outcomes', async () => {
    const platform = await raised('auto');
    await healed(platform, 'clean', { failed: 4 }, newest);
    expect(await judge(platform)).toBe(1);
    expect(await autonomy(platform)).toMatchObject({ autonomy: 'suggest' });
  });
});

describe('a shadow', () => {
  /** What the entry said in shadow about a finding of its own, and what people then did. */
  const answered = async (
    platform: SimulatedPlatform,
    answer: 'approved' | 'rejected',
    times = 1,
    component: string | null = null,
  ) => {
    const id = await idOf(platform, 'clean');
    for (let number = 0; number < times; number++) {
      const { rows } = await sql<{ id: string }>`
        WITH f AS (
          INSERT INTO bot_findings (bot_id, severity, category, title, affected_component, check_name, component_key,
                                    fingerprint, resolved_at, resolution_method)
          SELECT bot_id, 'high', 'trouble', 't', 'disk', 'c', 'k', gen_random_uuid()::text, engine.now(), 'manual'
          FROM bot_findings LIMIT 1 RETURNING id, bot_id, fingerprint)
        INSERT INTO bot_decisions (bot_id, finding_id, knowledge_id, fingerprint, component, verdict, decided_at)
        SELECT bot_id, id, ${id}::uuid, fingerprint, ${component}::text, 'shadowed', engine.now() FROM f RETURNING id`.execute(
        platform.db,
      );
      await sql`UPDATE bot_decisions SET answer = ${answer}, answered_by = 'ann', answered_at = engine.now()
                WHERE id = ${rows[0]!.id}`.execute(platform.db);
    }
    return judge(platform);
  };

  test('may suggest after three that people agreed with', async () => {
    const platform = await about('shadow');
    expect(await answered(platform, 'approved', 2)).toBe(0);
    expect(await answered(platform, 'approved')).toBe(1);
    expect(await autonomy(platform)).toMatchObject({ autonomy: 'suggest' });
    expect(await events(platform)).toMatchObject([
      { event: 'promoted', figures: { why: expect.stringContaining('3 times') } },
    ]);
  });

  test.each(['Buy a bigger one.', 'steps: [{ remedy: disk.gone }]'])(
    'may suggest so whatever its solution (%s)',
    async (solution) => {
      const platform = await about('shadow');
      await platform.db.updateTable('bot_knowledge').set({ solution }).execute();
      expect(await answered(platform, 'approved', 2)).toBe(0);
      expect(await answered(platform, 'approved')).toBe(1);
      expect(await autonomy(platform)).toMatchObject({ autonomy: 'suggest' });
    },
  );

  test('may not when one was against it', async () => {
    const platform = await about('shadow');
    await answered(platform, 'rejected');
    expect(await answered(platform, 'approved', 5)).toBe(0);
  });

  test('that it was lowered to ends because of what people did since then, and its record then begins again', async () => {
    const platform = await about('shadow');
    await answered(platform, 'approved', 3);
    expect(await autonomy(platform)).toMatchObject({ autonomy: 'suggest' });
    await healed(platform, 'clean', { failed: 9 }, newest);
    expect(await judge(platform)).toBe(1);
    expect(await autonomy(platform)).toMatchObject({ autonomy: 'shadow' });
    expect(await judgeAgain(platform), 'by those that led it out before').toBe(0);
    expect(await answered(platform, 'approved', 2)).toBe(0);
    expect(await answered(platform, 'approved')).toBe(1);
    expect(await autonomy(platform)).toMatchObject({ autonomy: 'suggest' });
    expect(await judgeAgain(platform), 'by what came of it before').toBe(0);
    await healed(platform, 'clean', { failed: 9 }, newest);
    expect(await judge(platform)).toBe(1);
  });

  test('of one component ends because of what people did there', async () => {
    const platform = await about('suggest', 'reversible');
    await scattered(platform, { held: 6 });
    await healed(platform, 'clean', { failed: 9 }, { component: 'b' });
    await judge(platform);
    expect(await components(platform)).toEqual({ b: 'shadow' });
    await answered(platform, 'rejected', 1, 'c');
    expect(await answered(platform, 'approved', 2, 'b')).toBe(0);
    expect(await answered(platform, 'approved', 1, 'b')).toBe(1);
    expect(await components(platform)).toEqual({ b: 'suggest' });
    expect(await judgeAgain(platform)).toBe(0);
  });

  test('ends on the one component where people agreed with it', async () => {
    const platform = await about('shadow');
    await answered(platform, 'rejected', 1, 'b');
    expect(await answered(platform, 'approved', 3, 'a')).toBe(1);
    expect(await autonomy(platform)).toMatchObject({ autonomy: 'shadow' });
    expect(await components(platform)).toEqual({ a: 'suggest' });
  });

  test('starts again after the entry was edited', async () => {
    const platform = await about('shadow');
    await answered(platform, 'rejected');
    await sql`INSERT INTO bot_knowledge_events (knowledge_id, event, after, actor, created_at)
              SELECT id, 'edited', '{"solution": "s"}', 'ann', engine.now() FROM bot_knowledge`.execute(
      platform.db,
    );
    expect(await answered(platform, 'approved', 2)).toBe(0);
    expect(await answered(platform, 'approved')).toBe(1);
  });

  test('counts one finding once, however often it said so', async () => {
    const platform = await about('shadow');
    await answered(platform, 'approved');
    await sql`
      INSERT INTO bot_decisions (bot_id, finding_id, knowledge_id, fingerprint, verdict, answer, answered_by, answered_at)
      SELECT bot_id, finding_id, knowledge_id, fingerprint, verdict, answer, answered_by, answered_at
      FROM bot_decisions, generate_series(1, 5) WHERE answer IS NOT NULL`.execute(platform.db);
    await sql`UPDATE bot_knowledge SET unjudged = true`.execute(platform.db);
    expect(await judge(platform)).toBe(0);
  });
});

test('advice that is suggested is not judged, and does not wait to be', async () => {
  const platform = await diagnosed([entry('clean', 'Buy a bigger one.', { autonomy: 'suggest' })]);
  await sql`UPDATE bot_knowledge SET unjudged = true`.execute(platform.db);
  expect(await judge(platform)).toBe(0);
  expect(await autonomy(platform)).toEqual({ autonomy: 'suggest', unjudged: false });
});

describe('an entry that gets outcomes all the time', () => {
  /** Counts how often entries are judged, and has more come in during each judgement. */
  async function neverJudged(platform: SimulatedPlatform) {
    await sql`
      CREATE TABLE engine.judgements (id uuid)`.execute(platform.db);
    await sql`
      CREATE FUNCTION engine.more_comes_in() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO engine.judgements VALUES (NEW.id);
        NEW.unjudged := true;
        RETURN NEW;
      END $$`.execute(platform.db);
    await sql`
      CREATE TRIGGER more_comes_in BEFORE UPDATE OF judged_at ON bot_knowledge
      FOR EACH ROW EXECUTE FUNCTION engine.more_comes_in()`.execute(platform.db);
    await sql`UPDATE bot_knowledge SET unjudged = true`.execute(platform.db);
    return async () => (await sql`SELECT FROM engine.judgements`.execute(platform.db)).rows.length;
  }

  test('is judged once per call', async () => {
    const platform = await diagnosed([entry('clean', clean), entry('sweep', clean)]);
    const judgements = await neverJudged(platform);
    await judge(platform);
    expect(await judgements()).toBe(2);
    await judge(platform);
    expect(await judgements()).toBe(4);
  });

  test('is judged no more often than the interval allows, however many processes judge it', async () => {
    const platform = await diagnosed([entry('clean', clean), entry('sweep', clean)]);
    const judgements = await neverJudged(platform);
    const connections = Array.from({ length: 4 }, () => connect(platform.engine.url, { max: 1 }));
    const all = (restSeconds: number) =>
      Promise.all(
        connections.map((one) => judgeEntries(one, platform.engine.catalogue, { restSeconds })),
      );
    try {
      await all(3_600);
      await all(3_600);
      expect(await judgements()).toBe(2);
      await sql`UPDATE bot_knowledge SET judged_at = judged_at - interval '1 hour' WHERE name = 'sweep'`.execute(
        platform.db,
      );
      await all(3_600);
      // The statement above counts as one, too.
      expect(await judgements()).toBe(4);
    } finally {
      for (const one of connections) await one.destroy();
    }
  });
});

test('many processes at once write each change once', async () => {
  const names = Array.from({ length: 12 }, (_, index) => `clean-${index}`);
  const platform = await diagnosed(
    names.map((name) => entry(name, clean)),
    { holdsOut: true },
  );
  for (const name of names) await healed(platform, name, { failed: 20 }, { component: null });
  const connections = Array.from({ length: 4 }, () => connect(platform.engine.url, { max: 1 }));
  try {
    const changes = await Promise.all(
      connections.map((one) => judgeEntries(one, platform.engine.catalogue)),
    );
    expect(changes.flat().length).toBe(names.length);
  } finally {
    for (const one of connections) await one.destroy();
  }
  expect(await events(platform)).toHaveLength(names.length);
});

describe('whose solution was replaced', () => {
  const wipe = playbook('disk.wipe');
  const remedies = [
    { name: 'disk.clean', rest: { risk: 'irreversible' as const } },
    { name: 'disk.wipe', rest: { risk: 'reversible' as const } },
  ];

  test('is judged by the outcomes of the new solution, on every component', async () => {
    const platform = await diagnosed(
      [entry('clean', clean, { autonomy: 'suggest' })],
      { holdsOut: true },
      remedies,
    );
    await leftAlone(platform, 'clean', { persisted: 6 }, { component: 'elsewhere' });
    await healed(platform, 'clean', { held: 30 }, { component: 'elsewhere' });
    expect(await judge(platform)).toBe(0);
    await editKnowledge(platform.db, await idOf(platform, 'clean'), () => ({ solution: wipe }), {
      actor: 'ann',
    });
    await sql`UPDATE bot_knowledge SET unjudged = true`.execute(platform.db);
    expect(await judge(platform)).toBe(0);
    // A heal that was begun with the old solution and settled since.
    await sql`UPDATE bot_actions SET settled_at = engine.now() WHERE component = 'elsewhere'`.execute(
      platform.db,
    );
    const now = sql<Date>`engine.now()`;
    const since = { component: 'elsewhere', taken_at: now, settled_at: now };
    await healed(platform, 'clean', { held: 1 }, since);
    expect(await judge(platform)).toBe(0);
    await healed(platform, 'clean', { held: 12 }, { ...since, fingerprint: 'others' });
    expect(await judge(platform)).toBeGreaterThan(0);
    expect(await autonomy(platform)).toMatchObject({ autonomy: 'auto' });
  });
});
