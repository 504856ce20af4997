/** `roundsman/testing`, on the server of the tests. The example's test (test/docs/examples.test.ts) uses it as a project does. */
import { AssertionError } from 'node:assert';
import { sql } from 'kysely';
import { afterAll, beforeEach, expect, inject, test } from 'vitest';
import {
  defineBot,
  defineRemedy,
  NotAppliedError,
  z,
  type Bot,
  type Remedy,
} from '../../src/bot.ts';
import { BadCatalogueError } from '../../src/catalogue/catalogue.ts';
import { UsageError } from '../../src/ground/errors.ts';
import { assertFindings, openScratch, type Scratch } from '../../src/testing.ts';
import { administer } from '../support/postgres.ts';

const count = sql<number>`(SELECT count(*)::int FROM jars)`;
const jars = { severity: 'high', category: 'jars', component: 'shelf' } as const;

/** Removes some jars, or throws after that. */
const taking = (name: string, given: Partial<Remedy<{ jars: number }>> = {}) =>
  defineRemedy<{ jars: number }>({
    name,
    title: 'Take jars from the shelf',
    risk: 'reversible',
    params: z.strictObject({ jars: z.number().int() }),
    isDone: async (_params, { db }) => {
      const { rows } = await sql<{ count: number }>`SELECT ${count} AS count`.execute(db);
      return rows[0]!.count === 0;
    },
    async apply(params, { db }) {
      const { rows } = await sql<{ id: number }>`
        DELETE FROM jars WHERE id IN (SELECT id FROM jars ORDER BY id LIMIT ${params.jars}) RETURNING id`.execute(
        db,
      );
      return { summary: `took ${rows.length}`, before: rows, after: null };
    },
    async undo(_params, { db, before }) {
      for (const { id } of before as { id: number }[])
        await sql`INSERT INTO jars VALUES (${id})`.execute(db);
      return { summary: 'put them back', before: null, after: before };
    },
    ...given,
  });

const take = taking('jar.take');
const takeOutside = taking('jar.take-outside', { outside: true });
const drop = taking('jar.drop', {
  async apply(_params, { db }) {
    await sql`DELETE FROM jars`.execute(db);
    throw new NotAppliedError('the shelf is locked');
  },
});
const pay = taking('jar.pay', {
  secrets: true,
  risk: 'safe',
  async apply(_params, { db, secret }) {
    await sql`DELETE FROM jars`.execute(db);
    return { summary: `paid with ${secret('PURSE')}`, before: null, after: null };
  },
});

const entry = (name: string, solution: string, pattern = 'jars stand') =>
  ({ name, category: 'jars', pattern, solution, autonomy: 'suggest' }) as const;
const ladder =
  'steps:\n  - remedy: jar.take\n    with: { jars: 1 }\n  - remedy: jar.take-outside\n    with: { jars: 9 }\n';

const keeper = defineBot({
  name: 'keeper',
  displayName: 'Keeper',
  description: 'Counts jars.',
  schedule: '* * * * *',
  secrets: ['PURSE'],
  config: z.strictObject({ most: z.number().default(0) }),
  checks: [
    {
      name: 'shelf',
      title: 'Is the shelf empty?',
      async run({ most }, { db }) {
        const { rows } = await sql<{ count: number }>`SELECT ${count} AS count`.execute(db);
        const title = `Jars stand on the shelf: ${rows[0]!.count}`;
        return {
          examined: ['shelf'],
          findings: rows[0]!.count > most ? [{ ...jars, title }] : [],
          figures: [{ name: 'jars', value: rows[0]!.count }],
        };
      },
    },
    {
      name: 'two',
      title: 'Are there two?',
      run: async () => ({
        examined: ['a', 'b'],
        findings: ['a', 'b'].map((component) => ({
          ...jars,
          component,
          title: `See ${component}`,
        })),
      }),
    },
    {
      name: 'writes',
      title: 'Does it write?',
      run: async (_config, { db }) => {
        await sql`DELETE FROM jars`.execute(db);
        return { examined: [], findings: [] };
      },
    },
    {
      name: 'odd',
      title: 'Is it odd?',
      run: async () => ({ examined: [], findings: [{}] }) as never,
    },
    {
      name: 'purse',
      title: 'Is there a purse?',
      run: async (_config, { secret, skip }) =>
        skip(`the purse has ${secret('PURSE').length} letters`),
    },
    {
      name: 'breaks',
      title: 'Do jars break?',
      events: true,
      windowSeconds: () => 60,
      async run(_config, { from, starts }) {
        const since = starts[0]?.from ?? from;
        const { age } = { age: Date.now() - since.getTime() };
        const bad = age > 50_000 ? 1 : 0;
        const tally = {
          key: 'shelf',
          bad,
          of: 5,
          newestBadAt: bad ? new Date(since.getTime() + 1) : null,
        };
        return {
          examined: ['shelf'],
          findings: bad ? [{ ...jars, title: 'Jars stand broken' }] : [],
          tallies: [tally],
        };
      },
    },
  ],
  knowledge: [entry('jars.take', ladder)],
});

const withKnowledge = (...knowledge: NonNullable<Bot['knowledge']>): Bot => ({
  ...keeper,
  knowledge,
});

const scratch: Scratch = await openScratch({
  bots: [keeper],
  remedies: [take, takeOutside, drop, pay],
  url: inject('postgresUrl'),
});
afterAll(() => scratch.close());
await sql`CREATE TABLE jars (id int)`.execute(scratch.db);
const left = async () => {
  const { rows } = await sql<{ count: number }>`SELECT ${count} AS count`.execute(scratch.db);
  return rows[0]!.count;
};

beforeEach(async () => {
  await sql`DELETE FROM jars`.execute(scratch.db);
  await sql`INSERT INTO jars SELECT generate_series(1, 4)`.execute(scratch.db);
});

test('a check reads tables that the test has made, gets its config, and its answer has findings and figures', async () => {
  const answer = await scratch.check(keeper, 'shelf');
  expect(answer).toMatchObject({ status: 'failed', reason: null, examined: 1 });
  expect(answer.figures).toEqual([{ name: 'jars', value: 4 }]);
  assertFindings(answer, [{ component: 'shelf', title: /: 4$/, severity: 'high' }]);
  assertFindings(await scratch.check(keeper, 'shelf', { config: { most: 4 } }), []);
});

test.each([
  ['writes', 'errored', /permission denied|read-only/],
  ['odd', 'errored', /does not fit the contract: findings.0.severity/],
  ['purse', 'skipped', /the secret PURSE is not stored/],
])('what %s does is the answer %s', async (check, status, reason) => {
  const answer = await scratch.check(keeper, check);
  expect(answer).toMatchObject({ status, reason: expect.stringMatching(reason) });
  expect(await left()).toBe(4);
  expect(() => assertFindings(answer, [])).toThrow(AssertionError);
  expect(() => assertFindings(answer, [])).toThrow(reason);
});

test('a check gets the secrets of the test, and a config that does not fit is refused', async () => {
  const secrets = { PURSE: 'twelve words' };
  const answer = await scratch.check(keeper, 'purse', { secrets });
  expect(answer).toMatchObject({ status: 'skipped', reason: 'the purse has 12 letters' });
  await expect(scratch.check(keeper, 'shelf', { config: { mots: 1 } })).rejects.toThrow(/mots/);
  await expect(scratch.check(keeper, 'shelve')).rejects.toMatchObject({
    hint: 'did you mean shelf?',
  });
});

test('an assertion says what is missing and what is too much', async () => {
  const answer = await scratch.check(keeper, 'two');
  assertFindings(answer, [{ component: 'b' }, { component: 'a' }]);
  expect(() => assertFindings(answer, [{ component: 'a' }, { component: 'c' }])).toThrow(
    'the check reported no finding with {"component":"c"}\nit also reported high b: See b',
  );
});

test('a heal takes one step after the other until the check is clean, and the undo goes back', async () => {
  const healed = await scratch.heal(keeper, 'shelf');
  expect(healed).toMatchObject({ knowledge: 'jars.take', isVerified: true });
  expect(
    healed.steps.map(({ remedy, evidence, isDone, after }) => [
      remedy,
      evidence.summary,
      isDone,
      after.status,
    ]),
  ).toEqual([
    ['jar.take', 'took 1', false, 'failed'],
    ['jar.take-outside', 'took 3', true, 'passed'],
  ]);
  const { undone, after } = await healed.undo();
  expect(undone.map(({ after }) => (after as unknown[]).length)).toEqual([3, 1]);
  assertFindings(after, [{ title: /: 4$/ }]);
});

test('what a remedy wrote before it threw is rolled back, and the secrets of the test are redacted in its evidence', async () => {
  const dropping = withKnowledge(
    entry('jars.drop', 'steps:\n  - remedy: jar.drop\n    with: { jars: 1 }\n'),
  );
  await expect(scratch.heal(dropping, 'shelf')).rejects.toThrow('the shelf is locked');
  expect(await left()).toBe(4);

  const paying = withKnowledge(
    entry('jars.pay', 'steps:\n  - remedy: jar.pay\n    with: { jars: 1 }\n'),
  );
  const secrets = { PURSE: 'twelve words' };
  const { steps, isVerified } = await scratch.heal(paying, 'shelf', { secrets });
  expect(isVerified).toBe(true);
  expect(steps[0]!.evidence.summary).toBe('paid with {{secret:PURSE}}');
});

test('events after the remedy decide whether it has helped', async () => {
  const taking = withKnowledge(
    entry('jars.one', 'steps:\n  - remedy: jar.take\n    with: { jars: 1 }\n'),
  );
  const { isVerified, after } = await scratch.heal(taking, 'breaks');
  expect(isVerified).toBe(true);
  expect(after.result?.tallies).toEqual([{ key: 'shelf', bad: 0, of: 5, newestBadAt: null }]);
});

test.each<[string, Bot, string, object, RegExp]>([
  ['one of several findings', keeper, 'two', {}, /reported 2, and 2 of them fit/],
  ['an entry that fits', withKnowledge(), 'shelf', {}, /its entries \(none\)/],
  [
    'one entry of two',
    withKnowledge(entry('x', ladder), entry('y', ladder)),
    'shelf',
    {},
    /: x, y$/,
  ],
  ['an entry that fits by this name', keeper, 'shelf', { knowledge: 'z' }, /these fit/],
  ['a playbook', withKnowledge(entry('x', 'Wash them.')), 'shelf', {}, /advice for people/],
  [
    'a known remedy',
    withKnowledge(entry('x', 'steps:\n  - remedy: no\n')),
    'shelf',
    {},
    /no remedy "no"/,
  ],
])('a heal needs %s', async (_what, bot, check, options, why) => {
  const error: unknown = await scratch.heal(bot, check, options).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UsageError);
  expect((error as UsageError).why).toMatch(why);
});

test('a bot that no process would start with is refused before a database is made', async () => {
  const url = inject('postgresUrl');
  const unknown = withKnowledge(entry('x', 'steps:\n  - remedy: jar.tkae\n'));
  await expect(openScratch({ bots: [unknown], remedies: [take], url })).rejects.toThrow(
    BadCatalogueError,
  );
  await expect(openScratch({ bots: [], url: 'mysql://127.0.0.1/x' })).rejects.toMatchObject({
    hint: expect.stringContaining('postgresql://'),
  });
});

test('a scratch leaves the database of its address alone, and drops its own', async () => {
  const server = inject('postgresUrl');
  const other = await openScratch({ bots: [], url: server, tables: 'bots' });
  const name = new URL(other.url).pathname.slice(1);
  expect(name).toMatch(/^roundsman_test_[0-9a-f]{12}$/);
  const { rows } = await sql<{ there: boolean }>`
    SELECT to_regclass('public.profiles') IS NOT NULL AS there`.execute(other.db);
  expect(rows).toEqual([{ there: false }]);
  await other.close();
  await other.close();
  await expect(administer(other.url, 'SELECT 1')).rejects.toThrow(`"${name}" does not exist`);
});
