import { expect, test } from 'vitest';
import { TicketChangedError } from '../../src/data/bots/bot-tickets.ts';
import { assignTicket, resolveTicket } from '../support/transitions.ts';
import { testDatabase } from '../support/database.ts';
import { roundsman } from './command.ts';
import { insertDecision, insertKnowledge } from './known.ts';
import { ago, insertBot, insertFinding, insertTicket } from './rows.ts';

const { db, url } = await testDatabase();
const botId = await insertBot(db, 'watch');
const numberOf = (name: string) => name.slice('T-'.length);
const ticket = (name: string) =>
  db
    .selectFrom('bot_tickets')
    .selectAll()
    .where('number', '=', numberOf(name))
    .executeTakeFirstOrThrow();
const events = (name: string) =>
  db
    .selectFrom('bot_ticket_events as e')
    .innerJoin('bot_tickets as t', 't.id', 'e.ticket_id')
    .select(['e.event', 'e.actor', 'e.detail'])
    .where('t.number', '=', numberOf(name))
    .orderBy('e.id')
    .execute();

test('without tickets it says so', async () => {
  const { code, out } = await roundsman(url, 'tickets', 'list', '-o', 'table');
  expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('No open tickets') });
});

test('the worst come first, then the most overdue; what is over only with --all', async () => {
  await insertTicket(db, botId, 'low', { severity: 'low' });
  await insertTicket(db, botId, 'seen high', {
    created_at: ago(900),
    respond_by: ago(800),
    acknowledged_at: ago(850),
  });
  await insertTicket(db, botId, 'later high', { created_at: ago(800), snoozed_until: ago(-60) });
  await insertTicket(db, botId, 'new high', { created_at: ago(1), respond_by: ago(-60) });
  await insertTicket(db, botId, 'old high', { created_at: ago(90), respond_by: ago(60) });
  await insertTicket(db, botId, 'late high', { created_at: ago(80), respond_by: ago(70) });
  await insertTicket(db, botId, 'critical', {
    severity: 'critical',
    status: 'assigned',
    assigned_to: 'owner',
  });
  await insertTicket(db, botId, 'over', {
    severity: 'critical',
    status: 'resolved',
    resolved_at: ago(1),
    resolution_notes: 'done',
  });
  const list = await roundsman(url, 'tickets', 'list', '--json');
  const open = ['critical', 'late high', 'old high', 'new high', 'seen high', 'low'];
  expect(list.json().map((row: any) => row.title)).toEqual(open);
  expect(Object.keys(list.json()[0])).toEqual([
    ...Object.keys(await ticket('T-1')),
    'reopened_at',
    'survivor',
    'bot_silences',
    'suppressor',
    'bot_maintenance',
    'bots',
  ]);
  expect(list.err).toContain('1 snoozed ticket is left out');
  const later = await roundsman(url, 'tickets', 'list', '--snoozed', '--json');
  expect(later.json().map((row: any) => row.title)).toEqual(['later high']);
  const all = await roundsman(url, 'tickets', 'list', '--all', '--severity', 'critical', '--json');
  expect(all.json()).toHaveLength(2);
  const theirs = await roundsman(url, 'tickets', 'list', '--assigned-to', 'owner', '--json');
  expect(theirs.json()).toMatchObject([{ title: 'critical', bots: { name: 'watch' } }]);
  const { out } = await roundsman(url, 'tickets', 'list', '-o', 'table');
  expect(out).toMatch(/old high .* overdue 1h$/m);
  expect(out).toMatch(/new high .* in 1h$/m);
});

test('a ticket that was reopened says so, in the list and by itself', async () => {
  const plain = await insertTicket(db, botId, 'new');
  expect((await roundsman(url, 'tickets', 'list', '-o', 'table')).out).not.toContain('Reopened');
  const again = await insertTicket(db, botId, 'came back');
  const over = await insertTicket(db, botId, 'over', {
    status: 'resolved',
    resolved_at: ago(1),
    resolution_notes: 'done',
  });
  for (const name of [again, over])
    for (const minutes of [300, 120])
      await db
        .insertInto('bot_ticket_events')
        .values({
          ticket_id: (await ticket(name)).id,
          event: 'reopened',
          actor: 'roundsman',
          created_at: ago(minutes),
        })
        .execute();
  const { out } = await roundsman(url, 'tickets', 'list', '--all', '-o', 'table');
  expect(out).toMatch(/^Ticket +Severity +Title +Bot +Status +Reopened +With/m);
  expect(out).toMatch(new RegExp(`^${again} .* open +2h ago +-`, 'm'));
  expect(out).toMatch(new RegExp(`^${plain} .* open +- +-`, 'm'));
  expect(out).toMatch(new RegExp(`^${over} .* resolved +- +-`, 'm'));
  expect((await roundsman(url, 'tickets', 'show', again)).out).toMatch(/^Reopened .* \(2h ago\)$/m);
});

test('show brings what was tried, what is suggested and what happened', async () => {
  const fingerprint = 'fp';
  const finding = await insertFinding(db, botId, 'sessions pile up', { fingerprint });
  const name = await insertTicket(db, botId, 'sessions pile up', {
    fingerprint,
    finding_id: finding,
    metadata: JSON.stringify({ sessions: 214 }),
  });
  const { id: knowledge } = await db
    .insertInto('bot_knowledge')
    .values({
      name: 'session.expired',
      category: 'sessions',
      issue_pattern: 'sessions',
      solution: 'Look at the cron.\nThen restart it.',
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  await db
    .insertInto('bot_decisions')
    .values({
      bot_id: botId,
      finding_id: finding,
      knowledge_id: knowledge,
      fingerprint,
      verdict: 'suggested',
    })
    .execute();
  await db
    .insertInto('bot_actions')
    .values({
      bot_id: botId,
      finding_id: finding,
      fingerprint,
      knowledge_id: knowledge,
      heal_id: botId,
      state: 'failed',
      success: false,
      action_type: 'remedy',
      action_description: 'expire sessions',
      error_message: 'lock timeout',
      remedy: 'session.expire',
      risk: 'safe',
      idempotency_key: 'one',
    })
    .execute();
  const { out } = await roundsman(url, 'tickets', 'show', numberOf(name));
  for (const text of [
    '214',
    'expire sessions: lock timeout',
    '  Look at the cron.\n  Then restart',
  ])
    expect(out).toContain(text);
  const shown = (await roundsman(url, 'tickets', 'show', name.toLowerCase(), '--json')).json();
  expect(shown).toMatchObject({
    number: numberOf(name),
    bots: { name: 'watch' },
    bot_findings: { id: finding },
    bot_actions: [{ remedy: 'session.expire' }],
    bot_decisions: [{ verdict: 'suggested', bot_knowledge: { name: 'session.expired' } }],
    bot_ticket_events: [],
  });
  const found = (await roundsman(url, 'findings', 'show', finding, '--json')).json();
  expect(found).toMatchObject({
    bot_actions: [{ state: 'failed' }],
    bot_decisions: [{ fingerprint }],
    bot_tickets: [{ number: numberOf(name) }],
  });
});

test('show tells what is suggested from what is not, and how to approve what only the mode keeps back', async () => {
  const gone = {
    fingerprint: 'again',
    resolved_at: ago(60),
    resolution_method: 'cleared',
  } as const;
  const finding_id = await insertFinding(db, botId, 'it came', gone);
  const finding = await insertFinding(db, botId, 'it came', { fingerprint: 'again' });
  const name = await insertTicket(db, botId, 'again', { fingerprint: 'again', finding_id });
  const known = async (entry: string, decision: object, values: object = {}) => {
    const knowledge = await insertKnowledge(db, entry, values);
    await insertDecision(db, { bot: botId, finding, knowledge }, decision);
  };
  const answered = { answer: 'rejected', answered_by: 'ann', answered_at: ago(1) } as const;
  await known('quiet', { verdict: 'shadowed', gate: 'autonomy' }, { autonomy: 'shadow' });
  await known('refused', answered);
  await known('stopped', {}, { enabled: false });
  await known('stormy', { verdict: 'blocked', gate: 'storm' });
  const shown = async () => (await roundsman(url, 'tickets', 'show', name)).out;
  const before = await shown();
  expect(before).not.toContain('Suggested');
  expect(before).not.toContain('has it done');
  expect(before).toContain(`tickets approve ${name} refused\` approves it after all`);
  for (const heading of [
    'In shadow: quiet',
    'Rejected: refused',
    'Disabled: stopped',
    'Kept back by the gate storm: stormy',
  ])
    expect(before).toContain(heading);
  await known('promoted', { verdict: 'shadowed', gate: 'autonomy' }, { autonomy: 'auto' });
  const flush = await insertKnowledge(db, 'flush', { autonomy: 'auto' });
  for (const verdict of ['shadowed', 'applied'] as const)
    await insertDecision(db, { bot: botId, finding, knowledge: flush }, { verdict });
  expect(await shown()).toContain('Was in shadow when it came: promoted');
  expect(await shown()).not.toMatch(/: flush$/m);
  await known('reversible', { verdict: 'blocked', gate: 'mode' }, { autonomy: 'auto' });
  const after = await shown();
  expect(after).toContain('Suggested: reversible');
  expect(after).toContain(`tickets approve ${name}\` has it done`);
});

test('assign gives it to somebody, and to somebody else, and writes down who did', async () => {
  const name = await insertTicket(db, botId, 'assign me');
  expect((await roundsman(url, 'tickets', 'assign', name, 'ann', '--as', 'eve')).code).toBe(0);
  expect(await ticket(name)).toMatchObject({ status: 'assigned', assigned_to: 'ann' });
  const same = await roundsman(url, 'tickets', 'assign', name, 'ann');
  expect(same).toMatchObject({ code: 0, out: expect.stringContaining('already') });
  const other = await roundsman(url, 'tickets', 'assign', name, 'bob', '--as', 'eve', '--json');
  expect(other.json()).toMatchObject({ assigned_to: 'bob' });
  expect(await events(name)).toEqual([
    { event: 'assigned', actor: 'eve', detail: { from: null, to: 'ann' } },
    { event: 'assigned', actor: 'eve', detail: { from: 'ann', to: 'bob' } },
  ]);
});

test('a ticket that is over says who ended it, and whose it was', async () => {
  const name = await insertTicket(db, botId, 'over', { status: 'assigned', assigned_to: 'bob' });
  await resolveTicket(db, await ticket(name), 'done', 'ann');
  const { out } = await roundsman(url, 'tickets', 'show', name);
  expect(out).toMatch(/^Status +resolved by ann \(was assigned to bob\)$/m);
});

test('resolve needs notes, leaves the finding alone and ends the ticket for good', async () => {
  const finding = await insertFinding(db, botId, 'resolve me');
  const name = await insertTicket(db, botId, 'resolve me', { finding_id: finding });
  const silent = await roundsman(url, 'tickets', 'resolve', name);
  expect(silent).toMatchObject({ code: 2, err: expect.stringContaining('--notes') });
  const args = ['tickets', 'resolve', name, '--notes', 'restarted the cron', '--as', 'ann'];
  expect((await roundsman(url, ...args)).code).toBe(0);
  expect(await ticket(name)).toMatchObject({
    status: 'resolved',
    resolved_by: 'ann',
    resolution_notes: 'restarted the cron',
    resolved_at: expect.any(Date),
  });
  const shown = await roundsman(url, 'tickets', 'show', name);
  expect(shown.out).toMatch(/^Status +resolved by ann$/m);
  expect(await events(name)).toEqual([
    { event: 'resolved', actor: 'ann', detail: { notes: 'restarted the cron' } },
  ]);
  const { out } = await roundsman(url, 'findings', 'list', '--json');
  expect(out).toContain(finding);
  for (const change of [
    ['assign', name, 'bob'],
    ['resolve', name, '--notes', 'again'],
  ]) {
    const late = await roundsman(url, 'tickets', ...change);
    expect(late.code).toBe(1);
    expect(late.err).toContain('resolved by ann');
  }
});

test('of many who resolve the same ticket one wins, and the others are told who', async () => {
  const name = await insertTicket(db, botId, 'race');
  const seen = await ticket(name);
  const people = ['ann', 'bob', 'eve', 'joe'];
  const tried = await Promise.allSettled(
    people.map((who) => resolveTicket(db, seen, `by ${who}`, who)),
  );
  const winner = (await ticket(name)).resolved_by!;
  expect(tried.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const result of tried)
    if (result.status === 'rejected') {
      expect(result.reason).toBeInstanceOf(TicketChangedError);
      expect(result.reason.why).toContain(winner);
    }
  expect(await events(name)).toMatchObject([{ event: 'resolved', actor: winner }]);
});

test('of two who take the same ticket one gets it, and the other is told who has it', async () => {
  const name = await insertTicket(db, botId, 'race');
  const seen = await ticket(name);
  const people = ['ann', 'bob'];
  const tried = await Promise.allSettled(people.map((who) => assignTicket(db, seen, who, who)));
  const { assigned_to: winner } = await ticket(name);
  const lost = tried.filter((result) => result.status === 'rejected');
  expect(lost).toHaveLength(1);
  expect(lost[0]!.reason.why).toContain(`assigned to ${winner}`);
  expect(await events(name)).toHaveLength(1);
});

test('two commands at once: one ends with 0, the other with 1', async () => {
  const name = await insertTicket(db, botId, 'race');
  const ended = await Promise.all(
    ['ann', 'bob'].map((who) =>
      roundsman(url, 'tickets', 'resolve', name, '--notes', who, '--as', who),
    ),
  );
  expect(ended.map(({ code }) => code).toSorted()).toEqual([0, 1]);
});
