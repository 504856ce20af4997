/** What a list is in a pipe: numbers alone, in the unit of their column, and in columns of their own what a table says in words. */
import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { roundsman } from './command.ts';
import { insertAction, insertKnowledge } from './known.ts';
import { ago, insertBot, insertFinding, insertRun, insertTicket } from './rows.ts';

const { db, url } = await testDatabase();

beforeAll(async () => {
  const watch = await insertBot(db, 'watch');
  await insertRun(db, watch, 5, { execution_time_ms: 1700 });
  await insertRun(db, watch, 1, { status: 'queued', completed_at: null });
  const finding = await insertFinding(db, watch, 'The disk is full', { fingerprint: 'f' });
  await insertFinding(db, watch, 'It was slow', {
    resolved_at: ago(2),
    resolution_method: 'cleared',
  });
  await insertTicket(db, watch, 'The disk is full', {
    finding_id: finding,
    fingerprint: 'f',
    snoozed_occurrences: 5,
    snooze_seen: 2,
    snoozed_at: ago(1),
    snoozed_by: 'ann',
  });
  const knowledge = await insertKnowledge(db, 'reset', {
    times_applied: 3,
    times_successful: 3,
    success_rate: 100,
  });
  await insertAction(db, watch, 'held', 30, { knowledge_id: knowledge, finding_id: finding });
  await sql`INSERT INTO engine.jobs (name) VALUES ('tidy')`.execute(db);
  await sql`
    INSERT INTO engine.job_runs (job, status, queued_at, started_at, completed_at)
    VALUES ('tidy', 'success', ${ago(3)}, ${ago(3)}, ${ago(2)})`.execute(db);
  const said = ['--as', 'ann', '--reason', 'it is moved', '--yes'];
  await roundsman(url, 'silences', 'add', '--bot', 'watch', '--for', '2h', ...said);
  await roundsman(url, 'silences', 'add', '--component', '/v1', '--until-resolved', ...said);
  await roundsman(url, 'maintenance', 'add', '--for', '1h', ...said);
  await db
    .updateTable('bot_silences')
    .set({ ended_at: sql<Date>`engine.now()` })
    .where('bot_id', 'is not', null)
    .execute();
});

/** The rows of a list as a program reads them. */
async function rowsOf(...args: string[]): Promise<{ [name: string]: string }[]> {
  const { out, code, err } = await roundsman(url, ...args);
  expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' });
  const [head, ...rows] = out
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => line.split('\t'));
  return rows.map((cells) => Object.fromEntries(head!.map((name, at) => [name, cells[at]!])));
}

const numbers =
  /_ms$|_rate$|^(times_.*|checks_performed|issues_found|failures|runs|open_findings|pending_tickets|occurrences|attempts|value|usual|decided|held|relapsed|failed|lower|lift|untouched_.*|snoozed_times_left)$/;
const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

describe.each([
  'bots list',
  'bots next',
  'runs list',
  'findings list --all',
  'tickets list --snoozed',
  'knowledge list',
  'knowledge stats',
  'actions list',
  'silences list --all',
  'maintenance list --all',
  'jobs list',
  'limits',
])('%s', (words) => {
  test.each(['tsv', 'csv'])('has numbers alone and times in ISO 8601: %s', async (form) => {
    const args = words.split(' ');
    const rows = await rowsOf(...args, '-o', 'tsv');
    expect(rows.length).toBeGreaterThan(0);
    for (const [name, cell] of rows.flatMap((row) => Object.entries(row))) {
      if (cell === '') continue;
      if (numbers.test(name))
        expect({ name, cell }).toEqual({ name, cell: expect.stringMatching(/^-?\d+(\.\d+)?$/) });
      if (/_at$|_until$|^respond_by$/.test(name))
        expect({ name, cell }).toEqual({ name, cell: expect.stringMatching(isTime) });
    }
    const { out } = await roundsman(url, ...args, '-o', form);
    expect(out).not.toMatch(/\d (ms|%|open)\b/);
  });
});

test('a duration is in milliseconds, also of a job', async () => {
  const [, run] = await rowsOf('runs', 'list');
  expect(run).toMatchObject({ execution_time_ms: '1700' });
  const job = (await rowsOf('jobs', 'list')).find(({ name }) => name === 'tidy');
  expect(job).toMatchObject({ took_ms: '60000', failures: '0', runs: '1' });
  // Its head in the table names the column, as before.
  expect((await rowsOf('jobs', 'list', '--columns', 'took'))[0]).toHaveProperty('took_ms');
});

test('a silence that ended says so, and one until resolved', async () => {
  const rows = await rowsOf('silences', 'list', '--all');
  expect(rows).toHaveLength(2);
  expect(rows.find(({ what }) => what === 'bot watch')).toMatchObject({
    until_resolved: 'false',
    expires_at: expect.stringMatching(isTime),
    ended_at: expect.stringMatching(isTime),
  });
  expect(rows.find(({ what }) => what === 'component /v1')).toMatchObject({
    until_resolved: 'true',
    expires_at: '',
    ended_at: '',
    open_findings: '1',
  });
});

test('maintenance has its end, whether it ended, and what it holds back', async () => {
  const [window] = await rowsOf('maintenance', 'list');
  expect(window).toMatchObject({
    starts_at: expect.stringMatching(isTime),
    ends_at: expect.stringMatching(isTime),
    ended_at: '',
    in_force: 'true',
    open_findings: '1',
    pending_tickets: '1',
  });
});

test('a snoozed ticket says so, and how often its problem has to come again', async () => {
  const [ticket] = await rowsOf('tickets', 'list', '--snoozed');
  expect(ticket).toMatchObject({ response: 'snoozed', snoozed_times_left: '3', snoozed_until: '' });
});

test('times are told in one way where how far away they are is asked for', async () => {
  const [ticket] = await rowsOf('tickets', 'list', '--snoozed', '--time', 'relative');
  expect(ticket!.created_at).toMatch(/ ago$/);
});

test('a resolved finding says when, and a ticket is named by its number alone', async () => {
  const rows = await rowsOf('findings', 'list', '--all');
  expect(rows.find(({ title }) => title === 'It was slow')!.resolved_at).toMatch(isTime);
  expect(rows.find(({ title }) => title === 'The disk is full')).toMatchObject({
    ticket: 'T-1',
    ticket_stands_for: 'finding',
    resolved_at: '',
  });
});

test('why a run ended is its reason alone, with its error in a column of its own', async () => {
  const bot = await insertBot(db, 'failing');
  const ended = {
    status: 'failed' as const,
    reason: 'check errored',
    error_message: 'is-well: no answer',
  };
  await insertRun(db, bot, 1, ended);
  await insertRun(db, bot, 2, {
    status: 'cancelled',
    reason: 'cancelled',
    cancel_reason: 'it is moved',
  });
  const rows = await rowsOf('runs', 'list', '--bot', 'failing');
  const { error_message } = ended;
  expect(rows.find(({ status }) => status === 'failed')).toMatchObject({
    why: ended.reason,
    error_message,
    cancel_reason: '',
  });
  expect(rows.find(({ status }) => status === 'cancelled')).toMatchObject({
    why: 'cancelled',
    error_message: '',
    cancel_reason: 'it is moved',
  });
});

test('maintenance that skips a slot is its id, and figures of a change are JSON', async () => {
  const skip = ['--for', '2d', '--skip-runs', '--as', 'ann', '--reason', 'it is moved', '--yes'];
  await roundsman(url, 'maintenance', 'add', '--bot', 'watch', ...skip);
  const window = await db
    .selectFrom('bot_maintenance')
    .select('id')
    .where('skip_runs', '=', true)
    .executeTakeFirstOrThrow();
  const [next] = await rowsOf('bots', 'next', 'watch', '--count', '1');
  expect(next!.maintenance).toBe(window.id);
  await sql`
    INSERT INTO bot_knowledge_events (knowledge_id, event, actor, before, after, figures)
    SELECT id, 'autonomy', 'ann', '{"autonomy":"auto"}', '{"autonomy":"suggest"}', '{"decided":9,"held":3,"lower":0.1}' FROM bot_knowledge`.execute(
    db,
  );
  const [change] = await rowsOf('knowledge', 'history', 'reset');
  expect(JSON.parse(change!.figures!)).toEqual({ decided: 9, held: 3, lower: 0.1 });
});
