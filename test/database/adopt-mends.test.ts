/** Each difference is one line; its parentheses contain a statement that runs on a real server, or advice in words. */
import { sql, type Kysely } from 'kysely';
import { expect, it } from 'vitest';
import type { SchemaDiffersError } from '../../src/data.ts';
import { migrateToLatest, MigrationError } from '../../src/database/migrate/migrate.ts';
import { emptyDatabase } from '../support/database.ts';
import { madeByHand } from './adopt-platform.ts';

const listed = async (db: Kysely<any>) => {
  const refused = await migrateToLatest(db).then(
    () => null,
    (error: unknown) => error as SchemaDiffersError,
  );
  return refused?.listed.map(({ difference, mend }) => [difference, mend]) ?? [];
};

it('a documented trigger with another definition is one difference, and its statement mends it', async () => {
  const { db } = await madeByHand(
    `DROP TRIGGER update_profiles_updated_at ON profiles;
     CREATE TRIGGER update_profiles_updated_at AFTER UPDATE ON profiles FOR EACH ROW EXECUTE FUNCTION update_updated_at()`,
  );
  const differences = await listed(db);
  expect(differences).toEqual([
    [
      expect.stringMatching(/^profiles: trigger update_profiles_updated_at is .* AFTER /),
      expect.anything(),
    ],
  ]);
  for (const [, mend] of differences) await sql.raw(mend as string).execute(db);
  expect(await listed(db)).toEqual([]);
});

/** Runs each mend that is a statement, in the listed order; returns the mends that are words. */
async function mendAll(db: Kysely<any>, differences: unknown[][]): Promise<string[]> {
  const words: string[] = [];
  for (const mend of differences.map((each) => String(each[1]))) {
    if (!/^(?:as a superuser: )?(?:ALTER|CREATE|DROP|DO) /.test(mend)) words.push(mend);
    else await sql.raw(mend.replace('as a superuser: ', '')).execute(db);
  }
  return words;
}

it('a missing uuid-ossp is one difference, together with the defaults that were dropped with it', async () => {
  const { db } = await madeByHand('DROP EXTENSION "uuid-ossp" CASCADE');
  const differences = await listed(db);
  expect(differences).toEqual([
    [
      'extension uuid-ossp is not there, and the ids of 35 tables have no default',
      expect.stringMatching(
        /^CREATE SCHEMA IF NOT EXISTS extensions; CREATE EXTENSION "uuid-ossp" WITH SCHEMA extensions; DO /,
      ),
    ],
  ]);
  await mendAll(db, differences);
  expect(await listed(db)).toEqual([]);

  // One table of the bots, and one that lacks its id.
  const few = await madeByHand(
    'DROP EXTENSION "uuid-ossp" CASCADE',
    `DO $$ DECLARE name text; BEGIN
       FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname NOT IN ('profiles', 'bots')
       LOOP EXECUTE format('ALTER TABLE %I ALTER id SET DEFAULT gen_random_uuid()', name); END LOOP; END $$`,
    'ALTER TABLE page_views DROP COLUMN id',
  );
  const rest = await listed(few.db);
  expect(rest[0]![0]).toBe('extension uuid-ossp is not there, and the ids of bots have no default');
  expect(await mendAll(few.db, rest)).toEqual([]);
  expect(await listed(few.db)).toEqual([]);
});

it('a primary key that is not the documented one is named, and the offered statement runs', async () => {
  const { db } = await madeByHand(
    'ALTER TABLE page_views DROP CONSTRAINT page_views_pkey, ADD COLUMN code int, ADD CONSTRAINT by_code PRIMARY KEY (code)',
    'ALTER TABLE avatars DROP CONSTRAINT avatars_pkey CASCADE, ADD COLUMN code int PRIMARY KEY, ADD UNIQUE (id)',
    'CREATE TABLE own_hats (avatar int CONSTRAINT worn_by REFERENCES avatars (code))',
  );
  const differences = await listed(db);
  expect(differences).toContainEqual([
    'page_views: constraint PRIMARY KEY (id) is missing, and by_code is PRIMARY KEY (code)',
    'ALTER TABLE page_views DROP CONSTRAINT by_code, ADD PRIMARY KEY (id)',
  ]);
  expect(differences).toContainEqual([
    'avatars: constraint PRIMARY KEY (id) is missing, and avatars_pkey is PRIMARY KEY (code), to which worn_by of own_hats refers',
    expect.stringMatching(/^let it refer to a UNIQUE of its own, or drop it/),
  ]);
  await sql`DROP TABLE own_hats`.execute(db);
  await mendAll(db, await listed(db));
  expect(await listed(db)).toEqual([]);
});

it('where no statement could run, the offered solution is advice in words', async () => {
  const { db } = await madeByHand(
    // As in a platform without auth.users.
    'DROP SCHEMA auth CASCADE',
    'ALTER TABLE page_views ALTER id DROP DEFAULT, ALTER id TYPE int USING 1',
    'ALTER TABLE javari_learning DROP CONSTRAINT javari_learning_user_id_fkey, ALTER user_id TYPE int USING 1',
    'ALTER TABLE error_logs ALTER id DROP DEFAULT, ALTER id TYPE text USING id::text',
    "INSERT INTO error_logs (id, error_type, error_message) VALUES ('first)', 'x', 'x')",
    'ALTER TABLE avatars ALTER name TYPE text; CREATE VIEW own_names AS SELECT name FROM avatars',
    'DROP TABLE support_groups CASCADE',
    // The mend of this one is a statement.
    'ALTER TABLE api_logs ALTER endpoint TYPE text',
  );
  const differences = await listed(db);
  const about = (start: string) => differences.find(([said]) => said!.startsWith(start));
  expect(about('page_views: column id')).toEqual([
    expect.stringMatching(/, and PostgreSQL cannot turn integer into uuid$/),
    expect.stringMatching(/^give page_views a new column of type uuid in its place/),
  ]);
  expect(about('error_logs: column id')).toEqual([
    expect.stringMatching(
      /, and not every value can be turned into uuid: invalid input syntax .*first\)"$/,
    ),
    expect.stringMatching(/^correct these values or delete their rows/),
  ]);
  expect(about('avatars: column name')).toEqual([
    expect.stringMatching(/, and its type cannot be changed while own_names depends on it$/),
    expect.stringMatching(/^drop what depends on it/),
  ]);
  expect(about('profiles: constraint FOREIGN KEY')).toEqual([
    expect.stringMatching(/ is missing, and auth.users is not there$/),
    expect.stringMatching(/^make auth.users first, with a row for each that profiles refers to/),
  ]);
  expect(about('group_members: constraint FOREIGN KEY')![1]).toMatch(/^make support_groups first/);
  expect(about('javari_learning: constraint FOREIGN KEY')![1]).toMatch(
    /^first give javari_learning.user_id its documented type/,
  );
  expect(await mendAll(db, differences)).toHaveLength(7);
  expect((await listed(db)).some(([said]) => said!.startsWith('api_logs: '))).toBe(false);
});

it('rows on which the statement would fail are reported in its place, and it is offered once they are corrected', async () => {
  const { db } = await madeByHand(
    'ALTER TABLE page_views ALTER page_path DROP NOT NULL; INSERT INTO page_views DEFAULT VALUES',
    'ALTER TABLE api_logs DROP CONSTRAINT api_logs_user_id_fkey',
    "INSERT INTO api_logs (user_id, endpoint, method, status_code) SELECT gen_random_uuid(), '/', 'GET', 200 FROM generate_series(1, 2)",
  );
  const differences = await listed(db);
  expect(differences).toEqual([
    [
      expect.stringMatching(/^page_views: column page_path is .*, and it is NULL in 1 row$/),
      expect.stringMatching(/^give it a value in each/),
    ],
    [
      expect.stringMatching(
        /^api_logs: constraint FOREIGN KEY .* is missing, and 2 rows of api_logs refer to none in profiles$/,
      ),
      expect.stringMatching(/^correct or delete them/),
    ],
  ]);
  await sql`UPDATE page_views SET page_path = '/'`.execute(db);
  await sql`DELETE FROM api_logs`.execute(db);
  const then = await listed(db);
  expect(then).toHaveLength(2);
  expect(await mendAll(db, then)).toEqual([]);
  expect(await listed(db)).toEqual([]);
});

it('rows with the same values of a key are counted, in place of a statement that would fail on them', async () => {
  const { db } = await madeByHand(
    'ALTER TABLE app_catalog DROP CONSTRAINT app_catalog_slug_key',
    "INSERT INTO app_catalog (id, slug, name, category, credit_cost) SELECT ('00000000-0000-4000-8000-00000000000' || n)::uuid, 's' || n % 2, n::text, 'x', 1 FROM generate_series(1, 5) n",
    'ALTER TABLE tools_catalog DROP CONSTRAINT tools_catalog_app_id_slug_key',
    "INSERT INTO tools_catalog (app_id, slug, name, credit_cost) SELECT app_id, slug, 'x', 1 FROM (VALUES ('00000000-0000-4000-8000-000000000001'::uuid, 'a'), ('00000000-0000-4000-8000-000000000001', 'a'), ('00000000-0000-4000-8000-000000000002', 'a')) v (app_id, slug)",
    // A NULL is equal to no other value.
    'ALTER TABLE transactions DROP CONSTRAINT transactions_provider_transaction_id_key',
    'ALTER TABLE page_views DROP CONSTRAINT page_views_pkey',
    'ALTER TABLE avatars DROP CONSTRAINT avatars_pkey CASCADE',
    "INSERT INTO avatars (id, name, appearance) SELECT '00000000-0000-4000-8000-00000000000b', 'x', '{}' FROM generate_series(1, 2)",
    "INSERT INTO page_views (id, page_path) SELECT '00000000-0000-4000-8000-00000000000a', '/' FROM generate_series(1, 3)",
    'ALTER TABLE games_catalog DROP CONSTRAINT games_catalog_slug_key, ADD CONSTRAINT games_catalog_slug_key UNIQUE (slug, id)',
    "INSERT INTO games_catalog (slug, name, category) VALUES ('chess', 'a', 'x'), ('chess', 'b', 'x')",
    'ALTER TABLE error_logs DROP CONSTRAINT error_logs_pkey; ALTER TABLE error_logs ALTER id DROP NOT NULL',
    "INSERT INTO error_logs (id, error_type, error_message) VALUES (NULL, 'x', 'x')",
  );
  const differences = await listed(db);
  const about = (table: string) =>
    differences.filter(([said]) => said!.startsWith(`${table}: constraint `));
  const words = expect.stringMatching(
    /^keep one of each or make them different, then run it again/,
  );
  expect(about('app_catalog')).toEqual([
    [
      'app_catalog: constraint UNIQUE (slug) is missing, and 5 rows of app_catalog have the same slug as another one, such as 00000000-0000-4000-8000-000000000001 and 00000000-0000-4000-8000-000000000003',
      words,
    ],
  ]);
  expect(about('tools_catalog')).toEqual([
    [
      expect.stringMatching(
        /UNIQUE \(app_id, slug\) is missing, and 2 rows of tools_catalog have the same app_id and slug as another one, such as [\w-]{36} and [\w-]{36}$/,
      ),
      words,
    ],
  ]);
  expect(about('page_views')).toEqual([
    [
      'page_views: constraint PRIMARY KEY (id) is missing, and 3 rows of page_views have the same id as another one, such as 00000000-0000-4000-8000-00000000000a',
      words,
    ],
  ]);
  expect(about('games_catalog')[0]![0]).toMatch(/and 2 rows of games_catalog have the same slug/);
  expect(about('error_logs')[0]![1]).toMatch(/^first give error_logs.id a value in each row/);
  expect(about('transactions')[0]![1]).toMatch(/^ALTER TABLE transactions ADD UNIQUE/);
  expect(about('space_visits')).toEqual([
    [expect.anything(), expect.stringMatching(/^first give avatars its documented key/)],
  ]);
  // What is a statement runs.
  await mendAll(db, differences);

  await sql`DELETE FROM tools_catalog`.execute(db);
  await sql`UPDATE app_catalog SET slug = id::text`.execute(db);
  await sql`TRUNCATE page_views, error_logs, avatars`.execute(db);
  await sql`UPDATE games_catalog SET slug = id::text`.execute(db);
  for (let more = await listed(db); more.length > 0; more = await listed(db))
    expect(await mendAll(db, more)).toEqual([]);
});

it('an event trigger that refuses statements is named, before tables are adopted and in an empty database', async () => {
  const guard = `CREATE FUNCTION no_more() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'ask Ann first'; END $$;
    CREATE EVENT TRIGGER "Guard" ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION no_more()`;
  const { db } = await madeByHand(guard);
  const differences = await listed(db);
  expect(differences).toEqual([
    [
      'event trigger "Guard" refuses what a migration does, so that nothing more was compared: ask Ann first',
      'as a superuser: ALTER EVENT TRIGGER "Guard" DISABLE',
    ],
  ]);
  await mendAll(db, differences);
  expect(await listed(db)).toEqual([]);

  const empty = (await emptyDatabase()).db;
  await sql.raw(guard).execute(empty);
  const refused = await migrateToLatest(empty).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(MigrationError);
  expect(refused).toMatchObject({
    why: expect.stringMatching(/event trigger "Guard" refuses it: ask Ann first$/),
    hint: expect.stringMatching(/^as a superuser: ALTER EVENT TRIGGER "Guard" DISABLE/),
  });
});
