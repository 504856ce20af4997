/** `db seed --fault` plants named problems, where nobody real is. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { faults } from '../../src/demo/faults/index.ts';
import { plantPlatform } from '../../src/demo/plant.ts';
import { emptyDatabase, testDatabase, type TestDatabase } from '../support/database.ts';
import { roundsman, start } from './command.ts';

const expired = 'janitor.expired-sessions';
const all = faults.map(({ name }) => name).toSorted();

const sessionsIn = async ({ db }: TestDatabase) => {
  const { rows } = await sql<{ count: number }>`
    SELECT count(*)::int AS count FROM user_sessions WHERE expires_at < engine.now()`.execute(db);
  return rows[0]!.count;
};

const personIn = ({ db }: TestDatabase, email: string) =>
  sql`WITH person AS (INSERT INTO auth.users (id, email) VALUES (gen_random_uuid(), ${email}) RETURNING id)
    INSERT INTO profiles (id, email) SELECT id, ${email} FROM person ON CONFLICT DO NOTHING`.execute(
    db,
  );

test('a fault is planted once, and says so', async () => {
  const database = await testDatabase();
  const first = await roundsman(database.url, 'db', 'seed', '--fault', expired, '--json');
  expect([first.code, first.json()]).toEqual([
    0,
    {
      name: expired,
      title: expect.any(String),
      bot: 'janitor',
      check: 'expired-sessions',
      planted: true,
    },
  ]);
  const planted = await sessionsIn(database);
  expect(planted).toBeGreaterThan(0);
  const again = await roundsman(database.url, 'db', 'seed', '--fault', expired, '--json');
  expect([again.code, again.json().planted]).toEqual([0, false]);
  const inWords = await roundsman(database.url, 'db', 'seed', '--fault', expired);
  expect(inWords.out).toContain(`${expired} is planted already`);
  expect(await sessionsIn(database)).toBe(planted);
});

test('the planner knows the rows that were planted', async () => {
  const { db, url } = await testDatabase();
  const known = async () => {
    const { rows } = await sql<{ rows: number }>`
      SELECT reltuples AS rows FROM pg_class WHERE oid = 'user_sessions'::regclass`.execute(db);
    return rows[0]!.rows;
  };
  expect(await known()).toBeLessThan(1);
  await roundsman(url, 'db', 'seed', '--fault', expired);
  expect(await known()).toBeGreaterThan(1);
});

test('two commands at once plant it once', async () => {
  const database = await testDatabase();
  const both = await Promise.all(
    [0, 1].map(() => start(database.url, ['db', 'seed', '--fault', expired, '--json']).ended),
  );
  expect(both.map((each) => each.json().planted).toSorted()).toEqual([false, true]);
});

const deadlock = 'sentinel-db.deadlocks';

test('what no transaction can do is done after the commit, and done again where it was interrupted', async () => {
  const { db, url } = await testDatabase();
  const index = 'sentinel-db.invalid-indexes';
  const invalid = async () => {
    const { rows } = await sql`
      SELECT FROM pg_index WHERE indexrelid = to_regclass('planted_twins_email') AND NOT indisvalid`.execute(
      db,
    );
    return rows.length;
  };
  // As if the first command was killed between its commit and the index.
  await sql`CREATE TABLE planted_twins AS SELECT 'twin' AS email FROM generate_series(1, 2)`.execute(
    db,
  );
  await sql`INSERT INTO engine.settings (key, value) VALUES ('planted_faults', ${JSON.stringify({ [index]: null })}::jsonb)`.execute(
    db,
  );
  const planted = await roundsman(url, 'db', 'seed', '--fault', index, '--json');
  expect([planted.code, planted.json().planted, await invalid()]).toEqual([0, true, 1]);
  const again = await roundsman(url, 'db', 'seed', '--fault', index, '--json');
  expect([again.code, again.json().planted, await invalid()]).toEqual([0, false, 1]);
});

test('two commands at once say once that they planted it, also where a part follows the commit', async () => {
  const { url } = await testDatabase();
  const both = await Promise.all(
    [0, 1].map(() => start(url, ['db', 'seed', '--fault', deadlock, '--json']).ended),
  );
  expect(both.map((each) => each.json().planted).toSorted()).toEqual([false, true]);
});

test('a fault that a setting of a bot measures registers the bots, and keeps their other settings', async () => {
  const { db, url } = await testDatabase();
  const meter = async () =>
    (await db.selectFrom('bots').select('config').where('name', '=', 'meter').execute())[0]?.config;
  expect(await meter()).toBeUndefined();
  await roundsman(url, 'db', 'seed', '--fault', 'meter.budget');
  const changed = { min_cents: 7, provider_month_cents: { own: 5 } };
  await sql`UPDATE bots SET config = config || ${JSON.stringify(changed)}::jsonb WHERE name = 'meter'`.execute(
    db,
  );
  await roundsman(url, 'db', 'seed', '--fault', 'meter.pace');
  expect(await meter()).toMatchObject({
    min_cents: 7,
    pace_from_day: 1,
    provider_month_cents: { own: 5, 'fiction-fast': expect.any(Number) },
  });
});

test('where its bot was removed, such a fault is refused, and says how the bot comes back', async () => {
  const { db, url } = await testDatabase();
  await roundsman(url, 'db', 'seed', '--fault', expired);
  await roundsman(url, 'bots', 'remove', 'meter', '--yes');
  const { rows } =
    await sql`SELECT FROM bots WHERE name = 'meter' AND removed_at IS NOT NULL`.execute(db);
  expect(rows).toHaveLength(1);
  const refused = await roundsman(url, 'db', 'seed', '--fault', 'meter.budget');
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('bots enable meter')]);
});

test('counts for the planner leave the faults that are wrong counts', async () => {
  const { db, url } = await testDatabase();
  await roundsman(url, 'db', 'seed', '--fault', 'sentinel-db.stale-statistics');
  await roundsman(url, 'db', 'seed', '--fault', 'sentinel-db.dead-rows');
  const { rows } = await sql<{ relname: string; n_dead_tup: string; n_mod_since_analyze: string }>`
    SELECT relname, n_dead_tup, n_mod_since_analyze FROM pg_stat_user_tables
    WHERE relname IN ('planted_imports', 'planted_visits') ORDER BY relname`.execute(db);
  expect(rows).toEqual([
    { relname: 'planted_imports', n_dead_tup: '0', n_mod_since_analyze: '20000' },
    { relname: 'planted_visits', n_dead_tup: '12000', n_mod_since_analyze: '0' },
  ]);
});

test('all of them can be planted beside the fictional platform, whose people stay fictional', async () => {
  const database = await testDatabase();
  await plantPlatform(database.db);
  const planted = await roundsman(database.url, 'db', 'seed', '--fault', 'all', '--json');
  expect(planted).toMatchObject({ code: 0, err: expect.not.stringContaining('error') });
  const names = [planted.json()].flat().map((each: { name: string }) => each.name);
  expect(names).toEqual(all);
  const again = await roundsman(database.url, 'db', 'seed', '--fault', 'all');
  expect([again.code, again.out]).toEqual([0, expect.not.stringMatching(/^planted/m)]);
});

test('the list says what can be planted, and asks no database', async () => {
  const listed = await roundsman(undefined, 'db', 'seed', '--faults', '--json');
  expect(listed.json().map((each: { name: string }) => each.name)).toEqual(all);
  expect((await roundsman(undefined, 'db', 'seed', '--faults')).out).toContain(expired);
});

test('a name that is none is refused with the nearest, and nothing is planted', async () => {
  const database = await testDatabase();
  const given = ['--fault', expired, '--fault', 'janitor.expired-sesions'];
  const refused = await roundsman(database.url, 'db', 'seed', ...given);
  expect([refused.code, refused.err]).toEqual([
    2,
    expect.stringContaining(`did you mean ${expired}?`),
  ]);
  expect(await sessionsIn(database)).toBe(0);
});

test('several are joined with commas, and one that is named twice is planted once', async () => {
  const database = await testDatabase();
  const given = ['--fault', `${expired}, ${expired}`, '--fault', expired];
  const { code, out } = await roundsman(database.url, 'db', 'seed', ...given);
  expect([code, out.match(/^planted/gm)]).toEqual([0, ['planted']]);
});

test.each(['ann@example.com', 'ann@latest', 'ann@x.test.example.com'])(
  'beside a real person (%s) nothing is planted',
  async (email) => {
    const database = await testDatabase();
    await plantPlatform(database.db);
    const before = await sessionsIn(database);
    await personIn(database, email);
    const refused = await roundsman(database.url, 'db', 'seed', '--fault', 'all');
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('holds real people')]);
    expect(await sessionsIn(database)).toBe(before);
  },
);

test('an account without a profile is a person, too', async () => {
  const database = await testDatabase();
  await personIn(database, 'ann@example.com');
  await sql`DELETE FROM profiles`.execute(database.db);
  const { rows } = await sql`SELECT FROM auth.users`.execute(database.db);
  expect(rows).toHaveLength(1);
  const refused = await roundsman(database.url, 'db', 'seed', '--fault', expired);
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('holds real people')]);
});

test("another platform's people are seen before anything is migrated", async () => {
  const database = await emptyDatabase();
  await sql`CREATE TABLE profiles (id int)`.execute(database.db);
  await sql`INSERT INTO profiles VALUES (1)`.execute(database.db);
  const refused = await roundsman(database.url, 'db', 'seed', '--fault', expired);
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('holds real people')]);
});

test('of a fault that this database refuses nothing is there, and the others are planted', async () => {
  const database = await testDatabase();
  await sql`ALTER TABLE user_sessions ADD CHECK (expires_at > '2099-01-01')`.execute(database.db);
  const { code, err } = await roundsman(database.url, 'db', 'seed', '--fault', 'all');
  expect([code, err]).toEqual([1, expect.stringContaining(`the fault ${expired} was not planted`)]);
  const { rows } = await sql<{ planted: string[] }>`
    SELECT coalesce(array_agg(name), '{}') AS planted
    FROM engine.settings, jsonb_object_keys(value) AS name WHERE key = 'planted_faults'`.execute(
    database.db,
  );
  const [{ planted }] = rows as [{ planted: string[] }];
  expect(planted).not.toContain(expired);
  expect(planted.length).toBeGreaterThanOrEqual(all.length > 1 ? 1 : 0);
});

test.each([
  ['--fault', 'all', '--size', 'large'],
  ['--fault', 'all', '--seed', '7'],
  ['--faults', '--fault', 'all'],
])('%s %s %s excludes the rest', async (...given) => {
  expect((await roundsman(undefined, 'db', 'seed', ...given)).code).toBe(2);
});

test('a shell is offered the names', async () => {
  const words = ['--', 'db', 'seed', '--fault', 'janitor.e'];
  expect((await roundsman(undefined, 'completion', 'bash', ...words)).out).toContain(expired);
  const first = ['--', 'db', 'seed', '--fault', 'a'];
  expect((await roundsman(undefined, 'completion', 'bash', ...first)).out).toMatch(/^all\t/m);
});
