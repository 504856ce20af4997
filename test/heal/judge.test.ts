import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { connect } from '../../src/database/connect.ts';
import { editKnowledge } from '../support/transitions.ts';
import { judgeEntries } from '../../src/heal/judging/judge.ts';
import { entry, playbook } from '../support/builders.ts';
import { clean, diagnosed, healed, idOf, leftAlone, type Ward } from './outcomes.ts';

const seed = (autonomy: 'shadow' | 'suggest' | 'auto', rest = {}) =>
  entry('clean', clean, { autonomy, ...rest });

const cures = (risk: 'safe' | 'reversible' | 'irreversible') => [
  { name: 'disk.clean', rest: { risk } },
];

const about = (autonomy: 'shadow' | 'suggest' | 'auto', risk: 'safe' | 'reversible' = 'safe') =>
  diagnosed([seed(autonomy)], { holdsOut: true }, cures(risk));

const judge = async ({ db, engine }: Ward) => (await judgeEntries(db, engine.catalogue)).length;

const autonomy = async ({ db }: Ward) =>
  (await db.selectFrom('bot_knowledge').select(['autonomy', 'unjudged']).executeTakeFirst())!;

const components = async ({ db }: Ward) => {
  const rows = await db
    .selectFrom('bot_knowledge_autonomy')
    .select(['component', 'autonomy'])
    .execute();
  return Object.fromEntries(rows.map((row) => [row.component, row.autonomy]));
};

const ago = sql`engine.now() - interval '1 hour'`;

const events = ({ db }: Ward) =>
  db
    .selectFrom('bot_knowledge_events')
    .select(['event', 'component', 'before', 'after', 'figures', 'actor'])
    .orderBy('id')
    .execute();

/** Whose rows only the entry as a whole has enough of: so many components, each with too few of its own. */
const scattered = async (patients: Ward, outcomes: Parameters<typeof healed>[2]) => {
  for (const [state, count] of Object.entries(outcomes))
    for (let number = 0; number < count; number++)
      await healed(patients, 'clean', { [state]: 1 }, { component: `${state}-${number}` });
};

test('a harmless entry without lift falls after twenty outcomes, which is written down with its figures', async () => {
  const patients = await about('auto');
  await leftAlone(patients, 'clean', { recovered: 7, persisted: 3 }, { component: 'elsewhere' });
  await scattered(patients, { held: 13, failed: 6 });
  expect(await judge(patients)).toBe(0);
  expect(await autonomy(patients)).toEqual({ autonomy: 'auto', unjudged: false });
  await scattered(patients, { relapsed: 1 });
  expect(await autonomy(patients)).toMatchObject({ unjudged: true });
  expect(await judge(patients)).toBe(1);
  expect(await autonomy(patients)).toEqual({ autonomy: 'suggest', unjudged: false });
  expect(await events(patients)).toMatchObject([
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
/** As the next outcome that comes in does. */
const judgeAgain = async (patients: Ward) => {
  await sql`UPDATE bot_knowledge SET unjudged = true`.execute(patients.db);
  return judge(patients);
};

test('one that can be undone reaches auto, and loses it by four relapses in a row', async () => {
  const patients = await about('suggest', 'reversible');
  await scattered(patients, { held: 10 });
  expect(await judge(patients), 'nobody knows what it has to be better than').toBe(0);
  await leftAlone(patients, 'clean', { persisted: 5 }, { component: 'elsewhere' });
  expect(await judgeAgain(patients)).toBe(1);
  expect(await autonomy(patients)).toEqual({ autonomy: 'auto', unjudged: false });
  await healed(patients, 'clean', { relapsed: 3 }, newest);
  expect(await judge(patients)).toBe(0);
  await healed(patients, 'clean', { relapsed: 1 }, newest);
  expect(await judge(patients)).toBe(1);
  expect(await events(patients)).toMatchObject([
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

test('what was lost is earned anew, and not by what came of it before', async () => {
  const patients = await about('auto', 'reversible');
  await leftAlone(patients, 'clean', { persisted: 5 }, { component: 'elsewhere' });
  await scattered(patients, { held: 40 });
  await healed(patients, 'clean', { relapsed: 4 }, newest);
  expect(await judge(patients)).toBe(1);
  expect(await judgeAgain(patients)).toBe(0);
  await healed(patients, 'clean', { held: 6 }, newest);
  expect(await judge(patients)).toBe(0);
  expect(await autonomy(patients)).toMatchObject({ autonomy: 'suggest' });
  await healed(patients, 'clean', { held: 1 }, newest);
  await judge(patients);
  expect(await autonomy(patients)).toMatchObject({ autonomy: 'auto' });
});

test('four failures on one finding are one failure, and cost nothing', async () => {
  const patients = await about('auto', 'reversible');
  await scattered(patients, { held: 5 });
  const finding_id = sql`(SELECT id FROM bot_findings LIMIT 1)`;
  await healed(patients, 'clean', { failed: 4 }, { ...newest, finding_id });
  expect(await judge(patients)).toBe(0);
  await healed(patients, 'clean', { failed: 3 }, newest);
  expect(await judge(patients)).toBe(1);
});

test('what cannot be undone is never promoted, and asks again if somebody made it auto', async () => {
  const patients = await diagnosed([seed('suggest')], { holdsOut: true }, cures('irreversible'));
  await scattered(patients, { held: 40 });
  await leftAlone(patients, 'clean', { persisted: 9 }, { component: 'elsewhere' });
  expect(await judge(patients)).toBe(0);
  await sql`UPDATE bot_knowledge SET autonomy = 'auto', unjudged = true`.execute(patients.db);
  expect(await judge(patients)).toBe(1);
  expect(await autonomy(patients)).toMatchObject({ autonomy: 'suggest' });
});

test("an entry's risk is the highest of its steps", async () => {
  const both = entry('clean', playbook('disk.clean', 'disk.send'), { autonomy: 'suggest' });
  const patients = await diagnosed([both], { holdsOut: true }, [
    { name: 'disk.clean' },
    { name: 'disk.send', rest: { risk: 'irreversible' } },
  ]);
  await scattered(patients, { held: 40 });
  await leftAlone(patients, 'clean', { persisted: 9 }, { component: 'elsewhere' });
  expect(await judge(patients)).toBe(0);
});

describe('a component', () => {
  test('with five outcomes of its own is judged by them: auto where it works, and nowhere else', async () => {
    const patients = await about('suggest', 'reversible');
    await leftAlone(patients, 'clean', { persisted: 5 }, { component: 'elsewhere' });
    await healed(patients, 'clean', { held: 8 }, { component: 'a' });
    await healed(patients, 'clean', { failed: 8 }, { component: 'b' });
    await healed(patients, 'clean', { held: 4 }, { component: 'c' });
    expect(await judge(patients)).toBe(1);
    expect(await components(patients)).toEqual({ a: 'auto' });
    expect(await autonomy(patients)).toMatchObject({ autonomy: 'suggest' });
    expect(await events(patients)).toMatchObject([
      { event: 'promoted', component: 'a', figures: { decided: 8, held: 8 } },
    ]);
    expect(await judge(patients), 'nothing came in since').toBe(0);
  });

  test('that is surely bad is not even suggested, where the rest of the entry is', async () => {
    const patients = await about('suggest', 'reversible');
    await scattered(patients, { held: 6 });
    await healed(patients, 'clean', { failed: 8 }, { component: 'b' });
    expect(await judge(patients)).toBe(0);
    await healed(patients, 'clean', { failed: 1 }, { component: 'b' });
    expect(await judge(patients)).toBe(1);
    expect(await components(patients)).toEqual({ b: 'shadow' });
    expect(await events(patients)).toMatchObject([
      {
        event: 'demoted',
        component: 'b',
        before: { autonomy: 'suggest' },
        after: { autonomy: 'shadow' },
        figures: { why: expect.stringContaining('its upper bound .319 is below .333'), decided: 9 },
        actor: 'roundsman',
      },
    ]);
    expect(await judgeAgain(patients)).toBe(0);
  });

  test('does not earn auto by a few successes where the entry holds half of the time', async () => {
    const patients = await about('suggest', 'reversible');
    await leftAlone(patients, 'clean', { persisted: 9 }, { component: 'elsewhere' });
    for (const component of ['b', 'c', 'd'])
      await healed(patients, 'clean', { held: 5, failed: 5 }, { component });
    await healed(patients, 'clean', { held: 7 }, { component: 'a', settled_at: sql`engine.now()` });
    expect(await judge(patients)).toBe(0);
    await healed(patients, 'clean', { held: 3 }, { component: 'a', settled_at: sql`engine.now()` });
    expect(await judge(patients)).toBe(1);
    expect(await components(patients)).toEqual({ a: 'auto' });
  });

  test('loses what it had earned by its own outcomes', async () => {
    const patients = await about('suggest', 'reversible');
    await leftAlone(patients, 'clean', { persisted: 5 }, { component: 'elsewhere' });
    await healed(patients, 'clean', { held: 8 }, { component: 'a' });
    await scattered(patients, { failed: 8 });
    await judge(patients);
    await healed(
      patients,
      'clean',
      { relapsed: 4 },
      { component: 'a', settled_at: sql`engine.now()` },
    );
    await judge(patients);
    expect(await components(patients)).toEqual({ a: 'suggest' });
    expect((await events(patients)).map(({ event, component }) => [event, component])).toEqual([
      ['promoted', 'a'],
      ['demoted', 'a'],
    ]);
  });

  test('keeps what it has earned when the entry falls', async () => {
    const patients = await about('auto', 'reversible');
    await leftAlone(patients, 'clean', { persisted: 5 }, { component: 'elsewhere' });
    await healed(patients, 'clean', { held: 9 }, { component: 'a' });
    await healed(patients, 'clean', { failed: 30 }, { component: 'b' });
    await judge(patients);
    expect(await autonomy(patients)).toMatchObject({ autonomy: 'suggest' });
    expect(await components(patients)).toMatchObject({ a: 'auto' });
    expect(await events(patients)).toMatchObject(
      expect.arrayContaining([
        expect.objectContaining({ event: 'kept', component: 'a' }),
        expect.objectContaining({ event: 'demoted', component: null }),
      ]),
    );
    await healed(
      patients,
      'clean',
      { failed: 1 },
      { component: 'a', settled_at: sql`engine.now()` },
    );
    expect(await judge(patients), 'it goes by all of its own outcomes').toBe(0);
  });

  test('that fell with the entry is not lifted by what it did before', async () => {
    const patients = await about('auto', 'reversible');
    await leftAlone(patients, 'clean', { persisted: 5 }, { component: 'elsewhere' });
    await healed(patients, 'clean', { held: 30 }, { component: 'a', settled_at: ago });
    const now = { component: 'a', settled_at: sql`engine.now()` };
    await healed(patients, 'clean', { failed: 4 }, now);
    expect(await judge(patients)).toBe(1);
    expect(await autonomy(patients)).toMatchObject({ autonomy: 'suggest' });
    await healed(patients, 'clean', { failed: 9 }, now);
    expect(await judge(patients)).toBe(1);
    expect(await autonomy(patients)).toMatchObject({ autonomy: 'shadow' });
    expect(await components(patients)).toEqual({});
  });
});

test('an entry that is surely bad is not suggested any more, but where something held', async () => {
  const patients = await about('suggest', 'reversible');
  await healed(patients, 'clean', { held: 1 }, { component: 'a' });
  await scattered(patients, { failed: 16 });
  expect(await judge(patients)).toBe(0);
  await scattered(patients, { failed: 1 });
  expect(await judge(patients)).toBe(2);
  expect(await autonomy(patients)).toMatchObject({ autonomy: 'shadow' });
  expect(await components(patients)).toEqual({ a: 'suggest' });
  expect(await events(patients)).toMatchObject([
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
    const patients = await about('auto', 'reversible');
    await leftAlone(patients, 'clean', { persisted: 5 }, { component: 'elsewhere' });
    await healed(patients, 'clean', { held: 20 }, { component: 'a' });
    await judge(patients);
    const edit = () => ({ autonomy: to });
    await editKnowledge(patients.db, await idOf(patients, 'clean'), edit, { actor: 'ann' });
    await sql`UPDATE bot_knowledge SET unjudged = true`.execute(patients.db);
    return patients;
  };
  const settledNow = { settled_at: sql`engine.now()` };

  test('is not earned back by what came of it before, nowhere', async () => {
    const patients = await lowered();
    expect(await judge(patients)).toBe(0);
    await healed(patients, 'clean', { held: 4 }, { component: 'a', ...settledNow });
    expect(await judge(patients)).toBe(0);
    expect(await autonomy(patients)).toMatchObject({ autonomy: 'suggest' });
    expect(await components(patients)).not.toMatchObject({ a: 'auto' });
  });

  test('is earned back by what comes of it from then on', async () => {
    const patients = await lowered();
    await healed(patients, 'clean', { held: 7 }, { component: 'a', ...settledNow });
    expect(await judge(patients)).toBe(1);
    expect(await autonomy(patients)).toMatchObject({ autonomy: 'auto' });
    const rows = await events(patients);
    expect(rows.at(-1)).toMatchObject({ event: 'promoted', figures: { decided: 7, held: 7 } });
    await sql`UPDATE bot_knowledge SET unjudged = true`.execute(patients.db);
    expect(await judge(patients)).toBe(0);
  });

  test('does not lose by what came of it before either', async () => {
    const patients = await lowered();
    await healed(patients, 'clean', { failed: 30 }, { component: 'a', settled_at: ago });
    await healed(patients, 'clean', { held: 7 }, { component: 'a', ...settledNow });
    await judge(patients);
    await sql`UPDATE bot_knowledge SET unjudged = true`.execute(patients.db);
    expect(await judge(patients), 'it does not come and go').toBe(0);
    expect(await autonomy(patients)).toMatchObject({ autonomy: 'auto' });
  });
});

describe('what an admin has raised', () => {
  const raised = async (to: 'suggest' | 'auto') => {
    const patients = await about('suggest', 'reversible');
    await scattered(patients, { failed: 9 });
    await judge(patients);
    expect(await autonomy(patients)).toMatchObject({ autonomy: 'shadow' });
    const edit = () => ({ autonomy: to });
    await editKnowledge(patients.db, await idOf(patients, 'clean'), edit, { actor: 'ann' });
    return patients;
  };

  test.each(['suggest', 'auto'] as const)(
    'to %s is not lowered at once by what came of it before',
    async (to) => {
      const patients = await raised(to);
      expect(await judgeAgain(patients)).toBe(0);
      await healed(patients, 'clean', { failed: 3 }, newest);
      expect(await judge(patients)).toBe(0);
      expect(await autonomy(patients)).toMatchObject({ autonomy: to });
    },
  );

  test('is lowered by what comes of it from then on', async () => {
    const patients = await raised('auto');
    await healed(patients, 'clean', { failed: 4 }, newest);
    expect(await judge(patients)).toBe(1);
    expect(await autonomy(patients)).toMatchObject({ autonomy: 'suggest' });
  });
});

describe('a shadow', () => {
  /** What it said about a finding of its own, and what people then did. */
  const answered = async (
    patients: Ward,
    answer: 'approved' | 'rejected',
    times = 1,
    component: string | null = null,
  ) => {
    const id = await idOf(patients, 'clean');
    for (let number = 0; number < times; number++) {
      const { rows } = await sql<{ id: string }>`
        WITH f AS (
          INSERT INTO bot_findings (bot_id, severity, category, title, affected_component, check_name, component_key,
                                    fingerprint, resolved_at, resolution_method)
          SELECT bot_id, 'high', 'trouble', 't', 'disk', 'c', 'k', gen_random_uuid()::text, engine.now(), 'manual'
          FROM bot_findings LIMIT 1 RETURNING id, bot_id, fingerprint)
        INSERT INTO bot_decisions (bot_id, finding_id, knowledge_id, fingerprint, component, verdict, decided_at)
        SELECT bot_id, id, ${id}::uuid, fingerprint, ${component}::text, 'shadowed', engine.now() FROM f RETURNING id`.execute(
        patients.db,
      );
      await sql`UPDATE bot_decisions SET answer = ${answer}, answered_by = 'ann', answered_at = engine.now()
                WHERE id = ${rows[0]!.id}`.execute(patients.db);
    }
    return judge(patients);
  };

  test('may suggest after three that people agreed with', async () => {
    const patients = await about('shadow');
    expect(await answered(patients, 'approved', 2)).toBe(0);
    expect(await answered(patients, 'approved')).toBe(1);
    expect(await autonomy(patients)).toMatchObject({ autonomy: 'suggest' });
    expect(await events(patients)).toMatchObject([
      { event: 'promoted', figures: { why: expect.stringContaining('3 times') } },
    ]);
  });

  test.each(['Buy a bigger one.', 'steps: [{ remedy: disk.gone }]'])(
    'may suggest so whatever its solution (%s)',
    async (solution) => {
      const patients = await about('shadow');
      await patients.db.updateTable('bot_knowledge').set({ solution }).execute();
      expect(await answered(patients, 'approved', 2)).toBe(0);
      expect(await answered(patients, 'approved')).toBe(1);
      expect(await autonomy(patients)).toMatchObject({ autonomy: 'suggest' });
    },
  );

  test('may not when one was against it', async () => {
    const patients = await about('shadow');
    await answered(patients, 'rejected');
    expect(await answered(patients, 'approved', 5)).toBe(0);
  });

  test('into which it fell is left by what people did since then, and then it begins anew', async () => {
    const patients = await about('shadow');
    await answered(patients, 'approved', 3);
    expect(await autonomy(patients)).toMatchObject({ autonomy: 'suggest' });
    await healed(patients, 'clean', { failed: 9 }, newest);
    expect(await judge(patients)).toBe(1);
    expect(await autonomy(patients)).toMatchObject({ autonomy: 'shadow' });
    expect(await judgeAgain(patients), 'by those that led it out before').toBe(0);
    expect(await answered(patients, 'approved', 2)).toBe(0);
    expect(await answered(patients, 'approved')).toBe(1);
    expect(await autonomy(patients)).toMatchObject({ autonomy: 'suggest' });
    expect(await judgeAgain(patients), 'by what came of it before').toBe(0);
    await healed(patients, 'clean', { failed: 9 }, newest);
    expect(await judge(patients)).toBe(1);
  });

  test('of one component is left by what people did there', async () => {
    const patients = await about('suggest', 'reversible');
    await scattered(patients, { held: 6 });
    await healed(patients, 'clean', { failed: 9 }, { component: 'b' });
    await judge(patients);
    expect(await components(patients)).toEqual({ b: 'shadow' });
    await answered(patients, 'rejected', 1, 'c');
    expect(await answered(patients, 'approved', 2, 'b')).toBe(0);
    expect(await answered(patients, 'approved', 1, 'b')).toBe(1);
    expect(await components(patients)).toEqual({ b: 'suggest' });
    expect(await judgeAgain(patients)).toBe(0);
  });

  test('is left on the one component where people agreed with it', async () => {
    const patients = await about('shadow');
    await answered(patients, 'rejected', 1, 'b');
    expect(await answered(patients, 'approved', 3, 'a')).toBe(1);
    expect(await autonomy(patients)).toMatchObject({ autonomy: 'shadow' });
    expect(await components(patients)).toEqual({ a: 'suggest' });
  });

  test('is asked anew after it was edited', async () => {
    const patients = await about('shadow');
    await answered(patients, 'rejected');
    await sql`INSERT INTO bot_knowledge_events (knowledge_id, event, after, actor, created_at)
              SELECT id, 'edited', '{"solution": "s"}', 'ann', engine.now() FROM bot_knowledge`.execute(
      patients.db,
    );
    expect(await answered(patients, 'approved', 2)).toBe(0);
    expect(await answered(patients, 'approved')).toBe(1);
  });

  test('counts one finding once, however often it said so', async () => {
    const patients = await about('shadow');
    await answered(patients, 'approved');
    await sql`
      INSERT INTO bot_decisions (bot_id, finding_id, knowledge_id, fingerprint, verdict, answer, answered_by, answered_at)
      SELECT bot_id, finding_id, knowledge_id, fingerprint, verdict, answer, answered_by, answered_at
      FROM bot_decisions, generate_series(1, 5) WHERE answer IS NOT NULL`.execute(patients.db);
    await sql`UPDATE bot_knowledge SET unjudged = true`.execute(patients.db);
    expect(await judge(patients)).toBe(0);
  });
});

test('advice that is suggested is not judged, and does not wait to be', async () => {
  const patients = await diagnosed([entry('clean', 'Buy a bigger one.', { autonomy: 'suggest' })]);
  await sql`UPDATE bot_knowledge SET unjudged = true`.execute(patients.db);
  expect(await judge(patients)).toBe(0);
  expect(await autonomy(patients)).toEqual({ autonomy: 'suggest', unjudged: false });
});

describe('an entry of which outcomes come in all the time', () => {
  /** Counts how often entries are judged, and has more come in during each judgement. */
  async function neverJudged(patients: Ward) {
    await sql`
      CREATE TABLE engine.judgements (id uuid)`.execute(patients.db);
    await sql`
      CREATE FUNCTION engine.more_comes_in() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO engine.judgements VALUES (NEW.id);
        NEW.unjudged := true;
        RETURN NEW;
      END $$`.execute(patients.db);
    await sql`
      CREATE TRIGGER more_comes_in BEFORE UPDATE OF judged_at ON bot_knowledge
      FOR EACH ROW EXECUTE FUNCTION engine.more_comes_in()`.execute(patients.db);
    await sql`UPDATE bot_knowledge SET unjudged = true`.execute(patients.db);
    return async () => (await sql`SELECT FROM engine.judgements`.execute(patients.db)).rows.length;
  }

  test('is judged once a call', async () => {
    const patients = await diagnosed([entry('clean', clean), entry('sweep', clean)]);
    const judgements = await neverJudged(patients);
    await judge(patients);
    expect(await judgements()).toBe(2);
    await judge(patients);
    expect(await judgements()).toBe(4);
  });

  test('is judged no oftener than its judges are told, however many they are', async () => {
    const patients = await diagnosed([entry('clean', clean), entry('sweep', clean)]);
    const judgements = await neverJudged(patients);
    const connections = Array.from({ length: 4 }, () => connect(patients.engine.url, { max: 1 }));
    const all = (restSeconds: number) =>
      Promise.all(
        connections.map((one) => judgeEntries(one, patients.engine.catalogue, { restSeconds })),
      );
    try {
      await all(3_600);
      await all(3_600);
      expect(await judgements()).toBe(2);
      await sql`UPDATE bot_knowledge SET judged_at = judged_at - interval '1 hour' WHERE name = 'sweep'`.execute(
        patients.db,
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
  const patients = await diagnosed(
    names.map((name) => entry(name, clean)),
    { holdsOut: true },
  );
  for (const name of names) await healed(patients, name, { failed: 20 }, { component: null });
  const connections = Array.from({ length: 4 }, () => connect(patients.engine.url, { max: 1 }));
  try {
    const changes = await Promise.all(
      connections.map((one) => judgeEntries(one, patients.engine.catalogue)),
    );
    expect(changes.flat().length).toBe(names.length);
  } finally {
    for (const one of connections) await one.destroy();
  }
  expect(await events(patients)).toHaveLength(names.length);
});

describe('whose solution was replaced', () => {
  const wipe = playbook('disk.wipe');
  const remedies = [
    { name: 'disk.clean', rest: { risk: 'irreversible' as const } },
    { name: 'disk.wipe', rest: { risk: 'reversible' as const } },
  ];

  test('is judged by what comes of the new one, on every component', async () => {
    const patients = await diagnosed(
      [entry('clean', clean, { autonomy: 'suggest' })],
      { holdsOut: true },
      remedies,
    );
    await leftAlone(patients, 'clean', { persisted: 6 }, { component: 'elsewhere' });
    await healed(patients, 'clean', { held: 30 }, { component: 'elsewhere' });
    expect(await judge(patients)).toBe(0);
    await editKnowledge(patients.db, await idOf(patients, 'clean'), () => ({ solution: wipe }), {
      actor: 'ann',
    });
    await sql`UPDATE bot_knowledge SET unjudged = true`.execute(patients.db);
    expect(await judge(patients)).toBe(0);
    // Begun with the old one, and settled since.
    await sql`UPDATE bot_actions SET settled_at = engine.now() WHERE component = 'elsewhere'`.execute(
      patients.db,
    );
    const now = sql<Date>`engine.now()`;
    const since = { component: 'elsewhere', taken_at: now, settled_at: now };
    await healed(patients, 'clean', { held: 1 }, since);
    expect(await judge(patients)).toBe(0);
    await healed(patients, 'clean', { held: 12 }, { ...since, fingerprint: 'others' });
    expect(await judge(patients)).toBeGreaterThan(0);
    expect(await autonomy(patients)).toMatchObject({ autonomy: 'auto' });
  });
});
