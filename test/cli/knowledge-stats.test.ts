import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { roundsman } from './command.ts';
import { insertHeal, insertKnowledge, insertUntouched } from './knowledge-rows.ts';
import { ago, insertBot } from './rows.ts';

const { db, url } = await testDatabase();
const botId = await insertBot(db, 'watch');
const knowledge = (...args: string[]) => roundsman(url, 'knowledge', ...args);

beforeEach(async () => {
  await db.deleteFrom('bot_actions').execute();
  await db.deleteFrom('bot_knowledge').execute();
});

const heals = async (
  id: string,
  count: number,
  state: 'held' | 'relapsed' | 'failed',
  rest = {},
) => {
  for (let made = 0; made < count; made++) await insertHeal(db, botId, id, state, rest);
};

test('stats without knowledge say how to get some', async () => {
  const { code, out } = await knowledge('stats', '-o', 'table');
  expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('knowledge add') });
  expect((await knowledge('stats', '--json')).json()).toEqual([]);
});

test('stats count outcomes with their uncertainty, and compare with what nobody touched', async () => {
  const good = await insertKnowledge(db, 'good', { autonomy: 'auto' });
  await heals(good, 19, 'held');
  await heals(good, 1, 'relapsed', { settled_at: ago(180) });
  for (const outcome of ['recovered', 'persisted', 'persisted', 'persisted'] as const)
    await insertUntouched(db, botId, good, outcome);
  await insertKnowledge(db, 'new', { enabled: false });
  const { out } = await knowledge('stats', '-o', 'table');
  expect(out).toMatch(/^good +auto +20 +19 +1 +0 +\.708 +1 of 4 recovered +\+\.700 +3h ago$/m);
  expect(out).toMatch(/^new +shadow, disabled +0 +0 +0 +0 +- +- +- +-$/m);
  const rows = (await knowledge('stats', '--json')).json();
  expect(rows).toMatchObject([
    {
      name: 'good',
      times_successful: 19,
      figures: {
        context: 'all',
        records: { all: { decided: 20, held: 19, relapsed: 1, failed: 0 } },
        untouched: { recovered: 1, persisted: 3, rate: 0.25 },
      },
    },
    { name: 'new', figures: { records: { all: { decided: 0 } }, lift: null } },
  ]);
});

test('of one entry also where; undone is relapsed, and older outcomes weigh less', async () => {
  const id = await insertKnowledge(db, 'a', { half_life_days: 1 });
  await heals(id, 6, 'held', { component: 'here' });
  await heals(id, 2, 'failed', { component: 'there' });
  await insertHeal(db, botId, id, 'undone', { component: 'there' });
  await heals(id, 20, 'failed', { component: 'once', settled_at: ago(20 * 24 * 60) });
  await insertHeal(db, botId, id, 'verified', { component: 'not yet' });
  await insertUntouched(db, botId, id, 'persisted');
  const { out } = await knowledge('stats', 'a', '-o', 'table');
  const [all, parts] = out.split('By component');
  // Twenty failures of 20 half-lives ago weigh next to nothing: it is 6 of 9.
  expect(all).toMatch(/^a +shadow +29 +6 +1 +22 +\.220 /m);
  expect(parts).toMatch(/^here +6 +6 +0 +0 +\.564 +0 of 1 recovered +\+1\.000 /m);
  // Too few to say something there: the lift of the whole is not shown for it.
  expect(parts).toMatch(/^there +3 +0 +1 +2 +\.000 +0 of 1 recovered +- /m);
  expect(parts).not.toContain('not yet');
  const [row] = (await knowledge('stats', 'a', '--json')).json();
  expect(row.components.map(({ component }: any) => component)).toEqual(['once', 'here', 'there']);
  expect((await knowledge('stats', 'b', '-o', 'table')).code).toBe(3);
});

test('show has the figures too', async () => {
  const id = await insertKnowledge(db, 'a');
  const none = await knowledge('show', 'a');
  expect(none.out).toMatch(/^Decided +nothing yet$/m);
  expect(none.out).toMatch(/^Untouched +none seen$/m);
  await heals(id, 6, 'held');
  await insertUntouched(db, botId, id, 'persisted');
  const { out } = await knowledge('show', 'a');
  expect(out).toMatch(/^Decided +6 held, 0 relapsed, 0 failed$/m);
  expect(out).toMatch(/^Lower bound +\.564$/m);
  expect(out).toMatch(/^Upper bound +1\.000$/m);
  expect(out).toMatch(/^Worst stretch +1 of the newest 1 held, upper bound 1\.000$/m);
  expect(out).toMatch(/^Untouched +0 of 1 recovered$/m);
  expect(out).toMatch(/^Lift +\+1\.000$/m);
  expect(out).toMatch(/^Last relapse +never$/m);
  expect((await knowledge('show', 'a', '--json')).json()).toMatchObject({
    name: 'a',
    figures: { decided: 6, held: 6, untouched: { persisted: 1 }, lift: 1 },
    bot_knowledge_events: [],
  });
});

test('verify finds a cache that is not the ledger, and mends it when told', async () => {
  const id = await insertKnowledge(db, 'a');
  await heals(id, 3, 'held');
  await heals(id, 1, 'failed');
  await insertKnowledge(db, 'b');
  const well = await knowledge('verify', '-o', 'table');
  expect(well).toMatchObject({
    code: 0,
    out: expect.stringContaining('The figures of every entry agree'),
  });
  await sql`UPDATE bot_knowledge SET times_successful = 4, success_rate = 100 WHERE name = 'a'`.execute(
    db,
  );
  await sql`UPDATE bot_knowledge SET times_applied = NULL WHERE name = 'b'`.execute(db);

  const found = await knowledge('verify', '-o', 'table');
  expect(found.code).toBe(1);
  expect(found.out).toMatch(
    /^a +times_successful +4 +3\na +success_rate +100 +75\nb +times_applied +- +0$/m,
  );
  const differences = [
    { id, name: 'a', column: 'times_successful', is: 4, ought: 3 },
    { id, name: 'a', column: 'success_rate', is: 100, ought: 75 },
    { name: 'b', column: 'times_applied', is: null, ought: 0 },
  ];
  const json = await knowledge('verify', '--json');
  expect(json.code).toBe(1);
  expect(json.json()).toMatchObject(differences);

  const mended = await knowledge('verify', '--fix', '--json');
  expect(mended.code).toBe(0);
  expect(mended.json()).toMatchObject(differences);
  expect((await knowledge('verify', '--json')).json()).toEqual([]);
  const again = await knowledge('verify', '--fix', '-o', 'table');
  expect(again).toMatchObject({
    code: 0,
    out: expect.stringContaining('The figures of every entry agree'),
  });
  const row = await db
    .selectFrom('bot_knowledge')
    .select(['times_applied', 'times_successful', 'success_rate'])
    .where('id', '=', id)
    .executeTakeFirst();
  expect(row).toEqual({ times_applied: 4, times_successful: 3, success_rate: '75.00' });
});
