/** How titles of findings name users and payments, and how stored patterns of the catalogue follow. */
import { randomUUID } from 'node:crypto';
import { sql, type Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { beforeAll, describe, expect, test } from 'vitest';
import { bots } from '../../bots/index.ts';
import { paymentInWords } from '../../bots/guardian/name-payment.ts';
import { maskedEmail, userInWords } from '../../bots/parts/people.ts';
import { filesOf } from '../../src/database/migrate/extent.ts';
import { addUser } from '../../src/demo/faults/users.ts';
import { emptyDatabase, testDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase['db'];
beforeAll(async () => {
  ({ db } = await testDatabase());
});

describe('a user', () => {
  const shown = async (email: string) => {
    const id = await addUser(db, { email });
    const { rows } = await sql<{ email: string | null }>`
      SELECT ${maskedEmail(sql`${id}::uuid`)} AS email`.execute(db);
    return userInWords(id, rows[0]!.email).replace(id, 'ID').replace(id.slice(0, 8), 'ID');
  };

  test.each([
    ['ada.lovelace@example.com', 'a…@example.com (ID)'],
    ['ann@sub.example-site.co.uk', 'a…@sub.example-site.co.uk (ID)'],
    // All of a short name would be its first letter.
    ['al@example.com', '…@example.com (ID)'],
    ['"quoted name"@example.com', '…@example.com (ID)'],
    ['ünal@example.com', '…@example.com (ID)'],
    ['two@signs@example.com', 't…@example.com (ID)'],
    // What is no usual address could say anything.
    ['no address at all', 'ID'],
    ['a@b.example\u001B[31m', 'ID'],
    ['a@was debited, all is well', 'ID'],
    ['bidi@\u202Emoc.elpmaxe', 'ID'],
    ['line@example.com\nand more', 'ID'],
    [`long@${'a'.repeat(61)}`, 'ID'],
  ])('with the address %j is %s', async (email, words) => {
    expect(await shown(email)).toBe(words);
  });

  test('without a profile is its id', async () => {
    const id = randomUUID();
    const { rows } = await sql<{ email: string | null }>`
      SELECT ${maskedEmail(sql`${id}::uuid`)} AS email`.execute(db);
    expect(userInWords(id, rows[0]!.email)).toBe(id);
  });
});

test.each([
  ['pi_3MtwBwLkdIwHu7ix', 'pi_3MtwBwLkdIwHu7ix of 20.00 USD'],
  ['8XX12345AB678901C', '8XX12345AB678901C of 20.00 USD'],
  [null, 'ID of 20.00 USD'],
  ['', 'ID of 20.00 USD'],
  ['pi_1 is paid, and all is well', 'ID of 20.00 USD'],
  ['pi_1\u001B[2J', 'ID of 20.00 USD'],
  ['x'.repeat(81), 'ID of 20.00 USD'],
])('a payment with the provider id %j is %s', (provider_transaction_id, words) => {
  expect(
    paymentInWords({ id: 'ID', provider_transaction_id, amount_cents: 2_000, currency: null }),
  ).toBe(words);
});

test('stored patterns of the catalogue follow, and those that an admin edited stay', async () => {
  const files = (await filesOf('whole')).filter(({ name }) => name <= 'vb_21_title_patterns');
  expect(files.at(-1)!.name).toBe('vb_21_title_patterns');
  const { db: old } = await emptyDatabase();
  const up = (text: string) => async (trx: Kysely<any>) => {
    await sql.raw(text).execute(trx);
  };
  const migrate = async (count: number) => {
    const { error } = await new Migrator({
      db: old,
      migrationTableSchema: 'engine',
      provider: {
        getMigrations: async () =>
          Object.fromEntries(
            files.slice(0, count).map(({ name, text }) => [name, { up: up(text) }]),
          ),
      },
    }).migrateToLatest();
    if (error) throw error;
  };
  await migrate(files.length - 1);
  const earlier = {
    'payments.pending': String.raw`^payment [0-9a-f-]{36} at \w+ has been pending`,
    'payments.without-credits': String.raw`^payment [0-9a-f-]{36} is completed, and (no credits were|\d+ of)`,
    'payments.granted-twice': String.raw`^payment [0-9a-f-]{36} gave \d+ credits in`,
    'payments.refund-without-debit': '^refund [0-9a-f-]{36} paid money back',
    'payments.past-period': String.raw`^subscription [0-9a-f-]{36} is (active|past_due), and its period ended`,
    'payments.profile-disagrees': '^profile [0-9a-f-]{36} is .{1,60}, and its subscription is',
    'payments.stripe-differs': String.raw`^(stripe's payment \w+ is (refunded|\d)|payment [0-9a-f-]{36} is (\d|refunded, and paid))`,
    'payments.stripe-unknown':
      '^payment [0-9a-f-]{36} is (completed|refunded), and (stripe does not know it|[a-z_]{1,40} at stripe)',
    'ledger.negative-balance': '^balance of user [0-9a-f-]{36} is negative',
    'ledger.negative-pool': '^the pool of organization [0-9a-f-]{36} is below zero',
  };
  const names = Object.keys(earlier);
  await old
    .insertInto('bot_knowledge')
    .values(
      Object.entries(earlier).map(([name, issue_pattern]) => ({
        // An entry may have been renamed since.
        name: name === 'payments.pending' ? 'renamed' : name,
        catalogue_name: name,
        category: 'payments',
        issue_pattern: name === 'payments.past-period' ? '^subscription .+ our own' : issue_pattern,
        solution: 'advice',
      })),
    )
    .execute();
  await sql`INSERT INTO bot_knowledge (name, category, issue_pattern, solution)
    VALUES ('of-a-person', 'payments', ${earlier['payments.pending']}, 'advice')`.execute(old);
  const version = async () =>
    (
      await sql<{
        value: number;
      }>`SELECT value FROM engine.settings WHERE key = 'knowledge_version'`.execute(old)
    ).rows[0]!.value;
  const before = await version();
  await migrate(files.length);
  const rows = await old
    .selectFrom('bot_knowledge')
    .select(['catalogue_name', 'name', 'issue_pattern'])
    .execute();
  const stored = new Map(
    rows.map(({ catalogue_name, name, issue_pattern }) => [catalogue_name ?? name, issue_pattern]),
  );
  const catalogue = new Map(
    bots.flatMap(({ knowledge }) => (knowledge ?? []).map(({ name, pattern }) => [name, pattern])),
  );
  for (const name of names)
    expect([name, stored.get(name)]).toEqual([
      name,
      name === 'payments.past-period' ? '^subscription .+ our own' : catalogue.get(name),
    ]);
  expect(stored.get('of-a-person')).toBe(earlier['payments.pending']);
  // Running processes read the patterns anew.
  expect(await version()).toBeGreaterThan(before);
});
