import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { backends } from '../support/backends.ts';
import { aBot, aRemedy, broken, catalogue, entry, playbook } from '../support/builders.ts';
import { makeDue, nothingHeldOut } from '../support/runs.ts';
import { movableClock } from '../support/clocks.ts';
import { startFlow, type Flow } from '../support/engine.ts';
import { traces } from './moved.ts';

const findings = ({ db }: Flow) =>
  db
    .selectFrom('bot_findings')
    .select(['affected_component as component', 'resolution_method as method', 'occurrences'])
    .orderBy('affected_component')
    .orderBy('detected_at')
    .execute();
const tickets = ({ db }: Flow) =>
  db.selectFrom('bot_tickets').selectAll().orderBy('number').execute();
const events = async ({ db }: Flow) =>
  (await db.selectFrom('bot_ticket_events').selectAll().orderBy('id').execute()).map(
    ({ event }) => event,
  );

/** Makes the bot due by the clock, as time would, and waits for the end of its run. */
async function dueRun({ db }: Flow) {
  const before = await db.selectFrom('bot_executions').select('id').execute();
  await expect
    .poll(
      async () =>
        (await db.selectFrom('bots').select('next_slot_at').executeTakeFirst())?.next_slot_at,
    )
    .toBeTruthy();
  await makeDue(db, 'watch');
  const fresh = () =>
    db
      .selectFrom('bot_executions')
      .selectAll()
      .where('id', 'not in', [
        '00000000-0000-0000-0000-000000000000',
        ...before.map(({ id }) => id),
      ])
      .executeTakeFirst();
  await expect.poll(async () => (await fresh())?.completed_at, { timeout: 20_000 }).toBeTruthy();
  return (await fresh())!;
}

describe.each(backends)('on $name', (backend) => {
  test('a due bot is run, what is known is healed, the rest is a ticket that follows its finding', async () => {
    const failing = new Set(['disk', 'memory']);
    const cure = aRemedy('disk.clean', async () => failing.delete('disk'));
    const bot = aBot(
      'watch',
      async () => ({ examined: ['disk', 'memory'], findings: broken(...failing).findings }),
      { knowledge: [entry('clean', playbook('disk.clean'), { pattern: 'disk is broken' })] },
    );
    const flow = await startFlow(backend, catalogue([bot], [cure]));
    const wait = await movableClock(flow.db);
    await nothingHeldOut(flow.db);

    const first = await dueRun(flow);
    expect(first).toMatchObject({
      status: 'success',
      trigger: 'schedule',
      attempt: 1,
      generation: 1,
      checks_performed: 1,
      issues_found: 2,
      actions_taken: 1,
      worker: flow.worker,
      lease_until: null,
      error_message: null,
    });
    expect(first.scheduled_for).not.toBeNull();
    expect(await findings(flow)).toEqual([
      { component: 'disk', method: 'auto-fixed', occurrences: 1 },
      { component: 'memory', method: null, occurrences: 1 },
    ]);
    const actions = await flow.db.selectFrom('bot_actions').selectAll().execute();
    expect(actions).toMatchObject([{ remedy: 'disk.clean', state: 'verified', success: true }]);
    const known = await flow.db.selectFrom('bot_knowledge').selectAll().executeTakeFirstOrThrow();
    expect(known).toMatchObject({ name: 'clean', times_applied: 1 });
    const counters = await flow.db.selectFrom('bots').selectAll().executeTakeFirstOrThrow();
    expect(counters).toMatchObject({ total_runs: 1, successful_runs: 1, failed_runs: 0 });
    expect(counters.last_execution_at).toEqual(first.started_at);
    expect(await tickets(flow)).toMatchObject([
      { severity: 'high', status: 'assigned', assigned_to: 'javari', occurrences: 1 },
    ]);

    const moved = await traces(backend, flow.db, first.id);
    expect(moved.events).toEqual(expect.arrayContaining(['waiting', 'active', 'completed']));
    expect(moved.events.filter((event) => event === 'active')).toHaveLength(1);
    expect(moved[backend.name === 'redis' ? 'postgres' : 'redis']).toBe(0);

    await dueRun(flow);
    expect(await tickets(flow)).toMatchObject([{ status: 'assigned', occurrences: 2 }]);

    failing.clear();
    await dueRun(flow);
    expect((await findings(flow)).at(-1)).toMatchObject({ component: 'memory', method: 'cleared' });
    expect(await tickets(flow)).toMatchObject([{ status: 'resolved', resolved_by: 'roundsman' }]);

    failing.add('memory');
    await wait(23 * 3_600);
    await dueRun(flow);
    expect(await tickets(flow)).toMatchObject([
      { status: 'assigned', occurrences: 3, resolved_at: null },
    ]);
    expect(await events(flow)).toEqual(['opened', 'resolved', 'reopened']);

    failing.clear();
    await dueRun(flow);
    failing.add('memory');
    await wait(25 * 3_600);
    await dueRun(flow);
    expect(await tickets(flow)).toMatchObject([
      { status: 'resolved' },
      { status: 'assigned', occurrences: 1 },
    ]);
    const again = await sql`
      SELECT FROM bot_executions WHERE status <> 'success' OR generation <> 1 OR attempt <> 1`.execute(
      flow.db,
    );
    expect(again.rows).toEqual([]);
  });

  test('a remedy that does nothing leaves its finding open, its action failed, and a ticket', async () => {
    const bot = aBot('watch', async () => broken('disk'), {
      knowledge: [entry('useless', playbook('disk.look-at'))],
    });
    const flow = await startFlow(
      backend,
      catalogue([bot], [aRemedy('disk.look-at', async () => {})]),
    );
    await nothingHeldOut(flow.db);
    expect(await dueRun(flow)).toMatchObject({
      status: 'success',
      issues_found: 1,
      actions_taken: 1,
    });
    expect(await findings(flow)).toMatchObject([{ method: null }]);
    const actions = await flow.db.selectFrom('bot_actions').selectAll().execute();
    expect(actions).toMatchObject([{ state: 'failed', success: false }]);
    expect(await tickets(flow)).toHaveLength(1);
    const known = await flow.db.selectFrom('bot_knowledge').selectAll().executeTakeFirstOrThrow();
    expect(known).toMatchObject({ times_applied: 1, times_successful: 0 });
  });
});
