import { spawnSync } from 'node:child_process';
import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { printRound } from '../../src/cli/round/summary.ts';
import { readRound } from '../../src/services/round/read.ts';
import { testDatabase } from '../support/database.ts';
import { commandOf } from '../support/terminal.ts';
import { roundsman } from './command.ts';
import { ago, insertBot, insertFinding, insertRun, insertTicket } from './rows.ts';

const { db, url } = await testDatabase();
let name: string;

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_knowledge CASCADE`.execute(db);
  const bot = await insertBot(db, 'watch');
  const finding_id = await insertFinding(db, bot, 'sessions pile up', { fingerprint: 'fp' });
  name = await insertTicket(db, bot, 'sessions pile up', {
    fingerprint: 'fp',
    finding_id,
    respond_by: ago(10),
  });
});

const tickets = async (verb: string, ...args: string[]) => {
  const { code, out, err } = await roundsman(url, 'tickets', verb, name, ...args);
  return { code, said: out + err };
};

test('a ticket is acknowledged, commented on, resolved, reopened and closed', async () => {
  const late = await roundsman(url, 'tickets', 'list', '-o', 'table');
  expect(late.out).toContain('overdue');
  expect((await tickets('ack', '--as', 'ann')).said).toContain(
    `Acknowledged ${name}: its response clock has stopped.`,
  );
  expect((await roundsman(url, 'tickets', 'list', '-o', 'table')).out).not.toContain('overdue');
  expect((await tickets('ack', '--as', 'bob')).said).toMatch(
    /was acknowledged by ann at .* already/,
  );
  expect(await tickets('comment', 'asked \u001b[31mthe provider', '--as', 'bob')).toMatchObject({
    code: 0,
  });
  await tickets('resolve', '--notes', 'mended', '--as', 'ann');
  const reopened = await tickets('reopen', '--reason', 'still there', '--as', 'bob');
  expect(reopened.said).toContain(`Reopened ${name}`);
  expect(reopened.said).toContain('the next clean check resolves it');
  await tickets('resolve', '--notes', 'mended', '--as', 'ann');
  expect((await tickets('close', '--as', 'ann')).said).toContain(`Closed ${name}`);
  expect(await tickets('reopen', '--reason', 'x')).toMatchObject({
    code: 1,
    said: expect.stringContaining('it is closed, which is final'),
  });

  const history = await roundsman(url, 'tickets', 'history', name, '-o', 'table');
  expect(history.out).not.toContain('\u001b');
  expect(history.out.match(/closed|resolved|reopened|commented|acknowledged/g)).toEqual(
    expect.arrayContaining(['closed', 'resolved', 'reopened', 'commented', 'acknowledged']),
  );
  const told = await roundsman(url, 'tickets', 'history', name, '--json', '--limit', '2');
  expect(told.json()).toMatchObject([
    { event: 'closed', actor: 'ann' },
    { event: 'resolved', actor: 'ann' },
  ]);
  expect(told.err).toContain('only the first 2');
});

test('a person says how severe a ticket is, and takes it back', async () => {
  expect(
    (await tickets('severity', 'critical', '--reason', '\u001b[31mshop', '--as', 'ann')).said,
  ).toContain(`${name} was high and is critical now, whatever runs find.`);
  const shown = await tickets('show');
  expect(shown.said).toMatch(/^Severity +critical, as ann said: .*shop \(runs find high\)$/m);
  expect(shown.said).toMatch(/rated +ann +to: critical, from: high, reason: /);
  expect(shown.said).not.toContain('\u001b');
  const list = await roundsman(url, 'tickets', 'list', '--severity', 'critical', '--json');
  expect(list.json()).toMatchObject([{ severity: 'critical', severity_override: 'critical' }]);
  expect((await roundsman(url, 'status', '--json')).json().tickets.bot_tickets).toMatchObject([
    { severity: 'critical' },
  ]);
  const cleared = await roundsman(url, 'tickets', 'severity', name, '--clear', '--json');
  expect(cleared.json()).toMatchObject({ severity: 'high', severity_override: null });
  expect((await tickets('show')).said).not.toMatch(/^Severity /m);
  expect((await tickets('severity', '--clear')).said).toContain('no person has said otherwise');
  for (const args of [
    ['severity'],
    ['severity', 'low', '--clear'],
    ['severity', 'bad', '--reason', 'x'],
    ['severity', 'low'],
  ])
    expect(await tickets(args[0]!, ...args.slice(1))).toMatchObject({ code: 2 });
  await tickets('resolve', '--notes', 'x');
  expect(await tickets('severity', 'low', '--reason', 'x')).toMatchObject({
    code: 1,
    said: expect.stringContaining('cannot be rated'),
  });
});

test('a snoozed ticket is out of the way, says so, and is woken', async () => {
  expect((await tickets('snooze', '--for', '4h', '--as', 'ann')).said).toMatch(
    /^Snoozed T-\d+ until .* UTC, or until it is more severe than high\. /,
  );
  const list = await roundsman(url, 'tickets', 'list', '-o', 'table');
  expect(list.out).toContain('No open tickets');
  expect(list.err).toContain(
    '1 snoozed ticket is left out: `npx roundsman tickets list --snoozed`',
  );
  for (const flag of ['--snoozed', '--all']) {
    const { out, err } = await roundsman(url, 'tickets', 'list', flag, '-o', 'table');
    expect(out).toMatch(/snoozed for 4h$/m);
    expect(err).not.toContain('left out');
  }
  const shown = (await tickets('show')).said;
  expect(shown).toMatch(/^Snoozed +until .* UTC, by .*ann$/m);
  expect(shown).not.toContain('overdue');
  const status = await roundsman(url, 'status');
  expect(status.out).toMatch(/^Tickets +1 open, 1 of them snoozed$/m);
  expect(status.out).not.toContain('past their response target');

  expect((await tickets('snooze', '--end')).said).toContain(`${name} is awake again.`);
  expect((await tickets('snooze', '--end')).said).toContain(`${name} is not snoozed.`);
  expect((await roundsman(url, 'tickets', 'list', '-o', 'table')).out).toContain('overdue');
  const until = await tickets('snooze', '--occurrences', '3', '--json');
  expect(JSON.parse(until.said.split('\ndatabase')[0]!)).toMatchObject({
    snoozed_occurrences: 3,
    snoozed_until: null,
  });
  expect((await tickets('show')).said).toMatch(/^Snoozed +until it was seen 3 more times, by /m);
  expect((await roundsman(url, 'tickets', 'list', '--snoozed', '-o', 'table')).out).toMatch(
    /snoozed, 3 more times$/m,
  );
  expect((await tickets('snooze', '--until', '2999-01-01')).said).toContain('more than a year off');
});

test('a round counts a snoozed ticket not among those for people, and names it', async () => {
  await tickets('snooze', '--for', '4h', '--as', 'ann');
  const { bot_id } = await db.selectFrom('bot_findings').select('bot_id').executeTakeFirstOrThrow();
  const made = await insertRun(db, bot_id!, 0);
  await sql`UPDATE bot_findings SET last_execution_id = ${made}::uuid`.execute(db);
  const round = await readRound(db, [made]);
  expect(round).toMatchObject({ tickets: [{ snoozed_by: 'ann' }], tickets_left_open: 0 });
  const written: string[] = [];
  const { write } = process.stdout;
  process.stdout.write = (text) => written.push(String(text)) > 0;
  try {
    printRound(round, [{ id: bot_id!, name: 'watch' }]);
  } finally {
    process.stdout.write = write;
  }
  const out = written.join('');
  expect(out).toMatch(/^For people: 0 tickets$/m);
  expect(out).toMatch(
    new RegExp(`^${name} is snoozed until .* UTC, by ann: sessions pile up$`, 'm'),
  );
  expect(out).not.toContain('Look at one');
});

test.each([
  [[]],
  [['--for', '4h', '--occurrences', '3']],
  [['--for', '4h', '--end']],
  [['--until', '4h']],
  [['--until', '2020-01-01']],
  [['--until', 'tomorrow']],
  [['--occurrences', '0']],
  [['--for', '10s']],
])('snooze %j says what it takes, and changes nothing', async (args) => {
  const { code, said } = await tickets('snooze', ...args);
  expect({ code, said }).toMatchObject({ code: 2 });
  expect(await db.selectFrom('bot_ticket_events').selectAll().execute()).toEqual([]);
});

test('what is missing is named, and what is wrong too', async () => {
  expect(await tickets('comment', '  ')).toMatchObject({
    code: 2,
    said: expect.stringContaining('it is empty'),
  });
  expect(await tickets('comment')).toMatchObject({ code: 2 });
  await tickets('resolve', '--notes', 'x');
  expect(await tickets('reopen')).toMatchObject({
    code: 2,
    said: expect.stringContaining('--reason is missing'),
  });
  expect(await tickets('close')).toMatchObject({ code: 0 });
  expect((await roundsman(url, 'tickets', 'ack', 'T-999999')).code).toBe(3);
});

test('a ticket that cannot be reopened is told before the reason is asked for', async () => {
  expect(await tickets('reopen')).toMatchObject({
    code: 1,
    said: expect.stringMatching(/was not reopened\n +why: it is open/),
  });
  expect((await roundsman(url, 'tickets', 'reopen', 'T-999999')).code).toBe(3);
});

test.each([
  ['asked the provider\nand waits\n', 0, 'asked the provider\nand waits'],
  ['\uFEFFgrüße 日本\r\n', 0, 'grüße 日本'],
  ['', 2, null],
  [' \n', 2, null],
  ['x'.repeat(10_001), 2, null],
  [Buffer.from([0x67, 0xff, 0x67]), 2, null],
])('a comment is taken from a pipe, case %#', async (input, code, text) => {
  const { status, stderr } = spawnSync('sh', ['-c', commandOf(['tickets', 'comment', name])], {
    input,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, DATABASE_URL: url, REDIS_URL: '' },
  });
  expect(status, stderr).toBe(code);
  const events = await db.selectFrom('bot_ticket_events').select('detail').execute();
  expect(events.map(({ detail }) => (detail as { text: string }).text)).toEqual(
    text === null ? [] : [text],
  );
});

test('tickets are merged and unmerged, and both say so', async () => {
  const bot = await insertBot(db, 'other');
  const other = await insertTicket(db, bot, 'logins fail', { fingerprint: 'other' });
  const merged = await roundsman(url, 'tickets', 'merge', other, '--into', name, '--as', 'ann');
  expect(merged.out).toContain(`Merged ${other} into ${name}, which stands for all of them`);
  const list = await roundsman(url, 'tickets', 'list', '-o', 'table');
  expect(list.out).not.toContain('logins fail');
  expect(list.err).toContain('1 merged ticket is left out');
  expect((await roundsman(url, 'tickets', 'list', '--merged', '-o', 'table')).out).toContain(
    `in ${name}`,
  );
  expect((await roundsman(url, 'tickets', 'show', name)).out).toMatch(
    /Stands for 1 ticket merged into it[^]*logins fail/,
  );
  expect((await roundsman(url, 'tickets', 'show', other)).out).toContain(
    `into ${name}, which stands for both`,
  );
  expect(await roundsman(url, 'tickets', 'ack', other)).toMatchObject({
    code: 1,
    err: expect.stringContaining(`it is merged into ${name}, which stands for both`),
  });
  expect((await roundsman(url, 'tickets', 'history', other, '-o', 'table')).out).toContain(
    `merged into ${name}`,
  );
  expect((await roundsman(url, 'tickets', 'history', name, '-o', 'table')).out).toContain(
    `${other} merged into it`,
  );
  const document = await roundsman(url, 'tickets', 'unmerge', other, '--json');
  expect(document.json()).toMatchObject({ number: other.slice(2), merged_into: null });
  expect((await roundsman(url, 'tickets', 'unmerge', other)).err).toContain(
    'it is not merged into another ticket',
  );
  expect((await roundsman(url, 'tickets', 'list', '-o', 'table')).out).toContain('logins fail');
});
