/** Entries of knowledge are removed and renamed: what depends on them is named first, and their history stays. */
import { beforeEach, expect, test } from 'vitest';
import { sql } from 'kysely';
import { match } from '../../src/heal/match.ts';
import { testDatabase } from '../support/database.ts';
import { catalogue } from '../support/builders.ts';
import { roundsman } from './command.ts';
import { insertAction, insertDecision, insertKnowledge } from './known.ts';
import { insertBot, insertFinding } from './rows.ts';

const { db, url } = await testDatabase();
const knowledge = (...args: string[]) => roundsman(url, 'knowledge', ...args);
const row = (id: string) =>
  db.selectFrom('bot_knowledge').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
const eventsOf = (id: string) =>
  db
    .selectFrom('bot_knowledge_events')
    .select(['event', 'before', 'after', 'figures', 'actor'])
    .where('knowledge_id', '=', id)
    .orderBy('id')
    .execute();

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_knowledge CASCADE`.execute(db);
});

async function used() {
  const bot = await insertBot(db, 'watch');
  const id = await insertKnowledge(db, 'disk.full', { catalogue_name: 'session.expired' });
  const finding = await insertFinding(db, bot, 'one', { fingerprint: 'f1' });
  await insertDecision(db, { bot, finding, knowledge: id });
  const held = await insertFinding(db, bot, 'two', { fingerprint: 'f2' });
  await insertAction(db, bot, 'verified', 10, { finding_id: held, knowledge_id: id });
  return { id, finding };
}

const found = {
  title: 'rows pile up',
  description: null,
  affected_component: null,
};
const isMatched = async () =>
  (await match(db, catalogue([]), found as never)).candidates.map(({ name }) => name);

test('what depends on an entry is named, and without a terminal nothing is removed unless --yes is given', async () => {
  const { id } = await used();
  const { code, err } = await knowledge('remove', 'disk.full');
  expect(code).toBe(2);
  for (const each of ['1 unfinished action', '1 suggestion', 'the bot janitor', '--yes'])
    expect(err).toContain(each);
  expect(await row(id)).toMatchObject({ enabled: true, removed_at: null });
});

test('a removed entry matches nothing, lists leave it out, and its history stays', async () => {
  const { id } = await used();
  expect(await isMatched()).toEqual(['disk.full']);
  const { code, json } = await knowledge(
    'remove',
    'disk.full',
    '--yes',
    '--reason',
    'x',
    '--as',
    'ann',
    '--json',
  );
  expect(code).toBe(0);
  expect(json()).toMatchObject({
    name: 'disk.full',
    enabled: false,
    removed_at: expect.any(String),
  });
  expect(await isMatched()).toEqual([]);
  expect((await knowledge('list', '--json')).json()).toEqual([]);
  expect((await knowledge('list', '--removed', '-o', 'table')).out).toMatch(
    /^disk\.full .* removed /m,
  );
  expect((await knowledge('show', 'disk.full')).out).toContain('Removed');
  expect(await eventsOf(id)).toMatchObject([
    { event: 'removed', actor: 'ann', figures: { why: 'x' } },
  ]);
  expect(await db.selectFrom('bot_actions').select('state').execute()).toEqual([
    { state: 'verified' },
  ]);
  expect((await knowledge('remove', 'disk.full')).out).toContain('removed already');
  expect(await eventsOf(id)).toHaveLength(1);
});

test('enable takes a removal back', async () => {
  const { id } = await used();
  await knowledge('remove', 'disk.full', '--yes');
  expect((await knowledge('enable', 'disk.full')).code).toBe(0);
  expect(await row(id)).toMatchObject({ enabled: true, removed_at: null });
  expect(await isMatched()).toEqual(['disk.full']);
});

test('another entry may take the name of a removed one', async () => {
  const { id } = await used();
  await knowledge('remove', 'disk.full', '--yes');
  const added = await knowledge(
    'add',
    'disk.full',
    '--category',
    'x',
    '--pattern',
    'disk is',
    '--solution',
    'Look.',
  );
  const aside = `disk.full-${id.slice(0, 8)}`;
  expect(added).toMatchObject({ code: 0, out: expect.stringContaining(`is ${aside} now`) });
  expect(await row(id)).toMatchObject({ name: aside, removed_at: expect.any(Date) });
  expect((await eventsOf(id)).map(({ event }) => event)).toEqual(['removed', 'renamed']);
});

test('a rename keeps the row with all that refers to it, and is written down', async () => {
  const { id } = await used();
  const { code, out } = await knowledge('rename', 'disk.full', 'disk.crowded', '--as', 'ann');
  expect({ code, out }).toEqual({
    code: 0,
    out: expect.stringContaining('Renamed disk.full to disk.crowded'),
  });
  expect(await row(id)).toMatchObject({ name: 'disk.crowded', catalogue_name: 'session.expired' });
  expect(await eventsOf(id)).toMatchObject([
    {
      event: 'renamed',
      actor: 'ann',
      before: { name: 'disk.full' },
      after: { name: 'disk.crowded' },
    },
  ]);
  expect((await knowledge('show', 'disk.full')).code).toBe(3);
});

test.each([
  ['a name that an entry has', 'other', 1, 'an entry called other exists'],
  ['a name that no entry can have', 'No Name', 2, 'cannot be the name of knowledge'],
])('%s is refused', async (_, name, code, why) => {
  const id = await insertKnowledge(db, 'disk.full');
  await insertKnowledge(db, 'other');
  const refused = await knowledge('rename', 'disk.full', name);
  expect({ code: refused.code, err: refused.err }).toEqual({
    code,
    err: expect.stringContaining(why),
  });
  expect(await row(id)).toMatchObject({ name: 'disk.full' });
  expect(await eventsOf(id)).toEqual([]);
});

test('of two entries that are given one name at once, one gets it', async () => {
  await insertKnowledge(db, 'a');
  await insertKnowledge(db, 'b');
  const both = await Promise.all([knowledge('rename', 'a', 'c'), knowledge('rename', 'b', 'c')]);
  expect(both.map(({ code }) => code).toSorted()).toEqual([0, 1]);
});
