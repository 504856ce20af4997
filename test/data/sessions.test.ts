import { createHash, randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import { AccessDeniedError } from '../../src/database/faults/access-denied.ts';
import { asService, asUser } from '../../src/database/as-user.ts';
import { BadInputError } from '../../src/database/faults/bad-input.ts';
import type { Db } from '../../src/database/connect.ts';
import { ConstraintError } from '../../src/database/faults/constraint-errors.ts';
import { closeSession, findSession, openSession } from '../../src/data/users/sessions.ts';
import { testDatabase } from '../support/database.ts';
import { addUser } from './people.ts';

let db: Db;
let user_id: string;
beforeAll(async () => {
  ({ db } = await testDatabase());
  user_id = await addUser(db);
});

test('a token opens its session, and the database does not know it', async () => {
  const { token, session } = await openSession(db, {
    user_id,
    lifetimeSeconds: 3600,
    ip_address: '2001:db8::1',
    user_agent: 'Browser/1.0 (日本)',
  });
  expect(token).toMatch(/^[\w-]{43}$/);
  expect(await findSession(db, token)).toEqual(session);
  expect(session).toMatchObject({
    user_id,
    ip_address: '2001:db8::1',
    user_agent: 'Browser/1.0 (日本)',
  });
  const { rows } = await sql<{ row: string; token: string; left: number }>`
    SELECT s::text AS row, token, extract(epoch FROM expires_at - engine.now())::float8 AS left
    FROM user_sessions s WHERE id = ${session.id}`.execute(db);
  expect(rows[0]!.token).toBe(createHash('sha256').update(token).digest('hex'));
  expect(rows[0]!.row).not.toContain(token);
  expect(rows[0]!.left).toBeGreaterThan(3590);
  expect(rows[0]!.left).toBeLessThanOrEqual(3600);
  expect(inspect(session)).not.toContain(rows[0]!.token);
});

test('what the table holds is no token', async () => {
  const { session } = await openSession(db, { user_id });
  const row = await db
    .selectFrom('user_sessions')
    .select('token')
    .where('id', '=', session.id)
    .executeTakeFirstOrThrow();
  expect(await findSession(db, row.token)).toBeUndefined();
});

test('sessions are work of the platform, not of users', async () => {
  const { token, session } = await asService(db, (trx) => openSession(trx, { user_id }));
  expect(await asService(db, (trx) => findSession(trx, token))).toEqual(session);
  const me = { sub: user_id };
  const denied: ((on: Db) => Promise<unknown>)[] = [
    (on) => openSession(on, { user_id }),
    (on) => findSession(on, token),
    (on) => closeSession(on, token),
  ];
  for (const one of denied) await expect(asUser(db, me, one)).rejects.toThrow(AccessDeniedError);
  expect(await asService(db, (trx) => closeSession(trx, token))).toBe(true);
});

test('tokens are never the same', async () => {
  const opened = await Promise.all(
    Array.from({ length: 50 }, () => openSession(db, { user_id, lifetimeSeconds: 60 })),
  );
  expect(new Set(opened.map(({ token }) => token)).size).toBe(50);
});

test('an expired session is not found, by the database clock, and can still be closed', async () => {
  const { token, session } = await openSession(db, { user_id, lifetimeSeconds: 600 });
  const expire = (at: string) =>
    sql`UPDATE user_sessions SET expires_at = engine.now() + ${at}::interval WHERE id = ${session.id}`.execute(
      db,
    );
  await expire('0');
  expect(await findSession(db, token)).toBeUndefined();
  await expire('1 minute');
  expect(await findSession(db, token)).toMatchObject({ id: session.id });
  await expire('-1 day');
  expect(await closeSession(db, token)).toBe(true);
});

test('a closed session is gone, and only that one', async () => {
  const [one, other] = [await openSession(db, { user_id }), await openSession(db, { user_id })];
  expect(await closeSession(db, one.token)).toBe(true);
  expect(await closeSession(db, one.token)).toBe(false);
  expect(await findSession(db, one.token)).toBeUndefined();
  expect(await findSession(db, other.token)).toMatchObject({ id: other.session.id });
});

test.each(['', 'x', '\0', `' OR true --`, '\uD800', 'a'.repeat(100_000)])(
  'whatever comes as a token is looked for and not found (%#)',
  async (token) => {
    expect(await findSession(db, token)).toBeUndefined();
    expect(await closeSession(db, token)).toBe(false);
  },
);

describe('bad input is named and leaves nothing behind', () => {
  const bad: [string, object][] = [
    ['user_id', { user_id: 'nobody' }],
    ['lifetimeSeconds', { lifetimeSeconds: 0 }],
    ['lifetimeSeconds', { lifetimeSeconds: -5 }],
    ['lifetimeSeconds', { lifetimeSeconds: 1.5 }],
    ['lifetimeSeconds', { lifetimeSeconds: 31_536_001 }],
    ['lifetimeSeconds', { lifetimeSeconds: Number.NaN }],
    ['ip_address', { ip_address: '300.1.1.1' }],
    ['ip_address', { ip_address: '10.0.0.0/8' }],
    ['ip_address', { ip_address: 'fe80::1%eth0' }],
    ['user_agent', { user_agent: 'a\0b' }],
    ['user_agent', { user_agent: 'x'.repeat(1001) }],
    ['user_agent', { user_agent: '\uD800' }],
  ];
  test.each(bad)('%s %j', async (field, change) => {
    const count = () =>
      db
        .selectFrom('user_sessions')
        .select(sql`count(*)::int`.as('n'))
        .executeTakeFirst();
    const before = await count();
    const done = openSession(db, { user_id, ...change });
    await expect(done).rejects.toThrow(BadInputError);
    await expect(done).rejects.toMatchObject({ field, why: expect.stringContaining(field) });
    expect(await count()).toEqual(before);
  });

  test('a user who does not exist', async () => {
    const opened = openSession(db, { user_id: randomUUID() });
    await expect(opened).rejects.toThrow(ConstraintError);
    await expect(opened).rejects.toMatchObject({ table: 'user_sessions', column: 'user_id' });
  });
});
