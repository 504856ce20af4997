/** The conductor's checks of late starts, skipped slots, empty runs, the queue, the newest runs and flapping. */
import { sql } from 'kysely';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { conductor } from '../../bots/conductor.ts';
import { pauseBot } from '../../bots/remedies/bot.pause.ts';
import { requeueRun } from '../../bots/remedies/run.requeue.ts';
import { SkippedCheck } from '../../src/bot.ts';
import { plantBot, plantRuns } from '../../src/demo/faults/bot-rows.ts';
import { conductorFaults } from '../../src/demo/faults/conductor.ts';
import { finderOf } from '../../src/demo/faults/fault.ts';
import { minutesBefore } from '../../src/demo/time.ts';
import { aBot, catalogue, clean } from '../support/builders.ts';
import { runCheck } from '../support/check.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { anEngine } from '../support/engine.ts';
import { entriesFor } from '../support/knowledge.ts';
import { attempt, run } from '../support/runs.ts';

let db: TestDatabase['db'];
let now: Date;
beforeAll(async () => {
  ({ db } = await testDatabase());
});
beforeEach(async () => {
  await sql`TRUNCATE bots, engine.nodes CASCADE`.execute(db);
  ({ now } = (await sql<{ now: Date }>`SELECT engine.now() AS now`.execute(db)).rows[0]!);
});

const ago = (minutes: number) => minutesBefore(now, minutes);
const seconds = (count: number) => count / 60;
const hour = 60;
const check = (name: string, config = {}, asked: Parameters<typeof runCheck>[4] = {}) =>
  runCheck(conductor, name, db, config, { now, ...asked });
const found = async (...args: Parameters<typeof check>) => (await check(...args)).findings;
const figuresOf = async (...args: Parameters<typeof check>) =>
  Object.fromEntries((await check(...args)).figures!.map((each) => [each.name, each.value]));
const bot = (name: string, values = {}) => plantBot(db, name, { name, ...values });
const runs = (id: string, ...rows: Parameters<typeof plantRuns>[3]) => plantRuns(db, id, now, rows);
const times = <Row>(count: number, row: (n: number) => Row) =>
  Array.from({ length: count }, (_, n) => row(n));

describe('late starts', () => {
  const worker = (places: number | null, heartbeat_at = now, role = 'worker') =>
    db
      .insertInto('engine.nodes')
      .values({ id: `${role}-${Math.random()}`, role, host: 'h', pid: 1, places, heartbeat_at })
      .execute();
  /** Runs that were queued `waited` seconds before they started. */
  const started = (count: number, waited: number, row = {}) =>
    times(count, (n) => ({
      started_at: ago(10 * n + 5),
      queued_at: ago(10 * n + 5 + seconds(waited)),
      ...row,
    }));

  test('without a living worker nothing is said', async () => {
    await worker(4, ago(10));
    await worker(4, now, 'scheduler');
    await worker(null);
    await expect(check('late-starts')).rejects.toThrow(SkippedCheck);
    await expect(check('late-starts')).rejects.toThrow('npx roundsman worker');
  });

  test('three late starts of a bot, beyond their share, are a finding', async () => {
    await worker(2);
    const [late, sound] = [await bot('late'), await bot('sound')];
    await runs(sound, ...started(9, 30));
    await runs(late, ...started(2, 31), ...started(4, 1));
    expect(await found('late-starts')).toEqual([]);
    await runs(late, { started_at: ago(100), queued_at: ago(110), run_after: ago(101) });
    const { findings, tallies } = await check('late-starts');
    expect(findings).toMatchObject([
      {
        severity: 'medium',
        component: 'late',
        title: 'Bot late started 3 of 7 runs late; 95 % of its runs started within 60 s',
        metadata: { places: 2 },
      },
    ]);
    expect(tallies).toEqual([{ key: 'late', bad: 3, of: 7, newestBadAt: ago(5) }]);
    expect(await figuresOf('late-starts')).toEqual({
      'runs started': 16,
      'late starts': 3,
      'places of workers': 2,
    });
    expect(await found('late-starts', { late_start_percent: 43 })).toEqual([]);
    expect(await found('late-starts', { late_start_hours: 1 })).toEqual([]);
    const starts = [{ key: 'late', from: ago(50) }];
    expect((await check('late-starts', {}, { starts })).tallies).toMatchObject([
      { key: 'late', bad: 2, of: 6 },
    ]);
  });

  test('where all places are taken, or the bot is busy itself, a start is not late', async () => {
    await worker(1);
    const [late, busy] = [await bot('late', { concurrency: 9 }), await bot('busy')];
    await runs(late, ...started(5, 60));
    expect(await found('late-starts')).toHaveLength(1);
    // Another run holds the only place while each of them becomes late.
    const holding = { queued_at: ago(120), started_at: ago(120) };
    await runs(busy, { ...holding, completed_at: ago(1), execution_time_ms: 1 });
    expect(await found('late-starts')).toEqual([]);
    await worker(1);
    expect(await found('late-starts')).toHaveLength(1);
  });

  test('other attempts, and runs of the platform itself, say nothing', async () => {
    await worker(2);
    const late = await bot('late');
    await runs(late, ...started(5, 600, { attempt: 2 }));
    await runs(late, ...started(5, 600, { trigger: 'external', attempt: 0, generation: 0 }));
    expect(await found('late-starts')).toEqual([]);
    expect((await figuresOf('late-starts'))['runs started']).toBe(0);
  });
});

describe('skipped slots', () => {
  let slot = 0;
  const slots = (count: number, row = {}) =>
    times(count, () => {
      slot += 1;
      return {
        trigger: 'schedule' as const,
        scheduled_for: ago(slot),
        started_at: ago(seconds(slot)),
        ...row,
      };
    });
  const skipped = (count: number, reason: string, row = {}) =>
    slots(count, { status: 'skipped', reason, checks_performed: 0, ...row });

  test('are a finding beyond a number and a share, without maintenance and the kill switch', async () => {
    const slow = await bot('slow');
    await runs(slow, ...slots(27), ...skipped(3, 'overlap'));
    await runs(slow, ...skipped(9, 'maintenance'), ...skipped(9, 'kill_switch'));
    expect(await found('skipped-slots')).toEqual([]);
    await runs(slow, ...skipped(1, 'overlap'));
    expect(await found('skipped-slots')).toMatchObject([
      {
        severity: 'medium',
        component: 'slow',
        title: 'Bot slow skipped 4 of 31 slots, most of them because it was still running',
        metadata: { overlap: 4, missed: 0 },
      },
    ]);
    expect(await found('skipped-slots', { min_skipped_slots: 5 })).toEqual([]);
    expect(await figuresOf('skipped-slots')).toEqual({ slots: 31, 'skipped slots': 4 });
  });

  test('a row counts for all slots that it stands for, whatever it says', async () => {
    const missed = await bot('missed');
    const counted = (count: unknown) => ({ metadata: JSON.stringify({ count }) });
    await runs(missed, ...skipped(1, 'missed', counted('many')), ...slots(3));
    expect(await found('skipped-slots')).toEqual([]);
    await runs(missed, ...skipped(1, 'missed', counted(40)));
    expect(await found('skipped-slots')).toMatchObject([
      {
        title:
          'Bot missed skipped 41 of 44 slots, most of them because no scheduler claimed them in time',
      },
    ]);
    await runs(missed, ...skipped(1, 'missed', counted(1e300)));
    expect((await check('skipped-slots')).tallies).toMatchObject([{ bad: 100_041 }]);
  });
});

describe('empty runs', () => {
  const metadata = (...examined: unknown[]) =>
    JSON.stringify({
      checks: examined.map((count) => ({ status: 'passed', examined: count })),
    });
  const empty = (count: number, row = {}) =>
    times(count, (n) => ({ started_at: ago(n * hour), metadata: metadata(0, 0), ...row }));
  const active = { status: 'active' as const, created_at: new Date(0) };

  test('have to be all successes of a day', async () => {
    const idle = await bot('idle', active);
    await runs(idle, ...empty(4));
    expect(await found('empty-runs')).toEqual([]);
    await runs(idle, ...empty(1, { started_at: ago(23 * hour) }));
    expect(await found('empty-runs')).toMatchObject([
      { severity: 'low', title: 'Bot idle examined nothing in its last 5 runs' },
    ]);
    await runs(idle, { started_at: ago(25 * hour), metadata: metadata(0, 3) });
    expect(await found('empty-runs')).toMatchObject([
      { severity: 'medium', component: 'idle', metadata: { looked_before: true } },
    ]);
    await runs(idle, { started_at: ago(22 * hour), metadata: metadata(0, 3) });
    expect(await found('empty-runs')).toEqual([]);
  });

  test('a bot that is there for less than a day is not judged', async () => {
    const fresh = await bot('fresh', { status: 'active', created_at: ago(23 * hour) });
    await runs(fresh, ...empty(9));
    expect(await found('empty-runs')).toEqual([]);
    await db
      .updateTable('bots')
      .set({ created_at: ago(25 * hour) })
      .execute();
    expect(await found('empty-runs')).toMatchObject([{ component: 'fresh', severity: 'low' }]);
  });

  test.each([
    [
      'of an older version, which stored no count',
      JSON.stringify({ checks: [{ status: 'passed' }] }),
    ],
    ['without metadata', null],
    ['with odd metadata', JSON.stringify(['odd'])],
    ['whose checks look at something', metadata(0, 1)],
  ])('a run %s is not one', async (what, stored) => {
    const odd = what === 'with odd metadata';
    await runs(await bot('odd', active), ...empty(9), { metadata: stored });
    expect(await found('empty-runs')).toHaveLength(odd ? 1 : 0);
  });

  test('a skipped check, a failed run and a paused bot do not count', async () => {
    const skips = JSON.stringify({
      checks: [
        { status: 'skipped', reason: 'x' },
        { status: 'passed', examined: 0 },
      ],
    });
    await runs(await bot('skips', active), ...empty(5, { metadata: skips }));
    await runs(await bot('fails', active), ...empty(5, { status: 'failed' }));
    await runs(await bot('judges', active), ...empty(5, { trigger: 'verify' }));
    await runs(await bot('paused', { status: 'paused' }), ...empty(5));
    expect((await found('empty-runs')).map(({ component }) => component)).toEqual(['skips']);
  });

  test('an engine stores how much its checks looked at', async () => {
    const engine = await anEngine(
      { name: 'postgres' },
      catalogue([aBot('watch', async () => clean('a', 'b'))]),
    );
    const { metadata: stored } = await run(engine, 'watch');
    expect(stored).toMatchObject({ checks: [{ examined: 2, findings: 0 }] });
  });
});

test('the queue is long when many runs wait, and have waited for some time', async () => {
  const waiting = await bot('waiting', { concurrency: 2 });
  const queued = (count: number, minutes: number, row = {}) =>
    times(count, () => ({ status: 'queued' as const, queued_at: ago(minutes), ...row }));
  await runs(waiting, ...queued(101, 5), ...queued(50, 600, { run_after: ago(-10) }));
  expect(await found('queue')).toEqual([]);
  await runs(waiting, ...queued(1, 6));
  const { findings, figures } = await check('queue');
  expect(findings).toMatchObject([
    {
      severity: 'high',
      component: 'queue',
      title: '102 runs wait for a worker, the oldest for 6 minutes',
      metadata: { bots: [{ name: 'waiting', runs: 102 }] },
    },
  ]);
  expect(figures).toMatchObject([
    { value: 102 },
    { value: 0 },
    { name: 'runs that wait for a worker', value: 102 },
    { name: 'longest wait for a worker', value: 360, unit: 's' },
  ]);
  expect(await found('queue', { max_waiting_runs: 102 })).toEqual([]);
  // They wait for two other runs of their own bot.
  await runs(waiting, { status: 'running' }, { status: 'running' });
  expect(await found('queue')).toEqual([]);
});

describe('the newest run', () => {
  const tomorrow = () => ({ status: 'active' as const, next_execution_at: ago(-20 * hour) });
  const bad = (minutes: number, row = {}) => ({
    status: 'failed' as const,
    started_at: ago(minutes),
    error_message: 'e'.repeat(1_000),
    ...row,
  });

  test('that ended badly is a finding where the next one is far', async () => {
    await runs(await bot('hourly', { ...tomorrow(), next_execution_at: ago(-60) }), bad(9));
    await runs(await bot('paused', { status: 'paused' }), bad(9));
    await runs(await bot('fine', tomorrow()), bad(9), { started_at: ago(5) });
    await runs(await bot('cancelled', tomorrow()), { status: 'cancelled' }, { started_at: ago(5) });
    const nightly = await bot('nightly', tomorrow());
    await runs(nightly, { started_at: ago(90) }, bad(60, { status: 'timeout' }));
    expect(await found('last-run')).toMatchObject([
      {
        severity: 'medium',
        component: 'nightly',
        title: 'Bot nightly failed in its newest run, and the next one is in 20 h',
        metadata: { in_row: 1, status: 'timeout' },
      },
    ]);
    expect((await found('last-run'))[0]!.description).toHaveLength(300);
    expect(await found('last-run', { requeue_wait_minutes: 59 })).toHaveLength(2);
    await runs(nightly, bad(30));
    const [again] = await found('last-run');
    expect(again!.title).toContain('its 2 newest runs');
    expect(entriesFor(conductor, again!)).toEqual(['bots.newest-runs']);
    await runs(nightly, { status: 'queued' });
    expect(await found('last-run')).toEqual([]);
  });

  test('is followed by another one, once', async () => {
    const nightly = aBot('nightly', async () => {
      throw new Error('the disk did not answer');
    });
    const engine = await anEngine(
      { name: 'postgres' },
      catalogue([conductor, nightly], [requeueRun, pauseBot]),
    );
    await sql`
      UPDATE bots SET next_slot_at = engine.now() + interval '20 hours', next_execution_at = engine.now() + interval '20 hours'
      WHERE name = 'nightly'`.execute(engine.db);
    const queued = () =>
      engine.db
        .selectFrom('bot_executions as e')
        .innerJoin('bots as b', 'b.id', 'e.bot_id')
        .select('e.id')
        .where('b.name', '=', 'nightly')
        .where('e.status', '=', 'queued')
        .execute();
    expect((await run(engine, 'nightly', { max_attempts: 1 })).status).toBe('failed');
    await run(engine, 'conductor');
    const [again, ...others] = await queued();
    expect(others).toEqual([]);
    await run(engine, 'conductor');
    expect(await queued()).toEqual([again]);
    // It ends in the same way: now a person has to look at it.
    await engine.db
      .updateTable('bot_executions')
      .set({ max_attempts: 1, generation: 1 })
      .where('id', '=', again!.id)
      .execute();
    expect((await attempt(engine, again!.id)).status).toBe('failed');
    await run(engine, 'conductor');
    expect(await queued()).toEqual([]);
    const open = await engine.db
      .selectFrom('bot_findings')
      .select('title')
      .where('check_name', '=', 'last-run')
      .where('resolved_at', 'is', null)
      .execute();
    expect(open).toEqual([{ title: expect.stringContaining('its 2 newest runs') }]);
  });
});

describe('flapping', () => {
  const changing = (of: number, changes: number) => {
    let ok = true;
    return times(of, (n) => {
      if (n > 0 && n <= changes) ok = !ok;
      return { started_at: ago(n), ...(!ok && { status: 'failed' as const }) };
    });
  };
  const active = { status: 'active' as const };

  test('is a share of changes in 21 runs', async () => {
    await runs(await bot('five', active), ...changing(21, 5));
    await runs(await bot('new', active), ...changing(20, 19));
    await runs(await bot('paused', { status: 'paused' }), ...changing(21, 20));
    expect(await found('flapping')).toEqual([]);
    await runs(await bot('six', active), ...changing(21, 6));
    expect(await found('flapping')).toMatchObject([
      {
        severity: 'medium',
        component: 'six',
        title: 'Bot six flaps: its last 21 runs changed 6 times between success and failure',
      },
    ]);
    expect(await found('flapping', { flapping_percent: 25 })).toHaveLength(2);
    expect(await found('flapping', { flapping_percent: 0, max_findings: 1 })).toHaveLength(1);
  });

  test('of the conductor itself is not told: it does not suggest to pause itself', async () => {
    for (const api_endpoint of ['/api/bots/conductor', 'bot:conductor'])
      await runs(
        await bot(`m${api_endpoint.length}`, { ...active, api_endpoint }),
        ...changing(21, 20),
      );
    expect(await found('flapping')).toEqual([]);
  });
});

describe('the health score', () => {
  const dayBefore = (days: number) =>
    ago(days * 24 * hour)
      .toISOString()
      .slice(0, 10);
  const scored = async (name: string, scores: Record<number, number | null>, values = {}) => {
    const bot_id = await bot(name, { status: 'active', ...values });
    for (const [days, health_score] of Object.entries(scores))
      await db
        .insertInto('bot_metrics')
        .values({ bot_id, day: dayBefore(Number(days)), runs: 9, health_score })
        .execute();
  };

  test('is said to be missing where the job has written none lately', async () => {
    await scored('old', { 2: 10 });
    await scored('few', { 0: null, 1: null });
    await expect(check('health-score')).rejects.toThrow(SkippedCheck);
    await expect(check('health-score')).rejects.toThrow('jobs show rollup');
  });

  test('of the newest day counts, of active bots', async () => {
    await scored('fine', { 0: 70, 1: 5 });
    await scored('paused', { 0: 5 }, { status: 'paused' });
    expect(await found('health-score')).toEqual([]);
    await scored('ill', { 0: 69, 1: 100 });
    await scored('worse', { 0: null, 1: 0 });
    expect(await found('health-score')).toMatchObject([
      { severity: 'medium', component: 'worse', title: 'Bot worse has a health score of 0 %' },
      { component: 'ill', metadata: { health_score: 69, day: dayBefore(0) } },
    ]);
    expect(await found('health-score', { min_health_score: 69 })).toHaveLength(1);
    expect(await figuresOf('health-score')).toEqual({
      'bots with a score': 3,
      'bots below the minimum score': 2,
      'lowest score': 0,
      'mean score': 139 / 3,
    });
  });
});

test('nothing is found where there is nothing, and each check gives figures', async () => {
  await db
    .insertInto('engine.nodes')
    .values({ id: 'w', role: 'up', host: 'h', pid: 1, places: 1, heartbeat_at: now })
    .execute();
  for (const { name } of conductor.checks) {
    const { findings, figures } = await check(name).catch((error: unknown) => {
      if (error instanceof SkippedCheck) return { findings: [], figures: [{}] };
      throw error;
    });
    expect({ name, findings }).toEqual({ name, findings: [] });
    expect(figures!.length).toBeGreaterThan(0);
  }
});

test('each kind of finding is known, and only two of them are healed', async () => {
  const known: Record<string, string[]> = {};
  for (const fault of conductorFaults) {
    await sql`TRUNCATE bots CASCADE`.execute(db);
    await fault.plant(db, now);
    const name = finderOf(fault).check;
    known[name] = (await found(name)).flatMap((each) => entriesFor(conductor, each));
  }
  expect(known).toEqual({
    overdue: ['bots.overdue'],
    stuck: ['bots.stuck'],
    'success-rate': ['bots.success-rate'],
    'no-checks': ['bots.examine-nothing'],
    'empty-runs': ['bots.examine-nothing'],
    'late-starts': ['bots.late-starts'],
    'skipped-slots': ['bots.skipped-slots'],
    queue: ['queue.long'],
    'last-run': ['bots.last-run'],
    flapping: ['bots.flapping'],
    'health-score': ['bots.health-score'],
    'out-of-service': ['bots.out-of-service'],
    'healing-loops': ['healing.loops'],
  });
});
