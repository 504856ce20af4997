import { sql } from 'kysely';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { meter } from '../../bots/meter.ts';
import { SkippedCheck } from '../../src/bot.ts';
import { healStep, plantBot, plantRuns } from '../../src/demo/faults/bot-rows.ts';
import { finderOf } from '../../src/demo/faults/fault.ts';
import { meterFaults, plantUses } from '../../src/demo/faults/meter.ts';
import { minutesBefore } from '../../src/demo/time.ts';
import { addUser } from '../data/people.ts';
import { runCheck } from '../support/check.ts';
import { emptyDatabase, testDatabase, type TestDatabase } from '../support/database.ts';
import { entriesFor } from '../support/knowledge.ts';

let db: TestDatabase['db'];
beforeAll(async () => {
  ({ db } = await testDatabase());
});
beforeEach(() => sql`TRUNCATE bots, javari_usage_stats CASCADE`.execute(db));

// A Wednesday in the middle of a month.
const now = new Date('2026-04-15T12:00:00Z');
const ago = (minutes: number) => minutesBefore(now, minutes);
const day = 24 * 60;
const check = (name: string, config = {}, asked: Parameters<typeof runCheck>[4] = {}) =>
  runCheck(meter, name, db, config, { now, ...asked });
const found = async (...args: Parameters<typeof check>) => (await check(...args)).findings;
const use = (cost_cents: number | null, minutes: number, more = {}) =>
  plantUses(db, [{ cost_cents, created_at: ago(minutes), ...more }]);

describe('budget', () => {
  test('without a budget it says how to set one', async () => {
    await expect(check('budget')).rejects.toThrow(SkippedCheck);
    await expect(check('budget')).rejects.toThrow('--set month_cents=');
    await expect(check('pace', { day_cents: 5 })).rejects.toThrow('no budget of a month');
  });

  test('what a failed request cost counts, unless the settings say that none is billed', async () => {
    await use(60, 5);
    await use(40, 5, { success: false });
    const spent = async (config = {}) =>
      (await check('budget', { month_cents: 1_000, user_month_cents: 1, ...config })).figures![1];
    expect(await spent()).toMatchObject({ name: 'spent this month', value: 100 });
    const notBilled = { failed_requests_cost: false };
    expect(await spent(notBilled)).toMatchObject({ value: 60 });
    for (let days = 1; days <= 7; days += 1) {
      await use(60, day * days);
      await use(40, day * days, { success: false });
    }
    const values = async (name: string, config: object) =>
      (await check(name, { month_cents: 9_000, slope_min_days: 3, ...config })).figures!.map(
        ({ value }) => value,
      );
    for (const name of ['pace', 'slope']) {
      expect((await values(name, {}))[name === 'pace' ? 0 : 1]).toBe(name === 'pace' ? 100 : 50);
      expect((await values(name, notBilled))[name === 'pace' ? 0 : 1]).toBe(
        name === 'pace' ? 60 : 30,
      );
    }
  });

  test('the month and the day are counted in UTC, from their beginnings until now', async () => {
    await use(700, 14 * day + 12 * 60 + 1);
    await use(50, 14 * day + 12 * 60);
    await use(20, 12 * 60);
    await use(900, -1);
    await use(null, 1);
    const { findings, figures, examined } = await check('budget', {
      month_cents: 100,
      day_cents: 100,
    });
    expect(findings).toEqual([]);
    expect(examined).toEqual({ count: 2, except: [] });
    expect(figures).toEqual([
      { name: 'spent today', value: 20, unit: 'cents' },
      { name: 'spent this month', value: 70, unit: 'cents' },
      { name: "share of the month's budget", value: 70, unit: '%' },
      { name: "share of the day's budget", value: 20, unit: '%' },
    ]);
  });

  test.each([
    [79, null],
    [80, 'medium'],
    [99, 'medium'],
    [100, 'high'],
    [149, 'high'],
    [150, 'critical'],
  ])('%i %% of a budget is %s', async (spent, severity) => {
    await use(spent, 60);
    const findings = await found('budget', { month_cents: 100 });
    expect(findings.map((each) => each.severity)).toEqual(severity ? [severity] : []);
    if (severity)
      expect(findings[0]).toMatchObject({
        component: 'all providers',
        key: 'all providers, month',
        title: `Javari budget: all providers spent ${spent} % of the month's budget (${spent} cents of 100 cents)`,
      });
  });

  test('providers and users have budgets of their own', async () => {
    const [ann, ben] = [await addUser(db), await addUser(db)];
    await use(90, 60, { provider: 'openai', user_id: ann });
    await use(200, 60, { provider: '__proto__', user_id: ben });
    const provider_month_cents = { openai: 100, mistral: 1 };
    const budgets = { provider_month_cents, user_day_cents: 100, user_month_cents: 1_000 };
    expect((await found('budget', budgets)).map(({ key, severity }) => [key, severity])).toEqual([
      [`user ${ben}, day`, 'medium'],
      ['openai, month', 'medium'],
      [`user ${ann}, day`, 'low'],
    ]);
    const models = { 'openai/gpt': 50, 'mistral/gpt': 100, 'openai/other': 100 };
    await use(60, 60, { provider: 'openai', model: 'gpt' });
    await use(85, 60, { provider: 'mistral', model: 'gpt' });
    expect(await found('budget', { model_month_cents: models })).toMatchObject([
      {
        severity: 'high',
        component: 'model openai/gpt',
        key: 'model openai/gpt, month',
        title: expect.stringContaining('model openai/gpt spent 120 % of the month'),
      },
      { severity: 'medium', key: 'model mistral/gpt, month' },
    ]);
    const cut = await check('budget', { ...budgets, max_findings: 1 });
    expect([cut.findings.length, cut.truncated]).toEqual([1, true]);
  });
});

test('a provider that is called as all of them together is apart from them', async () => {
  const provider = 'all providers';
  await use(90, 60, { provider });
  await use(60, 60, { provider: 'openai' });
  const budgets = { month_cents: 100, provider_month_cents: { [provider]: 100 } };
  expect(
    (await found('budget', budgets)).map(({ key, severity, title }) => [
      key,
      severity,
      title.split(' spent')[0],
    ]),
  ).toEqual([
    ['all providers, month', 'critical', 'Javari budget: all providers'],
    ['provider all providers, month', 'medium', 'Javari budget: provider all providers'],
  ]);
  for (let days = 1; days <= 7; days += 1) await use(100, days * day, { provider });
  await use(2_000, 30, { provider });
  const slope = await found('slope', { slope_min_days: 3, min_cents: 1 });
  expect(slope.map(({ component }) => component).toSorted()).toEqual([
    'all providers',
    'provider all providers',
  ]);
});

describe('pace', () => {
  const config = { month_cents: 3_000 };
  const aWeek = async (cents: number) => {
    for (let days = 1; days <= 7; days += 1) await use(cents, days * day);
  };

  test('projects the end of the month by a usual day', async () => {
    // 15.5 days are left: 7 * 149 + 15.5 * 149 = 3352
    await aWeek(149);
    expect(await found('pace', config)).toMatchObject([
      {
        severity: 'medium',
        component: 'all providers',
        title:
          "Javari pace: all providers will spend 111 % of the month's budget (3,353 cents of 3,000 cents)",
      },
    ]);
    expect(await found('pace', { month_cents: 3_400 })).toEqual([]);
  });

  test('is silent in the first days, about a single expensive day, and where the budget is spent already', async () => {
    await aWeek(149);
    const third = new Date('2026-04-03T12:00:00Z');
    expect(await found('pace', config, { now: third })).toEqual([]);
    expect(await found('pace', { month_cents: 500 })).toEqual([]);
    await sql`TRUNCATE javari_usage_stats`.execute(db);
    await aWeek(10);
    await use(2_000, 3 * day);
    expect(await found('pace', config)).toEqual([]);
    expect((await check('pace', config)).figures).toContainEqual({
      name: 'usual spending a day',
      value: 10,
      unit: 'cents',
    });
  });

  test('a provider has a pace of its own', async () => {
    await aWeek(149);
    expect(
      await found('pace', { provider_month_cents: { fiction: 3_000, openai: 10 } }),
    ).toMatchObject([{ component: 'fiction' }]);
  });
});

describe('slope', () => {
  const days = async (cents: number, count = 14, more = {}) => {
    for (let days = 1; days <= count; days += 1) await use(cents, days * day + 60, more);
  };

  test('needs some days to compare with', async () => {
    await days(100, 4);
    await expect(check('slope')).rejects.toThrow('on 4 of the last 14 days');
    await expect(check('slope')).rejects.toThrow(SkippedCheck);
    expect(await found('slope', { slope_min_days: 4 })).toEqual([]);
  });

  test('is found above three times what is usual, and only in these hours', async () => {
    await days(200);
    await use(5_000, 7 * 60);
    await use(600, 60);
    expect(await found('slope')).toEqual([]);
    await use(1, 60, { model: 'm'.repeat(50) });
    const findings = await found('slope');
    expect(findings).toMatchObject([
      {
        severity: 'high',
        component: 'all providers',
        title: 'Javari costs rise: all providers cost 601 cents in 6 hours, usual are 200 cents',
        metadata: { top: [{ model: 'small', cost_cents: 600 }, { cost_cents: 1 }] },
      },
      { component: 'fiction' },
    ]);
    expect(await found('slope', { min_cents: 602 })).toEqual([]);
    expect(await found('slope', { slope_times: 3.1 })).toEqual([]);
  });

  test('one expensive day does not hide a rise, and old uses that are recorded today are of their days', async () => {
    await days(200);
    await use(50_000, 3 * day + 60);
    expect(await found('slope')).toEqual([]);
    await use(700, 60);
    expect(await found('slope')).toHaveLength(2);
  });

  test('a provider that is new, and takes over from another one, is no rise', async () => {
    await days(200);
    await use(500, 60, { provider: 'new' });
    expect(await found('slope')).toEqual([]);
  });

  test('more users who each cost as before are no rise', async () => {
    const users = await Promise.all(Array.from({ length: 8 }, () => addUser(db)));
    await days(200, 14, { user_id: users[0] });
    for (const user_id of users) await use(299, 60, { user_id });
    expect(await found('slope')).toEqual([]);
    expect(await found('slope', { slope_user_times: 1.4 })).not.toEqual([]);
  });
});

describe('slope of a model', () => {
  const days = async (model: string, cents: number, more = {}) => {
    for (let days = 1; days <= 14; days += 1) await use(cents, days * day + 60, { model, ...more });
  };

  test('is found where its provider as a whole costs about as usual', async () => {
    await days('chat', 3_000);
    await days('pictures', 200);
    await use(3_000, 60, { model: 'chat' });
    await use(600, 60, { model: 'pictures' });
    expect(await found('slope')).toEqual([]);
    await use(1, 60, { model: 'pictures' });
    expect(await check('slope')).toMatchObject({
      // All providers, the only one of them, and its two models.
      examined: { count: 4 },
      findings: [
        {
          severity: 'high',
          component: 'model fiction/pictures',
          title:
            'Javari costs rise: model fiction/pictures cost 601 cents in 6 hours, usual are 200 cents',
          metadata: { top: [{ model: 'pictures', cost_cents: 601 }] },
        },
      ],
    });
    expect(await found('slope', { min_cents: 602 })).toEqual([]);
    // When the provider is a finding, it names the model.
    await use(9_000, 60, { model: 'pictures' });
    expect((await found('slope')).map(({ component }) => component)).toEqual([
      'all providers',
      'fiction',
    ]);
  });

  test('models of one name at two providers are two', async () => {
    await days('large', 3_000);
    await days('large', 3_000, { provider: 'other' });
    await days('small', 200, { provider: 'other' });
    await use(3_000, 60, { model: 'large' });
    await use(3_000, 60, { model: 'large', provider: 'other' });
    await use(900, 60, { model: 'small' });
    expect(await found('slope')).toEqual([]);
    await use(900, 60, { model: 'small', provider: 'other' });
    expect((await found('slope')).map(({ component }) => component)).toEqual(['model other/small']);
  });

  test('requests that moved from another model are no rise, nor are more users of the model', async () => {
    await days('older', 1_000);
    await days('newer', 100);
    await use(200, 60, { model: 'older' });
    await use(900, 60, { model: 'newer' });
    expect(await found('slope')).toEqual([]);
    await sql`TRUNCATE javari_usage_stats`.execute(db);
    const users = await Promise.all(Array.from({ length: 8 }, () => addUser(db)));
    await days('chat', 5_000);
    await use(5_000, 60, { model: 'chat' });
    await days('pictures', 200, { user_id: users[0] });
    for (const user_id of users) await use(200, 60, { model: 'pictures', user_id });
    expect(await found('slope')).toEqual([]);
    expect(await found('slope', { slope_user_times: 1 })).toEqual([]);
    await use(400, 60, { model: 'pictures', user_id: users[0] });
    expect(await found('slope', { slope_user_times: 1 })).toMatchObject([
      { component: 'model fiction/pictures' },
    ]);
  });
});

describe('user-spend', () => {
  test('a user is compared with their own days, a new one with the others', async () => {
    const users = await Promise.all(Array.from({ length: 4 }, () => addUser(db)));
    for (const user_id of users) await use(100, 60, { user_id });
    expect(await found('user-spend')).toEqual([]);
    await use(1_000, 60, { user_id: users[0] });
    const [only] = await found('user-spend');
    expect(only).toMatchObject({
      severity: 'medium',
      component: `user ${users[0]}`,
      title: `Javari costs of a user: ${users[0]![0]}…@people.test (${users[0]!.slice(0, 8)}) cost 1,100 cents in 24 hours, usual are 100 cents`,
    });
    expect(await found('user-spend', { min_user_cents: 1_101 })).toEqual([]);
    for (let days = 2; days < 6; days += 1) await use(220, days * day, { user_id: users[0] });
    expect(await found('user-spend')).toEqual([]);
    expect(await found('user-spend', { user_times: 4.9 })).toHaveLength(1);
  });

  test('the first users of a platform have nothing to be compared with', async () => {
    for (const user_id of [await addUser(db), await addUser(db)])
      await use(user_id > '8' ? 50_000 : 5_000, 60, { user_id });
    await use(90_000, 60);
    expect(await found('user-spend')).toEqual([]);
  });
});

describe('failures', () => {
  const requests = async (model: string, bad: number, of: number, users: (string | null)[]) =>
    plantUses(
      db,
      Array.from({ length: of }, (_, n) => ({
        model,
        success: n >= bad,
        user_id: users[n % users.length]!,
        created_at: ago(10),
      })),
    );

  test('counts the requests of each model', async () => {
    const users = [await addUser(db), await addUser(db)];
    await requests('few', 19, 19, users);
    await requests('some', 2, 20, users);
    await requests('own-key', 20, 20, users.slice(0, 1));
    expect(await found('failures')).toEqual([]);
    await requests('half', 10, 20, users);
    await requests('most', 11, 20, users);
    const { findings, tallies, figures } = await check('failures');
    expect(findings).toMatchObject([
      { severity: 'high', component: 'fiction/most' },
      {
        severity: 'medium',
        title: 'Model fiction/half: 10 of 20 requests failed',
        metadata: { users: 2 },
      },
    ]);
    expect(tallies).toContainEqual({
      key: 'fiction/half',
      bad: 10,
      of: 20,
      newestBadAt: ago(10),
    });
    expect(figures).toContainEqual({ name: 'failed requests', value: 62 });
    const starts = [{ key: 'fiction/half', from: ago(5) }];
    expect((await found('failures', {}, { starts })).map((each) => each.component)).toEqual([
      'fiction/most',
    ]);
    const only = ['fiction/gone'];
    expect(await check('failures', {}, { only, starts: [] })).toMatchObject({
      examined: only,
      findings: [],
      tallies: [{ key: 'fiction/gone', bad: 0, of: 0, newestBadAt: null }],
    });
  });
});

describe('automation', () => {
  test('heals are counted by heal, up to a limit', async () => {
    const bot = await plantBot(db, 'healed');
    const heals = (count: number) => Array.from({ length: count }, (_, n) => healStep(bot, now, n));
    await db.insertInto('bot_actions').values(heals(45)).execute();
    await db
      .insertInto('bot_actions')
      .values(healStep(bot, now, 61))
      .execute();
    const external = healStep(bot, now, 1, { fingerprint: 'external-1' });
    await db.insertInto('bot_actions').values(external).execute();
    expect(await found('runaway')).toEqual([]);
    await db
      .insertInto('bot_actions')
      .values(healStep(bot, now, 30))
      .execute();
    const { findings, tallies, examined } = await check('runaway');
    expect(findings).toMatchObject([
      { severity: 'critical', component: 'heals', title: 'Runaway automation: 46 heals an hour' },
    ]);
    expect(examined).toEqual(['heals', 'unplanned runs']);
    expect(tallies![0]).toEqual({ key: 'heals', bad: 46, of: null, newestBadAt: now });
    const starts = [{ key: 'heals', from: ago(20) }];
    expect(await check('runaway', {}, { starts })).toMatchObject({
      findings: [],
      tallies: [{ key: 'heals', bad: 21 }, { key: 'unplanned runs' }],
    });
    // Over a longer time it is the rate that counts: 47 in ten hours.
    expect(await found('runaway', {}, { from: ago(600) })).toEqual([]);
    expect(await found('runaway', {}, { only: ['unplanned runs'] })).toEqual([]);
  });

  test('runs without a slot are unusual, and runaway automation above four times that', async () => {
    const bot = await plantBot(db, 'asked');
    const runs = (count: number, row = {}) =>
      plantRuns(
        db,
        bot,
        now,
        Array.from({ length: count }, () => ({ started_at: ago(30), ...row })),
      );
    await runs(120);
    await runs(500, { trigger: 'external', generation: 0, attempt: 0 });
    await runs(10, { started_at: ago(61) });
    expect(await found('runaway')).toEqual([]);
    await runs(1, { trigger: 'verify' });
    expect(await found('runaway')).toMatchObject([
      {
        severity: 'medium',
        component: 'unplanned runs',
        title: 'More runs than usual that no schedule asked for: 121 an hour',
      },
    ]);
    expect(await found('runaway', { max_unplanned_an_hour: 30 })).toMatchObject([
      { severity: 'critical', title: expect.stringMatching(/^Runaway automation: 121 runs/) },
    ]);
    const { findings, figures } = await check('own-runs', { max_runs_a_day: 130 });
    expect(findings).toMatchObject([
      { severity: 'medium', title: 'Bots run 131 times a day, more than the cap of 130' },
    ]);
    expect(figures![0]).toEqual({ name: 'runs', value: 131 });
    expect(await found('own-runs', { max_runs_a_day: 131 })).toEqual([]);
    expect(await found('own-runs', { max_runs_a_day: 65 })).toMatchObject([{ severity: 'high' }]);
  });
});

test('nothing is found where there is nothing, and each figure is a number', async () => {
  for (const name of ['failures', 'user-spend', 'runaway', 'own-runs']) {
    const { findings, figures } = await check(name);
    expect(findings).toEqual([]);
    for (const { value } of figures!) expect(value).toBe(0);
  }
});

test('where the table is missing, or is another one, the checks of costs say so and the others run', async () => {
  const bare = (await emptyDatabase()).db;
  await sql`CREATE SCHEMA engine`.execute(bare);
  const asked = (name: string) =>
    runCheck(meter, name, bare, { month_cents: 1 }, { now }).catch((error: Error) => error.message);
  for (const name of ['budget', 'pace', 'slope', 'user-spend', 'failures'])
    expect(await asked(name)).toContain('there is no table javari_usage_stats');
  await sql`CREATE TABLE javari_usage_stats (id int, user_id int, provider text)`.execute(bare);
  expect(await asked('budget')).toContain('with the documented columns');
});

test('each kind of finding is known', async () => {
  const { now: real } = (await sql<{ now: Date }>`SELECT engine.now() AS now`.execute(db)).rows[0]!;
  const known = new Map<string, string[]>();
  for (const fault of meterFaults) {
    await fault.plant(db, real);
    const { findings } = await runCheck(meter, finderOf(fault).check, db, {}, { now: real });
    known.set(fault.name, [...new Set(findings.flatMap((each) => entriesFor(meter, each)))]);
  }
  const others = { budget: { month_cents: 1 }, 'own-runs': { max_runs_a_day: 1 } };
  for (const [name, config] of Object.entries(others)) {
    const { findings } = await runCheck(meter, name, db, config, { now: real });
    known.set(name, [...new Set(findings.flatMap((each) => entriesFor(meter, each)))]);
  }
  expect(Object.fromEntries(known)).toEqual({
    'meter.slope': ['costs.rise'],
    'meter.slope.model': ['costs.rise'],
    'meter.user-spend': ['costs.rise'],
    'meter.failures': ['models.failing'],
    'meter.runaway.heals': ['automation.runaway'],
    'meter.runaway.runs': ['automation.runaway'],
    budget: ['costs.budget'],
    'own-runs': ['automation.many-runs'],
  });
});
