/** Faults of the database are not the remedy's doing: a remedy that meets one is tried again, or aborted in the end, and this never counts as an outcome. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { attempt, queuedRun, rowOf, set } from '../support/runs.ts';
import { entry, playbook } from '../support/builders.ts';
import { endsNextRecord, faults, type MakeFault } from '../support/real-faults.ts';
import { simulatedPlatform, type Cure } from './simulated-platform.ts';

type SimulatedPlatform = Awaited<ReturnType<typeof simulatedPlatform>>;

const seed = entry('single', playbook('disk.clean'));
const ladder = entry('ladder', playbook('disk.clean', 'disk.second'));

/** A remedy that has its effect and then meets the fault, in its first `times` tries; each later try helps. */
async function meeting(
  fault: MakeFault,
  times: number,
  { rest, seeds = [seed], more = [], severity = 'high' as 'high' | 'medium' }: Meeting = {},
) {
  const met = { tries: 0 };
  const cure: Cure = {
    name: 'disk.clean',
    rest: {
      async apply(_, { db }) {
        await sql`INSERT INTO engine.effects (remedy) VALUES ('disk.clean')`.execute(db);
        met.tries += 1;
        if (met.tries <= times) await fault(db, platform.db);
        platform.broken.clear();
        return { summary: 'cleaned it', before: null, after: null };
      },
      ...rest,
    },
  };
  const platform: SimulatedPlatform = await simulatedPlatform(seeds, [cure, ...more], { severity });
  return { ...platform, met };
}

interface Meeting {
  rest?: Cure['rest'];
  seeds?: (typeof seed)[];
  more?: Cure[];
  severity?: 'high' | 'medium';
}

const always = Infinity;
const ended = faults['its session was ended'];

/** What the entry is judged by: the figures in its own row, and its decided heals. */
async function judged({ db }: SimulatedPlatform) {
  const cache = await db
    .selectFrom('bot_knowledge')
    .select(['times_applied', 'times_successful', 'success_rate'])
    .executeTakeFirstOrThrow();
  const { rows } = await sql<{ outcome: string }>`
    SELECT outcome FROM engine.heals WHERE outcome IS NOT NULL`.execute(db);
  return { ...cache, outcomes: rows };
}

const unjudged = { times_applied: 0, times_successful: 0, success_rate: '0.00', outcomes: [] };

const tickets = ({ db }: SimulatedPlatform) =>
  db.selectFrom('bot_tickets').select(['severity', 'status']).execute();

test.each(Object.entries(faults))(
  'a remedy of which %s is tried again and helps, with one effect',
  async (_, fault) => {
    const platform = await meeting(fault, 1);
    expect(await platform.round()).toMatchObject({ status: 'success', actions_taken: 1 });
    expect(platform.met.tries).toBe(2);
    expect(await platform.effects()).toEqual(['disk.clean']);
    expect(await platform.actions()).toMatchObject([
      { state: 'verified', success: true, error_message: null },
    ]);
  },
);

test.each([
  'its session was ended',
  'it was the victim of a deadlock',
  'a lock was not free in time',
] as const)(
  'a remedy of which each time %s is aborted in the end, without an effect, and nothing is held against it',
  async (name) => {
    const platform = await meeting(faults[name], always, {
      seeds: [ladder],
      more: [{ name: 'disk.second' }],
    });
    expect(await platform.round()).toMatchObject({ status: 'success', actions_taken: 0 });
    expect(platform.met.tries).toBe(3);
    expect(await platform.effects()).toEqual([]);
    // The next step is for a step that did not help, and not for one that was not applied.
    expect(await platform.actions()).toMatchObject([
      {
        state: 'aborted',
        success: false,
        applied_at: null,
        settled_at: expect.any(Date),
        error_message: expect.stringContaining("(not the remedy's doing; tries: 3)"),
      },
    ]);
    expect(await judged(platform)).toEqual(unjudged);
  },
);

test('the next run begins an aborted heal again, without a cooldown', async () => {
  const platform = await meeting(ended, 3);
  await platform.round();
  expect(await platform.actions()).toMatchObject([{ state: 'aborted' }]);
  expect(await platform.round()).toMatchObject({ status: 'success', actions_taken: 1 });
  expect((await platform.actions()).map(({ state }) => state)).toEqual(['aborted', 'verified']);
  expect(await platform.effects()).toEqual(['disk.clean']);
});

test('a remedy that always meets a fault is bounded by its attempts, and the breaker is not asked', async () => {
  const platform = await meeting(faults['a statement took too long'], always);
  for (let number = 0; number < 4; number++) await platform.round();
  expect(platform.met.tries).toBe(9);
  const states = (await platform.actions()).map(({ state }) => state);
  expect(states).toEqual(['aborted', 'aborted', 'aborted']);
  expect((await platform.decisions()).at(-1)).toMatchObject({
    verdict: 'blocked',
    gate: 'attempts',
  });
  expect(await judged(platform)).toEqual(unjudged);
}, 60_000);

test('a medium finding whose remedy was aborted gets a ticket', async () => {
  const platform = await meeting(ended, always, { severity: 'medium' });
  await platform.round();
  expect(await tickets(platform)).toMatchObject([{ severity: 'medium' }]);
});

test('one that a person approved is still approved after it was aborted', async () => {
  const platform = await meeting(ended, 3, {
    seeds: [entry('asks', playbook('disk.clean'), { autonomy: 'suggest' })],
  });
  await platform.round();
  await sql`UPDATE bot_decisions SET answer = 'approved', answered_by = 'ann', answered_at = engine.now()
            WHERE verdict = 'suggested'`.execute(platform.db);
  await platform.round();
  expect(await platform.actions()).toMatchObject([{ state: 'aborted' }]);
  await platform.round();
  expect((await platform.actions()).map(({ state }) => state)).toEqual(['aborted', 'verified']);
});

test("a remedy's own error makes the action failed at once, and counts as an outcome", async () => {
  const platform = await meeting(
    (session) => sql`SELECT FROM there_is_no_such_table`.execute(session),
    always,
  );
  await platform.round();
  expect(platform.met.tries).toBe(1);
  expect(await platform.actions()).toMatchObject([{ state: 'failed' }]);
  expect((await judged(platform)).outcomes).toEqual([{ outcome: 'failed' }]);
});

test('while it waits for another try the kill switch ends it', async () => {
  const platform = await meeting(async (session, db) => {
    await set(db, 'mode', 'off');
    await ended(session, db);
  }, always);
  expect(await platform.round()).toMatchObject({ status: 'success' });
  expect(platform.met.tries).toBe(1);
  expect(await platform.effects()).toEqual([]);
  expect(await platform.actions()).toMatchObject([
    { state: 'aborted', error_message: expect.stringContaining('it may not be tried again') },
  ]);
});

test('it is not tried again past the deadline of its run', async () => {
  const platform = await meeting(ended, always);
  await platform.db.updateTable('bots').set({ timeout_seconds: 1 }).execute();
  expect(await platform.round()).toMatchObject({ status: 'success' });
  expect(platform.met.tries).toBe(1);
  expect(await platform.actions()).toMatchObject([
    { state: 'aborted', error_message: expect.stringContaining('tries: 1') },
  ]);
});

test('an error while the engine decides is not an outcome, and the next attempt heals', async () => {
  const platform = await meeting(ended, 0);
  const id = await queuedRun(platform.db, 'watch');
  const holds = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  const holder = platform.db.transaction().execute(async (trx) => {
    await sql`SELECT FROM engine.settings WHERE key = 'budget' FOR UPDATE`.execute(trx);
    holds.resolve();
    await over.promise;
  });
  await holds.promise;
  const running = attempt(platform.engine, id);
  await expect
    .poll(async () => {
      const { rows } = await sql`
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%budget%'`.execute(
        platform.db,
      );
      return rows.length;
    })
    .toBe(1);
  over.resolve();
  await holder;
  expect(await running).toMatchObject({ status: 'queued', reason: 'engine error' });
  expect(await platform.actions()).toEqual([]);
  await sql`UPDATE bot_executions SET run_after = NULL WHERE id = ${id}`.execute(platform.db);
  await attempt(platform.engine, id);
  expect(await platform.actions()).toMatchObject([{ state: 'verified' }]);
});

test('a failure that cannot be written down at once is written down by another try', async () => {
  const platform = await meeting(async (_, db) => {
    await endsNextRecord(db, 1);
    throw new Error('it broke off');
  }, always);
  expect(await platform.round()).toMatchObject({ status: 'success' });
  expect(await platform.actions()).toMatchObject([
    { state: 'failed', error_message: 'it broke off' },
  ]);
});

test('a run that meets faults in its remedies has recorded what its checks saw', async () => {
  const platform = await meeting(ended, always);
  const { id } = await platform.round();
  expect(await rowOf(platform.db, id)).toMatchObject({ status: 'success', issues_found: 1 });
  expect(await platform.finding()).toMatchObject({ resolved_at: null, last_execution_id: id });
});

test.each([
  'it was the victim of a deadlock',
  'a lock was not free in time',
  'a statement took too long',
] as const)('a fault that a remedy tells in words of its own is no outcome: %s', async (name) => {
  const fault: MakeFault = async (db, other) => {
    try {
      await faults[name](db, other);
    } catch (error) {
      // oxlint-disable-next-line preserve-caught-error -- what is tried here
      throw new Error(`could not clean: ${(error as Error).message}`);
    }
  };
  const platform = await meeting(fault, always);
  await platform.round();
  expect(await platform.actions()).toMatchObject([
    {
      state: 'aborted',
      error_message: expect.stringMatching(/could not clean: .*not the remedy's doing/),
    },
  ]);
  expect(await judged(platform)).toEqual(unjudged);
});

test("an error of the remedy in a transaction that has not failed is the remedy's own", async () => {
  const platform = await meeting(async () => {
    throw new Error('could not clean: no such disk');
  }, always);
  await platform.round();
  expect(await platform.actions()).toMatchObject([{ state: 'failed' }]);
});
