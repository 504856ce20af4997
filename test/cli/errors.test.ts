/** `roundsman errors ...` on groups that were counted as the job counts them. */
import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { plantErrors } from '../../src/demo/plant-errors.ts';
import { testDatabase } from '../support/database.ts';
import { roundsman } from './command.ts';

const { db, url } = await testDatabase();
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);

beforeEach(async () => {
  await sql`TRUNCATE error_logs, engine.error_groups, engine.error_templates, engine.error_counts, engine.error_facets,
    engine.grouped_errors, bot_findings CASCADE`.execute(db);
  await sql`UPDATE engine.error_cursor SET next_id = 1`.execute(db);
  await plantErrors(db, [
    ...[50, 40, 30].map((minutes) => ({
      error_type: 'checkout',
      error_message: `Order ${minutes} has no \u001b[31mprice`,
      stack_trace: 'Error: x\n    at price (/srv/app/src/price.ts:1:2)',
      release: '1.2',
      at: minutesAgo(minutes),
    })),
    { error_type: 'mail', error_message: 'Mail was returned', at: minutesAgo(20) },
    { error_type: 'mail', error_message: 'Upload failed: disk full', at: minutesAgo(10) },
  ]);
});

const errors = (...args: string[]) => roundsman(url, 'errors', ...args);
const listed = async (...args: string[]) => {
  const { out, code, err } = await errors('list', '--json', ...args);
  expect(code, err).toBe(0);
  return JSON.parse(out) as Record<string, unknown>[];
};

test('list shows groups with the newest error first, and narrows them', async () => {
  expect((await listed()).map(({ id, errors: count }) => [id, count])).toEqual([
    ['3', '1'],
    ['2', '1'],
    ['1', '3'],
  ]);
  expect(await listed('--type', 'mail')).toHaveLength(2);
  expect(await listed('--text', 'DISK')).toHaveLength(1);
  expect(await listed('--since', '15m')).toHaveLength(1);
  expect(await listed('--muted')).toEqual([]);
  const { out } = await errors('list');
  expect(out).toContain('checkout');
  expect(out).not.toContain('\u001b[31m');
});

test('show names templates, frames, releases and the newest errors; the id of an error leads to its group', async () => {
  const { out, code } = await errors('show', '1');
  expect(code).toBe(0);
  for (const part of ['price (app/src/price.ts)', '1.2', 'Templates', 'Newest errors', 'Example'])
    expect(out).toContain(part);
  const error = await db
    .selectFrom('error_logs')
    .select('id')
    .where('error_type', '=', 'checkout')
    .limit(1)
    .executeTakeFirstOrThrow();
  const byError = await errors('show', error.id, '--json');
  expect(JSON.parse(byError.out)).toMatchObject({
    id: '1',
    errors: '3',
    error_type: 'checkout',
  });
});

test('merge, split, mute and unmute say what they did and how it is taken back', async () => {
  const merged = await errors('merge', '3', '--into', '2', '--as', 'ann');
  expect(merged.out).toContain('Merged 3 into group 2, which has 2 errors now.');
  expect((await errors('show', '3', '--json')).out).toContain('"id": "2"');
  const split = await errors('split', '2', '--template', '3', '--as', 'ann');
  expect(split.out).toContain('Split template 3 off group 2: group 3 has 1 error.');
  const muted = await errors('mute', '1', '--for', '2h', '--reason', 'harmless', '--as', 'ann');
  expect(muted.out).toMatch(/Muted group 1 until .*\. Its errors are counted as before\./);
  expect(await listed('--muted')).toMatchObject([{ id: '1', muted_by: 'ann' }]);
  expect(await listed('--unmuted')).toHaveLength(2);
  expect((await errors('unmute', '1', '--as', 'ann')).out).toContain(
    'Unmuted group 1: people are told about it again.',
  );
  expect((await errors('unmute', '1', '--as', 'ann')).out).toContain('Group 1 was not muted.');
});

test('merge says where it changes who is told', async () => {
  const mute = (group: string) => errors('mute', group, '--reason', 'harmless', '--as', 'ann');
  expect((await errors('merge', '3', '--into', '2', '--as', 'ann')).out).not.toContain('mute');
  await mute('1');
  const ended = await errors('merge', '1', '--into', '2', '--as', 'ann');
  expect(ended.out).toContain('The mute of group 1 ended by this: people are told');
  expect(ended.out).toContain('`npx roundsman errors mute 2 --reason ...`');
  expect(await listed('--muted')).toEqual([]);
});

test('merge into a muted group says that people are not told of the other one either', async () => {
  await errors('mute', '2', '--reason', 'harmless', '--as', 'ann');
  const quiet = await errors('merge', '1', '3', '--into', '2', '--as', 'ann');
  expect(quiet.out).toContain(
    'Group 2 is muted, so people are not told of the errors of groups 1, 3 any more.',
  );
  expect(await listed('--muted')).toMatchObject([{ id: '2' }]);
});

test('what merge says of taking it back works, also for what was split off and for several templates', async () => {
  const { out } = await errors('split', '2', '--containing', 'returned', '--as', 'ann');
  expect(out).toContain('group 4');
  const back = async (...groups: string[]) => {
    const merged = await errors('merge', ...groups, '--into', '2', '--as', 'ann');
    const command = /`npx roundsman errors (.*?)`/.exec(merged.out)![1]!;
    return errors(...command.split(' '), ...(command.startsWith('split') ? ['--as', 'ann'] : []));
  };
  const taken = await back('4');
  expect(taken.code, taken.err).toBe(0);
  expect(taken.out).toMatch(/Split template 5 off group 2: group \d+ has 0 errors/);
  await errors('merge', '1', '--into', '3', '--as', 'ann');
  const shown = await back('3');
  expect(shown.code, shown.err).toBe(0);
  expect(shown.out).toContain('Order <v> has no price');
});

test('a text that no recent error contains needs a yes', async () => {
  const refused = await errors('split', '2', '--containing', 'no such words', '--as', 'ann');
  expect(refused.code).not.toBe(0);
  expect(await listed()).toHaveLength(3);
  const done = await errors('split', '2', '--containing', 'no such words', '--yes', '--as', 'ann');
  expect(done.out).toContain('are counted in group 4 from now on');
  const other = await errors('split', '2', '--containing', 'returned', '--as', 'ann');
  expect(other.code).toBe(0);
});

test.each([
  [['show', '99'], 3, 'there is no group 99'],
  [['show', 'abc'], 2, 'names no group'],
  [['show', '11111111-1111-4111-8111-111111111111'], 3, 'is in no group'],
  [['merge', '1', '--into', '1'], 2, 'they are the same group'],
  [['merge', '1'], 2, '--into'],
  [['split', '1'], 2, 'no option says which part'],
  [['split', '1', '--template', '1'], 2, 'cannot be split off'],
  [['split', '1', '--template', 'x'], 2, 'no number of a template'],
  [['split', '1', '--containing', ' '], 2, '--containing is empty'],
  [['split', '1', '--template', '1', '--containing', 'x'], 2, '--containing'],
  [['mute', '1', '--reason', ' '], 2, '--reason is empty'],
  [['mute', '1', '--for', '1s', '--reason', 'x'], 2, '--for'],
  [['mute', '99', '--reason', 'x'], 3, 'there is no group 99'],
] as [string[], number, string][])('%j is refused', async (args, code, words) => {
  const done = await errors(...args);
  expect(done.err).toContain(words);
  expect(done.code).toBe(code);
});

test('before anything was counted the list says what counts', async () => {
  await sql`TRUNCATE engine.error_groups, engine.error_templates CASCADE`.execute(db);
  expect((await errors('list')).err).toContain('group-errors');
});

test('a template that a rule merged keeps the errors that it had, also where all came at once, and is split off with them', async () => {
  await plantErrors(
    db,
    ['mail', 'mail', 'print', 'print', 'print', 'video', 'audio', 'print'].map((name, n) => ({
      error_type: 'queue',
      error_message: `queue ${name} is full`,
      at: minutesAgo(9 - n),
    })),
  );
  const [group] = await listed('--type', 'queue');
  expect(group).toMatchObject({ template: 'queue <*> is full', errors: '8' });
  const { error_templates: templates } = JSON.parse(
    (await errors('show', String(group!.id), '--json')).out,
  ) as { error_templates: { id: string; template: string; errors: string }[] };
  const print = templates.find(({ template }) => template === 'queue print is full')!;
  expect(print.errors).toBe('3');
  const wrong = await errors('show', print.id);
  expect(wrong.code).toBe(3);
  expect(wrong.err).toContain(`${print.id} is the number of a template of group ${group!.id}`);
  const split = await errors('split', String(group!.id), '--template', print.id, '--as', 'ann');
  expect(split.out).toMatch(/group \d+ has 3 errors\./);
});

test('messages without words, types that are empty and names that code gave are words in lists', async () => {
  await plantErrors(db, [{ error_type: '', error_message: ' ', at: minutesAgo(1) }]);
  await sql`UPDATE engine.error_templates SET kind = 'fingerprint' WHERE id = 2`.execute(db);
  const { out } = await errors('show', '2', '4');
  expect(out).toContain('mail: fingerprint "Mail was returned"');
  expect(out).toContain('(no type): (messages without words)');
  expect(out).toContain('  (an empty message)');
});

test('an end of a mute that has none is not earlier', async () => {
  const muted = await errors('mute', '1', '--reason', 'harmless', '--as', 'ann');
  expect(muted.out).toContain('`npx roundsman errors unmute 1` ends it.');
});

test('who names a group that was merged hears which group stands for it', async () => {
  await errors('merge', '3', '--into', '2', '--as', 'ann');
  expect((await errors('show', '3')).out).toContain('2; 3 was merged into it');
  expect((await errors('show', '2')).out).not.toContain('merged into it');
  const muted = await errors('mute', '3', '--reason', 'harmless', '--as', 'ann');
  expect(muted.err).toContain('Group 3 was merged into group 2.');
  expect(muted.out).toContain('Muted group 2');
  expect((await errors('unmute', '2', '--as', 'ann')).err).not.toContain('merged');
});
