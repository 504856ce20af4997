/** The job that counts errors into groups, on a real database, with late commits, several workers, restores and people at work. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { removeOldGroups } from '../../src/error-groups/rows/old-groups.ts';
import { connect } from '../../src/database/connect.ts';
import { listGroups } from '../../src/services/error-groups/list.ts';
import { mergeGroups } from '../../src/services/error-groups/merge.ts';
import { muteGroup, unmuteGroup } from '../../src/services/error-groups/mute.ts';
import { showGroup } from '../../src/services/error-groups/show.ts';
import { splitGroup } from '../../src/services/error-groups/split.ts';
import { ada, addErrors, all, countedErrors, flow, ofType } from './grouping-flow.ts';

test('errors that say the same are one group, with its count, its times, its users, releases and frames', async () => {
  const { db, untilCounted } = await flow();
  const { rows } = await sql<{ id: string }>`
    WITH person AS (INSERT INTO auth.users (email) VALUES ('ada@people.test') RETURNING id, email)
    INSERT INTO profiles (id, email) SELECT id, email FROM person RETURNING id`.execute(db);
  const user = rows[0]!;
  await addErrors(
    db,
    [1, 2, 3].map((n) => ({
      error_message: `Order ${n}000 could not be paid`,
      created_at: new Date(`2026-03-01T1${n}:00:00Z`),
      user_id: user.id,
      context: { release: `1.${n}` },
      stack_trace:
        'Error: x\n    at pay (/srv/app/src/orders/pay.ts:3:4)\n    at node:internal/x:1:1',
    })),
  );
  await addErrors(db, [{ error_message: 'Connection refused', created_at: null }]);
  await untilCounted(4);
  const groups = await all(db);
  expect(groups.map(({ errors }) => errors)).toEqual(['1', '3']);
  const shown = await showGroup(db, groups[1]!.id);
  expect(shown.group).toMatchObject({
    error_type: 'app',
    first_seen_at: new Date('2026-03-01T11:00:00Z'),
    last_seen_at: new Date('2026-03-01T13:00:00Z'),
    example: 'Order 3000 could not be paid',
    users: 1,
  });
  expect(shown.facets.map(({ kind, value, errors }) => [kind, value, errors])).toEqual([
    ['frame', 'pay (src/orders/pay.ts)', '3'],
    ['release', '1.1', '1'],
    ['release', '1.2', '1'],
    ['release', '1.3', '1'],
    ['user', user.id, '3'],
  ]);
});

test('an error of a transaction that commits after younger ones is counted, once', async () => {
  const { db, url, group, untilCounted } = await flow();
  const late = connect(url);
  try {
    const transaction = await late.startTransaction().execute();
    await addErrors(transaction, ofType('late', 1));
    await addErrors(db, ofType('young', 2));
    await group();
    await group();
    // The younger errors wait, because the older one may still appear.
    expect(await countedErrors(db)).toBe(0);
    await transaction.commit().execute();
    await untilCounted(3);
    await untilCounted(3);
  } finally {
    await late.destroy();
  }
});

test('two workers at once, and one whose connection is lost, count each error once', async () => {
  const { db, url, group, untilCounted } = await flow();
  const writer = connect(url, { name: 'writer' });
  for (let batch = 0; batch < 5; batch += 1) {
    await addErrors(writer, ofType(`t${batch}`, 900));
    await Promise.all([
      group(),
      group(),
      sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name <> 'writer'`.execute(writer),
    ]).catch(() => {});
  }
  await writer.destroy();
  await untilCounted(4_500);
  expect((await all(db)).map(({ errors }) => errors)).toEqual(
    Array.from({ length: 5 }, () => '900'),
  );
});

test('after a restore into another server no error is lost and none counted twice', async () => {
  const { db, untilCounted } = await flow();
  await addErrors(db, ofType('before', 3));
  await untilCounted(3);
  await addErrors(db, ofType('uncounted', 2));
  // What a dump carries into a younger server: ids of transactions that it has not given yet.
  await sql`UPDATE error_logs SET xact_id = (xact_id::text::bigint + 1000000000)::text::xid8`.execute(
    db,
  );
  await sql`UPDATE engine.error_cursor SET xact_id = (xact_id::text::bigint + 1000000000)::text::xid8, system_identifier = '1'`.execute(
    db,
  );
  await addErrors(db, ofType('after', 1));
  await untilCounted(6);
});

test('a cursor of a server whose ids are not reached yet begins anew, also where the server cannot be told', async () => {
  const { db, untilCounted } = await flow();
  await sql`UPDATE engine.error_cursor SET xact_id = '9000000000000', system_identifier = NULL`.execute(
    db,
  );
  await addErrors(db, ofType('after', 2));
  await untilCounted(2);
});

test('what a person merged, split and muted holds for errors that come later', async () => {
  const { db, untilCounted } = await flow();
  const add = () =>
    addErrors(db, [
      { error_message: 'Card declined by the bank' },
      { error_message: 'Payment provider says no' },
      { error_message: 'Upload failed: disk full' },
    ]);
  await add();
  await untilCounted(3);
  const groupOf = async (text: string) => (await listGroups(db, { text, limit: 9 })).groups[0]!;
  const [card, payment, upload] = [
    await groupOf('card'),
    await groupOf('payment'),
    await groupOf('upload'),
  ];
  await mergeGroups({ db, actor: ada }, { groups: [payment.id], into: card.id });
  await muteGroup({ db, actor: ada }, { group: upload.id, reason: 'known', seconds: null });
  await add();
  await untilCounted(6);
  expect((await showGroup(db, payment.id)).group).toMatchObject({ id: card.id, errors: '4' });
  expect(await groupOf('upload')).toMatchObject({
    errors: '2',
    muted_by: 'ada',
    muted_reason: 'known',
  });
  const template = (await showGroup(db, card.id)).templates.find(({ template: t }) =>
    t.startsWith('Payment'),
  )!;
  const { opened } = await splitGroup(
    { db, actor: ada },
    { group: card.id, part: { template: template.id } },
  );
  expect(opened).toMatchObject({
    id: payment.id,
    errors: '2',
    example: 'Payment provider says no',
  });
  await splitGroup({ db, actor: ada }, { group: upload.id, part: { text: 'disk full' } });
  await add();
  await addErrors(db, [{ error_message: 'Upload failed: disk full' }]);
  await untilCounted(10);
  await unmuteGroup({ db, actor: ada }, { group: upload.id });
  expect((await all(db)).map(({ template: t, errors }) => [t, errors]).toSorted()).toEqual(
    [
      ['Card declined by the bank', '3'],
      ['Payment provider says no', '3'],
      [upload.template, '2'],
      ['disk full', '2'],
    ].toSorted(),
  );
});

test('a person who changes groups while the job counts is respected, and nothing is lost', async () => {
  const { db, group, untilCounted } = await flow();
  await addErrors(db, [...ofType('a', 1), ...ofType('b', 1)]);
  await untilCounted(2);
  const [one, other] = await all(db);
  await addErrors(db, [...ofType('a', 3_000), ...ofType('b', 3_000)]);
  await Promise.all([
    group(),
    muteGroup({ db, actor: ada }, { group: one!.id, reason: 'x', seconds: 60 }),
    mergeGroups({ db, actor: ada }, { groups: [other!.id], into: one!.id }),
  ]);
  await untilCounted(6_002);
  expect(await all(db)).toMatchObject([{ id: one!.id, errors: '6002', muted_by: 'ada' }]);
});

test('code that names its group in context.fingerprint is believed, unless each error has another name', async () => {
  const { db, untilCounted } = await flow();
  await addErrors(db, [
    { error_message: 'One thing', context: { fingerprint: 'checkout' } },
    { error_message: 'Another', context: { fingerprint: ['checkout'] } },
    { error_message: 'Not a name', context: { fingerprint: { a: 1 } } },
    { error_message: 'Not a name', context: { fingerprint: '' } },
  ]);
  await addErrors(
    db,
    Array.from({ length: 1_500 }, (_, n) => ({
      error_type: 'many',
      context: { fingerprint: `f${n}` },
    })),
  );
  await untilCounted(1_504);
  const groups = await listGroups(db, { type: 'app', limit: 9 });
  expect(groups.groups.map(({ kind, errors }) => [kind, errors]).toSorted()).toEqual([
    ['fingerprint', '2'],
    ['mined', '2'],
  ]);
  expect(await (await listGroups(db, { type: 'many', limit: 9 })).count()).toBe(1_001);
});

test('fingerprints are different as a whole, and the placeholder of the message names nothing', async () => {
  const { db, untilCounted } = await flow();
  const long = 'x'.repeat(400);
  const named = (fingerprint: unknown) => ({ error_message: 'Named', context: { fingerprint } });
  await addErrors(db, [
    named(`${long} one`),
    named(`${long} two`),
    named(['pay now', 'eu']),
    named(['pay', 'now eu']),
    named(['{{ default }}']),
    named('{{default}}'),
    named(['{{ default }}', 'eu']),
    named('y'.repeat(20_000)),
    { error_message: 'Another', context: { fingerprint: ['{{ default }}'] } },
  ]);
  await untilCounted(9);
  const { rows } = await sql<{ kind: string; errors: string; name: string }>`
    SELECT kind, errors, tokens[1] AS name FROM engine.error_templates ORDER BY kind, errors, name`.execute(
    db,
  );
  expect(rows.map(({ kind, errors }) => [kind, errors])).toEqual([
    ['fingerprint', '1'],
    ['fingerprint', '1'],
    ['fingerprint', '1'],
    ['fingerprint', '1'],
    ['mined', '1'],
    ['mined', '4'],
  ]);
  expect(rows.every(({ name }) => [...name].length <= 200)).toBe(true);
});

test('a flood of different messages becomes one group that says so, and users beyond the bound are counted together', async () => {
  const { db, untilCounted } = await flow();
  const word = (n: number) => [...String(n)].map((digit) => 'abcdefghij'[Number(digit)]).join('');
  await addErrors(
    db,
    Array.from({ length: 3_000 }, (_, n) => ({
      error_type: 'flood',
      error_message: `${word(n)} ${word(n * 7 + 1)} ${word(n * 13 + 5)}`,
    })),
  );
  await untilCounted(3_000);
  const { groups } = await listGroups(db, { type: 'flood', limit: 5_000 });
  const flood = groups.filter(({ kind }) => kind === 'flood');
  expect(flood).toHaveLength(1);
  expect(Number(flood[0]!.errors)).toBeGreaterThan(1_500);
});

test('hostile messages are counted as any other', async () => {
  const { db, untilCounted } = await flow();
  await addErrors(db, [
    { error_message: '' },
    { error_message: 'x'.repeat(1_000_000) },
    { error_message: '<*> <*> <v>' },
    { error_message: '\u001b[2J\u202e\n\r\t' },
    { error_message: '😀'.repeat(3_000) },
    { error_message: 'ok', context: { release: 'r'.repeat(100_000) } as object },
    { error_message: 'ok', stack_trace: `    at ${'a.'.repeat(100_000)}` },
    { error_message: 'future', created_at: new Date('2999-01-01') },
  ]);
  await sql`INSERT INTO error_logs (error_type, error_message, context) VALUES ('app', 'ok', '[1]'), ('app', 'ok', '"x"'), ('app', 'ok', 'null')`.execute(
    db,
  );
  await untilCounted(11);
  const groups = await all(db);
  expect(groups.every(({ last_seen_at }) => last_seen_at.getTime() < Date.now() + 60_000)).toBe(
    true,
  );
});

test('a time that no clock shows is the time at which the error is counted', async () => {
  const { db, untilCounted } = await flow();
  await sql`INSERT INTO error_logs (error_type, error_message, created_at) VALUES
    ('app', 'a', '-infinity'), ('app', 'b', 'infinity'), ('app', 'c', '4713-01-01 BC'), ('app', 'd', '294276-12-31'),
    ('app', 'e', '1970-01-01'), ('app', 'f', '2026-02-03')`.execute(db);
  await untilCounted(6);
  const { rows } = await sql<{ template: string; recent: boolean }>`
    SELECT tokens[1] AS template, first_seen_at > engine.now() - interval '1 hour' AS recent
    FROM engine.error_templates ORDER BY 1`.execute(db);
  expect(rows.filter(({ recent }) => recent).map(({ template }) => template)).toEqual([
    'a',
    'b',
    'c',
    'd',
    'e',
  ]);
});

test('old counts go, the newest stay', async () => {
  const { db, untilCounted } = await flow();
  await addErrors(db, [{ created_at: new Date('2026-01-01') }, {}]);
  await untilCounted(2);
  const spans = await db.selectFrom('engine.error_counts').select('errors').execute();
  expect(spans).toEqual([{ errors: '1' }]);
});

test('groups without an error for a season go, with all that was counted in them', async () => {
  const { db, untilCounted } = await flow();
  await addErrors(db, [
    { error_type: 'old', created_at: new Date('2025-01-01') },
    { error_type: 'muted', created_at: new Date('2025-01-01') },
    { error_type: 'new' },
    { error_type: 'once', created_at: new Date(Date.now() - 13 * 86_400_000) },
  ]);
  await untilCounted(4);
  const muted = (await all(db)).find(({ error_type }) => error_type === 'muted')!;
  await muteGroup({ db, actor: ada }, { group: muted.id, reason: 'known', seconds: null });
  const remove = (rows: number) => db.transaction().execute((trx) => removeOldGroups(trx, rows));
  expect(await remove(1)).toBe(1);
  expect(await remove(1)).toBe(1);
  expect(await remove(1)).toBe(0);
  expect((await all(db)).map(({ error_type }) => error_type)).toEqual(['new', 'once', 'muted']);
  expect(await db.selectFrom('engine.grouped_errors').select('error_id').execute()).toHaveLength(3);
});
