/** Undos: `actions undo` writes the request of a person, and the bot's next run carries it out. */
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { NotAppliedError, z, type Remedy, type UndoContext } from '../../src/bot.ts';
import { requestUndo } from '../support/transitions.ts';
import { attempt, queuedRun, set } from '../support/runs.ts';
import { entry, playbook } from '../support/builders.ts';
import { leftBehind, simulatedPlatform, type Cure } from '../heal/simulated-platform.ts';

type SimulatedPlatform = Awaited<ReturnType<typeof simulatedPlatform>>;

const seed = entry('single', 'steps: [{ remedy: disk.set, with: { to: b } }]');

interface Undoing {
  /** what its undo does besides writing an effect */
  does?: (context: UndoContext) => Promise<unknown>;
  rest?: Partial<Remedy>;
}

/** A finding that a remedy with an undo has healed; with `asked`, a person asked to undo that. */
async function undoing({ does, rest }: Undoing = {}) {
  const taken: { params: unknown; before: unknown; after: unknown; key: string }[] = [];
  const cure: Cure = {
    name: 'disk.set',
    rest: {
      risk: 'reversible',
      params: z.strictObject({ to: z.string() }),
      async apply() {
        platform.broken.clear();
        return { summary: 'set it', before: { was: 'a' }, after: { is: 'b' } };
      },
      async undo(params, context) {
        const { before, after, key } = context;
        taken.push({ params, before, after, key });
        await undone(context.db);
        await does?.(context);
        platform.broken.add('disk');
        return { summary: 'set it back', before: { was: 'b' }, after: { is: 'a' } };
      },
      ...rest,
    },
  };
  const platform: SimulatedPlatform = await simulatedPlatform([seed], [cure]);
  await set(platform.db, 'mode', 'auto');
  await platform.round();
  await ask(platform);
  return { ...platform, taken };
}

const undone = (db: SimulatedPlatform['db']) =>
  sql`INSERT INTO engine.effects (remedy) VALUES ('undone')`.execute(db);

const ask = ({ db }: SimulatedPlatform) =>
  sql`UPDATE bot_actions SET undo_requested_at = engine.now(), undo_requested_by = 'ann'`.execute(
    db,
  );

const evidenceOf = async (platform: SimulatedPlatform) =>
  (await platform.actions())[0]!.evidence as Record<string, unknown>;

test('the effect, the state and the evidence are written together, and the check looks afterwards', async () => {
  const platform = await undoing();
  expect(await platform.actions()).toMatchObject([{ state: 'verified' }]);
  expect(await platform.round()).toMatchObject({ status: 'success', issues_found: 1 });
  const [action] = await platform.actions();
  expect(platform.taken).toEqual([
    { params: { to: 'b' }, before: { was: 'a' }, after: { is: 'b' }, key: action!.id },
  ]);
  expect(action).toMatchObject({
    state: 'undone',
    success: false,
    settled_at: expect.any(Date),
    undo_requested_by: 'ann',
    evidence: {
      params: { to: 'b' },
      before: { was: 'a' },
      undo: { summary: 'set it back', before: { was: 'b' }, after: { is: 'a' } },
    },
  });
  expect(await platform.effects()).toEqual(['undone']);
  expect(await platform.finding()).toMatchObject({ resolved_at: null });
  const { rows } = await sql`SELECT outcome FROM engine.heals`.execute(platform.db);
  expect(rows).toEqual([{ outcome: 'relapsed' }]);
});

test('it is done once', async () => {
  const platform = await undoing();
  await sql`UPDATE bots SET concurrency = 2`.execute(platform.db);
  await Promise.all([platform.round(), platform.round()]);
  await platform.round();
  expect(platform.taken).toHaveLength(1);
});

test('it is done by whatever run comes next, but not by one that only verifies', async () => {
  const platform = await undoing();
  const performed = async (values: object) =>
    attempt(platform.engine, await queuedRun(platform.db, 'watch', values));
  await performed({ trigger: 'verify' });
  expect(platform.taken).toHaveLength(0);
  await performed({ trigger: 'schedule', scheduled_for: new Date() });
  expect(platform.taken).toHaveLength(1);
});

test('when it is requested again, it gets another run, unless a run that will carry it out is pending', async () => {
  const platform = await undoing();
  await sql`UPDATE bot_actions SET undo_requested_at = NULL`.execute(platform.db);
  const [action] = await platform.actions();
  const request = async () => (await requestUndo(platform.db, action!.id, 'ann')).run?.status;
  expect([await request(), await request()]).toEqual(['queued', undefined]);
  await sql`UPDATE bot_executions SET status = 'cancelled', completed_at = engine.now() WHERE status = 'queued'`.execute(
    platform.db,
  );
  expect([await request(), await request()]).toEqual(['queued', undefined]);
});

test('an effect that was applied on top of another one is undone before it', async () => {
  const order: string[] = [];
  const cures = ['disk.first', 'disk.second'].map((name, index) => ({
    name,
    works: index === 1,
    rest: {
      undo: async () => {
        order.push(name);
        return { summary: '', before: null, after: null };
      },
    },
  }));
  const platform = await simulatedPlatform(
    [entry('ladder', playbook('disk.first', 'disk.second'))],
    cures,
  );
  await platform.round();
  await ask(platform);
  await platform.round();
  expect(order).toEqual(['disk.second', 'disk.first']);
});

describe('one that cannot be done', () => {
  test.each([
    ['may not, because others changed it', new NotAppliedError('it was changed since')],
    ['breaks off', new Error('it was changed since')],
  ])('(it %s) changes nothing, says why, and may be asked for again', async (_, error) => {
    let fails = true;
    const platform = await undoing({
      does: async () => {
        if (fails) throw error;
      },
    });
    expect(await platform.round()).toMatchObject({ status: 'success' });
    expect(await platform.effects()).toEqual([]);
    expect(await platform.actions()).toMatchObject([
      {
        state: 'verified',
        undo_requested_at: null,
        evidence: { undo_failed: 'it was changed since' },
      },
    ]);
    await platform.round();
    expect(platform.taken).toHaveLength(1);
    fails = false;
    await ask(platform);
    await platform.round();
    expect(await platform.actions()).toMatchObject([{ state: 'undone' }]);
    expect(await evidenceOf(platform)).not.toHaveProperty('undo_failed');
  });

  test('because its remedy is gone says so', async () => {
    const platform = await undoing();
    await sql`UPDATE bot_actions SET remedy = 'disk.gone'`.execute(platform.db);
    await platform.round();
    expect(await evidenceOf(platform)).toMatchObject({
      undo_failed: 'disk.gone cannot be undone',
    });
  });

  test('because there was no effect says so', async () => {
    const platform = await undoing();
    await sql`UPDATE bot_actions SET state = 'aborted', success = false`.execute(platform.db);
    await platform.round();
    expect(platform.taken).toEqual([]);
    expect(await platform.actions()).toMatchObject([
      {
        state: 'aborted',
        undo_requested_at: null,
        evidence: { undo_failed: 'there is nothing to undo: the action is aborted' },
      },
    ]);
  });
});

test.each(['off', 'careful'])('with the mode %s it waits', async (mode) => {
  const platform = await undoing();
  await set(platform.db, 'mode', mode);
  await platform.round();
  expect(platform.taken).toEqual([]);
  await set(platform.db, 'mode', 'safe');
  await platform.round();
  expect(await platform.actions()).toMatchObject([{ state: 'undone' }]);
});

/** An undo that ignores its signal; the test does not wait for its end. */
const forever = () => new Promise<never>(() => {});

test('the kill switch ends one that is under way: nothing of it stays, and it waits', async () => {
  const platform: Awaited<ReturnType<typeof undoing>> = await undoing({
    does: async () => {
      if (platform.taken.length > 1) return;
      await set(platform.db, 'mode', 'off');
      await forever();
    },
  });
  expect(await platform.round()).toMatchObject({ status: 'success' });
  expect(await platform.effects()).toEqual([]);
  expect(await platform.actions()).toMatchObject([
    { state: 'verified', undo_requested_at: expect.any(Date) },
  ]);
  await set(platform.db, 'mode', 'auto');
  await platform.round();
  expect(await platform.actions()).toMatchObject([{ state: 'undone' }]);
  expect(await platform.effects()).toEqual(['undone']);
});

describe('outside', () => {
  const outside = { outside: true as const, isDone: async () => false };

  test('that it begins is committed before, and gone afterwards', async () => {
    const begun: unknown[] = [];
    const platform: Awaited<ReturnType<typeof undoing>> = await undoing({
      does: async () => begun.push((await evidenceOf(platform)).undo_begun),
      rest: outside,
    });
    const { id } = await platform.round();
    expect(begun).toMatchObject([{ execution_id: id }]);
    expect(await platform.actions()).toMatchObject([{ state: 'undone' }]);
    expect(await evidenceOf(platform)).not.toHaveProperty('undo_begun');
  });

  test('one that says that nothing was done may be asked for again', async () => {
    let fails = true;
    const platform = await undoing({
      does: async () => {
        if (fails) throw new NotAppliedError('it refused');
      },
      rest: outside,
    });
    await platform.round();
    expect(await platform.actions()).toMatchObject([
      { state: 'verified', undo_requested_at: null, evidence: { undo_failed: 'it refused' } },
    ]);
    expect(await evidenceOf(platform)).not.toHaveProperty('undo_begun');
    fails = false;
    await ask(platform);
    await platform.round();
    expect(await platform.actions()).toMatchObject([{ state: 'undone' }]);
  });

  const unknown = (why: string) => ({
    state: 'unknown',
    success: false,
    undo_requested_at: null,
    error_message: `asked to undo it: ${why}`,
  });

  test('one that broke off is unknown, and never repeated', async () => {
    const platform = await undoing({
      does: async () => {
        throw new Error('the answer was lost');
      },
      rest: outside,
    });
    await platform.round();
    expect(await platform.actions()).toMatchObject([unknown('the answer was lost')]);
    await ask(platform);
    await platform.round();
    expect(await platform.actions()).toMatchObject([{ state: 'unknown', undo_requested_at: null }]);
    expect(platform.taken).toHaveLength(1);
  });

  test('one that was begun and has no end is unknown, and not repeated', async () => {
    const platform: Awaited<ReturnType<typeof undoing>> = await undoing({
      does: async () => {
        await set(platform.db, 'mode', 'off');
        await forever();
      },
      rest: outside,
    });
    await platform.round();
    expect(await platform.actions()).toMatchObject([
      { state: 'verified', undo_requested_at: expect.any(Date) },
    ]);
    await set(platform.db, 'mode', 'auto');
    await platform.round();
    expect(await platform.actions()).toMatchObject([
      unknown('its undo was begun before, and it is not known how it ended'),
    ]);
    expect(platform.taken).toHaveLength(1);
  });

  test('one that another run is carrying out is left to that run', async () => {
    const at = Promise.withResolvers<void>();
    const over = Promise.withResolvers<void>();
    const platform = await undoing({
      does: () => {
        at.resolve();
        return over.promise;
      },
      rest: outside,
    });
    await sql`UPDATE bots SET concurrency = 2`.execute(platform.db);
    const first = platform.round();
    await at.promise;
    await platform.round();
    expect(await platform.actions()).toMatchObject([
      { state: 'verified', undo_requested_at: expect.any(Date) },
    ]);
    over.resolve();
    await first;
    expect(await platform.actions()).toMatchObject([{ state: 'undone', error_message: null }]);
    expect(platform.taken).toHaveLength(1);
  });

  test('in doubt it keeps its state while something else about the problem is unfinished', async () => {
    const platform = await undoing({
      does: async () => {
        throw new Error('the answer was lost');
      },
      rest: outside,
    });
    await leftBehind(platform, 'single', 'disk.other', 'unknown', { applied_at: null });
    await platform.round();
    const action = (await platform.actions()).find(({ remedy }) => remedy === 'disk.set');
    expect(action).toMatchObject({
      state: 'verified',
      undo_requested_at: null,
      evidence: { undo_failed: 'the answer was lost', undo_begun: expect.anything() },
    });
  });
});
