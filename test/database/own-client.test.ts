/** Parsers and defaults of pg that a library sets for the whole process do not change our connections. */
import { sql } from 'kysely';
import pg from 'pg';
import { afterEach, expect, onTestFinished, test } from 'vitest';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { connect, pool } from '../../src/database/connect.ts';
import { migrateQueue } from '../../src/queue/backend.ts';
import { onPostgres } from '../../src/queue/postgres.ts';
import { addUser } from '../data/people.ts';
import { testDatabase } from '../support/database.ts';

const { builtins } = pg.types;
const touched = [...Object.values(builtins), 1016, 1115, 1182, 1185, 1231, 3807];
const before = touched.map((oid) => [oid, pg.types.getTypeParser(oid)] as const);
const defaults = pg.defaults as unknown as Record<string, unknown>;
const kept = Object.fromEntries(
  Object.entries(pg.defaults).filter(([name]) => name !== 'parseInt8'),
);
afterEach(() => {
  for (const [oid, parser] of before) pg.types.setTypeParser(oid, parser);
  Object.assign(defaults, kept);
});

const asked = sql<Record<string, unknown>>`
  SELECT now() AS instant, '2026-03-02'::date AS day, 9::int8 AS big, 1.5::numeric AS decimal, true AS yes, 7 AS int,
         '{"a": 1}'::jsonb AS json, ARRAY[now()] AS instants, ARRAY[1, 2]::int8[] AS bigs, ARRAY['a', 'b'] AS texts,
         interval '1 day' AS span, 'x'::bytea AS bytes, 'active'::text AS text`;

const shapes = {
  instant: expect.any(Date),
  day: '2026-03-02',
  big: '9',
  decimal: '1.5',
  yes: true,
  int: 7,
  json: { a: 1 },
  instants: [expect.any(Date)],
  bigs: ['1', '2'],
  texts: ['a', 'b'],
  span: expect.objectContaining({ days: 1 }),
  bytes: Buffer.from('x'),
  text: 'active',
};

test('parsers that a library sets for every type change nothing that our connections read', async () => {
  const { db, url } = await testDatabase();
  for (const oid of touched) pg.types.setTypeParser(oid, () => 'from elsewhere');
  expect((await asked.execute(db)).rows, 'a pool that was there').toEqual([shapes]);
  const fresh = connect(url, { max: 1 });
  onTestFinished(() => fresh.destroy());
  expect((await asked.execute(fresh)).rows, 'one that is made now').toEqual([shapes]);
  const { rows } = await sql`SELECT ${new Date(0)}::timestamptz AS at, ${5}::int8 AS n`.execute(
    fresh,
  );
  expect(rows, 'with parameters').toEqual([{ at: new Date(0), n: '5' }]);
});

test('a time outside of the range of Date or of years of four digits is read as the nearest one inside', async () => {
  const { db } = await testDatabase();
  const last = new Date('9999-12-31T23:59:59.999Z');
  const first = new Date('0001-01-01T00:00:00Z');
  const { rows } = await sql`
    SELECT 'infinity'::timestamptz AS late, '-infinity'::timestamptz AS early, 'infinity'::timestamp AS local,
           '294276-12-31 23:59:59Z'::timestamptz AS past_dates, '4713-01-01 00:00:00Z BC'::timestamptz AS oldest,
           ARRAY['infinity', '-infinity', NULL, '2026-03-02 00:00:00Z']::timestamptz[] AS instants,
           ARRAY['-infinity']::timestamp[] AS locals, ARRAY[ARRAY['infinity'::timestamptz]] AS nested,
           NULL::timestamptz AS none, 'infinity'::float8 AS number`.execute(db);
  expect(rows).toEqual([
    {
      late: last,
      early: first,
      local: last,
      past_dates: last,
      oldest: first,
      instants: [last, first, null, new Date('2026-03-02T00:00:00Z')],
      locals: [first],
      nested: [[last]],
      none: null,
      number: Infinity,
    },
  ]);
});

test("our parsers do not change pg's own", async () => {
  await testDatabase();
  expect(pg.types.getTypeParser(builtins.DATE)('2026-03-02')).toBeInstanceOf(Date);
});

test.each([
  ['parseInt8', true],
  ['binary', true],
  ['ssl', true],
  ['user', 'nobody_there'],
  ['password', 'wrong'],
  ['database', 'there_is_none'],
  ['host', 'there-is-none.invalid'],
  ['port', 1],
  ['options', '-c search_path=nowhere'],
  ['query_timeout', 1],
  ['statement_timeout', 1],
  ['client_encoding', 'latin1'],
])('nor does pg.defaults.%s = %s', async (name, value) => {
  const { url } = await testDatabase();
  defaults[name] = value;
  const db = connect(url, { max: 1 });
  onTestFinished(() => db.destroy());
  expect((await asked.execute(db)).rows).toEqual([shapes]);
  const { rows } =
    await sql`SELECT ${new Date(0)}::timestamptz AS at, ${'ü'} AS text, pg_sleep(.02)`.execute(db);
  expect(rows).toMatchObject([{ at: new Date(0), text: 'ü' }]);
  if (name !== 'parseInt8') expect(defaults[name], 'theirs stays').toBe(value);
});

test("BullMQ's connections use the same client", async () => {
  const { url } = await testDatabase();
  await migrateQueue(url);
  for (const oid of touched) pg.types.setTypeParser(oid, () => 'from elsewhere');
  Object.assign(defaults, { binary: true, ssl: true });
  const { queue, end } = onPostgres(url).openQueue();
  await queue.waitUntilReady();
  await queue.add('run', { id: 'x' }, { jobId: 'one', delay: 60_000 });
  const job = (await queue.getJob('one'))!;
  expect(job).toMatchObject({
    name: 'run',
    data: { id: 'x' },
    timestamp: expect.any(Number),
    delay: 60_000,
  });
  expect(await queue.getDelayedCount()).toBe(1);
  await queue.close();
  await end();
});

test('a pool of plain connections uses it, too', async () => {
  const { url } = await testDatabase();
  pg.types.setTypeParser(builtins.TIMESTAMPTZ, (text) => text);
  const connections = pool(url, { max: 1 });
  onTestFinished(() => connections.end());
  const { rows } = await connections.query<{ at: Date }>('SELECT now() AS at');
  expect(rows[0]!.at).toBeInstanceOf(Date);
});

/** A program that may set its own parsers and then imports roundsman/data; it prints what it reads. */
const program = (before: string) => `
  import pg from 'pg';
  const seen = () => Object.values(pg.types.builtins).flatMap((oid) => ['text', 'binary'].map((format) =>
    pg.types.getTypeParser(oid, format)));
  const defaults = () => JSON.stringify(Object.entries(pg.defaults).filter(([name]) => name !== 'parseInt8'));
  ${before}
  const [parsers, settings] = [seen(), defaults()];
  const { connect, asService, listExecutions } = await import(process.argv[1]);
  const same = () => seen().every((parser, at) => parser === parsers[at]) && defaults() === settings;
  const imported = same();
  const db = connect(process.argv[2]);
  const ours = await db.selectFrom('profiles').select(['created_at', 'credits']).executeTakeFirst();
  await asService(db, (trx) => listExecutions(trx, { limit: 1 }));
  const theirs = new pg.Client(process.argv[2]);
  await theirs.connect();
  const { rows } = await theirs.query('SELECT created_at, created_at::date AS day FROM profiles LIMIT 1');
  await theirs.end();
  await db.destroy();
  const kind = (value) => value?.constructor.name;
  console.log(JSON.stringify({ imported, used: same(), ours: kind(ours.created_at), theirs: kind(rows[0].created_at), day: kind(rows[0].day) }));`;

test.each([
  ['none of its own', '', 'Date'],
  [
    'parsers of its own, set before',
    'for (const oid of [1082, 1114, 1184, 20, 3802]) pg.types.setTypeParser(oid, (text) => `theirs ${text}`);',
    'String',
  ],
])(
  'a program that imports roundsman/data keeps its parsers and defaults, with %s, and ours are ours',
  async (_, first, theirs) => {
    const { db, url } = await testDatabase();
    await addUser(db);
    const root = fileURLToPath(new URL('../../', import.meta.url));
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '-e', program(first), `${root}src/data.ts`, url],
      { cwd: root },
    );
    expect(JSON.parse(stdout)).toEqual({
      imported: true,
      used: true,
      ours: 'Date',
      theirs,
      day: theirs,
    });
  },
);
