import { beforeEach, describe, expect, test } from 'vitest';
import { sql } from 'kysely';
import { bots as catalogue } from '../../bots/index.ts';
import { testDatabase } from '../support/database.ts';
import { roundsman, start } from './command.ts';
import { ago, insertBot, insertFinding, insertNode, insertRun } from './rows.ts';

const { db, url } = await testDatabase();
const endpoint = `/api/bots/${catalogue[0]!.name}`;
const row = (name: string) =>
  db.selectFrom('bots').selectAll().where('name', '=', name).executeTakeFirst();

beforeEach(async () => {
  await sql`TRUNCATE bots CASCADE`.execute(db);
  await db.deleteFrom('engine.nodes').execute();
});

describe('list and show', () => {
  test('without bots it says how to get some', async () => {
    const { code, out } = await roundsman(url, 'bots', 'list', '-o', 'table');
    expect(code).toBe(0);
    expect(out).toContain('roundsman up');
    expect((await roundsman(url, 'bots', 'list', '--json')).json()).toEqual([]);
  });

  test('a list names schedule, last run, open findings and why a bot is in error', async () => {
    const id = await insertBot(db, 'watch');
    await insertRun(db, id, 3, { status: 'failed' });
    await insertRun(db, id, 1, { status: 'skipped', reason: 'missed' });
    await insertFinding(db, id, 'one');
    await insertBot(db, 'broken', { status: 'error', status_reason: 'config: no days' });
    const { out } = await roundsman(url, 'bots', 'list', '-o', 'table');
    expect(out).toMatch(
      /^watch +active +Every 5 minutes \(UTC\) +failed 3m ago +not planned yet +1$/m,
    );
    expect(out).toContain('broken: config: no days');
  });

  test('--json has the columns of the tables', async () => {
    const id = await insertBot(db, 'watch');
    const run = await insertRun(db, id, 1);
    const finding = await insertFinding(db, id, 'one');
    const columns = Object.keys((await row('watch'))!);
    const [listed] = (await roundsman(url, 'bots', 'list', '--json')).json();
    expect(Object.keys(listed)).toEqual([...columns, 'open_findings', 'bot_executions']);
    const shown = (await roundsman(url, 'bots', 'show', id, '--json')).json();
    expect(Object.keys(shown)).toEqual([
      ...columns,
      'settings',
      'checks',
      'heals',
      'advice',
      'secrets',
      'needs',
      'open_findings',
      'bot_executions',
      'bot_findings',
      'bot_maintenance',
    ]);
    expect(shown.bot_executions[0]).toMatchObject({ id: run, scheduled_for: null, attempt: 1 });
    expect(shown.bot_findings[0]).toMatchObject({ id: finding, affected_component: '/v1' });
  });

  test('a list is cut at its limit, and says so beside the result', async () => {
    for (const name of ['a', 'b', 'c']) await insertBot(db, name);
    const { err, json } = await roundsman(url, 'bots', 'list', '--limit', '2', '--json');
    expect(json().map((bot: any) => bot.name)).toEqual(['a', 'b']);
    expect(err).toContain('only the first 2');
  });
});

describe('next', () => {
  test("shows slots in UTC and in the bot's zone", async () => {
    await insertBot(db, 'watch', { schedule_cron: '30 12 * * *', timezone: 'Asia/Tokyo' });
    const { out } = await roundsman(url, 'bots', 'next', 'watch', '-n', '2', '-o', 'table');
    expect(out).toContain('At 12:30 (Asia/Tokyo)');
    expect(out.match(/ 03:30:00 .* 12:30:00 /g)).toHaveLength(2);
  });

  test('without a name it has one line for every active bot, also for one that cannot be read', async () => {
    await insertBot(db, 'watch');
    await insertBot(db, 'odd', { schedule_cron: '61 * * * *' });
    await insertBot(db, 'asleep', { status: 'paused' });
    const slot = expect.stringMatching(/:\d[05]:00\.000Z$/);
    const next = (await roundsman(url, 'bots', 'next', '--json')).json();
    expect(next).toEqual([
      { name: 'watch', scheduled_for: slot, next_execution_at: slot, maintenance: null },
      { name: 'odd', scheduled_for: null, next_execution_at: null, maintenance: null },
    ]);
    expect((await roundsman(url, 'bots', 'next', 'odd', '-o', 'table')).code).toBe(1);
  });

  test('says when each run really starts where there is jitter: as the claim will', async () => {
    await insertBot(db, 'watch', { schedule_cron: '0 * * * *', jitter_seconds: 600 });
    const { json } = await roundsman(url, 'bots', 'next', 'watch', '-n', '3', '--json');
    const { rows } = await sql<{ starts: Date }>`
      SELECT slot + make_interval(secs => engine.jitter_ms(id, slot, 600, 3600000) / 1000.0) AS starts
      FROM bots, unnest(${json().map((one: any) => one.scheduled_for)}::timestamptz[]) AS slot`.execute(
      db,
    );
    expect(json().map((one: any) => new Date(one.next_execution_at))).toEqual(
      rows.map(({ starts }) => starts),
    );
    const { out, err } = await roundsman(url, 'bots', 'next', 'watch', '-o', 'table');
    expect(out).toMatch(/^UTC +Starts \(UTC\)/m);
    expect(err).toContain('600 s (jitter)');
  });

  test('begins with what is planned: a slot that waits for its start, or one that nobody claimed', async () => {
    const planned = { next_slot_at: ago(7), schedule_cron: '0 0 1 1 *', jitter_seconds: 3_600 };
    await insertBot(db, 'waits', { ...planned, next_execution_at: ago(-7) });
    await insertBot(db, 'late', { ...planned, next_execution_at: ago(5) });
    const waits = await roundsman(url, 'bots', 'next', 'waits', '-n', '2', '-o', 'table');
    expect(waits.out).toMatch(/in 7m$/m);
    expect(waits.out).toMatch(/-01-01 00:00:00 /);
    const late = await roundsman(url, 'bots', 'next', 'late', '-n', '1', '-o', 'table');
    expect(late.out).toMatch(/due 5m ago$/m);
    expect((await roundsman(url, 'bots', 'next', '-o', 'table')).out).toMatch(
      /^late .* due 5m ago /m,
    );
  });

  test('goes on for as long as it is asked, and says so of a bot that does not run', async () => {
    await insertBot(db, 'watch', { schedule_cron: '0 0 29 2 *', status: 'paused' });
    const { json, err } = await roundsman(url, 'bots', 'next', 'watch', '-n', '1000', '--json');
    expect(json()).toHaveLength(1000);
    expect(err).not.toContain('defect');
    const said = await roundsman(url, 'bots', 'next', 'watch', '-o', 'table');
    expect(said.err).toContain('none of them while it is paused');
  });
});

describe('add', () => {
  test.each([
    '*/5\t*\t*\t*\t*',
    ' 0 9\n* * 1-5\r\n',
    '\u00A0@hourly\v',
    'CRON_TZ=Europe/Berlin\t0 9 * * *',
  ])('takes %j, and stores it with single spaces as edit does', async (schedule) => {
    const given = ['--endpoint', endpoint, '--schedule', schedule];
    const { code, err } = await roundsman(url, 'bots', 'add', 'mine', ...given);
    expect({ code, err }).toEqual({ code: 0, err: expect.not.stringContaining('defect') });
    const tidy = schedule.trim().split(/\s+/).join(' ');
    expect((await row('mine'))!.schedule_cron).toBe(tidy);
    await roundsman(url, 'bots', 'edit', 'mine', '--schedule', schedule);
    expect((await row('mine'))!.schedule_cron).toBe(tidy);
  });

  test('writes what was given; the scheduler plans it', async () => {
    const options = [
      '--schedule',
      '@daily',
      '--timezone',
      'Europe/Berlin',
      '--grace',
      '2h',
      '--json',
    ];
    const added = await roundsman(url, 'bots', 'add', 'mine', '--endpoint', endpoint, ...options);
    expect(added.code).toBe(0);
    expect(await row('mine')).toMatchObject({
      display_name: 'mine',
      schedule_cron: '@daily',
      timezone: 'Europe/Berlin',
      grace_seconds: 7200,
      api_endpoint: endpoint,
      status: 'active',
      next_slot_at: null,
      next_execution_at: null,
    });
    const again = await roundsman(
      url,
      'bots',
      'add',
      'mine',
      '--endpoint',
      endpoint,
      '--schedule',
      '@daily',
    );
    expect(again.code).toBe(1);
    expect(again.err).toContain('exists');
  });

  const good = { name: 'mine', '--endpoint': endpoint, '--schedule': '@daily' };
  test.each([
    ['no schedule', { '--schedule': undefined }, '--schedule is missing'],
    ['no endpoint', { '--endpoint': undefined }, '--endpoint is missing'],
    ['a name with capitals', { name: 'Mine' }, 'lower-case'],
    ['a name that is too long', { name: 'x'.repeat(51) }, '51 characters'],
    ['a schedule that is none', { '--schedule': 'daily' }, 'schedule_cron'],
    ['a schedule that is too long', { '--schedule': `${'0,'.repeat(30)}1 * * * *` }, 'characters'],
    ['a zone that is none', { '--timezone': 'Mars/Olympus' }, 'timezone'],
    ['an endpoint that runs nothing', { '--endpoint': '/api/bots/nothing' }, 'api_endpoint'],
    ['a config that is no JSON', { '--config': '{days: 7}' }, '--config'],
    ['a config that is no object', { '--config': '[7]' }, 'not a JSON object'],
    ['a config that cannot be stored', { '--config': '{"a": "\\u0000"}' }, 'NUL'],
    ['a config that does not fit', { '--config': '{"nonsense": 7}' }, 'config'],
    ['a catch-up that is none', { '--catch-up': 'some' }, '--catch-up'],
    ['an overlap that is none', { '--overlap': 'both' }, '--overlap'],
    ['a catch-up limit out of range', { '--catch-up-limit': '101' }, 'from 1 to 100'],
    ['a grace out of range', { '--grace': '366d' }, '--grace'],
    ['a negative grace', { '--grace': '-5' }, '--grace'],
    ['a jitter out of range', { '--jitter': '2d' }, '--jitter'],
    ['a timeout of nothing', { '--timeout': '0s' }, '--timeout'],
    ['a concurrency of none', { '--concurrency': '0' }, 'from 1 to 1000'],
    ['attempts that are no number', { '--max-attempts': '2.5' }, 'from 1 to 100'],
    ['a priority out of range', { '--priority': '2097152' }, 'from 0 to 2097151'],
    ['an empty display name', { '--display-name': ' ' }, '--display-name'],
  ])('refuses %s before anything is written', async (_, changed, why) => {
    const { name, ...options } = { ...good, ...changed } as Record<string, string | undefined>;
    const given = Object.entries(options).flatMap(([flag, value]) => (value ? [flag, value] : []));
    const { code, err } = await roundsman(url, 'bots', 'add', name!, ...given);
    expect(err).toContain(why);
    expect(code).toBe(2);
    expect(await db.selectFrom('bots').select('name').execute()).toEqual([]);
  });
});

describe('edit', () => {
  test('changes what is given and shows before and after', async () => {
    await insertBot(db, 'watch', { api_endpoint: endpoint });
    const { out } = await roundsman(
      url,
      'bots',
      'edit',
      'watch',
      '--schedule',
      '@hourly',
      '--timeout',
      '60s',
    );
    expect(out).toMatch(/schedule_cron +\*\/5 \* \* \* \* +-> +@hourly/);
    expect(out).not.toContain('timeout_seconds');
    expect(await row('watch')).toMatchObject({ schedule_cron: '@hourly', definition_version: 2 });
    const same = await roundsman(url, 'bots', 'edit', 'watch', '--schedule', '@hourly');
    expect(same).toMatchObject({ code: 0, out: expect.stringContaining('Nothing to change') });
  });

  test('writes a schedule as SQL can check it, and plans anew after another jitter', async () => {
    const planned = sql<Date>`engine.now() + interval '1 hour'`;
    const times = { next_slot_at: planned, next_execution_at: planned };
    await insertBot(db, 'watch', { api_endpoint: endpoint, ...times });
    const jitter = await roundsman(url, 'bots', 'edit', 'watch', '--jitter', '30s');
    expect(jitter.out).toContain("planned at the scheduler's next tick");
    await roundsman(url, 'bots', 'edit', 'watch', '--schedule', ' 0\t9  *\u00A0* 1 ');
    expect(await row('watch')).toMatchObject({ schedule_cron: '0 9 * * 1', next_slot_at: null });
  });

  test('leads out of an error when it mends the definition, and is refused when it does not', async () => {
    await insertBot(db, 'watch', { api_endpoint: '/api/bots/gone', status: 'error' });
    const bad = await roundsman(url, 'bots', 'edit', 'watch', '--schedule', '@hourly');
    expect(bad.code).toBe(2);
    expect(bad.err).toContain('api_endpoint');
    expect(await row('watch')).toMatchObject({ schedule_cron: '*/5 * * * *', status: 'error' });
    const good = await roundsman(url, 'bots', 'edit', 'watch', '--endpoint', endpoint);
    expect(good.out).toContain('active');
    expect(await row('watch')).toMatchObject({ status: 'active' });
  });
});

describe('pause and resume', () => {
  test('change the status once and say so when there is nothing to change', async () => {
    await insertBot(db, 'watch', { api_endpoint: endpoint });
    await roundsman(url, 'bots', 'pause', 'watch', '--reason', 'migration');
    expect(await row('watch')).toMatchObject({ status: 'paused', status_reason: 'migration' });
    const again = await roundsman(url, 'bots', 'pause', 'watch', '--reason', 'other');
    expect(again).toMatchObject({ code: 0, out: expect.stringContaining('already: migration') });
    await roundsman(url, 'bots', 'resume', 'watch');
    expect(await row('watch')).toMatchObject({ status: 'active', status_reason: null });
  });

  test('a pause says what is still under way', async () => {
    const id = await insertBot(db, 'watch', { api_endpoint: endpoint });
    await insertRun(db, id, 1, { status: 'queued', completed_at: null, attempt: 0 });
    const { err } = await roundsman(url, 'bots', 'pause', 'watch');
    expect(err).toContain('1 run of it is queued or running');
  });

  test('resume refuses a bot that cannot run as it is defined', async () => {
    await insertBot(db, 'watch', { api_endpoint: '/api/bots/gone', status: 'error' });
    const { code, err } = await roundsman(url, 'bots', 'resume', 'watch');
    expect(code).toBe(1);
    expect(err).toContain('bots edit watch');
    expect(await row('watch')).toMatchObject({ status: 'error' });
  });
});

describe('run', () => {
  test('queues a manual run outside of every slot', async () => {
    await insertBot(db, 'watch', { max_attempts: 5 });
    const { err, json } = await roundsman(url, 'bots', 'run', 'watch', '--json');
    expect(err).toContain('no worker is alive');
    const runs = await db.selectFrom('bot_executions').selectAll().execute();
    expect(runs).toMatchObject([
      {
        id: json().id,
        status: 'queued',
        trigger: 'manual',
        scheduled_for: null,
        generation: 0,
        attempt: 0,
        max_attempts: 5,
      },
    ]);
  });

  test('does not speak of workers while one is alive', async () => {
    await insertBot(db, 'watch');
    await insertNode(db, 'scheduler');
    await insertNode(db, 'worker', 60);
    expect((await roundsman(url, 'bots', 'run', 'watch')).err).toContain('no worker');
    await insertNode(db, 'worker');
    expect((await roundsman(url, 'bots', 'run', 'watch')).err).not.toContain('no worker');
  });

  test.each(['error', 'disabled'] as const)(
    'refuses a bot that is in status %s',
    async (status) => {
      await insertBot(db, 'watch', { status, status_reason: 'it is broken' });
      const { code, err } = await roundsman(url, 'bots', 'run', 'watch');
      expect(code).toBe(1);
      expect(err).toContain('it is broken');
      expect(await db.selectFrom('bot_executions').select('id').execute()).toEqual([]);
    },
  );

  test.each([
    ['success', 0],
    ['failed', 1],
  ] as const)('--wait ends with the run: %s is %i', async (status, code) => {
    await insertBot(db, 'watch');
    const waiting = start(url, ['bots', 'run', 'watch', '--wait']);
    await waiting.said('waiting for');
    await db
      .updateTable('bot_executions')
      .set({
        status,
        completed_at: new Date(),
        reason: status === 'failed' ? 'check errored' : null,
      })
      .execute();
    const ended = await waiting.ended;
    expect(ended.code).toBe(code);
    expect(ended.out).toContain(`watch: ${status}`);
  });

  test('Ctrl-C stops waiting and leaves the run', async () => {
    await insertBot(db, 'watch');
    const waiting = start(url, ['bots', 'run', 'watch', '--wait']);
    await waiting.said('waiting for');
    waiting.stop('SIGINT');
    expect(await waiting.ended).toMatchObject({ code: 130, out: '' });
    expect(await db.selectFrom('bot_executions').select('status').execute()).toEqual([
      { status: 'queued' },
    ]);
  });
});
