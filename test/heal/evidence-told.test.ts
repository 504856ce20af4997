/** A cure is judged by what a check sees, however it tells it, whatever the clock says, and whoever waits for it. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import type { TicketRow } from '../../src/data/bots/bot-tickets.ts';
import { resolveTicket } from '../support/transitions.ts';
import { neverClear } from '../../src/transitions/actions/leave-undecided.ts';
import { aBot, aRemedy, catalogue, entry, playbook, problem } from '../support/builders.ts';
import { anEngine } from '../support/engine.ts';
import { nothingHeldOut, run } from '../support/runs.ts';
import { curedAfterABurst, hour, minute } from './endpoint.ts';

test.each(['category', 'component'] as const)(
  'no cure holds while every request fails, though the %s is told differently now',
  async (column) => {
    const at = await curedAfterABurst();
    at.tell((result) => ({
      ...result,
      findings: result.findings.map((each) => ({
        ...each,
        key: each.key ?? each.component,
        [column]: 'other',
      })),
    }));
    for (let round = 0; round < 4; round += 1) {
      await at.move(40 * minute);
      await at.answers(503, 60, 5);
      await at.round();
      await at.settle();
    }
    expect(await at.states()).not.toContain('verified');
    expect(await at.states()).not.toContain('held');
    // It is one problem still, and one ticket.
    expect((await at.findings()).filter(({ resolved_at }) => resolved_at === null)).toHaveLength(1);
    expect(await at.tickets()).toHaveLength(1);
  },
);

test('no cure of a state is verified by a check that tells the same key in another category', async () => {
  let category = 'trouble';
  const bot = aBot(
    'watch',
    async () => ({ examined: ['disk'], findings: [problem('disk', { category })] }),
    { knowledge: [entry('clean', playbook('disk.clean'))] },
  );
  const cure = aRemedy('disk.clean', async () => {
    category = 'other';
  });
  const { db, ...engine } = await anEngine({ name: 'postgres' }, catalogue([bot], [cure]));
  await nothingHeldOut(db);
  await run({ db, ...engine }, 'watch', { max_attempts: 1 });
  expect(await db.selectFrom('bot_actions').select('state').execute()).toEqual([
    { state: 'failed' },
  ]);
});

test('what the report says is failing has relapsed though a further question errs, and the run says that it did', async () => {
  const at = await curedAfterABurst();
  await at.move(3 * minute);
  await at.answers(200, 100, 5);
  await at.round();
  expect(await at.states()).toEqual(['verified']);
  at.tell((result, { only }) => {
    if (only) throw new Error('only is not implemented');
    return result;
  });
  await at.move(10 * minute);
  await at.answers(503, 100, 5);
  expect(await at.round()).toMatchObject({
    status: 'failed',
    error_message: expect.stringContaining('only is not implemented'),
  });
  expect((await at.states())[0]).toBe('relapsed');
});

test('of a check that errs for a day it is not said that too few events came', async () => {
  const at = await curedAfterABurst();
  at.tell(() => {
    throw new Error('broken');
  });
  for (let round = 0; round < 26; round += 1) {
    await at.move(hour);
    await at.round();
    await at.settle();
  }
  expect(await at.actions()).toMatchObject([{ state: 'undecided', error_message: neverClear }]);
});

test('what goes on at 15 % after a person resolved 29 % is told when a person would have had to respond', async () => {
  const at = await curedAfterABurst({ autonomy: 'suggest' });
  const [ticket] = await at.tickets();
  await resolveTicket(at.db, ticket as TicketRow, 'done', 'ann');
  at.tell((result) => ({
    ...result,
    findings: result.findings.map((each) => ({ ...each, severity: 'medium' as const })),
  }));
  const open = async () =>
    (await at.tickets()).filter(({ status }) => status === 'open' || status === 'assigned').length;
  for (let halfHours = 1; halfHours <= 4; halfHours += 1) {
    expect(await open(), `${halfHours - 1} half hours`).toBe(0);
    await at.move(30 * minute);
    await at.answers(503, 15, 5);
    await at.answers(200, 85, 5);
    await at.round();
  }
  // The target of medium is two hours.
  expect(await open()).toBe(1);
});

test('a quiet hour after a person resolved it brings no ticket', async () => {
  const at = await curedAfterABurst({ autonomy: 'suggest' });
  const [ticket] = await at.tickets();
  await resolveTicket(at.db, ticket as TicketRow, 'done', 'ann');
  for (let halfHours = 1; halfHours <= 6; halfHours += 1) {
    await at.move(30 * minute);
    await at.round();
  }
  expect((await at.tickets()).map(({ status }) => status)).toEqual(['resolved']);
});

test('a clock that is set back by an hour after a cure leaves no outage without a ticket', async () => {
  const at = await curedAfterABurst();
  await at.move(-hour);
  await sql`DELETE FROM api_logs`.execute(at.db);
  for (let round = 0; round < 5; round += 1) {
    await at.move(10 * minute);
    await at.answers(503, 60, 5);
    await at.round();
    await at.settle();
    await at.verifyRun();
  }
  expect(await at.findings()).toMatchObject([{ resolved_at: null }]);
  expect(await at.tickets()).not.toEqual([]);
});

test('nor does one that is set back a day after a person resolved the ticket', async () => {
  const at = await curedAfterABurst({ autonomy: 'shadow' });
  await at.move(24 * hour);
  const [ticket] = await at.tickets();
  await resolveTicket(at.db, ticket as TicketRow, 'done', 'ann');
  await at.move(-24 * hour);
  await sql`DELETE FROM api_logs`.execute(at.db);
  for (let round = 0; round < 3; round += 1) {
    await at.move(30 * minute);
    await at.answers(503, 60, 5);
    await at.round();
  }
  expect((await at.tickets()).filter(({ status }) => status !== 'resolved')).toHaveLength(1);
});

test.each(['disabled', 'paused'])(
  'a %s bot takes no further step, and plans no further question',
  async (status) => {
    const at = await curedAfterABurst({
      solution: 'steps:\n  - remedy: api.restart\n  - remedy: api.further\n',
    });
    await sql`UPDATE bots SET status = ${status} WHERE name = 'sentinel-api'`.execute(at.db);
    await at.move((await at.untilVerifyRun())! + 1);
    await at.verifyRun();
    expect(await at.untilVerifyRun()).toBeNull();
    await sql`
      INSERT INTO bot_executions (bot_id, status, trigger, generation, max_attempts, started_at, queued_at, run_after)
      SELECT id, 'queued', 'verify', 1, 1, engine.now(), engine.now(), engine.now() FROM bots WHERE name = 'sentinel-api'`.execute(
      at.db,
    );
    await sql`UPDATE bot_actions SET ask_after = engine.now()`.execute(at.db);
    await at.answers(503, 60, 1);
    await at.verifyRun();
    expect((await at.actions()).map(({ remedy, state }) => [remedy, state])).toEqual([
      ['api.restart', 'failed'],
    ]);
  },
);

test('a window that is not a duration is an error of its check', async () => {
  const at = await curedAfterABurst();
  const run = await at.round();
  expect(run).toMatchObject({ status: 'success' });
  for (const window_minutes of [1e300, 1e12]) {
    const bot = aBot('counts', async () => ({ examined: [], findings: [] }));
    const check = {
      name: 'events',
      title: 'events',
      events: true as const,
      windowSeconds: () => window_minutes,
      run: async () => ({ examined: [], findings: [], tallies: [] }),
    };
    const engine = await anEngine(
      { name: 'postgres' },
      catalogue([{ ...bot, checks: [check] }], []),
    );
    expect(await runOf(engine)).toMatchObject({
      status: 'failed',
      error_message: expect.stringMatching(
        /windowSeconds is 1e\+\d+|windowSeconds is 1000000000000/,
      ),
    });
  }
});

const runOf = (engine: Parameters<typeof run>[0]) => run(engine, 'counts', { max_attempts: 1 });
