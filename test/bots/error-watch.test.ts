/** error-watch on groups that were counted as the job counts them. The engine's own part, judging events, is in its tests. */
import { beforeEach, describe, expect, test } from 'vitest';
import { sql } from 'kysely';
import { errorWatch } from '../../bots/error-watch.ts';
import { SkippedCheck } from '../../src/bot.ts';
import { mergeGroups } from '../../src/transitions/error-groups/merge.ts';
import { plantErrors } from '../../src/demo/plant-errors.ts';
import { runCheck } from '../support/check.ts';
import { testDatabase } from '../support/database.ts';

const { db } = await testDatabase();
const now = new Date('2026-03-04T14:30:00Z');
const hoursAgo = (hours: number) => new Date(now.getTime() - hours * 3_600_000);

beforeEach(async () => {
  await sql`TRUNCATE error_logs, engine.error_groups, engine.error_templates, engine.error_counts, engine.error_facets,
    engine.grouped_errors, bot_findings CASCADE`.execute(db);
  await sql`UPDATE engine.error_cursor SET next_id = 1, caught_up_at = NULL`.execute(db);
});

const check = (config = {}, asked: Parameters<typeof runCheck>[4] = {}) =>
  runCheck(errorWatch, 'error-groups', db, config, { now, ...asked });
const titles = async (...args: Parameters<typeof check>) =>
  (await check(...args)).findings.map(({ severity, title }) => `${severity} ${title}`);

const errors = (message: string, times: number[], error_type = 'app') =>
  plantErrors(
    db,
    times.map((hours) => ({ error_type, error_message: message, at: hoursAgo(hours) })),
  );
const often = (count: number, from: number, until: number) =>
  Array.from({ length: count }, (_, n) => until + ((from - until) * n) / count);

let bots = 0;
const insertFinding = async (key: string, kind: string, resolved: number | null) => {
  const bot = await db
    .insertInto('bots')
    .values({
      name: `w-${(bots += 1)}`,
      display_name: 'w',
      schedule_cron: '* * * * *',
      api_endpoint: 'bot:error-watch',
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return db
    .insertInto('bot_findings')
    .values({
      bot_id: bot.id,
      severity: 'medium',
      category: 'errors',
      title: 'It was there',
      check_name: 'error-groups',
      component_key: key,
      fingerprint: `f-${key}`,
      metadata: JSON.stringify({ kind }),
      detected_at: hoursAgo(100),
      ...(resolved !== null && {
        resolved_at: hoursAgo(resolved),
        resolution_method: 'cleared' as const,
      }),
    })
    .returning(['id', 'bot_id'])
    .executeTakeFirstOrThrow();
};

describe('a new group', () => {
  test('is low with few errors, medium with ten, and told for a day', async () => {
    await errors('No tax rate for order 12', [1]);
    expect(await titles()).toEqual(['low Rare new error: app: No tax rate for order <v>, 1 time']);
    await errors('No tax rate for order 13', often(9, 5, 2));
    expect(await titles()).toEqual(['medium New error: app: No tax rate for order <v>, 10 times']);
    expect(await titles({ new_hours: 0.5 })).toEqual([]);
  });

  test('that was counted long ago is known, however many there are', async () => {
    await errors('Known for long', often(500, 170, 0.1));
    expect(await titles()).toEqual([]);
  });

  test('stays a finding while it goes on, and ends after two quiet days', async () => {
    await errors('Goes on', [40, 30]);
    expect(await titles()).toEqual([]);
    await insertFinding('1', 'new', null);
    expect(await titles()).toEqual(['low Rare new error: app: Goes on, 2 times']);
    expect(await titles({ quiet_hours: 24 })).toEqual([]);
  });
});

describe('a spike', () => {
  test('is three times the mean of an hour, and ten errors at least', async () => {
    await errors('Usual', often(334, 168, 1.01));
    await errors('Usual', often(9, 0.8, 0.05));
    expect(await titles()).toEqual([]);
    await errors('Usual', [0.03]);
    expect(await titles()).toEqual(['high Error spikes: app: Usual, 10 in an hour, 2 are usual']);
    expect(await titles({ spike_errors: 11 })).toEqual([]);
    expect(await titles({ spike_factor: 6 })).toEqual([]);
  });

  test('is none where each afternoon has as many, but is one far above that, also after another one', async () => {
    const afternoons = [1, 2, 3, 4, 5, 6, 7].flatMap((day) =>
      often(50, day * 24 + 2, day * 24 - 3),
    );
    await errors('By day', [
      ...afternoons.filter((hours) => hours > 1.01),
      ...often(12, 0.9, 0.05),
    ]);
    expect(await titles()).toEqual([]);
    await errors('By day', often(200, 50.8, 50.1));
    await errors('By day', often(20, 0.9, 0.05));
    expect(await titles()).toEqual([
      expect.stringMatching(/^high Error spikes: app: By day, 32 in an hour/),
    ]);
  });

  test('of an error that has been away for a week has no mean', async () => {
    await errors('Rare', [700]);
    await errors('Rare', often(10, 0.8, 0.05));
    expect(await titles()).toEqual(['high Error spikes: app: Rare, 10 in an hour, 0 are usual']);
  });

  test('that is over is no return of the error', async () => {
    await errors('Usual', often(334, 168, 0.1));
    await insertFinding('1', 'spikes', 20);
    expect(await titles()).toEqual([]);
  });
});

describe('a group that comes back', () => {
  test('after it was resolved is told again', async () => {
    await errors('Back', [100, 1]);
    await insertFinding('1', 'new', 50);
    expect(await titles()).toEqual(['medium Error came back: app: Back, 1 time']);
  });

  test('is told by what came after the answer of a person, and not by what came before', async () => {
    await errors('Back', [3, 2]);
    await insertFinding('1', 'new', null);
    const starts = [{ key: '1', from: hoursAgo(1.5) }];
    expect(await titles({}, { starts })).toEqual([]);
    const { tallies } = await check({}, { starts });
    expect(tallies).toEqual([{ key: '1', bad: 0, of: null, newestBadAt: null }]);
    await errors('Back', [1]);
    expect(await titles({}, { starts })).toEqual(['medium Error came back: app: Back, 1 time']);
  });

  test('is told also where the group that was resolved has been merged into a known one', async () => {
    await errors('Known for long', [700]);
    await errors('Back', [3, 2]);
    await insertFinding('2', 'new', 1.5);
    const starts = [{ key: '2', from: hoursAgo(1.5) }];
    await db.transaction().execute((trx) => mergeGroups(trx, ['2'], '1'));
    expect(await titles({}, { starts })).toEqual([]);
    await errors('Back', [1]);
    expect(await titles({}, { starts })).toEqual(['medium Error came back: app: Back, 1 time']);
  });

  test('and what was answered hides no error of a group with a finding of its own', async () => {
    await errors('New one', [3]);
    await errors('Answered', [2]);
    await insertFinding('2', 'new', 1);
    await insertFinding('1', 'new', null);
    await db.transaction().execute((trx) => mergeGroups(trx, ['2'], '1'));
    const starts = [{ key: '2', from: hoursAgo(1) }];
    expect(await titles({}, { starts })).toEqual(['low Rare new error: app: New one, 2 times']);
  });

  test('whose finding ended with a mute is told by what came after that, and is no spike within its first hour', async () => {
    await errors('Back', often(15, 0.9, 0.6));
    await insertFinding('1', 'new', 0.5);
    expect(await titles()).toEqual([]);
    await errors('Back', [0.2, 0.1]);
    expect(await titles()).toEqual(['medium Error came back: app: Back, 2 times']);
    await errors('Back', often(12, 0.09, 0.01));
    expect(await titles()).toEqual(['medium Error came back: app: Back, 14 times']);
  });

  test('after a spike that a person resolved, at any rate', async () => {
    await errors('Usual', often(334, 168, 0.1));
    const { id, bot_id } = await insertFinding('1', 'spikes', 20);
    await db
      .insertInto('bot_tickets')
      .values({
        bot_id,
        finding_id: id,
        fingerprint: 'f-1',
        title: 'It was there',
        description: 'x',
        severity: 'high',
        status: 'resolved',
        resolved_at: hoursAgo(20),
        resolved_by: 'ann',
        resolution_notes: 'mended',
      } as never)
      .execute();
    expect(await titles()).toEqual([
      expect.stringMatching(/^medium Error came back: app: Usual, \d+ times$/),
    ]);
  });
});

const letters = (n: number) => [...String(n)].map((digit) => 'aeioubdfgk'[Number(digit)]).join('');
const different = (count: number, error_type: (n: number) => string) =>
  plantErrors(
    db,
    Array.from({ length: count }, (_, n) => ({
      error_type: error_type(n),
      error_message: `${letters(n)} ${letters(n * 7 + 3)} ${letters(n * 13 + 5)}`,
      at: hoursAgo(0.5),
    })),
  );

describe('a flood', () => {
  test('of different messages is one finding, beside the others', async () => {
    await different(1_400, () => 'search');
    await errors('No tax rate for order 12', often(12, 0.6, 0.1));
    expect(await titles()).toEqual([
      'medium Flood of different errors: search, 1,400 errors of more than 1,000 kinds',
      'medium New error: app: No tax rate for order <v>, 12 times',
    ]);
  });

  test('ends with a person\u2019s answer, and comes again with more errors', async () => {
    await different(30, () => 'search');
    const starts = [{ key: 'flood search', from: hoursAgo(0.4) }];
    expect(await titles({}, { starts, only: ['flood search'] })).toEqual([]);
    await plantErrors(
      db,
      Array.from({ length: 30 }, (_, n) => ({
        error_type: 'search',
        error_message: `${letters(n)} ${letters(n * 7 + 3)} ${letters(n * 13 + 5)}`,
        at: hoursAgo(0.1),
      })),
    );
    const again = await check({}, { starts, only: ['flood search'] });
    expect(again.findings.map(({ title }) => title)).toEqual([
      'Flood of different errors: search, 30 errors of 30 kinds',
    ]);
    expect(again.tallies).toMatchObject([{ key: 'flood search', bad: 30 }]);
  });

  test('of types is one finding, too', async () => {
    await different(300, (n) => `type-${letters(n)}`);
    expect(await titles()).toEqual([
      'medium Flood of different errors: of many types, 300 errors of 300 kinds',
    ]);
  });
});

test('what is no text of its own is in words: an empty type, no message, a name that code gave, a part that was split off', async () => {
  await errors(' ', [1], '');
  await errors('checkout tax', [2]);
  await errors('disk full', [3]);
  await sql`UPDATE engine.error_templates SET kind = 'fingerprint' WHERE id = 2`.execute(db);
  await sql`UPDATE engine.error_templates SET kind = 'text', split_from = 1 WHERE id = 3`.execute(
    db,
  );
  const { findings } = await check();
  expect(findings.map(({ title, component }) => [title, component]).toSorted()).toEqual([
    ['Rare new error: app: contains "disk full", 1 time', 'app'],
    ['Rare new error: app: fingerprint "checkout tax", 1 time', 'app'],
    ['Rare new error: no type: messages without words, 1 time', 'no type'],
  ]);
});

test('no advice is for a rare new error, because it would open a ticket; one is for a frequent one', async () => {
  const advised = async () => {
    const { findings } = await check();
    return errorWatch.knowledge!.filter(({ pattern }) =>
      new RegExp(pattern, 'i').test(findings[0]!.title),
    );
  };
  await errors('No tax rate', often(9, 5, 2));
  expect(await advised()).toEqual([]);
  await errors('No tax rate', [1]);
  expect(await advised()).toMatchObject([{ name: 'errors.new' }]);
});

test('many groups with findings are no storm, because their errors have no cause in common', async () => {
  expect(await check()).toMatchObject({ unrelated: true });
});

test('a muted group says nothing until its time is over', async () => {
  await errors('Muted', [1]);
  await sql`UPDATE engine.error_groups SET muted_at = ${hoursAgo(1)}, muted_by = 'ann', muted_reason = 'known',
    muted_until = ${hoursAgo(-1)}`.execute(db);
  expect(await titles()).toEqual([]);
  await sql`UPDATE engine.error_groups SET muted_until = ${hoursAgo(0.5)}`.execute(db);
  expect(await titles()).toHaveLength(1);
});

test('titles stay within their limit, whatever the message', async () => {
  await errors('word '.repeat(2_000), [1], 't'.repeat(100));
  await errors('<script>\u001b[31m', [1]);
  const { findings } = await check();
  expect(findings).toHaveLength(2);
  for (const { title } of findings) expect([...title].length).toBeLessThanOrEqual(200);
});

test('an error without a type is no flood of all types', async () => {
  await errors('Nothing is known of it', [1], '');
  expect((await check()).findings).toMatchObject([
    { title: 'Rare new error: no type: Nothing is known of it, 1 time', component: 'no type' },
  ]);
});

describe('counting', () => {
  const counting = () => runCheck(errorWatch, 'counting', db, {}, { now });

  test('is not judged before the job has run, and fine when all is counted', async () => {
    await expect(counting()).rejects.toThrow(SkippedCheck);
    await sql`UPDATE engine.error_cursor SET caught_up_at = ${hoursAgo(5)}`.execute(db);
    expect((await counting()).findings).toEqual([]);
  });

  test('is late when errors wait for more than a quarter of an hour', async () => {
    await sql`UPDATE engine.error_cursor SET caught_up_at = ${hoursAgo(0.3)}`.execute(db);
    await db
      .insertInto('error_logs')
      .values({ error_type: 'a', error_message: 'waits', created_at: hoursAgo(0.3) })
      .execute();
    expect((await counting()).findings).toMatchObject([
      { severity: 'medium', title: 'Errors are counted late: some have waited for 18 min' },
    ]);
    await sql`UPDATE engine.error_cursor SET caught_up_at = ${hoursAgo(0.2)}`.execute(db);
    expect((await counting()).findings).toEqual([]);
  });

  test('is not late while errors come all the time, and each waits for a moment only', async () => {
    await sql`UPDATE engine.error_cursor SET caught_up_at = ${hoursAgo(3)}`.execute(db);
    const error = { error_type: 'a', error_message: 'waits' };
    await db
      .insertInto('error_logs')
      .values({ ...error, created_at: hoursAgo(0.01) })
      .execute();
    expect(await counting()).toMatchObject({ findings: [], figures: [{ value: 36 }] });
    // A time that says nothing does not hide that errors wait.
    for (const created_at of [null, new Date('2999-01-01')]) {
      await sql`DELETE FROM error_logs`.execute(db);
      await db
        .insertInto('error_logs')
        .values({ ...error, created_at })
        .execute();
      expect((await counting()).findings).toHaveLength(1);
    }
  });
});
