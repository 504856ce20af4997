/**
 * Every function that `roundsman/data` exports meets values that cannot be: each time an error of ours
 * says the field and the rule, and every table is as it was. A new function without a place in the tables
 * below turns the first test red.
 */
import { inspect } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import * as data from '../../src/data.ts';
import { testDatabase } from '../support/database.ts';
import { everything } from './everything.ts';
import { ids, texts } from './bad-values.ts';
import { plant, ring, the } from './bad-plant.ts';
import { specs, type Given, type Spec } from './bad-specs.ts';

let db: data.Db;
beforeAll(async () => {
  ({ db } = await testDatabase());
  await plant(db);
});

/** Functions that are not given any value of a caller's, and those with tests of their own below. */
const others: Record<string, string> = {
  connect: 'an address: it connects at the first query',
  migrateToLatest: 'a database only',
  migrationStatus: 'a database only',
  asService: 'a function only',
  credentialKeys: 'a database only',
  findSession: 'answers undefined for what is no token',
  closeSession: 'answers false for what is no token',
  readKeyRing: 'BadKeyRingError, which never repeats a key',
  KeyRing: 'BadKeyRingError, which never repeats a key',
  Credential: 'made by openCredential',
};

const isError = (value: unknown): boolean =>
  typeof value === 'function' && value.prototype instanceof Error;

test('every function that is exported has its bad values here', () => {
  const exported = Object.entries(data).filter(
    ([, value]) => typeof value === 'function' && !isError(value),
  );
  expect(exported.map(([name]) => name).toSorted()).toEqual(
    [...Object.keys(specs), ...Object.keys(others)].toSorted(),
  );
  // All that is thrown on purpose can be caught as one.
  const errors = Object.values<unknown>(data).filter(isError) as (typeof Error)[];
  const ours = ({ prototype }: typeof Error) => prototype instanceof data.RoundsmanError;
  expect(errors.filter((error) => !ours(error))).toEqual([data.RoundsmanError]);
});

const called = async (spec: Spec, given: Given, on = db): Promise<unknown> => spec.call(on, given);
const named = (value: unknown) => inspect(value, { depth: 1 }).slice(0, 60);

describe.each(Object.entries(specs))('%s', (name, spec) => {
  test('takes what is good, also in the transaction of asService', async () => {
    const before = await everything(db);
    const works = async (on: data.Db) => {
      await called(spec, spec.good(), on);
      throw new Error('it worked');
    };
    await expect(spec.alone ? works(db) : data.asService(db, works)).rejects.toThrow('it worked');
    expect(await everything(db)).toBe(before);
  });

  test.each(Object.keys(spec.bad))('names a bad %s and leaves nothing behind', async (field) => {
    const before = await everything(db);
    for (const value of spec.bad[field]!) {
      const error: unknown = await called(spec, { ...spec.good(), [field]: value }).then(
        () => 'no error',
        (thrown) => thrown,
      );
      expect([name, named(value), error], named(value)).toMatchObject([
        name,
        named(value),
        {
          name: 'BadInputError',
          field,
          rule: expect.stringMatching(/^(has to|must not|may|lies?) ?\w/),
        },
      ]);
    }
    expect(await everything(db)).toBe(before);
  });
});

// As a caller without types may call.
const loose = data as unknown as Record<string, (...given: unknown[]) => Promise<unknown>>;

describe('nothing in place of an object is named', () => {
  test.each(
    `bookCredits recordPayment refundPayment recordSubscription openSession addOrganizationMember joinGroup
    addProject moveProject submitScore trackAppUsage appUsage toolUsage appUsageTotals toolUsageTotals
    listExecutions listFindings listTickets listActions listKnowledge listSilences
    noteActivity activityOf noteLesson noteJavariUse javariUsageTotals keepToolResult toolResultsOf beginGameSession
    endGameSession gameSessionsOf addAvatar avatarsOf addSpace enterSpace registerResponder setResponderVerified
    withdrawResponder`.split(/\s+/),
  )('%s', async (name) => {
    for (const value of [undefined, null, 'x', 5, []])
      await expect(loose[name]!(db, value)).rejects.toMatchObject({ name: 'BadInputError' });
  });

  test.each(['conversationsOf', 'ledgerPage', 'leaderboardPage'])(
    'the page of %s',
    async (name) => {
      for (const value of [null, 'x', 5, []])
        await expect(loose[name]!(db, the.ann, value)).rejects.toMatchObject({ field: 'request' });
    },
  );

  test.each(['pageViewTotals', 'endpointTotals', 'errorTotals'])('the span of %s', async (name) => {
    for (const value of [undefined, null, 'x', 5, []])
      await expect(loose[name]!(db, '/', value)).rejects.toMatchObject({ field: 'span' });
  });

  test('the owner, and the batch, of credentials', async () => {
    for (const value of [null, 'x', 5, []]) {
      await expect(loose.openCredential!(db, ring, value)).rejects.toMatchObject({
        field: 'given',
      });
      await expect(loose.storeCredential!(db, ring, value)).rejects.toMatchObject({
        field: 'given',
      });
      await expect(loose.rotateCredentials!(db, ring, value)).rejects.toMatchObject({
        field: 'batch',
      });
    }
  });
});

test('what is no token is no session, and closes none', async () => {
  await data.openSession(db, { user_id: the.ann });
  const before = await everything(db);
  for (const token of [...texts(1000), ...ids, undefined, null]) {
    expect(await loose.findSession!(db, token)).toBeUndefined();
    expect(await loose.closeSession!(db, token)).toBe(false);
  }
  expect(await everything(db)).toBe(before);
});

test('keys that cannot be used are named by their place, never by their value', () => {
  const long = Buffer.alloc(32).toString('base64');
  const settings = [
    '',
    'x',
    ',',
    'k:',
    ':x',
    'k:AAAA',
    `k\0:${long}`,
    `a b:${long}`,
    `${long}`,
    null,
    5,
    undefined,
  ];
  for (const setting of settings)
    expect(() => data.readKeyRing(setting as string), String(setting)).toThrow(
      data.BadKeyRingError,
    );
  const rings = [
    undefined,
    null,
    {},
    { current: 'k' },
    { current: 'k', keys: null },
    { current: 'k', keys: {} },
  ];
  for (const made of [
    ...rings,
    { current: 'k', keys: { k: 'AAAA' } },
    { current: 1, keys: { k: Buffer.alloc(32) } },
  ])
    expect(() => new data.KeyRing(made as never), named(made)).toThrow(data.BadKeyRingError);
});
