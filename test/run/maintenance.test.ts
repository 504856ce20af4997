/** What a maintenance window holds back, and what becomes of it afterwards. */
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { ReportedSeverity } from '../../src/bot.ts';
import { pendingTickets } from '../../src/data/bots/overview.ts';
import { listTickets } from '../../src/services/tickets/list.ts';
import { reopenTicket } from '../../src/services/tickets/reopen.ts';
import { addMaintenance, type Scope } from '../../src/services/maintenance/add.ts';
import { endMaintenance } from '../../src/services/maintenance/end.ts';
import { giveTimeBack } from '../../src/transitions/tickets/give-time-back.ts';
import { aRemedy, broken, clean, entry, playbook, problem } from '../support/builders.ts';
import { movableClock } from '../support/clocks.ts';
import { tellers, type Tellers } from './teller.ts';

const actor = { name: 'ann', role: 'operator' as const };

const add = async ({ db }: Pick<Tellers, 'db'>, scope: Partial<Scope> = {}, seconds = 3_600) => {
  const { maintenance } = await addMaintenance(
    { db, actor },
    {
      scope: {
        bots: [],
        components: [],
        categories: [],
        severities: [],
        skipRuns: false,
        ...scope,
      },
      times: { timezone: 'UTC', for: seconds },
      reason: 'upgrade',
    },
  );
  return maintenance.id;
};
const end = ({ db }: Pick<Tellers, 'db'>, window: string) =>
  endMaintenance({ db, actor }, { window });

const pending = async (bots: Tellers) =>
  (await bots.tickets()).filter(({ status }) => status === 'open' || status === 'assigned');

describe('what is in the scope of a window gets its ticket when the window is over', () => {
  test.each<[string, Partial<Scope>, boolean]>([
    ['for everything', {}, true],
    ['for its bot', { bots: ['one'] }, true],
    ['for another bot', { bots: ['two'] }, false],
    ['for its component among others', { components: ['x', 'disk'] }, true],
    ['for another component', { components: ['x'] }, false],
    ['for its category', { categories: ['trouble'] }, true],
    ['for its bot and another component', { bots: ['one'], components: ['x'] }, false],
    [
      'for its bot, component and category',
      { bots: ['two', 'one'], components: ['disk'], categories: ['trouble'] },
      true,
    ],
  ])('%s', async (_, scope, held) => {
    const bots = await tellers({ one: {}, two: {} });
    const window = await add(bots, scope);
    await bots.say('one', broken('disk'));
    await bots.say('one', broken('disk'));
    expect(await pending(bots)).toHaveLength(held ? 0 : 1);
    await end(bots, window);
    expect(await pending(bots)).toHaveLength(held ? 0 : 1);
    await bots.say('one', broken('disk'));
    expect(await pending(bots)).toMatchObject([{ title: 'disk is broken' }]);
  });

  test('a problem that is gone by then never gets one', async () => {
    const bots = await tellers({ one: {} });
    const window = await add(bots);
    await bots.say('one', broken('disk'));
    await bots.say('one', clean('disk'));
    await end(bots, window);
    await bots.say('one', clean('disk'));
    expect(await bots.tickets()).toEqual([]);
  });

  test('a window that is over, or yet to come, holds nothing back', async () => {
    const bots = await tellers({ one: {} });
    const move = await movableClock(bots.db);
    await add(bots, {}, 60);
    await move(61);
    await add(bots, {}, 60).then((id) =>
      sql`UPDATE bot_maintenance SET occurrences = tstzmultirange(tstzrange(engine.now() + interval '1 hour', engine.now() + interval '2 hours'))
          WHERE id = ${id}`.execute(bots.db),
    );
    await bots.say('one', broken('disk'));
    expect(await pending(bots)).toHaveLength(1);
  });
});

test('a storm in a window has no ticket; one of which a part is outside has one for that part', async () => {
  const bots = await tellers({ one: {}, two: {} });
  const all = ['a', 'b', 'c', 'd', 'e'];
  const window = await add(bots, { bots: ['one'] });
  await bots.say('one', broken(...all));
  expect(await pending(bots)).toEqual([]);
  await add(bots, { bots: ['two'], components: ['a', 'b'] });
  await bots.say('two', broken(...all));
  expect(await pending(bots)).toMatchObject([{ title: expect.stringContaining('Storm: 5 of 5') }]);
  await end(bots, window);
  await bots.say('one', broken(...all));
  expect(await pending(bots)).toHaveLength(2);
});

test('what stands behind a held cause is told by itself, for no ticket tells of the cause', async () => {
  const bots = await tellers({ one: {} });
  await add(bots, { components: ['net'] });
  const result = {
    examined: ['net', 'api'],
    findings: [problem('net'), problem('api', { dependsOn: ['net'] })],
  };
  await bots.say('one', result);
  await bots.say('one', result);
  expect(await pending(bots)).toMatchObject([{ title: 'api is broken' }]);
});

test('a ticket of the cause from before the window tells of nothing that comes behind it meanwhile', async () => {
  const bots = await tellers({ one: {} });
  const result = (...dependent: string[]) => ({
    examined: ['net', 'api'],
    findings: [problem('net'), ...dependent.map((name) => problem(name, { dependsOn: ['net'] }))],
  });
  await bots.say('one', result());
  const window = await add(bots, { components: ['net'] });
  await bots.say('one', result('api'));
  expect((await pending(bots)).map(({ title }) => title)).toEqual([
    'net is broken',
    'api is broken',
  ]);
  await end(bots, window);
});

test('nothing is healed in a window, the decision says so, and the next run after it heals', async () => {
  const healed: string[] = [];
  const restart = aRemedy('disk.clean', async ({ target }) => void healed.push(target.component));
  const bots = await tellers({
    one: { knowledge: [entry('clean', playbook('disk.clean'))], remedies: [restart] },
  });
  const window = await add(bots, { components: ['disk'] });
  await bots.say('one', broken('disk'));
  expect(healed).toEqual([]);
  expect(await bots.decisions()).toMatchObject([{ verdict: 'blocked', gate: 'maintenance' }]);
  await end(bots, window);
  await bots.say('one', broken('disk'));
  expect(healed).toEqual(['disk']);
});

test('a ticket that was resolved is not reopened in a window, and is when the next run after it sees the problem', async () => {
  const bots = await tellers({ one: {} });
  await bots.say('one', broken('disk'));
  await bots.say('one', clean('disk'));
  expect(await bots.tickets()).toMatchObject([{ status: 'resolved' }]);
  const window = await add(bots);
  await bots.say('one', broken('disk'));
  expect(await bots.tickets()).toMatchObject([{ status: 'resolved' }]);
  await end(bots, window);
  await bots.say('one', broken('disk'));
  expect(await bots.tickets()).toMatchObject([{ status: 'assigned' }]);
});

describe('a ticket that is pending already', () => {
  const ticketed = async (severity: ReportedSeverity = 'high') => {
    const bots = await tellers({ one: {} });
    const move = await movableClock(bots.db);
    await bots.say('one', { examined: ['disk'], findings: [problem('disk', { severity })] });
    return { bots, move, db: bots.db };
  };
  const overdue = async (db: Tellers['db']) => ({
    late: (await pendingTickets(db)).late,
    urgent: (await pendingTickets(db)).urgent,
    listed: (await listTickets(db, { overdue: true, limit: 5 })).tickets.length,
  });
  const respondBy = async (bots: Tellers) => (await bots.tickets())[0]!.respond_by!.getTime();

  test('stays pending, needs no person meanwhile, and its clock gets the time back', async () => {
    const { bots, move, db } = await ticketed();
    const target = await respondBy(bots);
    await move(20 * 60);
    const window = await add(bots, { bots: ['one'] }, 7_200);
    await move(7_100);
    expect(await overdue(db)).toEqual({ late: 0, urgent: 0, listed: 0 });
    expect(await giveTimeBack(db, 10)).toBe(0);
    await bots.say('one', broken('disk'));
    expect(await pending(bots)).toMatchObject([{ occurrences: 2 }]);
    await move(200);
    expect(await giveTimeBack(db, 10)).toBe(1);
    expect(Math.abs((await respondBy(bots)) - target - 7_200_000)).toBeLessThan(3_000);
    expect(await overdue(db)).toEqual({ late: 0, urgent: 1, listed: 0 });
    expect(await giveTimeBack(db, 10)).toBe(0);
    await move(11 * 60);
    expect(await overdue(db)).toEqual({ late: 1, urgent: 1, listed: 1 });
    expect(window).toBeTruthy();
  });

  test('gets the time of windows that overlap once', async () => {
    const { bots, move, db } = await ticketed();
    const target = await respondBy(bots);
    await add(bots, {}, 3_600);
    await move(1_800);
    await add(bots, { components: ['disk'] }, 3_600);
    await move(1_900);
    expect(await giveTimeBack(db, 10)).toBe(0);
    await move(1_800);
    expect(await giveTimeBack(db, 10)).toBe(1);
    expect(Math.abs((await respondBy(bots)) - target - 5_400_000)).toBeLessThan(3_000);
    expect(await giveTimeBack(db, 10)).toBe(0);
  });

  test('that was late before is late afterwards, and one that is acknowledged has no clock', async () => {
    const { bots, move, db } = await ticketed();
    const target = await respondBy(bots);
    await move(3_600);
    await add(bots, {}, 3_600);
    await move(3_700);
    await giveTimeBack(db, 10);
    expect(await respondBy(bots)).toBe(target);
    expect(await overdue(db)).toMatchObject({ late: 1 });
    await sql`UPDATE bot_tickets SET acknowledged_at = engine.now(), respond_by = engine.now() + interval '1 minute'`.execute(
      db,
    );
    const later = await respondBy(bots);
    await add(bots, {}, 60);
    await move(61);
    await giveTimeBack(db, 10);
    expect(await respondBy(bots)).toBe(later);
  });

  test('that was reopened in the middle of one gets back what was left of it', async () => {
    const { bots, move, db } = await ticketed();
    await bots.say('one', clean('disk'));
    await move(3_600);
    await add(bots, {}, 3_600);
    await move(1_800);
    const [ticket] = await bots.tickets();
    await reopenTicket({ db, actor }, { ticket: `T-${ticket!.number}`, reason: 'not yet' });
    const target = await respondBy(bots);
    await move(1_900);
    expect(await giveTimeBack(db, 10)).toBe(1);
    expect(Math.abs((await respondBy(bots)) - target - 1_800_000)).toBeLessThan(3_000);
  });

  test('gets back the time of a window that a person ends early, and nothing for one whose scope it is outside of', async () => {
    const { bots, move, db } = await ticketed();
    const target = await respondBy(bots);
    const window = await add(bots, { categories: ['trouble'] });
    await add(bots, { bots: [], components: ['x'] }, 60);
    await move(600);
    await giveTimeBack(db, 10);
    expect(await respondBy(bots)).toBe(target);
    await end(bots, window);
    await giveTimeBack(db, 10);
    expect(Math.abs((await respondBy(bots)) - target - 600_000)).toBeLessThan(3_000);
  });

  test('of many tickets, a few at a time, each gets its time back once, even where another session holds one', async () => {
    const { bots, move, db } = await ticketed();
    await sql`
      INSERT INTO bot_tickets (bot_id, fingerprint, severity, title, description, status, respond_by, created_at)
      SELECT bot_id, 'f' || n, 'high', 't', 'd', 'open', engine.now() + interval '1 hour', engine.now()
      FROM bot_tickets, generate_series(1, 9) n`.execute(db);
    await add(bots, {}, 600);
    await move(601);
    await db.transaction().execute(async (trx) => {
      await sql`SELECT FROM bot_tickets WHERE fingerprint = 'f3' FOR UPDATE`.execute(trx);
      const given: number[] = [];
      for (let call = 0; call < 4; call++) given.push(await giveTimeBack(db, 4));
      expect(given).toEqual([4, 4, 1, 0]);
    });
    expect(await giveTimeBack(db, 4)).toBe(1);
    expect(await giveTimeBack(db, 4)).toBe(0);
    const { rows } = await sql<{ minutes: number }>`
      SELECT DISTINCT round(extract(epoch FROM respond_by - created_at) / 60)::int AS minutes FROM bot_tickets
      WHERE fingerprint LIKE 'f_'`.execute(db);
    expect(rows).toEqual([{ minutes: 70 }]);
  });
});
