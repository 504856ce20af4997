import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { roundsman } from './command.ts';
import { ago, insertBot, insertFinding, insertTicket } from './rows.ts';

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
  const late = await roundsman(url, 'tickets', 'list');
  expect(late.out).toContain('overdue');
  expect((await tickets('ack', '--as', 'ann')).said).toContain(
    `Acknowledged ${name}: its response clock has stopped.`,
  );
  expect((await roundsman(url, 'tickets', 'list')).out).not.toContain('overdue');
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

  const history = await roundsman(url, 'tickets', 'history', name);
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
