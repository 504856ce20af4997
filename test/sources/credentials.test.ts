/** Credentials of others in the texts of alarms are neither stored nor shown. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { withoutCredentials } from '../../src/ground/secrets/literal-credentials.ts';
import { allTables } from '../remote/nowhere.ts';
import { signingKey } from './key.ts';
import { sourceScene } from './scene.ts';

const part = 'Ab3dE6gH9jK2mN5pQ8s';
const credentials = {
  'a password in an address': `hunter2${part}`,
  'a bearer token': `tok-${part}`,
  Stripe: `sk_live_${part}`,
  GitHub: `ghp_${part}`,
  Slack: `xoxb-1234-${part}`,
  AWS: 'AKIAIOSFODNN7EXAMPLE',
  JWT: `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.${part}`,
  'a signing secret': `whsec_${part}`,
  'a value with its name': `pw${part}`,
};
const texts = [
  `cannot reach postgres://shop:${credentials['a password in an address']}@db.example.org/shop`,
  `curl -H "Authorization: Bearer ${credentials['a bearer token']}"`,
  `the key ${credentials.Stripe} was refused`,
  `remote: ${credentials.GitHub}`,
  `slack said no to ${credentials.Slack}`,
  `aws ${credentials.AWS}`,
  `session ${credentials.JWT} expired`,
  `the secret ${credentials['a signing secret']} does not fit`,
  `DB_PASSWORD=${credentials['a value with its name']} node app`,
];

test.each(['title', 'description', 'component', 'key'])(
  'none is stored in the %s of an alarm',
  async (field) => {
    const { send, round, db, inbox } = await sourceScene({ config: { severity: 'high' } });
    const alarms = texts.map((text, n) => ({
      key: `k${n}`,
      state: 'firing',
      [field]: text,
      link: `https://x.example.org/?token=${credentials.Stripe}`,
    }));
    expect(await send({ alarms })).toBe(202);
    await round();
    expect((await inbox())[0]!.alarms).toHaveLength(texts.length);
    const { rows } = await sql<{
      count: number;
    }>`SELECT count(*)::int AS count FROM bot_findings`.execute(db);
    expect(rows).toEqual([{ count: texts.length }]);
    const tables = await allTables(db);
    expect(tables).toContain('[redacted]');
    expect(
      Object.entries(credentials)
        .filter(([, value]) => tables.includes(value))
        .map(([name]) => name),
    ).toEqual([]);
  },
);

test('keys that differ in a credential alone stay two problems', async () => {
  const { send, round, findings } = await sourceScene();
  await send({
    alarms: ['1', '2', '3'].map((n) => ({
      key: `the key sk_live_${part}${n} expires`,
      state: 'firing',
      component: 'keys',
    })),
  });
  await round();
  expect(await findings()).toHaveLength(3);
});

test('one that was cut off at the end of a text goes as well', () => {
  for (const [whole, clean] of [
    [`${'x'.repeat(150)} ghp_Ab…`, `${'x'.repeat(150)} [redacted]…`],
    ['curl -H Authorization: Bearer ab1…', 'curl -H Authorization: Bearer [redacted]'],
    ['postgres://shop:hunt…', 'postgres://shop:[redacted]…'],
  ])
    expect(withoutCredentials(whole!)).toBe(clean);
});

test.each([
  'duplicate key value violates unique constraint "pk_order_items_product_id_key"',
  'Build ends as failure on main of octo-org/octo-repo at 4f2d8e1c9b3a7605f4e1d2c3b4a5968778695a4b',
  'pod shop-7d9f8b6c5d-x2x9k of namespace default restarts',
  'https://grafana.example.org:3000/d/abc?orgId=1 is slow',
  'container 3f4e5d6c7b8a9f0e1d2c3b4a5f6e7d8c9b0a1f2e3d4c5b6a7f8e9d0c1b2a3f4e',
  'token bucket is empty; password: required',
])('what is none stays: %s', (text) => expect(withoutCredentials(text)).toBe(text));

test('a hostile text of a MiB is read in no time', () => {
  for (const piece of [
    'a:',
    '://x:',
    'Bearer ',
    'token',
    'eyJa.',
    'sk_',
    '-----BEGIN PRIVATE KEY-----',
  ])
    expect(withoutCredentials(piece.repeat(1_000)).length).toBeGreaterThan(0);
});

test('where a text is cut in the middle of the own secret of its source, no beginning of it stays', async () => {
  const { send, db } = await sourceScene();
  const secret = signingKey.replace('whsec_', '');
  const alarms = Array.from({ length: 30 }, (_, n) => {
    const text = (most: number) => `${'x '.repeat(most / 2).slice(0, most - n - 4)}${secret}`;
    return {
      key: `k${n}`,
      state: 'firing',
      title: text(200),
      component: text(100),
      description: text(2_000),
    };
  });
  expect(await send({ alarms })).toBe(202);
  const tables = await allTables(db);
  expect(tables).toContain('{{secret:');
  expect(tables).not.toContain(secret.slice(0, 6));
});
