import { sql } from 'kysely';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { herald } from '../../bots/herald.ts';
import { SkippedCheck } from '../../src/bot.ts';
import {
  plantBot,
  plantChannel,
  plantFinding,
  plantTicket,
} from '../../src/demo/faults/bot-rows.ts';
import { finderOf } from '../../src/demo/faults/fault.ts';
import { heraldFaults } from '../../src/demo/faults/herald.ts';
import { minutesBefore } from '../../src/demo/time.ts';
import { runCheck } from '../support/check.ts';
import { entriesFor } from '../support/knowledge.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase['db'];
let now: Date;
let bot: string;
beforeAll(async () => {
  ({ db } = await testDatabase());
});
beforeEach(async () => {
  await sql`TRUNCATE bots, bot_tickets, bot_notifications, bot_silences, bot_maintenance, bot_ticket_events,
    engine.channels CASCADE`.execute(db);
  await db.deleteFrom('engine.settings').where('key', '=', 'notifications').execute();
  ({ now } = (await sql<{ now: Date }>`SELECT engine.now() AS now`.execute(db)).rows[0]!);
  bot = await plantBot(db, 'watched');
});

const ago = (minutes: number) => minutesBefore(now, minutes);
const check = (name: string, config = {}, asked: Parameters<typeof runCheck>[4] = {}) =>
  runCheck(herald, name, db, config, { now, ...asked });
const found = async (...args: Parameters<typeof check>) => (await check(...args)).findings;
const figures = async (name: string) =>
  Object.fromEntries((await check(name)).figures!.map((each) => [each.name, each.value]));

const late = (minutes: number) => ({ respond_by: ago(minutes), assigned_to: 'ann' });

test('nothing is found where there is nothing', async () => {
  for (const name of ['late-tickets', 'unassigned-tickets', 'silences-ending', 'silenced-critical'])
    expect((await check(name)).findings).toEqual([]);
});

test('one finding stands for all late tickets, as severe as the worst of them but one below critical', async () => {
  await plantTicket(db, bot, { ...late(14), severity: 'critical' });
  expect(await found('late-tickets')).toEqual([]);
  await plantTicket(db, bot, { ...late(90), severity: 'medium', title: 'x'.repeat(200) });
  const [only] = await found('late-tickets');
  expect(only).toMatchObject({
    severity: 'low',
    component: 'tickets',
    title: '1 ticket is past its response target, the longest for 90 minutes',
    metadata: {
      tickets: 1,
      named: [{ severity: 'medium', bot: expect.stringMatching(/^watched/) }],
    },
  });
  expect(JSON.stringify(only).length).toBeLessThan(1_000);
  await plantTicket(db, bot, { ...late(16), severity: 'high' });
  expect(await found('late-tickets')).toMatchObject([{ severity: 'medium' }]);
  const findings = await found('late-tickets', { late_minutes: 10 });
  expect(findings).toMatchObject([
    {
      severity: 'high',
      title: '3 tickets are past their response target, the longest for 90 minutes',
    },
  ]);
  expect((findings[0]!.metadata!.named as { severity: string }[]).map((t) => t.severity)).toEqual([
    'critical',
    'high',
    'medium',
  ]);
  expect(await figures('late-tickets')).toMatchObject({ 'tickets past their response target': 2 });
});

test('a ticket that waits for no person now is not late', async () => {
  await plantTicket(db, bot, { ...late(60), acknowledged_at: ago(1) });
  await plantTicket(db, bot, { ...late(60), snoozed_at: ago(2), snoozed_until: ago(-60) });
  await plantTicket(db, bot, { ...late(60), respond_by: null });
  const survivor = await plantTicket(db, bot, { assigned_to: 'ann' });
  await plantTicket(db, bot, { ...late(60), merged_into: survivor });
  const resolved = { status: 'resolved' as const, resolved_at: now, resolution_notes: 'done' };
  await plantTicket(db, bot, { ...late(60), ...resolved });
  const { id, component } = await plantFinding(db, bot);
  await plantTicket(db, bot, { ...late(60), finding_id: id });
  await db
    .insertInto('bot_silences')
    .values({ component, owner: 'ann', reason: 'known', until_resolved: true })
    .execute();
  expect(await found('late-tickets')).toEqual([]);
  // Awake again: it was woken after it was snoozed.
  const woken = { snoozed_at: ago(20), snoozed_until: ago(-60), woken_at: ago(10) };
  await plantTicket(db, bot, { ...late(60), ...woken });
  expect(await found('late-tickets')).toMatchObject([{ metadata: { tickets: 1 } }]);
});

test('a ticket under maintenance waits for no person; one of no bot does', async () => {
  await plantTicket(db, bot, late(60));
  await sql`
    INSERT INTO bot_maintenance (bot_ids, owner, reason, occurrences)
    VALUES (ARRAY[${bot}]::uuid[], 'ann', 'disks', tstzmultirange(tstzrange(${ago(90)}, ${ago(-90)})))`.execute(
    db,
  );
  expect(await found('late-tickets')).toEqual([]);
  await plantTicket(db, null, late(60));
  expect(await found('late-tickets')).toMatchObject([{ metadata: { tickets: 1 } }]);
});

test('a ticket of the herald itself opens no further one', async () => {
  for (const api_endpoint of ['/api/bots/herald', 'bot:herald']) {
    const own = await plantBot(db, 'own', { api_endpoint });
    await plantTicket(db, own, late(600));
    await plantTicket(db, own, { created_at: ago(600) });
  }
  expect(await found('late-tickets')).toEqual([]);
  expect(await found('unassigned-tickets')).toEqual([]);
});

test('a ticket without a person is found by its severity and its time, since it was last opened', async () => {
  const opened = (minutes: number) => ({ created_at: ago(minutes) });
  await plantTicket(db, bot, { ...opened(29), severity: 'critical' });
  await plantTicket(db, bot, { ...opened(500), severity: 'low' });
  await plantTicket(db, bot, { ...opened(500), assigned_to: 'ann' });
  await plantTicket(db, bot, { ...opened(500), acknowledged_at: now });
  const reopened = await plantTicket(db, bot, opened(5_000));
  await db
    .insertInto('bot_ticket_events')
    .values({ ticket_id: reopened, event: 'reopened', actor: 'ann', created_at: ago(5) })
    .execute();
  expect(await found('unassigned-tickets')).toEqual([]);
  await plantTicket(db, bot, { ...opened(31), severity: 'medium' });
  expect(await found('unassigned-tickets')).toMatchObject([
    { severity: 'low', title: '1 ticket is not assigned, the longest for 31 minutes' },
  ]);
  expect(
    await found('unassigned-tickets', { unassigned_from: 'low', unassigned_minutes: 20 }),
  ).toMatchObject([{ severity: 'high', metadata: { tickets: 3 } }]);
});

const message = async (values: Record<string, unknown> = {}) =>
  db
    .insertInto('bot_notifications')
    .values({
      ticket_id: await plantTicket(db, bot),
      channel: 'ops',
      created_at: ago(60),
      send_after: ago(60),
      ...values,
    })
    .execute();

test('without channels the checks of messages say what to do', async () => {
  for (const name of ['waiting-messages', 'failed-messages']) {
    await expect(check(name)).rejects.toThrow(SkippedCheck);
    await expect(check(name)).rejects.toThrow('notify set');
  }
});

test('a message that is due and not sent is a finding of its channel', async () => {
  await plantChannel(db, 'ops');
  await plantChannel(db, 'mail');
  await message({ send_after: ago(14) });
  expect(await found('waiting-messages')).toEqual([]);
  await message({ send_after: ago(16), created_at: ago(16) });
  await message({ channel: 'gone' });
  expect(await check('waiting-messages')).toMatchObject({
    examined: { count: 3, except: [] },
    findings: [
      {
        component: 'ops',
        severity: 'medium',
        title: 'Channel ops: 1 message was not sent when due, the oldest waits for 16 minutes',
        description: 'No try has failed: no process sends them.',
      },
    ],
  });
  await message();
  expect(await found('waiting-messages')).toMatchObject([
    { severity: 'high', metadata: { late: 2, tried_again: 0 } },
  ]);
});

test('a planned wait is no fault, a wait for a third try or for a secret is', async () => {
  await plantChannel(db, 'ops');
  await message({ created_at: ago(600), send_after: ago(-60) });
  await message({ created_at: ago(600), send_after: ago(-60), gathers: true });
  await message({ send_after: ago(-20), tries: 2, error_message: 'answered 503' });
  expect(await found('waiting-messages')).toEqual([]);
  const channel = (values: Record<string, unknown>) =>
    db
      .insertInto('engine.channels')
      .values({ name: 'ops', ...values })
      .onConflict((conflict) => conflict.column('name').doUpdateSet(values))
      .execute();
  // The receiver asked for half an hour.
  await channel({ wait_until: ago(-30) });
  await message();
  expect(await found('waiting-messages')).toEqual([]);
  await message({ send_after: ago(-20), tries: 3, error_message: 'answered 503' });
  expect(await found('waiting-messages')).toMatchObject([
    { description: 'answered 503', metadata: { late: 0, tried_again: 1 } },
  ]);
  expect(await found('waiting-messages', { waiting_tries: 4 })).toEqual([]);
  await channel({ unusable_since: ago(20), unusable_reason: 'the secret ops is not stored' });
  expect(await found('waiting-messages', { waiting_tries: 4 })).toMatchObject([
    { description: 'the secret ops is not stored', metadata: { unusable: true } },
  ]);
  await channel({ off_since: ago(1), off_reason: 'answered 410' });
  expect(await found('waiting-messages')).toEqual([]);
});

test('events that no job turns into messages are a finding', async () => {
  await plantChannel(db, 'ops');
  const ticket_id = await plantTicket(db, bot);
  const event = (created_at: Date, values = {}) =>
    db
      .insertInto('bot_ticket_events')
      .values({ ticket_id, event: 'opened', actor: 'roundsman', created_at, ...values })
      .execute();
  await event(ago(14));
  await event(ago(60), { routed_at: ago(60) });
  await event(ago(60), { unsent_reason: 'held back by maintenance' });
  expect(await found('waiting-messages')).toEqual([]);
  await event(ago(40));
  expect(await found('waiting-messages')).toMatchObject([
    {
      severity: 'high',
      component: 'events of tickets',
      title: 'Events of tickets wait for their messages: 1 event, the oldest for 40 minutes',
    },
  ]);
});

test('failed messages are counted by channel, by their share', async () => {
  await plantChannel(db, 'ops');
  const sent = { status: 'sent', sent_at: ago(60) };
  await message(sent);
  await message(sent);
  await message({ status: 'failed', error_message: 'e'.repeat(5_000), created_at: ago(50) });
  await message({ status: 'failed', created_at: ago(25 * 60) });
  await message({ status: 'failed', channel: 'gone' });
  const { findings, tallies } = await check('failed-messages');
  expect(findings).toMatchObject([
    { severity: 'medium', component: 'ops', title: 'Channel ops: 1 of 3 messages failed' },
  ]);
  expect(findings[0]!.description!.length).toBe(300);
  expect(tallies).toEqual([{ key: 'ops', bad: 1, of: 3, newestBadAt: ago(50) }]);
  expect(await found('failed-messages', { high_failed_percent: 33 })).toMatchObject([
    { severity: 'high' },
  ]);
  expect(await found('failed-messages', { min_failed: 2 })).toEqual([]);
  expect(await found('failed-messages', { failed_hours: 48 })).toMatchObject([
    { title: 'Channel ops: 2 of 4 messages failed' },
  ]);
});

test('failed messages before a start, or of a channel that is off, do not count', async () => {
  await plantChannel(db, 'ops');
  await message({ status: 'failed' });
  const starts = [{ key: 'ops', from: ago(30) }];
  expect(await check('failed-messages', {}, { starts })).toMatchObject({
    findings: [],
    tallies: [{ key: 'ops', bad: 0, of: 0, newestBadAt: null }],
  });
  expect((await check('failed-messages', {}, { only: ['mail'] })).tallies).toEqual([
    { key: 'mail', bad: 0, of: 0, newestBadAt: null },
  ]);
  await db
    .insertInto('engine.channels')
    .values({ name: 'ops', off_since: ago(1), off_reason: 'answered 410' })
    .execute();
  expect(await found('failed-messages')).toEqual([]);
});

const silence = (values: Record<string, unknown>) =>
  db
    .insertInto('bot_silences')
    .values({ owner: 'ann', reason: 'known', expires_at: ago(-60), ...values } as never)
    .execute();

test('a long silence that ends soon is told while it hides something', async () => {
  const { id, component } = await plantFinding(db, bot);
  await silence({ component, created_at: ago(48 * 60 - 61) });
  await silence({ component, created_at: ago(90 * 60), expires_at: ago(-25 * 60) });
  await silence({ component, created_at: ago(90 * 60), expires_at: null, until_resolved: true });
  await silence({ component, created_at: ago(90 * 60), ended_at: ago(1) });
  await silence({ component, created_at: ago(90 * 60), expires_at: ago(1) });
  expect(await found('silences-ending')).toEqual([]);
  await silence({ component, created_at: ago(48 * 60 - 60), reason: 'r'.repeat(5_000) });
  const findings = await found('silences-ending');
  expect(findings).toMatchObject([
    {
      severity: 'low',
      component: 'silences',
      title: '1 silence that hides open findings ends soon, the first in 1 hour',
      metadata: { findings: 1, named: [{ owner: 'ann' }] },
    },
  ]);
  expect(JSON.stringify(findings).length).toBeLessThan(1_000);
  const ended = { resolved_at: now, resolution_method: 'manual' as const };
  await db.updateTable('bot_findings').set(ended).where('id', '=', id).execute();
  expect(await found('silences-ending')).toEqual([]);
});

test('a critical finding is hidden by a silence that came before it, or for too long', async () => {
  const critical = (minutes: number) =>
    plantFinding(db, bot, { severity: 'critical', detected_at: ago(minutes) });
  const known = await critical(600);
  await silence({ component: known.component, created_at: ago(8 * 60 - 1) });
  const same = await critical(5);
  await silence({ fingerprint: same.fingerprint, created_at: ago(60) });
  const other = await plantFinding(db, bot, { severity: 'high', detected_at: ago(5) });
  await silence({ component: other.component, created_at: ago(60) });
  await critical(5);
  expect(await found('silenced-critical')).toEqual([]);
  expect(await figures('silenced-critical')).toEqual({
    'open critical findings': 3,
    'critical findings hidden by silences': 2,
  });
  expect(await found('silenced-critical', { hidden_hours: 7 })).toMatchObject([
    { severity: 'high', title: '1 critical finding is hidden by silences' },
  ]);
  const unseen = await critical(5);
  await silence({ component: unseen.component, created_at: ago(60) });
  expect(await found('silenced-critical')).toMatchObject([
    { metadata: { findings: 1, named: [{ finding: unseen.id, owner: 'ann' }] } },
  ]);
});

test('each kind of finding is known', async () => {
  const known: string[] = [];
  for (const fault of heraldFaults) {
    await fault.plant(db, now);
    const [finding] = await found(finderOf(fault).check);
    known.push(...entriesFor(herald, finding!));
  }
  await db
    .insertInto('bot_ticket_events')
    .values({
      ticket_id: await plantTicket(db, bot),
      event: 'opened',
      actor: 'a',
      created_at: ago(60),
    })
    .execute();
  known.push(...entriesFor(herald, (await found('waiting-messages'))[0]!));
  expect(known).toEqual([
    'tickets.late',
    'tickets.unassigned',
    'messages.waiting',
    'messages.failed',
    'silences.ending',
    'silences.hide-critical',
    'messages.waiting',
  ]);
});
