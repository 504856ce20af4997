import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { stillClock } from '../support/clocks.ts';
import { roundsman } from './command.ts';
import { ago, insertBot, insertFinding, insertRun, insertTicket } from './rows.ts';

const { db, url } = await testDatabase();
const at = await stillClock(db, '2026-03-02T12:00:00Z');
const watch = await insertBot(db, 'watch');
const other = await insertBot(db, 'other');

beforeEach(async () => {
  await at('2026-03-02T12:00:00Z');
  await sql`UPDATE bots SET status = 'active'`.execute(db);
  await sql`TRUNCATE bot_maintenance, bot_findings, bot_tickets, bot_finding_states, bot_executions CASCADE`.execute(
    db,
  );
});

const add = (...args: string[]) =>
  roundsman(url, 'maintenance', 'add', '--as', 'ann', '--yes', ...args);
const rows = () => db.selectFrom('bot_maintenance').selectAll().orderBy('created_at').execute();
const ranges = async () =>
  (
    await sql<{ range: string }>`
      SELECT to_char(lower(r) AT TIME ZONE 'UTC', 'MM-DD HH24:MI') || ' ' || to_char(upper(r) AT TIME ZONE 'UTC', 'MM-DD HH24:MI') AS range
      FROM bot_maintenance, unnest(occurrences) r ORDER BY r LIMIT 3`.execute(db)
  ).rows.map(({ range }) => range);

describe('what is no window is refused at the door, and nothing is written', () => {
  test.each<[string, string[], string]>([
    ['nothing says when', [], 'no option says when it is'],
    ['nothing says when it ends', ['--from', '2026-03-03'], 'no option says when it ends'],
    ['two ends', ['--to', '2026-03-03', '--for', '2h'], '--to says when it ends, and --for too'],
    ['no length', ['--cron', '0 2 * * *'], 'no option says how long it lasts'],
    [
      'two beginnings',
      ['--cron', '0 2 * * *', '--for', '2h', '--from', '2026-03-03'],
      '--from too',
    ],
    [
      'a schedule that ends',
      ['--cron', '0 2 * * *', '--for', '2h', '--to', '2026-03-03'],
      '--to too',
    ],
    ['a beginning that has passed', ['--from', '2026-03-02 11:59', '--for', '2h'], 'has passed'],
    ['an end that has passed', ['--to', '2026-03-02 11:59'], 'has passed'],
    [
      'an end before its beginning',
      ['--from', '2026-03-04', '--to', '2026-03-03'],
      'would begin at',
    ],
    [
      'less than a minute',
      ['--from', '2026-03-04 10:00:00', '--to', '2026-03-04 10:00:30'],
      'minute',
    ],
    ['more than a year', ['--to', '2027-04-01'], 'more than a year'],
    ['no time', ['--from', 'soon', '--for', '2h'], '--from cannot be "soon"'],
    ['a day that is not', ['--from', '2026-02-30', '--for', '2h'], 'there is no such time'],
    ['a length without a unit', ['--for', '2'], '--for cannot be "2"'],
    ['no such zone', ['--for', '2h', '--timezone', 'Europe/Berlinn'], 'Europe/Berlin'],
    ['a bad schedule', ['--cron', '0 2 * *', '--for', '2h'], 'is not a valid schedule'],
    ['one that never comes', ['--cron', '0 0 30 2 *', '--for', '2h'], 'never fires'],
    ['occurrences that overlap', ['--cron', '0 * * * *', '--for', '90m'], 'would overlap'],
    [
      'an occurrence that lasts until the next',
      ['--cron', '@daily', '--for', '1d'],
      'would overlap',
    ],
    ['an empty name', ['--component', ' ', '--for', '2h'], '--component is empty'],
    [
      'runs of a component',
      ['--component', 'api', '--skip-runs', '--for', '2h'],
      'all components of its bot',
    ],
    [
      'runs of a category',
      ['--category', 'api', '--skip-runs', '--for', '2h'],
      '--category is given',
    ],
    ['an empty reason', ['--for', '2h', '--reason', ' '], '--reason is empty'],
  ])('%s', async (_, args, told) => {
    const { code, err } = await add(
      ...args,
      ...(args.includes('--reason') ? [] : ['--reason', 'x']),
    );
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(told) });
    expect(await rows()).toEqual([]);
  });

  test('no reason, and an unknown bot', async () => {
    expect((await add('--for', '2h')).err).toContain('--reason is missing');
    const { code, err } = await add('--for', '2h', '--bot', 'wacht', '--reason', 'x');
    expect({ code, err }).toEqual({ code: 3, err: expect.stringContaining('did you mean watch') });
    expect(await rows()).toEqual([]);
  });

  test('a name that no finding ever had needs a yes', async () => {
    const args = ['maintenance', 'add', '--for', '2h', '--component', 'apj', '--reason', 'x'];
    await insertFinding(db, watch, 'x', { affected_component: 'api' });
    const { code, err } = await roundsman(url, ...args);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('did you mean api') });
    expect(await rows()).toEqual([]);
    expect((await roundsman(url, ...args, '--yes')).code).toBe(0);
  });
});

describe('a window says what it covers and when', () => {
  test('from now on, for so long', async () => {
    await insertFinding(db, watch, 'a', { affected_component: 'api' });
    await insertFinding(db, other, 'b', { affected_component: 'api' });
    const { code, out } = await add(
      '--for',
      '2h',
      '--bot',
      'watch',
      '--skip-runs',
      '--reason',
      'upgrade',
    );
    expect({ code, out }).toMatchObject({ code: 0 });
    expect(out).toContain('for bot watch');
    expect(out).toContain('2026-03-02 12:00:00 UTC, now');
    expect(out).toContain('2026-03-02 14:00:00 UTC');
    expect(out).toContain('1 open finding and 0 pending tickets');
    expect(out).toContain('24 slots');
    expect(await rows()).toMatchObject([
      {
        bot_ids: [watch],
        components: null,
        skip_runs: true,
        owner: 'ann',
        reason: 'upgrade',
        timezone: 'UTC',
      },
    ]);
    expect(await ranges()).toEqual(['03-02 12:00 03-02 14:00']);
  });

  test('in a zone, in UTC and in that zone', async () => {
    const zone = ['--timezone', 'America/New_York', '--reason', 'x'];
    const { out } = await add('--from', '2026-03-08 01:00', '--to', '2026-03-08 04:00', ...zone);
    expect(out).toContain('2026-03-08 06:00:00 UTC (Sun 2026-03-08 01:00:00 in America/New_York)');
    expect(out).toContain(
      '2026-03-08 08:00:00 UTC (Sun 2026-03-08 04:00:00 in America/New_York), 2h later',
    );
    // 02:30 is skipped, 01:30 on 1 November is shown twice; an offset says which.
    await add('--from', '2026-03-08 02:30', '--for', '1h', ...zone);
    await add('--from', '2026-11-01 01:30', '--for', '1h', ...zone);
    await add('--from', '2026-11-01 01:30-05:00', '--for', '1h', ...zone);
    const { rows } = await sql<{ start: string }>`
      SELECT to_char(lower(occurrences) AT TIME ZONE 'UTC', 'MM-DD HH24:MI') AS start FROM bot_maintenance ORDER BY 1`.execute(
      db,
    );
    expect(rows.map(({ start }) => start)).toEqual([
      '03-08 06:00',
      '03-08 07:00',
      '11-01 05:30',
      '11-01 06:30',
    ]);
  });

  test('again and again, with its first occurrence', async () => {
    const { out, err } = await add(
      '--cron',
      '0 2 * * 0',
      '--for',
      '2h',
      '--timezone',
      'Europe/Berlin',
      '--reason',
      'x',
    );
    expect(out).toContain('for everything');
    expect(out).toContain('2026-03-08 01:00:00 UTC (Sun 2026-03-08 02:00:00 in Europe/Berlin)');
    expect(out).toContain('0 2 * * 0 (Europe/Berlin)');
    expect(err).not.toContain('it ');
    expect(await ranges()).toEqual([
      '03-08 01:00 03-08 03:00',
      '03-15 01:00 03-15 03:00',
      '03-22 01:00 03-22 03:00',
    ]);
  });

  test('and how it is ended: a command that does that now', async () => {
    const idOf = ({ out }: { out: string }) => /Added maintenance ([0-9a-f]{8})/.exec(out)![1]!;
    const hinted = ({ out }: { out: string }) =>
      /`npx roundsman (maintenance end [^`]*)`/.exec(out)![1]!.split(' ');
    const once = await add('--for', '2h', '--reason', 'x');
    const toCome = await add('--cron', '0 2 * * 0', '--for', '2h', '--skip-runs', '--reason', 'x');
    expect(once.out).toContain(`end ${idOf(once)}\` ends it earlier.`);
    expect(toCome.out).toContain(`end ${idOf(toCome)} --all\` ends it for good.`);
    const listed = await roundsman(url, 'maintenance', 'list', '-o', 'table');
    expect(listed.out).toMatch(new RegExp(`^${idOf(toCome)} +everything +will skip slots `, 'm'));
    for (const added of [once, toCome]) {
      const ended = await roundsman(url, ...hinted(added));
      expect(ended.code).toBe(0);
      // What was not in force held nothing back.
      expect(ended.out.includes('What is still open gets its ticket')).toBe(added === once);
    }
    const over = await roundsman(url, 'maintenance', 'list', '--all', '-o', 'table');
    expect(over.out).toMatch(new RegExp(`^${idOf(toCome)} +everything +- `, 'm'));
  });

  test('and warns where it is long, or in force most of the time', async () => {
    expect((await add('--for', '3d', '--reason', 'x')).err).toContain('it lasts for 3 days');
    expect((await add('--cron', '0 * * * *', '--for', '45m', '--reason', 'x')).err).toContain(
      '75 % of the time',
    );
    expect((await add('--for', '23h', '--reason', 'x')).err).not.toContain('it lasts');
  });

  test('in JSON too', async () => {
    const made = (await add('--for', '2h', '--category', 'api', '--reason', 'x', '--json')).json();
    expect(made).toMatchObject({
      categories: ['api'],
      bot_ids: null,
      in_force: true,
      starts_at: '2026-03-02T12:00:00.000Z',
      ends_at: '2026-03-02T14:00:00.000Z',
      covered: { findings: 0, tickets: 0, slots: { count: 0, is_least: false } },
    });
    expect((await roundsman(url, 'maintenance', 'list', '--json')).json()).toMatchObject([
      { id: made.id, open_findings: 0, pending_tickets: 0, bots: null },
    ]);
  });
});

test('lists show what is in force, to come, and with --all what is over', async () => {
  expect((await roundsman(url, 'maintenance', 'list', '-o', 'table')).out).toContain(
    'No maintenance window is in force',
  );
  const one = (
    await add('--for', '1h', '--bot', 'watch', '--bot', 'other', '--reason', 'one', '--json')
  ).json();
  await add('--from', '2026-03-03', '--for', '1h', '--reason', 'two');
  await add('--cron', '0 2 * * *', '--for', '1h', '--reason', 'three');
  await insertTicket(db, watch, 'x', { finding_id: await insertFinding(db, watch, 'x') });
  const { out } = await roundsman(url, 'maintenance', 'list', '-o', 'table');
  expect(out).toMatch(
    /bots other, watch .*1 finding, 1 ticket .*until 2026-03-02 13:00:00 UTC \(in 1h\)/,
  );
  expect(out).toMatch(/2026-03-03 00:00:00 .*once/);
  expect(out).toMatch(/2026-03-03 02:00:00 .*0 2 \* \* \*/);
  await at('2026-03-02T13:00:00Z');
  expect((await roundsman(url, 'maintenance', 'list', '-o', 'table')).out).not.toContain('one');
  expect((await roundsman(url, 'maintenance', 'list', '--all', '-o', 'table')).out).toMatch(
    /over .*one/,
  );
  expect(
    (await roundsman(url, 'maintenance', 'list', '--all', '--limit', '1', '-o', 'table')).err,
  ).toContain('only the first 1');
  const ended = await roundsman(url, 'maintenance', 'end', one.id.slice(0, 8));
  expect({ code: ended.code, err: ended.err }).toEqual({
    code: 1,
    err: expect.stringContaining('it ended at 2026-03-02 13:00:00 UTC'),
  });
});

test('one that comes once is ended whole, also before it begins; one with a schedule only for now', async () => {
  const once = (await add('--from', '2026-03-03', '--for', '1h', '--reason', 'x', '--json')).json();
  expect((await roundsman(url, 'maintenance', 'end', once.id, '--as', 'bob')).out).toContain(
    'Ended maintenance',
  );
  expect(await rows()).toMatchObject([{ ended_by: 'bob', occurrences: '{}' }]);
  const often = (
    await add('--cron', '0 12 * * *', '--for', '1h', '--reason', 'x', '--json')
  ).json();
  await at('2026-03-03T12:30:00Z');
  expect((await roundsman(url, 'maintenance', 'end', often.id)).out).toContain(
    'comes again at 2026-03-04 12:00:00 UTC',
  );
  expect((await roundsman(url, 'maintenance', 'end', often.id)).code).toBe(1);
  expect((await roundsman(url, 'maintenance', 'end', often.id, '--all')).code).toBe(0);
  expect((await roundsman(url, 'maintenance', 'list', '-o', 'table')).out).toContain(
    'No maintenance',
  );
  expect((await roundsman(url, 'maintenance', 'end', '00000000')).code).toBe(3);
});

describe('what is held back says so', () => {
  const held = async () => {
    const finding = await insertFinding(db, watch, 'x', {
      severity: 'critical',
      affected_component: 'api',
    });
    await insertTicket(db, watch, 'x', {
      finding_id: finding,
      severity: 'critical',
      respond_by: ago(10),
    });
    return finding;
  };

  test('status needs nobody for it, and never says that nothing is wrong', async () => {
    await held();
    await sql`UPDATE bots SET status = 'paused'`.execute(db);
    const needs = async () => (await roundsman(url, 'status', '--json')).json();
    expect((await needs()).needs.map((need: { kind: string }) => need.kind)).toContain(
      'tickets_late',
    );
    await add('--for', '2h', '--component', 'api', '--reason', 'the API is moved');
    const status = await needs();
    expect(status.needs.map((need: { kind: string }) => need.kind)).not.toContain('tickets_late');
    expect(status.tickets).toMatchObject({ count: 1, late: 0, urgent: 0 });
    expect(status.quiet_findings).toMatchObject({ maintenance: 1 });
    expect(status.maintenance).toMatchObject({
      windows: 1,
      open_findings: 1,
      pending_tickets: 1,
      bot_maintenance: [{ reason: 'the API is moved' }],
    });
    const { out } = await roundsman(url, 'status');
    expect(out).not.toContain('Nothing needs you.');
    expect(out).toMatch(
      /Maintenance .* until 2026-03-02 14:00:00 UTC .* for component api: the API is moved/,
    );
    expect(out).toContain('1 of them held back by maintenance');
    expect((await roundsman(url, 'doctor')).out).toContain(
      '1 window in force holds back 1 finding and 1 ticket',
    );
  });

  test('finding, ticket and bot name the window', async () => {
    const finding = await held();
    const args = ['--for', '2h', '--bot', 'watch', '--skip-runs', '--reason', 'the API is moved'];
    const { id } = (await add(...args, '--json')).json();
    const told = /Maintenance .*by ann until 2026-03-02 14:00:00 UTC: the API is moved/;
    for (const args of [
      ['findings', 'show', finding],
      ['findings', 'explain', finding],
      ['tickets', 'show', '1'],
      ['bots', 'show', 'watch'],
    ]) {
      const [number] = (await db.selectFrom('bot_tickets').select('number').execute()).map(
        (row) => row.number,
      );
      const shown = await roundsman(
        url,
        ...args.map((arg) => (arg === '1' ? String(number) : arg)),
      );
      expect({ args, out: shown.out }).toEqual({ args, out: expect.stringMatching(told) });
    }
    expect((await roundsman(url, 'tickets', 'list', '-o', 'table')).out).toMatch(
      /held .*held back by maintenance [0-9a-f]{8} until 2026-03-02 14:00:00 UTC$/m,
    );
    expect((await roundsman(url, 'tickets', 'list', '--overdue', '-o', 'table')).out).toContain(
      'No such ticket',
    );
    expect((await roundsman(url, 'findings', 'list', '-o', 'table')).out).toContain(
      `held back by maintenance ${id.slice(0, 8)} until 2026-03-02 14:00:00 UTC`,
    );
    expect((await roundsman(url, 'bots', 'show', 'other')).out).not.toContain('the API is moved');
  });

  test('a skipped run names it, and so does the next one', async () => {
    const { id } = (
      await add('--for', '2h', '--skip-runs', '--reason', 'the API is moved', '--json')
    ).json();
    const run = await insertRun(db, watch, 1, {
      status: 'skipped',
      reason: 'maintenance',
      trigger: 'schedule',
      scheduled_for: ago(1),
      metadata: JSON.stringify({ maintenance: id }),
      attempt: 0,
    });
    const { out } = await roundsman(url, 'runs', 'show', run);
    expect(out).toMatch(/Skipped by .*of ann: the API is moved/);
    expect((await roundsman(url, 'runs', 'show', run, '--json')).json()).toMatchObject({
      bot_maintenance: { id },
    });
    expect((await roundsman(url, 'bots', 'next', '-o', 'table')).out).toMatch(
      /watch .*skipped: the API is moved/,
    );
    const next = await roundsman(url, 'bots', 'next', 'watch', '--count', '30', '--json');
    const skipped = next
      .json()
      .map(({ maintenance }: { maintenance: unknown }) => maintenance !== null);
    expect(skipped).toEqual([
      ...Array.from({ length: 23 }, () => true),
      ...Array.from({ length: 7 }, () => false),
    ]);
    await add('--cron', '0 4 * * *', '--for', '1h', '--skip-runs', '--reason', 'nightly');
    expect(
      (await roundsman(url, 'bots', 'next', 'watch', '--count', '300', '-o', 'table')).out,
    ).toMatch(/04:05:00 .*skipped: nightly/);
  });

  test('whatever its owner and its reason contain, it is shown as text', async () => {
    const finding = await held();
    const evil = 'a\u001b[31mb\u202ec\u0000d\n]8;;http://x';
    expect((await add('--for', '2h', '--reason', evil)).code).toBe(0);
    await sql`UPDATE bot_maintenance SET owner = ${'eve\u001b[2J'}`.execute(db);
    for (const args of [
      ['maintenance', 'list'],
      ['status'],
      ['findings', 'show', finding],
      ['bots', 'show', 'watch'],
    ]) {
      const { out } = await roundsman(url, ...args);
      expect(['\u001b', '\u202e', '\u0000'].filter((each) => out.includes(each))).toEqual([]);
    }
  });
});
