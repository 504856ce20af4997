import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import { connect } from '../../src/database/connect.ts';
import { bookCredits, creditBalance, ledgerPage } from '../../src/data/credits/ledger.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { addUser } from './people.ts';

let db: TestDatabase['db'];
let url: string;
beforeAll(async () => {
  ({ db, url } = await testDatabase());
});

const bonus = (user_id: string, amount: number, rest = {}) =>
  bookCredits(db, { user_id, amount, type: 'bonus', ...rest });
const spend = (user_id: string, amount: number, rest = {}) =>
  bookCredits(db, { user_id, amount: -amount, type: 'usage', ...rest });

async function shown(user: string) {
  const { rows } = await sql<{ credits: number; balance: number; rows: number }>`
    SELECT p.credits, get_user_credits(p.id) AS balance,
      (SELECT count(*)::int FROM credits WHERE user_id = p.id) AS rows
    FROM profiles p WHERE p.id = ${user}`.execute(db);
  return rows[0];
}

/** Users whose chain, cache or sign is wrong: what all guards together keep empty. */
async function wrong(of = db): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    WITH chain AS (
      SELECT user_id, balance_after,
        balance_after - amount - lag(balance_after, 1, 0) OVER (PARTITION BY user_id ORDER BY seq) AS gap
      FROM credits)
    SELECT p.id FROM profiles p
    WHERE p.credits IS DISTINCT FROM get_user_credits(p.id)
      OR EXISTS (SELECT FROM chain c WHERE c.user_id = p.id AND (gap <> 0 OR balance_after < 0))`.execute(
    of,
  );
  return rows.map(({ id }) => id);
}

test('bookings move the balance and the profile together, and pages go back by seq', async () => {
  const user = await addUser(db);
  await bonus(user, 100, { description: 'Welcome', metadata: { from: 'a friend' } });
  const booked = await spend(user, 30);
  expect(booked).toMatchObject({ amount: -30, type: 'usage', balance_after: 70 });
  expect(await shown(user)).toEqual({ credits: 70, balance: 70, rows: 2 });
  expect(await creditBalance(db, user)).toBe(70);
  const [newest] = await ledgerPage(db, user, { limit: 1 });
  expect(newest).toEqual(booked);
  const older = await ledgerPage(db, user, { before: newest!.seq });
  expect(older).toMatchObject([
    { amount: 100, description: 'Welcome', metadata: { from: 'a friend' } },
  ]);
});

test('nobody spends what is not there, not even by a plain insert', async () => {
  const user = await addUser(db);
  await bonus(user, 10);
  await expect(spend(user, 11)).rejects.toMatchObject({
    name: 'InsufficientCreditsError',
    table: 'credits',
    column: 'amount',
    why: 'the balance is 10, credits.amount -11 would lead below zero',
  });
  const row = { user_id: user, amount: -11, type: 'usage' } as const;
  const plain = db.insertInto('credits').values(row as never);
  await expect(plain.execute()).rejects.toThrow('below zero');
  expect(await shown(user)).toEqual({ credits: 10, balance: 10, rows: 1 });
});

test('usage only takes, purchase and bonus only add, a refund does either', async () => {
  const user = await addUser(db);
  await bonus(user, 100);
  const add = (type: string, amount: number) =>
    sql`INSERT INTO credits (user_id, type, amount) VALUES (${user}, ${type}, ${amount})`.execute(
      db,
    );
  for (const [type, amount] of [
    ['usage', 1],
    ['purchase', -1],
    ['bonus', -1],
  ] as const)
    await expect(add(type, amount), type).rejects.toMatchObject({
      constraint: 'credits_amount_check',
    });
  expect(await shown(user)).toEqual({ credits: 100, balance: 100, rows: 1 });
  await add('refund', -1);
  await add('refund', 1);
  expect(await shown(user)).toEqual({ credits: 100, balance: 100, rows: 3 });
});

test('a plain insert is verified, placed and followed; one that conflicts books nothing', async () => {
  const user = await addUser(db);
  const values = { user_id: user, type: 'bonus', idempotency_key: 'once' } as const;
  await expect(
    db
      .insertInto('credits')
      .values({ ...values, amount: 5, balance_after: 50 })
      .execute(),
  ).rejects.toThrow('credits.balance_after is not the last balance 0 plus the amount 5');
  for (let twice = 0; twice < 2; twice++)
    await db
      .insertInto('credits')
      .values({ ...values, amount: 5, balance_after: 5 * (twice + 1), seq: 1 })
      .onConflict((conflict) => conflict.columns(['user_id', 'idempotency_key']).doNothing())
      .execute();
  expect(await shown(user)).toEqual({ credits: 5, balance: 5, rows: 1 });
  await sql`INSERT INTO credits (user_id, amount, type)
            VALUES (${user}, 1, 'bonus'), (${user}, -2, 'usage'), (${user}, 7, 'refund')`.execute(
    db,
  );
  expect(await shown(user)).toEqual({ credits: 11, balance: 11, rows: 4 });
  expect(await wrong()).toEqual([]);
});

test('a key books once, and only what it booked', async () => {
  const [user, other] = [await addUser(db), await addUser(db)];
  const first = await bonus(user, 10, { idempotency_key: 'k' });
  const again = await Promise.all([1, 2, 3].map(() => bonus(user, 10, { idempotency_key: 'k' })));
  expect(again).toEqual([first, first, first]);
  await expect(bonus(user, 11, { idempotency_key: 'k' })).rejects.toMatchObject({
    name: 'BookingKeyReusedError',
    column: 'idempotency_key',
    why: 'this key has booked bonus 10 already, it cannot book bonus 11',
  });
  await bonus(other, 11, { idempotency_key: 'k' });
  expect(await shown(user)).toEqual({ credits: 10, balance: 10, rows: 1 });
});

describe('the ledger is append-only for its owner too', () => {
  test.each([
    'UPDATE credits SET amount = 1000',
    'UPDATE credits SET seq = seq + 1000',
    'DELETE FROM credits',
    'TRUNCATE credits',
    'TRUNCATE profiles CASCADE',
    'UPDATE profiles SET credits = 1000',
    'UPDATE profiles SET credits = NULL',
    "INSERT INTO profiles (id, email, credits) SELECT id, id || '@x.test', 5 FROM new_user",
  ])('%s', async (statement) => {
    const user = await addUser(db);
    await bonus(user, 10);
    const refused = sql`
      WITH new_user AS (INSERT INTO auth.users (email) VALUES (${user + statement}) RETURNING id)
      ${sql.raw(statement)}`;
    const plain = statement.startsWith('INSERT') ? refused : sql.raw(statement);
    await expect(plain.execute(db)).rejects.toThrow(/keeps its rows|follows the ledger/);
    expect(await shown(user)).toEqual({ credits: 10, balance: 10, rows: 1 });
  });
});

test('a user goes with the whole ledger, a row alone does not', async () => {
  const user = await addUser(db);
  const { id } = await bonus(user, 10);
  await expect(db.deleteFrom('credits').where('id', '=', id).execute()).rejects.toThrow(
    'credits keeps its rows: DELETE is refused',
  );
  await sql`DELETE FROM auth.users WHERE id = ${user}`.execute(db);
  expect(await ledgerPage(db, user)).toEqual([]);
  await expect(bonus(user, 1)).rejects.toMatchObject({ name: 'UnknownUserError', exitCode: 3 });
});

test('bad input is named, and nothing of it stays', async () => {
  const user = await addUser(db);
  const booking = { user_id: user, amount: 1, type: 'bonus' as const };
  const bad: [object, string, string][] = [
    [{ user_id: 'me' }, 'user_id', 'has to be a UUID'],
    [{ amount: -1 }, 'amount', 'has to be above zero for type bonus'],
    [{ type: 'usage' }, 'amount', 'has to be below zero for type usage'],
    [{ amount: 0, type: 'refund' }, 'amount', 'must not be zero'],
    [{ amount: 1.5 }, 'amount', 'has to be a whole number'],
    [{ amount: 2 ** 31 }, 'amount', 'has to be a whole number'],
    [{ type: 'gift' }, 'type', 'has to be one of purchase, usage, refund, bonus'],
    [{ description: 'a\0b' }, 'description', 'must not contain a NUL'],
    [{ idempotency_key: 'k'.repeat(201) }, 'idempotency_key', 'may have 200 characters at most'],
    [{ metadata: { a: ['\0'] } }, 'metadata', 'must not contain a NUL'],
    [{ metadata: { '\0': 1 } }, 'metadata', 'must not contain a NUL'],
    [{ metadata: [] }, 'metadata', 'has to be a plain object'],
  ];
  for (const [change, field, rule] of bad)
    await expect(bookCredits(db, { ...booking, ...change })).rejects.toMatchObject({
      name: 'BadInputError',
      field,
      rule: expect.stringContaining(rule),
    });
  // A balance beyond INTEGER is the database's to refuse.
  await bonus(user, 2 ** 31 - 1);
  await expect(bonus(user, 1)).rejects.toMatchObject({
    name: 'BalanceLimitError',
    column: 'balance_after',
    code: '22003',
  });
  expect(await shown(user)).toMatchObject({ rows: 1 });
});

test('what metadata says comes back as JSON says it', async () => {
  const user = await addUser(db);
  const at = new Date('2026-01-01T00:00:00Z');
  const metadata = {
    list: [1, -0, null, 'é"\\u0000'],
    at,
    big: 2n ** 70n,
    none: undefined,
    __proto__: null,
  };
  const { metadata: booked } = await bonus(user, 1, { metadata });
  expect(booked).toEqual({
    list: [1, 0, null, 'é"\\u0000'],
    at: '2026-01-01T00:00:00.000Z',
    big: '1180591620717411303424',
  });
  const bare = Object.assign(Object.create(null), JSON.parse('{"__proto__": {"a": [[[]]]}}'));
  const { metadata: odd } = await bonus(user, 1, { metadata: bare });
  expect(JSON.stringify(odd)).toBe('{"__proto__":{"a":[[[]]]}}');
});

test('another isolation level fails instead of booking on an old balance', async () => {
  const user = await addUser(db);
  await bonus(user, 10);
  const old = db.transaction().setIsolationLevel('repeatable read');
  await expect(
    old.execute(async (trx) => {
      await sql`SELECT 1 FROM credits`.execute(trx);
      await spend(user, 8);
      await bookCredits(trx, { user_id: user, amount: -8, type: 'usage' });
    }),
  ).rejects.toMatchObject({ name: 'ConstraintError', code: '40001', retryable: true });
  expect(await shown(user)).toMatchObject({ credits: 2 });
});

test(
  '10,000 spends, refunds and purchases at once add up, while users are deleted',
  {
    timeout: 120_000,
  },
  async () => {
    const many = connect(url, { max: 20 });
    try {
      const users = await Promise.all(Array.from({ length: 20 }, () => addUser(db)));
      const leaving = await Promise.all(Array.from({ length: 5 }, () => addUser(db)));
      const refused = { InsufficientCreditsError: 0, UnknownUserError: 0 };
      let booked = 0;
      const one = async (i: number) => {
        const user_id = i % 100 === 7 ? leaving[i % 5]! : users[i % 20]!;
        // A fifth comes twice. Many spends meet a balance that is too small.
        const [type, amount] = (
          [
            ['purchase', 3],
            ['usage', -4],
            ['refund', 1],
            ['usage', -2],
          ] as const
        )[Math.floor(i / 20) % 4]!;
        try {
          await bookCredits(many, {
            user_id,
            type,
            amount,
            idempotency_key: `n${i % 8000}`,
          });
          booked++;
        } catch (error) {
          refused[(error as Error).name as keyof typeof refused]++;
        }
      };
      const lanes = Array.from({ length: 20 }, async (_, lane) => {
        for (let i = lane; i < 10_000; i += 20) await one((i * 7919) % 10_000);
      });
      const deletions = leaving.map((id) =>
        sql`DELETE FROM auth.users WHERE id = ${id}`.execute(db),
      );
      await Promise.all([...lanes, ...deletions]);
      expect(booked + refused.InsufficientCreditsError + refused.UnknownUserError).toBe(10_000);
      expect(Math.min(booked, refused.InsufficientCreditsError)).toBeGreaterThan(500);
      expect(refused.UnknownUserError).toBeGreaterThan(0);
      const { rows } = await sql<{ rows: number }>`
      SELECT count(*)::int AS rows FROM credits WHERE idempotency_key LIKE 'n%'`.execute(db);
      expect(rows[0]!.rows).toBeLessThan(booked - 500);
      expect(await wrong()).toEqual([]);
      expect(await shown(leaving[0]!)).toBeUndefined();
    } finally {
      await many.destroy();
    }
  },
);

describe('each guard is needed', () => {
  const spendAtOnce = async (of: TestDatabase) => {
    const user = await addUser(of.db);
    await bookCredits(of.db, { user_id: user, amount: 10, type: 'bonus' });
    await Promise.allSettled(
      Array.from({ length: 10 }, () =>
        bookCredits(of.db, { user_id: user, amount: -4, type: 'usage' }),
      ),
    );
    return wrong(of.db);
  };

  test.each<[string, string]>([
    ['the balance follows', 'DROP TRIGGER credits_followed ON credits'],
    [
      'the row is locked before it is read',
      `DO $do$ BEGIN EXECUTE replace(replace(pg_get_functiondef('engine.place_credits'::regproc),
        'FOR NO KEY UPDATE', ''), 'v_last := coalesce', 'PERFORM pg_sleep(0.02); v_last := coalesce'); END $do$`,
    ],
  ])('%s', async (_, sabotage) => {
    const broken = await testDatabase();
    expect(await spendAtOnce(broken)).toEqual([]);
    await sql.raw(sabotage).execute(broken.db);
    expect(await spendAtOnce(broken)).toHaveLength(1);
  });

  test.each([
    ['DROP TRIGGER credits_append_only ON credits', 'UPDATE credits SET amount = 1000'],
    ['DROP TRIGGER credits_append_only ON credits', 'DELETE FROM credits'],
    [
      'DROP TRIGGER credits_placed ON credits',
      "INSERT INTO credits (user_id, amount, type, balance_after) SELECT id, 5, 'bonus', 5 FROM profiles",
    ],
    ['DROP TRIGGER profiles_credits_changed ON profiles', 'UPDATE profiles SET credits = 1000'],
  ])('%s: %s', async (sabotage, statement) => {
    const broken = await testDatabase();
    const user = await addUser(broken.db);
    await bookCredits(broken.db, { user_id: user, amount: 10, type: 'bonus' });
    await sql.raw(sabotage).execute(broken.db);
    await sql.raw(statement).execute(broken.db);
    expect(await wrong(broken.db)).toEqual([user]);
  });

  test('seq taken before the lock, as an identity column takes it, is another order', async () => {
    const broken = await testDatabase();
    await sql`
      DO $do$ BEGIN EXECUTE replace(replace(pg_get_functiondef('engine.place_credits'::regproc),
        'NEW.seq := nextval(''engine.credits_seq'');', ''),
        'BEGIN', 'BEGIN PERFORM pg_sleep(random() * 0.02);'); END $do$`.execute(broken.db);
    const user = await addUser(broken.db);
    await Promise.allSettled(
      Array.from({ length: 50 }, () =>
        bookCredits(broken.db, { user_id: user, amount: 1, type: 'bonus' }),
      ),
    );
    expect(await wrong(broken.db)).toEqual([user]);
  });
});
