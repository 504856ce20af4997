import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { ledger } from '../../bots/ledger.ts';
import { refreshCachedCredits } from '../../bots/remedies/ledger.refresh-cached-credits.ts';
import { behindGuards } from '../support/behind-guards.ts';
import { applyRemedy, runCheck } from '../support/check.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase['db'];
let url: string;
beforeAll(async () => {
  ({ db, url } = await testDatabase());
  // NOT VALID in the schema: an old platform may have such rows.
  await sql`ALTER TABLE credits DROP CONSTRAINT credits_balance_after_check`.execute(db);
});
beforeEach(() => sql`DELETE FROM auth.users`.execute(db));

/** A user whose profile shows `credits`; an amount books itself, a pair claims another balance. */
const plant = (
  credits: number | null,
  ...bookings: (number | [amount: number, claimed: number])[]
): Promise<string> =>
  behindGuards(db, async (trx) => {
    const id = randomUUID();
    const email = `${id}@users.test`;
    await sql`INSERT INTO auth.users (id, email) VALUES (${id}, ${email})`.execute(trx);
    await trx.insertInto('profiles').values({ id, email, credits }).execute();
    let balance = 0;
    for (const booking of bookings) {
      const [amount, claimed] = typeof booking === 'number' ? [booking] : booking;
      balance += amount;
      const type = 'refund' as const;
      const row = { user_id: id, amount, type, balance_after: claimed ?? balance };
      await trx.insertInto('credits').values(row).execute();
    }
    return id;
  });

const check = (name: string, config = {}) => runCheck(ledger, name, db, config);
const shown = async (id: string) =>
  (await db.selectFrom('profiles').select('credits').where('id', '=', id).executeTakeFirst())
    ?.credits;
const wholeLedger = () => db.selectFrom('credits').selectAll().orderBy('seq').execute();

test('nothing is wrong with a platform whose figures agree', async () => {
  await plant(0);
  await plant(70, 100, -30);
  expect(await check('cached-credits')).toEqual({
    examined: ['profiles.credits'],
    findings: [],
    figures: [
      { name: 'users', value: 2 },
      { name: 'users whose cached credits differ', value: 0 },
    ],
  });
  for (const [name, counted] of [
    ['balance-chain', 'users with a broken chain'],
    ['negative-balance', 'users below zero'],
  ] as const) {
    expect(await check(name)).toEqual({
      examined: { count: 2, except: [] },
      findings: [],
      figures: [
        { name: 'users', value: 2 },
        { name: counted, value: 0 },
      ],
      truncated: false,
    });
  }
});

test('cached credits that differ are one finding with a sample', async () => {
  await plant(50, 50);
  const drifted = await plant(100, 100, -30);
  expect((await check('cached-credits')).findings).toMatchObject([
    {
      severity: 'high',
      component: 'profiles.credits',
      title: 'Cached credits differ from the ledger for 1 user',
      metadata: { users: 1, sample: [{ user_id: drifted, cached: 100, ledger: 70 }] },
    },
  ]);
  await Promise.all([plant(3), plant(null), ...Array.from({ length: 20 }, () => plant(1, 2))]);
  const { findings } = await check('cached-credits');
  expect(findings).toHaveLength(1);
  expect(findings[0]).toMatchObject({
    title: 'Cached credits differ from the ledger for 23 users',
    metadata: { users: 23 },
  });
  expect(findings[0]?.metadata?.sample).toHaveLength(20);
});

const inTitle = (user: string) => `${user[0]}…@users.test (${user.slice(0, 8)})`;

test('a broken chain is a finding of its user and no matter of the cache', async () => {
  const user = await plant(100, 100, [-30, 100]);
  await plant(5, [10, 15], -5); // mended by a later row
  expect((await check('balance-chain')).findings).toMatchObject([
    {
      severity: 'critical',
      component: 'credits',
      key: user,
      title: `Balance chain of user ${inTitle(user)} ends at 100, the sum is 70`,
      metadata: { ledger: 70, last_balance: 100 },
    },
  ]);
  expect((await check('cached-credits')).findings).toEqual([]);
});

test('the order of the chain is seq, not the time', async () => {
  await plant(70, 100, -30);
  await behindGuards(db, (trx) =>
    trx
      .updateTable('credits')
      .set({ created_at: new Date(0) })
      .where('amount', '=', -30)
      .execute(),
  );
  expect((await check('balance-chain')).findings).toEqual([]);
});

test('broken chains are cut to the worst', async () => {
  await plant(0, [10, 11]);
  const worst = await plant(0, [10, 500]);
  const { findings, truncated } = await check('balance-chain', { max_findings: 1 });
  expect([findings.map(({ key }) => key), truncated]).toEqual([[worst], true]);
});

test('a balance below zero is a finding, by the sum or by the last row', async () => {
  const spent = await plant(-5, 10, -15);
  const claimed = await plant(0, [10, -1]);
  await plant(0, 10, -10);
  expect((await check('negative-balance')).findings).toMatchObject([
    { severity: 'high', key: spent, title: `Balance of user ${inTitle(spent)} is negative: -5` },
    { key: claimed, title: `Balance of user ${inTitle(claimed)} is negative: -1` },
  ]);
});

test('the remedy makes the check pass and leaves the ledger alone', async () => {
  const drifted = await plant(100, 100, -30);
  const empty = await plant(9);
  const right = await plant(50, 50);
  const broken = await plant(1, 100, [-30, 100]);
  const before = await wholeLedger();
  const first = await applyRemedy(refreshCachedCredits, db);
  expect(first).toEqual({
    summary: 'refreshed the cached credits of 2 users',
    before: { users: 2, credits: { [drifted]: 100, [empty]: 9 } },
    after: { users: 2, credits: { [drifted]: 70, [empty]: 0 } },
    wasDone: false,
    isDone: true,
  });
  expect((await check('cached-credits')).findings).toEqual([]);
  expect(await Promise.all([drifted, empty, right, broken].map(shown))).toEqual([70, 0, 50, 1]);
  expect(await wholeLedger()).toEqual(before);
  expect(await applyRemedy(refreshCachedCredits, db)).toMatchObject({
    summary: 'refreshed the cached credits of 0 users',
    wasDone: true,
  });
});

test('the remedy takes no more users than it may and lists a hundred', async () => {
  await Promise.all(Array.from({ length: 103 }, () => plant(1)));
  const some = await applyRemedy(refreshCachedCredits, db, { max_users: 2 });
  expect(some).toMatchObject({ before: { users: 2 }, isDone: false });
  const rest = await applyRemedy(refreshCachedCredits, db);
  expect(rest).toMatchObject({ before: { users: 101 }, isDone: true });
  expect(Object.keys((rest.after as { credits: object }).credits)).toHaveLength(100);
});

test('the remedy does not undo a spend that commits while it waits', async () => {
  const user = await plant(100, 50);
  let applied: ReturnType<typeof applyRemedy> | undefined;
  await db.transaction().execute(async (spend) => {
    await sql`SELECT engine.book_credits(${user}, -10, 'usage')`.execute(spend);
    applied = applyRemedy(refreshCachedCredits, db);
    await expect.poll(() => waiting()).toBe(1);
  });
  expect(await applied).toMatchObject({ summary: 'refreshed the cached credits of 0 users' });
  expect(await shown(user)).toBe(40);
});

async function waiting(): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    SELECT count(*)::int FROM pg_stat_activity
    WHERE datname = ${new URL(url).pathname.slice(1)} AND wait_event_type = 'Lock'`.execute(db);
  return rows[0]!.count;
}
