/** A policy that was edited by hand and that the engine cannot read: nothing escalates, and that is said where people look. */
import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { defaultPolicy } from '../../src/policy/default.ts';
import { unreadablePolicies } from '../../src/services/policy/unreadable.ts';
import { testDatabase } from '../support/database.ts';
import { roundsman } from './command.ts';
import { insertBot, insertTicket } from './rows.ts';

const { db, url } = await testDatabase();

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_tickets, engine.policies RESTART IDENTITY CASCADE`.execute(db);
  await policy(defaultPolicy);
  const bot = await insertBot(db, 'watch', { status: 'paused' });
  for (const name of ['a', 'b']) await insertTicket(db, bot, name, { fingerprint: name });
});

const policy = (document: unknown) =>
  sql`INSERT INTO engine.policies (policy, set_by) VALUES (${JSON.stringify(document)}::jsonb, 'ann')`.execute(
    db,
  );
const spoil = (version: number) =>
  sql`UPDATE engine.policies SET policy = '{"rules": 5}' WHERE version = ${version}`.execute(db);
const status = async () => {
  const { out } = await roundsman(url, 'status');
  return out.split('\n').find((line) => line.includes('cannot be read'));
};

test('a policy that can be read is not told of', async () => {
  expect(await status()).toBeUndefined();
  expect(await unreadablePolicies(db)).toEqual([]);
});

test.each([
  [
    'the one in force, which tickets keep',
    [1],
    'policy 1 cannot be read, because it was edited by hand: 2 tickets that keep it',
  ],
  [
    'the one in force, which no ticket keeps',
    [2],
    'policy 2 cannot be read, because it was edited by hand: 0 tickets',
  ],
  [
    'an earlier one, and the one in force',
    [1, 2],
    'policy 1, 2 cannot be read, because they were edited by hand: 2 tickets',
  ],
])('%s', async (_, versions, said) => {
  if (versions.includes(2)) await policy(defaultPolicy);
  for (const version of versions) await spoil(version);
  const line = await status();
  expect(line).toContain(said);
  expect(line).toContain(`policy show ${versions[0]}`);
  const doctor = await roundsman(url, 'doctor');
  expect(doctor.code).toBe(1);
  expect(doctor.out).toMatch(/fail +Policy +policy 1|fail +Policy +policy 2/);
});

describe('what follows no policy any more is not counted', () => {
  test.each([
    ['resolved', sql`status = 'resolved', resolved_at = now(), resolution_notes = 'n'`],
    ['merged', sql`merged_into = (SELECT id FROM bot_tickets WHERE number = 1)`],
    ['from before there was a policy', sql`policy_version = NULL`],
  ])('%s', async (_, change) => {
    await sql`UPDATE bot_tickets SET ${change} WHERE number = 2`.execute(db);
    await spoil(1);
    expect(await unreadablePolicies(db)).toEqual([{ version: 1, tickets: 1 }]);
  });
});
