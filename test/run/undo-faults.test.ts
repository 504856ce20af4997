/** An undo that a fault of the database stops stays requested, and is carried out once. */
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { NotAppliedError, z, type UndoContext } from '../../src/bot.ts';
import { entry, playbook } from '../support/builders.ts';
import { set } from '../support/runs.ts';
import { endSession, endsNextRecord, faults, type MakeFault } from '../support/real-faults.ts';
import { simulatedPlatform, type Cure } from '../heal/simulated-platform.ts';

type SimulatedPlatform = Awaited<ReturnType<typeof simulatedPlatform>>;

const seed = entry('single', 'steps: [{ remedy: disk.set, with: { to: b } }]');

/** A finding that a remedy has healed, and whose undo a person requested; which fault the undo meets depends on the try. */
async function undoing(
  meets: (context: UndoContext, tries: number) => unknown,
  rest: Cure['rest'] = {},
) {
  const seen = { tries: 0, sent: 0 };
  const cure: Cure = {
    name: 'disk.set',
    rest: {
      risk: 'reversible',
      params: z.strictObject({ to: z.string() }),
      async apply() {
        platform.broken.clear();
        return { summary: 'set it', before: null, after: null };
      },
      async undo(_, context) {
        seen.tries += 1;
        await sql`INSERT INTO engine.effects (remedy) VALUES ('undone')`.execute(context.db);
        await meets(context, seen.tries);
        seen.sent += 1;
        return { summary: 'set it back', before: null, after: null };
      },
      ...rest,
    },
  };
  const platform: SimulatedPlatform = await simulatedPlatform([seed], [cure]);
  await set(platform.db, 'mode', 'auto');
  await platform.round();
  await ask(platform);
  return { ...platform, met: seen, action: async () => (await platform.actions())[0]! };
}

const ask = ({ db }: Pick<SimulatedPlatform, 'db'>) =>
  sql`UPDATE bot_actions SET undo_requested_at = engine.now(), undo_requested_by = 'ann'`.execute(
    db,
  );

const asked = { undo_requested_at: expect.any(Date), undo_requested_by: 'ann' };

describe('inside the database', () => {
  const meeting = (fault: MakeFault, times: number) => {
    const at: { db?: SimulatedPlatform['db'] } = {};
    return undoing(({ db }, tries) => tries <= times && fault(db, at.db!)).then((platform) => {
      at.db = platform.db;
      return platform;
    });
  };

  test.each([
    'its session was ended',
    'it was the victim of a deadlock',
    'a lock was not free in time',
    'a statement took too long',
  ] as const)('one of which %s is done by another try, once', async (name) => {
    const at = await meeting(faults[name], 1);
    expect(await at.round()).toMatchObject({ status: 'success' });
    expect(at.met.tries).toBe(2);
    expect(await at.effects()).toEqual(['undone']);
    expect(await at.action()).toMatchObject({ state: 'undone' });
    expect((await at.action()).evidence).not.toHaveProperty('undo_delayed');
  });

  test('one that meets it each time is neither failed nor unknown: the next run does it', async () => {
    const at = await meeting(faults['it was the victim of a deadlock'], 3);
    expect(await at.round()).toMatchObject({ status: 'success' });
    expect(await at.effects()).toEqual([]);
    expect(await at.action()).toMatchObject({
      state: 'verified',
      ...asked,
      evidence: { undo_delayed: 'deadlock detected' },
    });
    expect((await at.action()).evidence).not.toHaveProperty('undo_failed');
    await at.round();
    expect(await at.effects()).toEqual(['undone']);
    expect(await at.action()).toMatchObject({ state: 'undone' });
    expect((await at.action()).evidence).not.toHaveProperty('undo_delayed');
  });

  test('an earlier effect waits while the undo of the effect on top of it is delayed', async () => {
    const order: string[] = [];
    let fails = true;
    const cures = ['disk.first', 'disk.second'].map((name, index) => ({
      name,
      works: index === 1,
      rest: {
        undo: async (_: unknown, { db }: UndoContext) => {
          if (fails && index === 1) {
            await endSession(db, platform.db);
            await sql`SELECT 1`.execute(db);
          }
          order.push(name);
          return { summary: '', before: null, after: null };
        },
      },
    }));
    const platform: SimulatedPlatform = await simulatedPlatform(
      [entry('ladder', playbook('disk.first', 'disk.second'))],
      cures,
    );
    await platform.round();
    await ask(platform);
    await platform.round();
    expect(order).toEqual([]);
    fails = false;
    await platform.round();
    expect(order).toEqual(['disk.second', 'disk.first']);
  });

  test('that it cannot be done is written down by another try, where its record meets a fault', async () => {
    const at = await undoing(async () => {
      await endsNextRecord(at.db, 1);
      throw new NotAppliedError('it was changed since');
    });
    await at.round();
    expect(await at.action()).toMatchObject({
      state: 'verified',
      undo_requested_at: null,
      evidence: { undo_failed: 'it was changed since' },
    });
  });

  test('the kill switch ends it while it waits for another try', async () => {
    const at = await undoing(async ({ db }) => {
      await set(at.db, 'mode', 'off');
      await endSession(db, at.db);
      await sql`SELECT 1`.execute(db);
    });
    await at.round();
    expect(at.met.tries).toBe(1);
    expect(await at.action()).toMatchObject({ state: 'verified', ...asked });
  });
});

describe('outside', () => {
  const outside = { outside: true as const, isDone: async () => false };

  const lose = ({ db }: UndoContext, other: SimulatedPlatform['db']) =>
    db.connection().execute(async (one) => {
      await endSession(one, other);
      await sql`SELECT 1`.execute(one);
    });

  test('one that certainly did nothing is tried again', async () => {
    const at = await undoing(async (context, tries) => {
      if (tries > 1) return;
      await lose(context, at.db).catch((error: unknown) => {
        throw new NotAppliedError('its settings could not be read', { cause: error });
      });
    }, outside);
    await at.round();
    expect(at.met).toEqual({ tries: 2, sent: 1 });
    expect(await at.action()).toMatchObject({ state: 'undone' });
  });

  test('one that certainly did nothing, each time, stays asked for and not begun', async () => {
    const at = await undoing(async (context, tries) => {
      if (tries > 3) return;
      await lose(context, at.db).catch((error: unknown) => {
        throw new NotAppliedError('its settings could not be read', { cause: error });
      });
    }, outside);
    await at.round();
    expect(at.met).toEqual({ tries: 3, sent: 0 });
    expect(await at.action()).toMatchObject({ state: 'verified', ...asked });
    expect((await at.action()).evidence).not.toHaveProperty('undo_begun');
    await at.round();
    expect(at.met).toEqual({ tries: 4, sent: 1 });
    expect(await at.action()).toMatchObject({ state: 'undone' });
  });

  test('that it begins is written by another try, where that meets a fault', async () => {
    const at = await undoing(() => {}, outside);
    await endsNextRecord(at.db, 1);
    await at.round();
    expect(at.met).toEqual({ tries: 1, sent: 1 });
    expect(await at.action()).toMatchObject({ state: 'undone' });
  });

  test('its record meets a fault and is written by another try, without the remedy', async () => {
    const at = await undoing(() => endsNextRecord(at.db, 2), outside);
    await at.round();
    expect(at.met).toEqual({ tries: 1, sent: 1 });
    expect(await at.action()).toMatchObject({ state: 'undone' });
  });

  test('an undo of which the remedy cannot tell what it did is unknown, and not repeated', async () => {
    const at = await undoing((context) => lose(context, at.db), outside);
    await at.round();
    await at.round();
    expect(at.met).toEqual({ tries: 1, sent: 0 });
    expect(await at.action()).toMatchObject({ state: 'unknown', undo_requested_at: null });
  });

  test('what an earlier run had begun is not repeated after a fault before this one began', async () => {
    const at = await undoing(() => {}, outside);
    const execution_id = crypto.randomUUID();
    const begun = JSON.stringify({ undo_begun: { execution_id, fence: '1' } });
    await sql`UPDATE bot_actions SET evidence = evidence || ${begun}::jsonb`.execute(at.db);
    // Each of the tries in which the doubt would be written.
    await endsNextRecord(at.db, 3);
    await at.round();
    expect(await at.action()).toMatchObject({ evidence: { undo_begun: { execution_id } } });
    await at.round();
    expect(at.met.tries).toBe(0);
    expect(await at.action()).toMatchObject({ state: 'unknown', undo_requested_at: null });
  });
});
