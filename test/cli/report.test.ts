import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { every, plantBot, plantSlots } from '../report/planted.ts';
import { testDatabase } from '../support/database.ts';
import { roundsman, start } from './command.ts';
import { ago, insertNode, insertTicket } from './rows.ts';

const { db, url } = await testDatabase();

beforeEach(async () => {
  await sql`TRUNCATE bots, engine.nodes CASCADE`.execute(db);
  await sql`UPDATE engine.settings SET value = '"safe"' WHERE key = 'mode'`.execute(db);
});

/** An hourly bot whose slots of the last 24 hours all ran. */
async function hourly(): Promise<string> {
  const hour = 3_600_000;
  const last = Math.floor(Date.now() / hour) * hour;
  const iso = (at: number) => new Date(at).toISOString();
  const bot = await plantBot(db, { cron: '0 * * * *', next: iso(last + hour) });
  await plantSlots(db, bot, every(60, iso(last - 30 * hour), iso(last)));
  await insertNode(db, 'up');
  return bot;
}

test('says that everything ran and that nothing needs a person, with exit code 0', async () => {
  await hourly();
  const { code, out } = await roundsman(url, 'report');
  expect(out).toContain('Everything ran: 24 slots of 1 bot, each with success.');
  expect(out).toContain('Nothing needs you.');
  expect(code).toBe(0);
});

test('a slot without a row, and an urgent ticket, need a person: exit code 6, with what to do first', async () => {
  const bot = await hourly();
  await sql`DELETE FROM bot_executions WHERE scheduled_for = date_trunc('hour', now()) - interval '3 hours'`.execute(
    db,
  );
  const gone = await roundsman(url, 'report');
  expect(gone.code).toBe(6);
  expect(gone.out).toContain('1 slot of watch has no run');
  await insertTicket(db, bot, 'payments answer 500', { severity: 'critical', created_at: ago(5) });
  const { code, json } = await roundsman(url, 'report', '--json');
  expect(code).toBe(6);
  const report = json();
  expect(report.needs.map(({ kind }: { kind: string }) => kind)).toEqual([
    'tickets_urgent',
    'gaps_unexplained',
  ]);
  expect(report).toMatchObject({
    verdict: { everything_ran: false, needs_attention: true },
    slots: { due: 24, success: 23, missing: 1 },
    tickets: { opened: 1 },
  });
});

test.each(['America/New_York', 'Asia/Kolkata'])(
  'the command for a slot that is missing finds that slot where it is typed in %s',
  async (TZ) => {
    await hourly();
    await sql`DELETE FROM bot_executions WHERE scheduled_for = date_trunc('hour', now()) - interval '3 hours'`.execute(
      db,
    );
    const { out } = await start(url, ['report', '--format', 'md'], { TZ }).ended;
    const [, line] = /`npx roundsman (bots backfill watch [^`]*)`/.exec(out)!;
    const args = line!.split(' ').map((word) => word.replaceAll("'", ''));
    const tried = await start(url, args, { TZ }).ended;
    expect(tried.out).toContain('Would queue 1 run');
    expect(line).toMatch(/ --since \S+Z --until \S+Z --dry-run$/);
  },
);

test('of an empty database it says that nothing was due', async () => {
  const { code, out } = await roundsman(url, 'report');
  expect(code).toBe(0);
  expect(out).toContain('Nothing was due.');
});

test('writes each format, and refuses what is none', async () => {
  await hourly();
  const [md, html, json] = await Promise.all(
    ['md', 'html', 'json'].map((format) => roundsman(url, 'report', '--format', format)),
  );
  expect(md!.out).toMatch(/^# Report of 1d: /);
  expect(html!.out).toMatch(/^<!doctype html>/);
  expect(json!.json()).toMatchObject({ slots: { due: 24 } });
  const [asOutput, asFormat] = await Promise.all([
    roundsman(url, 'report', '-o', 'html'),
    roundsman(url, 'report', '--format', 'html'),
  ]);
  expect(asOutput.code).toBe(asFormat.code);
  expect(asOutput.out.slice(0, 15)).toBe(asFormat.out.slice(0, 15));
  expect((await roundsman(url, 'report', '-o', 'md', '--format', 'md')).code).toBe(2);
  const wrong = await roundsman(url, 'report', '--format', 'pdf');
  expect(wrong.code).toBe(2);
  expect(wrong.err).toContain('it has to be one of text, md, json, html');
});

test('takes a span or a time, and refuses a period that is too long, or has not begun', async () => {
  await hourly();
  expect((await roundsman(url, 'report', '--since', '5h', '--json')).json().slots.due).toBe(5);
  const since = new Date(Date.now() - 3 * 3_600_000).toISOString().slice(0, 16).replace('T', ' ');
  expect((await roundsman(url, 'report', '--since', since, '--json')).json().slots.due).toBe(3);
  for (const [given, why] of [
    ['32d', 'it is too long: 31d at most'],
    ['0', 'it is too short: 1m at least'],
    ['59s', 'it is too short: 1m at least'],
    ['2099-01-01', 'a report is about 1m at least and 31d at most'],
    ['2020-01-01', 'a report is about 1m at least and 31d at most'],
    ['x', 'neither a time nor how long ago'],
  ] as const) {
    const { code, err } = await roundsman(url, 'report', '--since', given);
    expect(code).toBe(2);
    expect(err).toContain(why);
  }
  for (const limit of ['1m', '31d'])
    expect((await roundsman(url, 'report', '--since', limit)).code).not.toBe(2);
});
