import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { asService, asUser, NestedRoleError } from '../../src/database/as-user.ts';
import { AccessDeniedError } from '../../src/database/faults/access-denied.ts';
import { BadInputError } from '../../src/database/faults/bad-input.ts';
import { connect, type Db } from '../../src/database/connect.ts';
import { testDatabase } from '../support/database.ts';

// A table of this test: other tests show what the platform's policies allow.
const notes = `
  GRANT USAGE ON SCHEMA auth TO anon, authenticated, service_role;
  CREATE TABLE notes (user_id uuid NOT NULL DEFAULT auth.uid(), text text NOT NULL, public boolean NOT NULL DEFAULT false);
  ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
  GRANT SELECT, INSERT ON notes TO anon, authenticated, service_role;
  CREATE POLICY own ON notes TO authenticated USING (user_id = (SELECT auth.uid()));
  CREATE POLICY public ON notes FOR SELECT TO anon USING (public);`;

const [ann, bob] = [randomUUID(), randomUUID()];
/** With one connection, so that the next user gets the one that was just used. */
let db: Db;
let url: string;

beforeAll(async () => {
  ({ url } = await testDatabase());
  db = connect(url, { max: 1 });
  await sql.raw(notes).execute(db);
});
afterAll(() => db.destroy());

const write = (on: Db, text: string) => sql`INSERT INTO notes (text) VALUES (${text})`.execute(on);
const texts = async (on: Db) =>
  (await sql<{ text: string }>`SELECT text FROM notes ORDER BY text`.execute(on)).rows.map(
    ({ text }) => text,
  );

async function whoAmI(on: Db) {
  const { rows } = await sql<Record<string, string | null>>`
    SELECT current_user AS "user", auth.uid() AS uid, auth.role() AS role,
           coalesce(current_setting('request.jwt.claim.sub', true), '') AS sub,
           coalesce(current_setting('request.jwt.claim.role', true), '') AS claimed,
           pg_backend_pid()::text AS pid`.execute(on);
  return rows[0]!;
}

test('row level security applies to a user, not to the service, and a visitor sees what is public', async () => {
  await asUser(db, { sub: ann }, (trx) => write(trx, 'of Ann'));
  await asUser(db, { sub: bob.toUpperCase(), role: 'authenticated' }, (trx) =>
    write(trx, 'of Bob'),
  );
  await sql`INSERT INTO notes VALUES (${ann}, 'for all', true)`.execute(db);

  expect(await asUser(db, { sub: ann }, texts)).toEqual(['for all', 'of Ann']);
  expect(await asUser(db, { sub: bob }, texts)).toEqual(['of Bob']);
  expect(await asUser(db, { role: 'anon' }, texts)).toEqual(['for all']);
  expect(await asService(db, texts)).toEqual(['for all', 'of Ann', 'of Bob']);
  await expect(asUser(db, { role: 'anon' }, (trx) => write(trx, 'x'))).rejects.toThrow('row-level');
  const forBob = sql`INSERT INTO notes VALUES (${bob}, 'forged')`;
  await expect(asUser(db, { sub: ann }, (trx) => forBob.execute(trx))).rejects.toThrow(
    AccessDeniedError,
  );
});

test('the database is told the user and the role in every way that Supabase reads', async () => {
  // Left in the session by an earlier user: it must not be used.
  await sql`SET request.jwt.claim.sub = ${sql.lit(bob)}`.execute(db);
  const claims = { user: 'authenticated', uid: ann, role: 'authenticated' };
  expect(await asUser(db, { sub: ann }, whoAmI)).toMatchObject({
    ...claims,
    sub: ann,
    claimed: 'authenticated',
  });
  expect(await asService(db, whoAmI)).toMatchObject({ user: 'service_role', uid: null, sub: '' });
  await sql`RESET request.jwt.claim.sub`.execute(db);
  expect(await asUser(db, { role: 'anon' }, whoAmI)).toMatchObject({ user: 'anon', uid: null });
});

describe('the next user of the connection has neither role nor claims', () => {
  const endings: [string, (trx: Db) => Promise<unknown>, string | null][] = [
    ['it worked', whoAmI, null],
    ['the function threw', () => Promise.reject(new Error('of its own')), 'of its own'],
    ['a statement failed', (trx) => sql`SELECT 1/0`.execute(trx), 'division by zero'],
    [
      'the function swallowed a failed statement',
      (trx) => sql`SELECT 1/0`.execute(trx).catch(() => null),
      'rolled back',
    ],
  ];
  test.each(endings)('when %s', async (_, fn, error) => {
    const before = await whoAmI(db);
    const done = asUser(db, { sub: ann }, fn);
    if (error) await expect(done).rejects.toThrow(error);
    else await done;
    expect(await whoAmI(db)).toEqual(before);
    expect(before).toMatchObject({ uid: null, role: null, sub: '', claimed: '' });
    expect(before.user).not.toBe('authenticated');
  });

  test('when the connection breaks', async () => {
    const { user } = await whoAmI(db);
    const end = sql`SELECT pg_terminate_backend(pg_backend_pid())`;
    await expect(asService(db, (trx) => end.execute(trx))).rejects.toThrow();
    expect(await whoAmI(db)).toMatchObject({ user, uid: null });
  });
});

test('users on a shared pool are never taken for each other', async () => {
  const many = connect(url, { max: 4 });
  const users = Array.from({ length: 60 }, () => randomUUID());
  const seen = await Promise.all(
    users.map((sub, index) =>
      asUser(many, { sub }, async (trx) => {
        if (index % 7 === 0) throw new Error('one of them fails');
        return (await whoAmI(trx)).uid;
      }).catch(() => sub),
    ),
  );
  await many.destroy();
  expect(seen).toEqual(users);
});

test('a transaction refuses to act as a second user', async () => {
  const before = await asService(db, texts);
  const nested = asUser(db, { sub: ann }, async (trx) => {
    await write(trx, 'gone with it');
    return asService(trx, texts);
  });
  await expect(nested).rejects.toThrow(NestedRoleError);
  await expect(asUser(db, { sub: ann }, (trx) => asUser(trx, { sub: bob }, texts))).rejects.toThrow(
    'cannot go on as authenticated',
  );
  expect(await asService(db, texts)).toEqual(before);
});

test('a transaction that is used after its end does nothing', async () => {
  const kept = await asUser(db, { sub: ann }, async (trx) => ({ trx }));
  await expect(texts(kept.trx)).rejects.toThrow();
});

describe('claims that are not those of a user are refused before anything runs', () => {
  const claims: [string, unknown, string][] = [
    ['no uuid', { sub: 'ann' }, 'sub'],
    ['no sub', {}, 'sub'],
    ['a sub behind a line', { sub: `${ann}\n` }, 'sub'],
    ['a sub that is a list', { sub: [ann] }, 'sub'],
    ['a NUL', { sub: `${ann.slice(0, -1)}\0` }, 'sub'],
    ['a sub that closes the text', { sub: `${ann}","role":"service_role` }, 'sub'],
    ['the service', { sub: ann, role: 'service_role' }, 'role'],
    ['the owner', { sub: ann, role: 'postgres' }, 'role'],
    ['an empty role', { sub: ann, role: '' }, 'role'],
    ['a visitor with half an id', { sub: '1', role: 'anon' }, 'sub'],
  ];
  test.each(claims)('%s', async (_, given, field) => {
    let ran = false;
    const done = asUser(db, given as { sub: string }, async () => (ran = true));
    await expect(done).rejects.toThrow(BadInputError);
    await expect(done).rejects.toMatchObject({ field, why: expect.stringMatching(`^${field} `) });
    expect(ran).toBe(false);
  });
});
