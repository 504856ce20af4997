import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { z } from '../../src/bot.ts';
import { planBots } from '../../src/schedule/plan.ts';
import { aBot, catalogue, clean } from '../support/builders.ts';
import { addBots, botOf, claim, finishAll, plan, scene, slots, tick } from './due.ts';

/** Schedules of a shape that SQL lets through, and that mean nothing. */
const schedules = [
  '60 * * * *',
  '61 * * * *',
  '* 24 * * *',
  '* * 0 * *',
  '* * 32 * *',
  '* * * 0 *',
  '* * * 13 *',
  '* * * * 8',
  '0 0 31 2 *',
  '0 0 30 FEB *',
  '0 0 31 4,6,9,11 *',
  '*/0 * * * *',
  '*/61 * * * *',
  '5-1 * * * *',
  '1,1 * * * *',
  'H * * * *',
  'H/5 * * * *',
  '@reboot',
  '@never',
  '@',
  '- - - - -',
  '/ / / / /',
  ', , , , ,',
  '*,, * * * *',
  '** * * * *',
  '* * * * MONDAY',
  '* * L-3 * *',
  '* * * * 5#9',
  'a b c d e',
  '0 0 */2 * */2',
  'CRON_TZ=Mars/Olympus 0 * * * *',
  'CRON_TZ=Europe/Berlin @reboot',
  '99999999999999999999999 * * * *',
  '0 0 # * *',
  '1/2/3 * * * *',
  '* * * * 1-',
  '* * * JANUARY *',
].filter((text) => text !== '@');

const zones = [
  'Mars/Olympus',
  'UTCC',
  'Europe',
  'GMT+25',
  'EST5EDT6',
  'Z',
  'constructor',
  '__proto__',
];

const endpoints = [
  '/api/bots/nobody',
  '/api/bots/',
  'bot:',
  'bot:__proto__',
  '/api/bots/constructor',
  'watch',
  'https://',
  ' /api/bots/watch',
  '😀'.repeat(200),
  "'; DROP TABLE bots; --",
];

const configs = [{ level: 'high' }, { level: null }, { level: 1e308 * 10 }, { level: { $gt: 0 } }];

const hostile = [
  ...schedules.map((schedule_cron) => ({ field: 'schedule_cron', schedule_cron })),
  ...zones
    .filter((zone) => !zone.startsWith('_'))
    .map((timezone) => ({ field: 'timezone', timezone })),
  ...endpoints.map((api_endpoint) => ({ field: 'api_endpoint', api_endpoint })),
  ...configs.map((config) => ({ field: 'config.level', config: JSON.stringify(config) })),
];

test(`${hostile.length} hostile definitions go to error, each with its field, and good bots go on`, async () => {
  expect(hostile.length).toBeGreaterThan(50);
  const { db, at } = await scene();
  for (const [index, { field: _, ...values }] of hostile.entries()) {
    await addBots(db, [`bad-${index}`], values);
    if (index % 10 === 0) await addBots(db, [`good-${index}`]);
  }
  // Half of them were good once: they are planned and due when the definition goes bad.
  await addBots(db, ['turned']);
  await plan(db);
  await at('2026-03-02T00:01:00Z');
  await db
    .updateTable('bots')
    .set({ schedule_cron: '61 * * * *' })
    .where('name', '=', 'turned')
    .execute();
  for (const minute of ['01', '02', '03']) {
    await at(`2026-03-02T00:${minute}:00Z`);
    const { queued, unclaimed } = await tick(db);
    expect({ queued: queued.length, unclaimed }).toEqual({
      queued: Math.ceil(hostile.length / 10),
      unclaimed: 0,
    });
    await finishAll(db);
  }
  for (const [index, { field }] of hostile.entries()) {
    const bot = await botOf(db, `bad-${index}`);
    expect(bot, JSON.stringify(hostile[index])).toMatchObject({
      status: 'error',
      status_reason: expect.stringMatching(new RegExp(`^${field}: .`)),
      next_slot_at: null,
      next_execution_at: null,
    });
    expect(await slots(db, bot.name)).toEqual([]);
  }
  expect(await botOf(db, 'turned')).toMatchObject({ status: 'error' });
});

/** Rows of an adopted table, which were written without a check. */
const adopted = [
  '',
  ' ',
  'now and then',
  '* * * *',
  '* * * * * *',
  `x${'😀'.repeat(41)} * * * *`,
  'CRON_TZ= 0 * * * *',
];

test('schedules that SQL would refuse, in a table that was adopted, go to error too', async () => {
  const { db, at } = await scene();
  await sql`ALTER TABLE bots DROP CONSTRAINT bots_schedule_cron_check`.execute(db);
  for (const [index, schedule_cron] of adopted.entries())
    await addBots(db, [`bad-${index}`], { schedule_cron });
  await addBots(db, ['good']);
  await plan(db);
  expect(
    await db.selectFrom('bots').where('status', '=', 'error').select('name').execute(),
  ).toHaveLength(adopted.length);
  await at('2026-03-02T00:01:00Z');
  expect((await claim(db)).queued).toHaveLength(1);
});

test.each(['cut \uD83D', 'ends with \0', 'x'.repeat(100_000)])(
  'a schema that complains in words that cannot be stored sets its own bot to error alone (%#)',
  async (message) => {
    const { db } = await scene();
    const config = z.looseObject({}).refine(() => false, message);
    const known = catalogue([
      aBot('watch', async () => clean()),
      aBot('picky', async () => clean(), { config }),
    ]);
    await addBots(db, ['good']);
    await addBots(db, ['bad'], { api_endpoint: 'bot:picky' });
    await planBots(db, known);
    expect(await botOf(db, 'good')).toMatchObject({ checked_version: 1 });
    const { status, status_reason } = await botOf(db, 'bad');
    expect(status).toBe('error');
    expect(status_reason).toContain(message.slice(0, 4));
    expect(status_reason!.length).toBeLessThanOrEqual(2_000);
  },
);

test('a schema that throws sets its own bot to error, with the field', async () => {
  const { db } = await scene();
  const config = z.looseObject({}).transform((given) => {
    const { url } = given as { url: { host: string } };
    return url.host;
  });
  const known = catalogue([
    aBot('watch', async () => clean()),
    aBot('careless', async () => clean(), { config }),
  ]);
  await addBots(db, ['bad'], { api_endpoint: 'bot:careless' });
  expect(await planBots(db, known)).toMatchObject({ refused: [{ name: 'bad' }], failed: [] });
  const { status, status_reason } = await botOf(db, 'bad');
  expect({ status, status_reason }).toEqual({
    status: 'error',
    status_reason: expect.stringMatching(/^config: .*undefined/),
  });
});

test("an error of the engine's own is written into no bot: it is tried again, and the others go on", async () => {
  const { db } = await scene();
  await addBots(db, ['good', 'other']);
  const sound = catalogue([aBot('watch', async () => clean())]);
  const broken = {
    ...sound,
    resolve: (): never => (undefined as unknown as { x: () => never }).x(),
  };
  await db
    .updateTable('bots')
    .set({ api_endpoint: 'bot:watch' })
    .where('name', '=', 'other')
    .execute();
  const half = {
    ...sound,
    resolve: (endpoint: string, config: unknown) =>
      (endpoint === 'bot:watch' ? broken : sound).resolve(endpoint, config),
  };
  for (let tick = 0; tick < 2; tick += 1)
    expect(await planBots(db, half)).toEqual({
      planned: tick === 0 ? 1 : 0,
      refused: [],
      failed: [{ name: 'other', error: expect.any(TypeError) }],
    });
  expect(await botOf(db, 'other')).toMatchObject({ status: 'active', status_reason: null });
  expect(await planBots(db, sound)).toEqual({ planned: 1, refused: [], failed: [] });
  expect(await botOf(db, 'other')).toMatchObject({ status: 'active', checked_version: 1 + 1 });
});

test('the check of a schedule lets an adopted row into error, and out again when it is mended', async () => {
  const { db } = await scene();
  const { rows } = await sql<{ check: string }>`
    SELECT pg_get_constraintdef(oid) AS check FROM pg_constraint WHERE conname = 'bots_schedule_cron_check'`.execute(
    db,
  );
  expect(rows[0]!.check).toMatch(/NOT VALID$/);
  await sql`ALTER TABLE bots DROP CONSTRAINT bots_schedule_cron_check`.execute(db);
  await addBots(db, ['old'], { schedule_cron: 'now and then' });
  await sql
    .raw(`ALTER TABLE bots ADD CONSTRAINT bots_schedule_cron_check ${rows[0]!.check}`)
    .execute(db);
  await plan(db);
  expect((await botOf(db, 'old')).status).toBe('error');
  await db.updateTable('bots').set({ schedule_cron: '@hourly' }).execute();
  await plan(db);
  expect(await botOf(db, 'old')).toMatchObject({ status: 'active', status_reason: null });
});

describe('SQL refuses', () => {
  test.each([
    ['schedule_cron', "''"],
    ['schedule_cron', "'  '"],
    ['schedule_cron', "'daily'"],
    ['schedule_cron', "'* * * *'"],
    ['schedule_cron', "'* * * * * *'"],
    ['schedule_cron', "'* * * * ?'"],
    ['schedule_cron', "E'*\\n* * * *'"],
    ['schedule_cron', "'CRON_TZ= * * * * *'"],
    ['timezone', "''"],
    ['timezone', "'+02:00'"],
    ['timezone', "'Europe Berlin'"],
    ['config', "'[]'"],
    ['config', "'null'"],
    ['catch_up', "'some'"],
    ['catch_up_limit', '0'],
    ['catch_up_limit', '101'],
    ['grace_seconds', '-1'],
    ['grace_seconds', '31536001'],
    ['overlap', "'both'"],
    ['concurrency', '0'],
    ['concurrency', '1001'],
    ['jitter_seconds', '-1'],
    ['jitter_seconds', '86401'],
    ['timeout_seconds', '0'],
    ['timeout_seconds', '86401'],
    ['max_attempts', '0'],
    ['max_attempts', '101'],
    ['priority', '-1'],
    ['priority', '2097152'],
    ['status', "'asleep'"],
    ['next_slot_at', "'-infinity'"],
    ['next_slot_at', "'0044-03-15 BC'"],
    ['next_slot_at', "'infinity', next_execution_at = 'infinity'"],
  ])('%s = %s', async (column, value) => {
    const { db } = await shared;
    await expect(sql.raw(`UPDATE bots SET ${column} = ${value}`).execute(db)).rejects.toMatchObject(
      {
        code: '23514',
        constraint: `bots_${column}_check`,
      },
    );
  });

  test.each([
    '* * * * *',
    '@hourly',
    '@Daily',
    'CRON_TZ=Europe/Berlin 0 9 * * 1-5',
    'CRON_TZ=Etc/GMT+3 @weekly',
    '0 0 L * *',
    '0 0 * * 5#2',
    '5/15 * * * *',
    '0 9 1,15 jan-mar MON',
    '  0 9 * * *  ',
    'CRON_TZ=America/Argentina/Buenos_Aires 0 0 * * 5L',
  ])('no schedule that can be read: %s', async (schedule_cron) => {
    const { db } = await shared;
    await db.updateTable('bots').set({ schedule_cron }).execute();
    await plan(db);
    expect((await botOf(db, 'bot')).status_reason).toBeNull();
  });
});
const shared = scene().then(async (one) => {
  await addBots(one.db, ['bot']);
  return one;
});
