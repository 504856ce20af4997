import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { roundsman } from './command.ts';
import { insertAction, insertKnowledge } from './known.ts';
import { insertBot, insertFinding } from './rows.ts';

const { db, url } = await testDatabase();
let bot: string;

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_knowledge CASCADE`.execute(db);
  bot = await insertBot(db, 'watch');
});

const row = (id: string) =>
  db.selectFrom('bot_actions').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
const runs = () => db.selectFrom('bot_executions').selectAll().execute();
const actions = (...args: string[]) => roundsman(url, 'actions', ...args);
const undo = (id: string, ...args: string[]) => actions('undo', id, '--yes', ...args);
const reversible = {
  remedy: 'bot.pause',
  risk: 'reversible',
  action_description: 'Pause a bot',
} as const;

test('without actions it says so', async () => {
  expect((await actions('list', '-o', 'table')).out).toContain('No heal has taken a step yet.');
});

test('the list has the newest first, of one bot or of all', async () => {
  const other = await insertBot(db, 'other');
  const knowledge = await insertKnowledge(db, 'sweep');
  const old = await insertAction(db, bot, 'held', 60, { knowledge_id: knowledge });
  const recent = await insertAction(db, other, 'failed', 5, { error_message: 'no lock' });
  const all = (await actions('list', '--json')).json();
  expect(all.map(({ id }: any) => id)).toEqual([recent, old]);
  expect(all[1]).toMatchObject({ bots: { name: 'watch' }, bot_knowledge: { name: 'sweep' } });
  const { out } = await actions('list', '--bot', 'other', '-o', 'table');
  expect(out).toMatch(/5m ago +failed +session\.expire +safe .* other +Expire sessions: no lock/);
  expect(out).not.toContain('watch');
});

test('show brings evidence, the other steps, and whether it can be taken back', async () => {
  const finding = await insertFinding(db, bot, 'sessions pile up');
  const heal_id = randomUUID();
  const first = await insertAction(db, bot, 'failed', 9, {
    ...reversible,
    heal_id,
    finding_id: finding,
  });
  const second = await insertAction(db, bot, 'verified', 8, {
    ...reversible,
    heal_id,
    step: 1,
    evidence: JSON.stringify({ before: { status: 'active' } }),
  });
  const shown = await actions('show', second.slice(0, 8));
  expect(shown.out).toContain('"status": "active"');
  expect(shown.out).toContain(`actions undo ${second.slice(0, 8)}`);
  const { out } = await actions('show', first);
  expect(out).toMatch(/^Undo +step 1 of its heal came after it, and has to be taken back first/m);
  expect((await actions('show', first, '--json')).json()).toMatchObject({
    id: first,
    bot_actions: [{ id: second }],
  });
  expect((await actions('show', 'abcd')).code).toBe(3);
});

test('undo asks for it with who and when, and queues the run that does it; once', async () => {
  const id = await insertAction(db, bot, 'held', 60, reversible);
  const { code, out } = await undo(id, '--as', 'ann');
  expect(code).toBe(0);
  expect(await row(id)).toMatchObject({
    state: 'held',
    undo_requested_by: 'ann',
    undo_requested_at: expect.any(Date),
  });
  const [run] = await runs();
  expect(run).toMatchObject({ bot_id: bot, trigger: 'manual', status: 'queued' });
  expect(out).toContain(run!.id);
  const again = await undo(id, '--as', 'bob');
  expect(again).toMatchObject({
    code: 0,
    out: expect.stringContaining('ann asked for this undo already'),
  });
  expect(await runs()).toHaveLength(1);
  expect((await actions('show', id)).out).toMatch(/^Undo +asked for by ann at .*; the next run/m);
});

test('why an undo waits or has failed is said beside it', async () => {
  const waits = await insertAction(db, bot, 'held', 60, {
    ...reversible,
    undo_requested_at: new Date(),
    undo_requested_by: 'ann',
    evidence: JSON.stringify({ undo_delayed: 'the secret TOKEN is not stored;\nstore it' }),
  });
  const { out } = await actions('show', waits);
  expect(out).toMatch(
    /^Undo +asked for by ann .* could not undo it, and the next one tries again:/m,
  );
  expect(out.replaceAll(/\s+/g, ' ')).toContain('the secret TOKEN is not stored; store it');
  expect((await undo(waits)).out).toContain('could not undo it: the secret TOKEN');
  const failed = await insertAction(db, bot, 'held', 60, {
    ...reversible,
    evidence: JSON.stringify({ undo_failed: 'it said 404' }),
  });
  expect((await actions('show', failed)).out).toMatch(
    /^Undo +`npx roundsman actions undo \w+`; the last try failed: it said 404/m,
  );
});

test('of two who ask at once both are answered, and one run is queued', async () => {
  const id = await insertAction(db, bot, 'verified', 60, reversible);
  const ended = await Promise.all([undo(id), undo(id)]);
  expect(ended.map(({ code }) => code)).toEqual([0, 0]);
  expect(await runs()).toHaveLength(1);
});

test('the last step of a heal is taken back first, then the one before', async () => {
  const heal_id = randomUUID();
  const first = await insertAction(db, bot, 'failed', 9, { ...reversible, heal_id });
  const last = await insertAction(db, bot, 'verified', 8, { ...reversible, heal_id, step: 1 });
  const early = await undo(first);
  expect(early.code).toBe(1);
  expect(early.err).toContain('step 1 of its heal came after it');
  await sql`UPDATE bot_actions SET state = 'undone', success = false WHERE id = ${last}::uuid`.execute(
    db,
  );
  expect((await undo(first)).code).toBe(0);
});

test.each([
  ['was never applied', 'intent', reversible, 'it was never applied'],
  [
    'failed before it did anything',
    'failed',
    { ...reversible, applied_at: null },
    'it was never applied',
  ],
  ['may have happened or not', 'unknown', reversible, 'it is not known whether it happened'],
  ['was taken back', 'undone', reversible, 'it was taken back already'],
  ['no remedy can take back', 'held', {}, 'session.expire cannot be undone'],
  [
    'could not be taken back with its parameters',
    'held',
    { remedy: 'http.request', risk: 'irreversible' as const },
    'http.request cannot be undone',
  ],
  [
    'was done by a remedy that is gone',
    'held',
    { ...reversible, remedy: 'no.such' },
    'no.such no longer exists',
  ],
] as const)('what %s is not undone', async (_, state, values, why) => {
  const id = await insertAction(db, bot, state, 10, values);
  const { code, err } = await undo(id);
  expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining(why) });
  expect(await row(id)).toMatchObject({ undo_requested_at: null });
  expect(await runs()).toEqual([]);
});

test('a bot that takes no run undoes nothing: the request is not left behind', async () => {
  const id = await insertAction(db, bot, 'held', 10, reversible);
  await sql`UPDATE bots SET status = 'disabled'`.execute(db);
  expect((await undo(id)).err).toContain('watch cannot be run');
  expect(await row(id)).toMatchObject({ undo_requested_at: null });
});
