/** Who reads `engine.secrets`, and what its migration makes of evidence from before. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { readKeyRing } from '../../src/ground/secrets/key-ring.ts';
import { whyClosed, openSecret, whyUnfit } from '../../src/data/secrets/open.ts';
import { rotateSecrets } from '../../src/data/secrets/rotate.ts';
import { listSecrets, storeSealed, storeVariable } from '../../src/data/secrets/rows.ts';
import { testDatabase } from '../support/database.ts';
import { insertBot } from '../cli/rows.ts';

const { db } = await testDatabase();
const keys = readKeyRing(`k1:${randomBytes(32).toString('base64')}`);
const means = { keys, variable: () => undefined };

describe('rows', () => {
  const role = `member_${randomBytes(4).toString('hex')}`;

  /** How many rows this role sees, or the error's code. */
  const seenBy = (who: string, before = 'SELECT 1') =>
    db
      .transaction()
      .execute(async (trx) => {
        await sql.raw(before).execute(trx);
        await sql.raw(`SET LOCAL ROLE ${who}`).execute(trx);
        const { rows } = await sql`SELECT FROM engine.secrets`.execute(trx);
        // What was granted is taken back.
        throw new Error(String(rows.length));
      })
      .catch((error: Error & { code?: string }) => error.code ?? Number(error.message));

  test('are for service_role and whoever is a member of it; a grant by mistake shows none', async () => {
    await storeSealed(db, keys, { name: 'TOKEN', value: 'abcdefgh', actor: 'ann' });
    expect(await seenBy('service_role')).toBe(1);
    expect(await seenBy(role, `CREATE ROLE ${role} IN ROLE service_role`)).toBe(1);
    // As which checks read: names and times alone. What opens tables to it again leaves this one out.
    await sql`SELECT engine.let_checks_read()`.execute(db);
    const { rows: readable } = await sql<{ name: string }>`
      SELECT attname AS name FROM pg_attribute WHERE attrelid = 'engine.secrets'::regclass AND attnum > 0
        AND has_column_privilege('roundsman_reader', attrelid, attnum, 'SELECT') ORDER BY attnum`.execute(
      db,
    );
    expect(readable.map(({ name }) => name)).toEqual(['name', 'created_at', 'changed_at']);
    expect(await seenBy('roundsman_reader')).toBe(1);
    for (const who of ['anon', 'authenticated']) {
      expect(await seenBy(who)).toBe('42501');
      const grant = `GRANT USAGE ON SCHEMA engine TO ${who}; GRANT SELECT ON engine.secrets TO ${who}`;
      expect(await seenBy(who, grant)).toBe(0);
    }
  });

  test.each([
    ['a name that no reference could say', { name: 'token', variable: 'A' }],
    ['a value in no place', { name: 'A' }],
    ['a value in two places', { name: 'A', variable: 'A', sealed: 'x', key_id: 'k' }],
    ['a text without its key', { name: 'A', sealed: 'x' }],
    ['a variable that is none', { name: 'A', variable: 'A=b' }],
  ])('do not hold %s', async (_, values) => {
    const insert = db.insertInto('engine.secrets').values({ changed_by: 'ann', ...values });
    await expect(insert.execute()).rejects.toThrow('violates check constraint');
  });

  test('that are copied or renamed do not open', async () => {
    await storeSealed(db, keys, { name: 'OTHER', value: 'another value', actor: 'ann' });
    const [other, token] = await listSecrets(db);
    expect(openSecret(means, other!).value).toBe('another value');
    for (const row of [
      { ...token!, sealed: other!.sealed },
      { ...other!, name: 'TOKEN' },
      { ...other!, id: token!.id },
    ])
      expect(whyClosed(means, row)).toContain('sealed text');
  });

  test('that are in a variable are not rotated', async () => {
    await storeVariable(db, { name: 'VARIABLE', variable: 'MY_TOKEN', actor: 'ann' });
    const { current, rotated } = await rotateSecrets(db, keys);
    expect([current, rotated]).toEqual([['OTHER', 'TOKEN'], []]);
  });

  test.each(['', 'a', 'short', 'x'.repeat(65_537), 'a\0bcdefg', 'half \uD800 a character'])(
    'take no value like %j',
    (value) => expect(whyUnfit(value)).not.toBeNull(),
  );
});

test('evidence from before loses the credentials of its requests, in parameters and answers, and nothing else', async () => {
  const bot = await insertBot(db, 'watch');
  const headers = {
    Authorization: 'Bearer ab-literal-12',
    'X-Api-Key': 'key-34567',
    Accept: 'any',
  };
  const plant = (remedy: string, evidence: object) =>
    sql`INSERT INTO bot_actions (bot_id, action_type, action_description, heal_id, state, fingerprint, remedy, risk,
          idempotency_key, success, applied_at, evidence)
        VALUES (${bot}, 'a', 'a', gen_random_uuid(), 'applied', gen_random_uuid(), ${remedy}, 'reversible',
          gen_random_uuid(), false, now(), ${JSON.stringify(evidence)}::jsonb)`.execute(db);
  const params = { url: 'https://a.example/', headers, undo: { url: 'https://a/', headers } };
  await plant('http.request', {
    summary: 'sent',
    params,
    after: { status: 200, body: '{"echo":"Bearer ab-literal-12","rest":"key-34567"}' },
  });
  await plant('http.request', { params: { url: 'https://a.example/', headers: [1] }, after: null });
  await plant('http.request', {});
  await plant('other.remedy', { params });
  const migration = await readFile(
    new URL('../../migrations/v8_00_secrets.sql', import.meta.url),
    'utf8',
  );
  const scrub = migration.slice(migration.indexOf('DO $$'));
  for (let times = 0; times < 2; times++) await sql.raw(scrub).execute(db);
  const rows = await db.selectFrom('bot_actions').select(['remedy', 'evidence']).execute();
  const sent = rows.find(({ evidence }) => (evidence as { summary?: string }).summary);
  const hidden = { Authorization: 'Bearer [redacted]', 'X-Api-Key': '[redacted]', Accept: 'any' };
  expect(sent!.evidence).toEqual({
    summary: 'sent',
    params: {
      url: 'https://a.example/',
      headers: hidden,
      undo: { url: 'https://a/', headers: hidden },
    },
    after: { status: 200, body: '{"echo":"Bearer [redacted]","rest":"[redacted]"}' },
  });
  expect(rows.find(({ remedy }) => remedy === 'other.remedy')!.evidence).toEqual({ params });
});
