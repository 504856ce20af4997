import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { roundsman } from './command.ts';
import { insertDecision, insertKnowledge } from './known.ts';
import { ago, insertBot, insertFinding, insertTicket } from './rows.ts';

const { db, url } = await testDatabase();
let bot: string;
let finding: string;
let name: string;

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_knowledge CASCADE`.execute(db);
  bot = await insertBot(db, 'watch');
  finding = await insertFinding(db, bot, '214 sessions pile up', { fingerprint: 'fp' });
  name = await insertTicket(db, bot, '214 sessions pile up', {
    fingerprint: 'fp',
    finding_id: finding,
    created_at: ago(10),
  });
});

const decisions = async () =>
  Object.fromEntries(
    (
      await db
        .selectFrom('bot_decisions as d')
        .innerJoin('bot_knowledge as k', 'k.id', 'd.knowledge_id')
        .select(['k.name', 'd.answer', 'd.answered_by', 'd.outcome', 'd.settled_at'])
        .execute()
    ).map(({ name, ...rest }) => [name, rest]),
  );
const knowledge = () => db.selectFrom('bot_knowledge').selectAll().orderBy('name').execute();
const ticket = () => db.selectFrom('bot_tickets').selectAll().executeTakeFirstOrThrow();
const shadowed = async (entry: string, values: object = {}) => {
  const id = await insertKnowledge(db, entry, { autonomy: 'shadow' });
  await insertDecision(db, { bot, finding, knowledge: id }, { verdict: 'shadowed', ...values });
  return id;
};
const resolve = (...args: string[]) =>
  roundsman(
    url,
    'tickets',
    'resolve',
    name,
    '--notes',
    'restarted the cron',
    '--as',
    'ann',
    ...args,
  );

test('with the cure named, what spoke from the shadow was right or wrong', async () => {
  const right = await shadowed('right', { outcome: 'pending' });
  await shadowed('wrong');
  const asked = await insertKnowledge(db, 'asked');
  await insertDecision(db, { bot, finding, knowledge: asked });
  // Of an earlier time of the same problem, which ended otherwise.
  const old = await insertFinding(db, bot, 'old', {
    resolved_at: ago(99),
    resolution_method: 'cleared',
  });
  const before = await insertKnowledge(db, 'before', { autonomy: 'shadow' });
  await insertDecision(
    db,
    { bot, finding: old, knowledge: before },
    { verdict: 'shadowed', fingerprint: 'fp', decided_at: ago(100) },
  );
  const { code, out } = await resolve('--with', 'right');
  expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining(`${name} with right`) });
  expect(await ticket()).toMatchObject({ status: 'resolved', cure_knowledge_id: right });
  expect(await decisions()).toMatchObject({
    right: { answer: 'approved', answered_by: 'ann', outcome: 'touched' },
    wrong: { answer: 'rejected', answered_by: 'ann', outcome: null },
    asked: { answer: null },
    before: { answer: null },
  });
  const shown = await roundsman(url, 'tickets', 'show', name);
  expect(shown.out).toMatch(/^Cured by +right$/m);
});

test('with none, all of them were wrong', async () => {
  await shadowed('one');
  await shadowed('two');
  expect((await resolve('--with', 'none')).code).toBe(0);
  expect(await ticket()).toMatchObject({ cure_knowledge_id: null });
  expect(await decisions()).toMatchObject({
    one: { answer: 'rejected' },
    two: { answer: 'rejected' },
  });
});

test('without a word about the cure nothing is scored; but nobody waits any more for its recovery', async () => {
  await shadowed('one', { outcome: 'pending' });
  expect((await resolve()).code).toBe(0);
  expect(await decisions()).toMatchObject({
    one: { answer: null, outcome: 'touched', settled_at: expect.any(Date) },
  });
});

test('a cure that is not there is named with the nearest, and nothing is changed', async () => {
  await shadowed('sweeper');
  const { code, err } = await resolve('--with', 'sweper');
  expect(code).toBe(3);
  expect(err).toContain('did you mean sweeper?');
  expect(await ticket()).toMatchObject({ status: 'open' });
});

test('learn makes a pattern of the title, tries it on the past, and keeps the notes in shadow', async () => {
  await insertFinding(db, bot, '7 sessions pile up', { fingerprint: 'other' });
  const cured = await insertFinding(db, bot, '9 sessions pile up', { fingerprint: 'cured' });
  await insertFinding(db, bot, 'sessions are fine', {});
  await insertFinding(db, bot, '3 sessions pile up', { last_seen_at: ago(31 * 1440) });
  const known = await insertKnowledge(db, 'broom', { issue_pattern: 'sessions' });
  await insertTicket(db, bot, 'cured', {
    fingerprint: 'cured',
    finding_id: cured,
    status: 'resolved',
    resolved_at: ago(1),
    resolution_notes: 'swept',
    cure_knowledge_id: known,
  });
  const { code, out } = await resolve('--learn', '--yes');
  expect(code).toBe(0);
  expect(out).toMatch(/^Pattern +\\d\[\\d\.,\]\* sessions pile up$/m);
  expect(out).toMatch(/^Would have matched +3 of 4 findings of the last 30 days, 3 problems$/m);
  expect(out).toMatch(/^Wrongly +1 finding that broom cured$/m);
  expect(out.indexOf('To be learnt')).toBeLessThan(out.indexOf('Resolved'));
  expect((await knowledge()).find((entry) => entry.name !== 'broom')).toMatchObject({
    name: 'sessions-pile-up',
    category: 'api',
    issue_pattern: '\\d[\\d.,]* sessions pile up',
    solution: 'restarted the cron',
    autonomy: 'shadow',
    times_applied: 0,
  });
  const events = await db
    .selectFrom('bot_ticket_events')
    .select(['event', 'actor', 'detail'])
    .orderBy('id')
    .execute();
  expect(events).toEqual([
    { event: 'resolved', actor: 'ann', detail: { notes: 'restarted the cron' } },
    { event: 'noted', actor: 'ann', detail: { learnt: 'sessions-pile-up' } },
  ]);
});

test('a name that is taken gets a number; --json prints the proposal and the entry', async () => {
  await insertKnowledge(db, 'sessions-pile-up');
  await insertKnowledge(db, 'sessions-pile-up-2');
  const shown = (await resolve('--learn', '--yes', '--json')).json();
  expect(shown).toMatchObject({
    status: 'resolved',
    proposal: { name: 'sessions-pile-up-3', replay: { matched: 1, wrongly: [] } },
    bot_knowledge: { name: 'sessions-pile-up-3', autonomy: 'shadow' },
  });
});

test.each([
  ['a title that says too little', '7%', 'restarted it'],
  ['notes that begin as a playbook', '214 sessions pile up', 'steps:\n  - remedy: db.analyze'],
])('%s teaches nothing: the ticket stays', async (_, title, notes) => {
  await sql`UPDATE bot_tickets SET title = ${title}`.execute(db);
  const { code } = await roundsman(
    url,
    'tickets',
    'resolve',
    name,
    '--notes',
    notes,
    '--learn',
    '--yes',
  );
  expect(code).toBe(2);
  expect(await ticket()).toMatchObject({ status: 'open' });
  expect(await knowledge()).toEqual([]);
});
