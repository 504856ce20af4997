/** A check that the database kept from looking is asked again before it counts as errored. */
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { Check } from '../../src/bot.ts';
import { aBot, aRemedy, broken, catalogue, clean, entry, playbook } from '../support/builders.ts';
import { anEngine } from '../support/engine.ts';
import { nothingHeldOut, run } from '../support/runs.ts';
import { faults, type MakeFault } from '../support/real-faults.ts';

type Run = Check<unknown>['run'];

/** A bot whose check meets the fault in the tries that `meets` names, from 1 on, and says `result` in the others. */
async function asking(fault: MakeFault, meets: (tries: number) => boolean, result = clean('disk')) {
  const seen = { tries: 0, nows: new Set<number>() };
  const check: Run = async (_, { db, now }) => {
    seen.tries += 1;
    seen.nows.add(now.getTime());
    if (meets(seen.tries)) await db.transaction().execute((trx) => fault(trx, engine.db));
    return result;
  };
  const bot = aBot('watch', { 'is-well': check, 'is-there': async () => clean('memory') });
  const engine = await anEngine({ name: 'postgres' }, catalogue([bot]));
  return { engine, seen, round: () => run(engine, 'watch', { max_attempts: 1 }) };
}

const ended = faults['its session was ended'];

test.each([
  'its session was ended',
  'its session was ended in the middle of a statement',
  'a statement took too long',
  'an operator cancelled its statement',
  'it sat idle in its transaction',
] as const)('a check of which %s is asked again, and its run is a success', async (name) => {
  const { seen, round } = await asking(faults[name], (tries) => tries === 1, broken('disk'));
  expect(await round()).toMatchObject({
    status: 'success',
    error_message: null,
    checks_performed: 2,
    issues_found: 1,
  });
  expect(seen.tries).toBe(2);
  // Each try is at another time.
  expect(seen.nows.size).toBe(2);
});

test('one that meets it each time has erred after three tries, and the others have looked all the same', async () => {
  const { seen, round } = await asking(ended, () => true);
  expect(await round()).toMatchObject({
    status: 'failed',
    reason: 'check errored',
    error_message: expect.stringMatching(/^is-well: .*(terminat|not queryable|ECONNRESET)/),
    checks_performed: 1,
  });
  expect(seen.tries).toBe(3);
});

test("a check's own error is its own, and it is not asked again", async () => {
  const { seen, round } = await asking(
    (session) => sql`SELECT FROM there_is_no_such_table`.execute(session),
    () => true,
  );
  expect(await round()).toMatchObject({ status: 'failed', reason: 'check errored' });
  expect(seen.tries).toBe(1);
});

test('a check that writes is refused by its own session, and not asked again', async () => {
  const { seen, round } = await asking(
    (session) => sql`DELETE FROM engine.nodes`.execute(session),
    () => true,
  );
  expect(await round()).toMatchObject({
    status: 'failed',
    error_message: expect.stringContaining('read-only transaction'),
  });
  expect(seen.tries).toBe(1);
});

test('a check is not tried again if another try as long as the first would take the time of the other checks', async () => {
  const slow: MakeFault = async (session) => {
    await sql`SET LOCAL statement_timeout = '1500ms'`.execute(session);
    await sql`SELECT pg_sleep(60)`.execute(session);
  };
  const { engine, seen, round } = await asking(slow, () => true);
  await engine.db.updateTable('bots').set({ timeout_seconds: 4 }).execute();
  expect(await round()).toMatchObject({ status: 'failed', checks_performed: 1 });
  expect(seen.tries).toBe(1);
});

describe('after a cure', () => {
  async function curing(meets: (tries: number) => boolean) {
    const seen = { tries: 0, well: false };
    const check: Run = async (_, { db, since }) => {
      if (since) seen.tries += 1;
      if (since && meets(seen.tries))
        await db.transaction().execute((trx) => ended(trx, engine.db));
      return seen.well ? clean('disk') : broken('disk');
    };
    const bot = aBot('watch', check, { knowledge: [entry('clean', playbook('disk.clean'))] });
    const cure = aRemedy('disk.clean', async () => void (seen.well = true));
    const engine = await anEngine({ name: 'postgres' }, catalogue([bot], [cure]));
    await nothingHeldOut(engine.db);
    return { engine, seen };
  }

  const states = async ({ engine }: Awaited<ReturnType<typeof curing>>) =>
    (await engine.db.selectFrom('bot_actions').select('state').execute()).map(({ state }) => state);

  test('a check that meets a fault is asked again, and verifies it', async () => {
    const at = await curing((tries) => tries === 1);
    expect(await run(at.engine, 'watch')).toMatchObject({ status: 'success' });
    expect(at.seen.tries).toBe(2);
    expect(await states(at)).toEqual(['verified']);
  });

  test('one that meets it each time says nothing of the cure, which the next run judges', async () => {
    const at = await curing(() => true);
    expect(await run(at.engine, 'watch')).toMatchObject({ status: 'success', actions_taken: 1 });
    expect(at.seen.tries).toBe(3);
    expect(await states(at)).toEqual(['applied']);
    await run(at.engine, 'watch');
    expect(await states(at)).toEqual(['verified']);
  });
});
