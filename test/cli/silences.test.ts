import { beforeEach, expect, test } from 'vitest';
import { sql } from 'kysely';
import { printRound } from '../../src/cli/round/summary.ts';
import { readRound } from '../../src/services/round/read.ts';
import { endResolvedSilences } from '../../src/data/bots/bot-silences.ts';
import { testDatabase } from '../support/database.ts';
import { roundsman } from './command.ts';
import { ago, insertBot, insertFinding, insertRun, insertTicket } from './rows.ts';

const { db, url } = await testDatabase();
const bot = await insertBot(db, 'watch');
const other = await insertBot(db, 'other');

beforeEach(async () => {
  await sql`TRUNCATE bot_silences, bot_findings, bot_tickets, bot_finding_states CASCADE`.execute(
    db,
  );
});

const silences = () => db.selectFrom('bot_silences').selectAll().orderBy('created_at').execute();
const add = (...args: string[]) =>
  roundsman(url, 'silences', 'add', '--as', 'ann', '--yes', ...args);
const fingerprintOf = async (id: string) =>
  (
    await db
      .selectFrom('bot_findings')
      .select('fingerprint')
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
  ).fingerprint;
const resolve = (id: string) =>
  db
    .updateTable('bot_findings')
    .set({ resolved_at: sql<Date>`engine.now()`, resolution_method: 'cleared' })
    .where('id', '=', id)
    .execute();

test('one needs something to name, an end and a reason, and says which is missing', async () => {
  const refusals: [string[], string][] = [
    [['--for', '2h', '--reason', 'works on it'], '--component'],
    [['--component', '/v1', '--reason', 'works on it'], '--until-resolved'],
    [['--component', '/v1', '--for', '2h'], '--reason'],
    [['--component', ' ', '--for', '2h', '--reason', 'x'], '--component is empty'],
    [
      ['--component', '/v1', '--for', '2h', '--until-resolved', '--reason', 'x'],
      '--until-resolved',
    ],
    [['--component', '/v1', '--for', 'soon', '--reason', 'x'], '--for'],
  ];
  for (const [args, named] of refusals) {
    const { code, err } = await add(...args);
    expect({ args, code }).toEqual({ args, code: 2 });
    expect(err).toContain(named);
  }
  expect((await add('--bot', 'wacht', '--for', '2h', '--reason', 'x')).code).toBe(3);
  expect(await silences()).toEqual([]);
});

test('it is written down with its owner, its reason and its end', async () => {
  const made = await add(
    '--bot',
    'watch',
    '--component',
    '/v1',
    '--for',
    '2h',
    '--reason',
    'moved',
    '--json',
  );
  expect(made.json()).toMatchObject({
    bot_id: bot,
    component: '/v1',
    category: null,
    fingerprint: null,
    owner: 'ann',
    reason: 'moved',
    until_resolved: false,
    ended_at: null,
  });
  const { rows } = await sql<{ seconds: number }>`
    SELECT extract(epoch FROM expires_at - created_at)::int AS seconds FROM bot_silences`.execute(
    db,
  );
  // It ends with a whole second.
  expect([7200, 7201]).toContain(rows[0]!.seconds);
  const { out } = await add('--fingerprint', 'fp', '--until-resolved', '--reason', 'known');
  expect(out).toContain('Silenced fingerprint fp until resolved.');
});

test('the list says how much each hides now; what is over only with --all', async () => {
  await insertFinding(db, bot, 'one');
  await insertFinding(db, bot, 'two');
  await insertFinding(db, other, 'elsewhere', { affected_component: '/v2' });
  // A finding about nothing in particular is not about /v1.
  await insertFinding(db, other, 'nowhere', { affected_component: null });
  await add('--component', '/v1', '--for', '1h', '--reason', 'first');
  await add('--bot', 'other', '--category', 'api', '--until-resolved', '--reason', 'second');
  await db
    .insertInto('bot_silences')
    .values({ component: '/v1', owner: 'bob', reason: 'long ago', expires_at: ago(5) })
    .execute();
  const list = await roundsman(url, 'silences', 'list', '--json');
  expect(list.json().map((row: any) => [row.reason, row.bots.name, row.open_findings])).toEqual([
    ['second', 'other', 2],
    ['first', null, 2],
  ]);
  const all = await roundsman(url, 'silences', 'list', '--all', '-o', 'table');
  expect(all.out).toMatch(/component \/v1 +- +over 5m ago +bob .*long ago/);
  expect(all.out).toMatch(/bot other, category api +2 open +resolved +ann .*second/);
});

test('a silence of a fingerprint says of which problem it is', async () => {
  const told = await insertFinding(db, bot, 'It answers no request', { fingerprint: 'told' });
  await insertTicket(db, bot, 'of yesterday', { fingerprint: 'told', created_at: ago(1_440) });
  const number = await insertTicket(db, bot, 'It answers\u001B[2J no request', {
    fingerprint: 'told',
    finding_id: told,
    status: 'resolved',
    created_at: ago(5),
    resolved_at: ago(4),
    resolution_notes: 'restarted',
    resolved_by: 'ann',
  });
  for (const [title, minutes] of [
    ['it was slow', 90],
    ['it is slow', 9],
  ] as const)
    await insertFinding(db, other, title, {
      fingerprint: 'quiet',
      detected_at: ago(minutes),
      ...(minutes === 90 && { resolved_at: ago(80), resolution_method: 'cleared' }),
    });
  await db
    .insertInto('bot_finding_states')
    .values({
      fingerprint: 'quiet',
      bot_id: other,
      check_name: 'errors',
      component_key: 'it',
      last_fence: '1',
    })
    .execute();
  for (const fingerprint of ['told', 'quiet', 'unknown'])
    await add('--fingerprint', fingerprint, '--for', '1h', '--reason', fingerprint);
  await add('--bot', 'watch', '--for', '1h', '--reason', 'all of a bot');
  const table = (await roundsman(url, 'silences', 'list', '-o', 'table')).out;
  expect(table).toMatch(/^Silence +What +Problem +Hides /m);
  expect(table).toContain(`fingerprint told     ${number} It answers\uFFFD[2J no request  `);
  expect(table).toMatch(/fingerprint quiet +it is slow +1 open/);
  expect(table).toMatch(/fingerprint unknown +- +0 open/);
  expect(table).toMatch(/bot watch +- +1 open/);
  const rows = (await roundsman(url, 'silences', 'list', '--json')).json();
  expect(
    rows.map(({ reason, bot_tickets, bot_findings }: any) => [
      reason,
      bot_tickets?.number,
      bot_findings?.title,
    ]),
  ).toEqual([
    ['all of a bot', undefined, undefined],
    ['unknown', undefined, undefined],
    ['quiet', undefined, 'it is slow'],
    ['told', number.slice(2), undefined],
  ]);
  const { out } = await roundsman(url, 'silences', 'list', '--columns', 'what,title');
  expect(out).toContain('fingerprint told\tIt answers\uFFFD[2J no request\n');
});

test('end ends it once, by the first digits of its id', async () => {
  expect((await roundsman(url, 'silences', 'list', '-o', 'table')).out).toContain(
    'Nothing is silenced.',
  );
  const id = (await add('--component', '/v1', '--for', '1h', '--reason', 'x', '--json')).json().id;
  expect((await roundsman(url, 'silences', 'end', id.slice(0, 8))).out).toContain('of ann');
  expect((await silences())[0]!.ended_at).not.toBeNull();
  const again = await roundsman(url, 'silences', 'end', id);
  expect(again.code).toBe(1);
  expect(again.err).toContain('it ended at');
  expect((await roundsman(url, 'silences', 'end', 'abcd')).code).toBe(3);
});

test('findings and tickets say who silenced them, why and until when, and what they stand behind', async () => {
  const fingerprint = 'fp';
  const parent = await insertFinding(db, other, 'the network is down', {
    affected_component: 'net',
  });
  const id = await insertFinding(db, bot, 'no answer', { fingerprint, suppressed_by: parent });
  const name = await insertTicket(db, bot, 'no answer', { fingerprint, finding_id: id });
  await add('--component', '/v1', '--for', '2h', '--reason', 'the cable is mended');
  const words =
    /silenced by ann until 20\d\d-.* UTC: the cable is mended; behind net: the network is down/;
  for (const noun of ['findings', 'tickets'])
    expect((await roundsman(url, noun, 'list', '-o', 'table')).out).toMatch(words);
  for (const [noun, which] of [
    ['findings', id],
    ['tickets', name],
  ]) {
    const { out } = await roundsman(url, noun!, 'show', which!);
    expect(out).toMatch(/^Silenced +by ann until 20\d\d-.* UTC: the cable is mended$/m);
    expect(out).toMatch(/^Behind +net: the network is down/m);
    const shown = (await roundsman(url, noun!, 'show', which!, '--json')).json();
    expect(shown).toMatchObject({ bot_silences: [{ owner: 'ann' }], suppressor: { id: parent } });
  }
  // The mark stays until the next record; what it points to is over.
  await resolve(parent);
  await sql`UPDATE bot_silences SET ended_at = engine.now()`.execute(db);
  const { out } = await roundsman(url, 'findings', 'list', '-o', 'table');
  expect(out).toMatch(/no answer .* open$/m);
});

test('a run, a round and the status say what is silenced and suppressed', async () => {
  const run = await insertRun(db, bot, 1);
  const seen = { execution_id: run, last_execution_id: run };
  const parent = await insertFinding(db, other, 'the network is down', {
    affected_component: 'net',
  });
  await insertFinding(db, bot, 'no answer', { ...seen, suppressed_by: parent });
  const status = async () => (await roundsman(url, 'status')).out;
  // People are not told of the network: then its loss hides nothing.
  expect(await status()).toMatch(/^Findings +2 high$/m);
  expect(await status()).toMatch(/^No ticket +2 high$/m);
  await insertTicket(db, other, 'the network is down', {
    fingerprint: (await fingerprintOf(parent))!,
    finding_id: parent,
  });
  expect(await status()).not.toMatch(/^No ticket/m);
  const fingerprint = 'fp';
  const slow = { ...seen, fingerprint, affected_component: '/v2' };
  const finding_id = await insertFinding(db, bot, 'too slow', slow);
  await insertTicket(db, bot, 'it is too slow', { fingerprint, finding_id });
  await add('--component', '/v2', '--for', '2h', '--reason', 'the cable is mended');
  const silenced = /too slow.*silenced by ann until 20\d\d-.* UTC: the cable is mended/;
  const ofTicket =
    /T-\d+ .*it is too slow.*silenced by ann until 20\d\d-.* UTC: the cable is mended/;
  const behind = /no answer.*suppressed behind net: the network is down/;
  const { out } = await roundsman(url, 'runs', 'show', run);
  expect(out).toMatch(silenced);
  expect(out).toMatch(behind);

  const round = await readRound(db, [run]);
  expect(round.tickets).toMatchObject([{ bot_silences: [{ owner: 'ann' }], suppressor: null }]);
  const printed: string[] = [];
  const { write } = process.stdout;
  process.stdout.write = (text) => printed.push(String(text)) > 0;
  try {
    printRound(round, [{ id: bot, name: 'watch' }]);
  } finally {
    process.stdout.write = write;
  }
  expect(printed.join('')).toMatch(silenced);
  expect(printed.join('')).toMatch(behind);
  expect(printed.join('')).toMatch(ofTicket);
  expect(printed.join('')).toContain('For people: 1 ticket, 1 of them quiet');

  expect(await status()).toMatch(/^Findings +2 high, 1 of them silenced, 1 suppressed$/m);
  await resolve(parent);
  expect(await status()).toMatch(/^Findings +2 high, 1 of them silenced$/m);
  expect((await roundsman(url, 'status', '--json')).json()).toMatchObject({
    bot_findings: { high: 2 },
    quiet_findings: { silenced: 1, suppressed: 0 },
  });
});

test('adding one says what stands behind it, and what becomes of that', async () => {
  const net = await insertFinding(db, other, 'the network is down', {
    affected_component: 'net',
    fingerprint: 'net',
  });
  const asked = ['--component', 'net', '--for', '2h', '--reason', 'the cable is mended'];
  expect((await add(...asked)).out).not.toContain('behind');
  await sql`UPDATE bot_silences SET ended_at = engine.now()`.execute(db);
  const first = await insertFinding(db, bot, 'no answer', { suppressed_by: net });
  await insertFinding(db, bot, 'too slow', { suppressed_by: first, affected_component: '/v2' });
  await insertTicket(db, other, 'the network is down', { fingerprint: 'net', finding_id: net });
  const tickets = async () =>
    (await roundsman(url, 'findings', 'list', '--json'))
      .json()
      .map(({ ticket }: any) => ticket?.stands_for ?? null);
  expect((await tickets()).toSorted()).toEqual(['finding', 'suppressor', 'suppressor']);
  expect((await add(...asked)).out).toMatch(
    /^2 open findings stand behind what it silences\. They are not silenced: each that has no ticket of its own gets one when its bot's next run ends, as its severity asks for\.$/m,
  );
  expect((await tickets()).toSorted()).toEqual(['finding', null, null]);
  expect((await roundsman(url, 'status')).out).toMatch(/^No ticket +2 high$/m);
  await sql`UPDATE bot_silences SET ended_at = engine.now()`.execute(db);
  // What it silences itself is not counted.
  const both = await add('--bot', 'watch', '--for', '2h', '--reason', 'x', '--json');
  expect(both.json()).toMatchObject({ owner: 'ann', findings_behind: 0 });
  expect((await add(...asked, '--json')).json()).toMatchObject({ findings_behind: 0 });
});

test('one that lasts until resolved ends when nothing of it is open any more, and not before', async () => {
  await insertFinding(db, bot, 'old', { resolved_at: ago(5), resolution_method: 'cleared' });
  await add('--component', '/v1', '--until-resolved', '--reason', 'known');
  await add('--component', '/v1', '--for', '1h', '--reason', 'timed');
  const ended = async () => (await silences()).map(({ ended_at }) => ended_at !== null);
  // It has hidden nothing yet: what it waits for is still to come.
  expect(await endResolvedSilences(db)).toBe(0);
  const first = await insertFinding(db, bot, 'first', { fingerprint: 'first' });
  const second = await insertFinding(db, bot, 'second');
  await resolve(first);
  expect(await endResolvedSilences(db)).toBe(0);
  await db
    .insertInto('bot_finding_states')
    .values({
      fingerprint: 'first',
      bot_id: bot,
      check_name: 'errors',
      component_key: '/v1',
      last_fence: 1,
      flapping_since: ago(1),
    })
    .execute();
  await resolve(second);
  // It comes and goes: that it is gone just now says little.
  expect(await endResolvedSilences(db)).toBe(0);
  await sql`UPDATE bot_finding_states SET flapping_since = NULL`.execute(db);
  expect(await endResolvedSilences(db)).toBe(1);
  expect(await ended()).toEqual([true, false]);
  expect(await endResolvedSilences(db)).toBe(0);
});

test('a bot that does not exist is told before the reason is asked for', async () => {
  expect(await add('--bot', 'wacht', '--for', '2h')).toMatchObject({
    code: 3,
    err: expect.stringContaining('did you mean watch'),
  });
});
