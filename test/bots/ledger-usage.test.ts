/** What users used and paid for, beside the ledger. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { RE2JS } from 're2js';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ledger } from '../../bots/ledger.ts';
import type { CheckResult } from '../../src/bot.ts';
import { addBooking, addPayment, addUses } from '../../src/demo/faults/money-rows.ts';
import { addUser } from '../../src/demo/faults/users.ts';
import { insertBot, insertFinding } from '../cli/rows.ts';
import { behindGuards } from '../support/behind-guards.ts';
import { runCheck } from '../support/check.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase['db'];
let user: string;
beforeAll(async () => {
  ({ db } = await testDatabase());
  // NOT VALID in the schema: an old platform may have such rows.
  for (const [table, name] of [
    ['organizations', 'credits_pool'],
    ['app_usage', 'credits_used'],
  ] as const)
    await sql`ALTER TABLE ${sql.table(table)} DROP CONSTRAINT ${sql.ref(`${table}_${name}_check`)}`.execute(
      db,
    );
});
beforeEach(async () => {
  await behindGuards(db, async (trx) => {
    for (const table of [
      'app_usage',
      'organization_members',
      'organizations',
      'transactions',
      'credits',
      'profiles',
    ])
      await sql`DELETE FROM ${sql.table(table)}`.execute(trx);
  });
  await sql`TRUNCATE bots CASCADE`.execute(db);
  user = await addUser(db);
  await addBooking(db, minutesAgo(9_000), { user_id: user, amount: 1_000, type: 'bonus' });
});

const now = new Date('2026-03-10T12:00:00Z');
const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000);

const check = (name: string, config = {}, more: Parameters<typeof runCheck>[4] = {}) =>
  runCheck(ledger, name, db, config, { now, ...more });
const keysOf = ({ findings }: CheckResult) => findings.map(({ key }) => key);
const figure = ({ figures }: CheckResult, name: string) =>
  figures?.find((each) => each.name === name)?.value;

async function open(check_name: string, component_key: string, metadata: object = {}) {
  const bot = await insertBot(db, `ledger-${randomUUID().slice(0, 8)}`);
  await insertFinding(db, bot, 'open', {
    category: 'ledger',
    check_name,
    component_key,
    metadata: JSON.stringify(metadata),
  });
}

test.each(['usage-without-debit', 'one-grant-per-payment', 'negative-pool'])(
  '%s: empty tables are healthy',
  async (name) => {
    expect(await check(name)).toMatchObject({
      findings: [],
      examined: { count: 0, except: [] },
      truncated: false,
    });
  },
);

const id = randomUUID();
test.each([
  ['ledger.negative-balance', `Balance of user ${id} is negative: -5`],
  ['ledger.usage-without-debit', `Use of app-17 for 1 credit was not debited: ${id}`],
  [
    'ledger.usage-without-debit',
    'Use of app-17 for 1 credit was not debited: user a…@example.com (3f2a1b9c)',
  ],
  ['ledger.negative-balance', 'Balance of user a…@example.com (3f2a1b9c) is negative: -5'],
  ['ledger.negative-pool', 'The pool of organization 3f2a1b9c of a…@example.com is below zero: -3'],
  ['ledger.granted-twice', 'One payment gave credits 2 times, 200 in all: pi_1'],
  ['ledger.negative-pool', `The pool of organization ${id} is below zero: -3`],
])('%s is the one entry that knows "%s"', (name, title) => {
  const known = ledger.knowledge!.filter(({ pattern }) =>
    RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE).matcher(title).find(),
  );
  expect(known.map((each) => [each.name, each.autonomy])).toEqual([[name, 'suggest']]);
});

describe('uses', () => {
  const name = 'usage-without-debit';
  const use = async (minutes: number, credits = 5, more: object = {}) => {
    const [added] = await addUses(db, credits, [
      { user_id: user, created_at: minutesAgo(minutes), ...more },
    ]);
    return added!;
  };
  const debit = (minutes: number, amount = -5, more: object = {}) =>
    addBooking(db, minutesAgo(minutes), { user_id: user, amount, type: 'usage', ...more });

  test('a use needs a debit within ten minutes, and is looked back at for a day', async () => {
    await use(9);
    await use(1_441);
    expect(keysOf(await check(name))).toEqual([]);
    const due = await use(11);
    const result = await check(name);
    expect(result.findings).toMatchObject([
      {
        severity: 'medium',
        component: 'app_usage',
        key: due,
        title: expect.stringMatching(
          `^Use of \\S+ for 5 credits was not debited: user .…@moonfold.test \\(${user.slice(0, 8)}\\)$`,
        ),
        metadata: { user_id: user, credits_used: 5 },
      },
    ]);
    expect(figure(result, 'uses that cost credits')).toBe(1);
    expect(figure(result, 'uses without a debit')).toBe(1);
    expect(keysOf(await check(name, { usage_grace_minutes: 12 }))).toEqual([]);
    expect(keysOf(await check(name, { usage_hours: 25 }))).toHaveLength(2);
    await debit(2);
    expect(keysOf(await check(name))).toEqual([]);
  });

  test('one debit pays for one use, unless it is as high as all of them', async () => {
    await use(60);
    const second = await use(59);
    await debit(60);
    expect(keysOf(await check(name))).toEqual([second]);
    await debit(59, -4);
    expect(keysOf(await check(name))).toEqual([second]);
    await debit(58, -1);
    expect(keysOf(await check(name))).toEqual([]);
  });

  test('a debit pays at its time, or for the use that it names', async () => {
    const early = await use(60);
    await debit(71);
    await debit(49);
    expect(keysOf(await check(name))).toEqual([early]);
    await debit(1, -1, { metadata: { usage_id: early } });
    expect(keysOf(await check(name))).toEqual([]);
    const late = await use(300);
    expect(keysOf(await check(name))).toEqual([late]);
    await debit(1, -1, { idempotency_key: `usage:${late}` });
    expect(keysOf(await check(name))).toEqual([]);
  });

  test('free, failed, negative and refunded uses, and another user', async () => {
    await use(60, 0);
    await use(60, 5, { credits_used: -3 });
    await use(60, 5, { success: false });
    await use(60, 7);
    await debit(60, -7);
    await addBooking(db, minutesAgo(55), { user_id: user, amount: 7, type: 'refund' });
    expect(keysOf(await check(name))).toEqual([]);
    const other = await addUser(db);
    const theirs = await use(60, 7, { user_id: other });
    const huge = await use(60, 2_147_483_647);
    await use(60, 5, { created_at: null });
    expect(keysOf(await check(name)).toSorted()).toEqual([theirs, huge].toSorted());
  });

  test('members and owners of an organization that pays do not pay', async () => {
    const [member, owner, poor] = [await addUser(db), await addUser(db), await addUser(db)];
    const organization = async (values: object, user_id?: string) => {
      const { id } = await db
        .insertInto('organizations')
        .values({ name: 'Guild', ...values })
        .returning('id')
        .executeTakeFirstOrThrow();
      if (user_id)
        await db
          .insertInto('organization_members')
          .values({ organization_id: id, user_id })
          .execute();
    };
    await organization({ plan: 'team', credits_pool: 0, owner_id: owner }, member);
    await organization({ plan: 'free', credits_pool: 0 }, poor);
    await use(60, 5, { user_id: member });
    await use(60, 5, { user_id: owner });
    const paid = await use(60, 5, { user_id: poor });
    expect(keysOf(await check(name))).toEqual([paid]);
    await organization({ plan: 'free', credits_pool: 9 }, poor);
    expect(keysOf(await check(name))).toEqual([]);
  });

  test('the next run looks at what is new, and at open findings however old', async () => {
    const old = await use(3_000);
    await open(name, old);
    await open(name, 'no uuid');
    const first = await check(name);
    expect(keysOf(first)).toEqual([old]);
    expect(first.remember).toEqual({ read_to: minutesAgo(10).toISOString() });
    await use(80);
    const late = await use(60);
    const next = await check(name, {}, { remembered: first.remember });
    expect(keysOf(next)).toEqual([old, late]);
    await debit(1, -5, { metadata: { usage_id: old } });
    expect(keysOf(await check(name, {}, { remembered: { read_to: 'x' } }))).toHaveLength(2);
    const cut = await check(name, { max_findings: 1 });
    expect([cut.findings.length, cut.truncated, cut.remember]).toEqual([1, true, undefined]);
  });
});

describe('one grant per payment', () => {
  const name = 'one-grant-per-payment';
  const grant = (provider_transaction_id: string, more: object = {}, at = minutesAgo(60)) =>
    addBooking(db, at, {
      user_id: user,
      amount: 100,
      type: 'purchase',
      metadata: { provider_transaction_id },
      ...more,
    });

  test('two bookings of one payment, also of two users, until they are corrected', async () => {
    await grant('pi_1');
    expect(keysOf(await check(name))).toEqual([]);
    await grant('pi_1', { user_id: await addUser(db), amount: 50 });
    await grant('pi_2');
    const result = await check(name);
    expect(result.findings).toMatchObject([
      {
        severity: 'high',
        component: 'credits',
        key: 'pi_1',
        title: 'One payment gave credits 2 times, 150 credits in all: pi_1',
        description: 'Bookings of several users name the same payment of the provider.',
        metadata: { users: 2, bookings: 2, credits: 150 },
      },
    ]);
    expect(figure(result, 'payments that bookings name')).toBe(2);
    expect(result.examined).toEqual({ count: 2, except: [] });
    await grant('pi_1', { amount: -50, type: 'refund' });
    expect(keysOf(await check(name))).toEqual([]);
  });

  test('the booking of the trigger counts for its payment', async () => {
    await addPayment(db, minutesAgo(60), { user_id: user, provider_transaction_id: 'pi_row' });
    expect(keysOf(await check(name))).toEqual([]);
    await grant('pi_row');
    expect(keysOf(await check(name))).toEqual(['pi_row']);
  });

  test('a month is looked back, and open findings stay until they are corrected', async () => {
    const long = minutesAgo(31 * 1_440);
    await grant('pi_old', {}, long);
    await grant('pi_old', {}, long);
    expect(keysOf(await check(name))).toEqual([]);
    expect(keysOf(await check(name, { grant_days: 32 }))).toEqual(['pi_old']);
    await open(name, 'pi_old', { user_id: user });
    expect(keysOf(await check(name))).toEqual(['pi_old']);
  });

  test('ids of any length and bookings without one are no error; the largest come first', async () => {
    for (const metadata of [
      { provider_transaction_id: '' },
      { provider_transaction_id: null },
      null,
    ])
      for (let i = 0; i < 2; i++) await grant('', { metadata });
    const long = 'x'.repeat(5_000);
    for (let i = 0; i < 2; i++) await grant(long, { amount: 7 });
    for (let i = 0; i < 2; i++) await grant('pi_big', { amount: 900_000 });
    const { findings } = await check(name);
    expect(findings.map(({ key }) => key!.length)).toEqual([6, 1_000]);
    const cut = await check(name, { max_findings: 1 });
    expect([keysOf(cut), cut.truncated]).toEqual([['pi_big'], true]);
  });
});

test('a pool below zero is a finding, one of zero or none is not', async () => {
  const pool = async (credits_pool: number | null) =>
    (
      await db
        .insertInto('organizations')
        .values({ name: 'Guild', credits_pool })
        .returning('id')
        .executeTakeFirstOrThrow()
    ).id;
  await pool(0);
  await pool(null);
  const below = await pool(-1);
  const result = await check('negative-pool');
  expect(result.findings).toMatchObject([
    {
      severity: 'high',
      component: 'organizations',
      key: below,
      title: `The pool of organization ${below} is below zero: -1`,
    },
  ]);
  expect(figure(result, 'pools of organizations')).toBe(2);
  const lowest = await pool(-2_147_483_648);
  const cut = await check('negative-pool', { max_findings: 1 });
  expect([keysOf(cut), cut.truncated]).toEqual([[lowest], true]);
});
