/** The bots' tables alone, installed beside a platform with another schema. */
import { sql, type Kysely } from 'kysely';
import { describe, expect, it } from 'vitest';
import { asUser } from '../../src/data.ts';
import { migrateToLatest, WholeSchemaError } from '../../src/database/migrate/migrate.ts';
import { emptyDatabase, testDatabase } from '../support/database.ts';
import { differencesOf, schemaOf } from './adopt-platform.ts';
import { foreignPlatform } from './foreign-platform.ts';

const reference = schemaOf((await testDatabase()).db);

const foreign = (lines: string[]) =>
  lines.filter((line) => !/\bbots?\b|\bbot_|engine\.|idx_|^secrets /.test(line));

describe('db migrate --only bots', () => {
  it('creates the tables of the bots and does not change the platform', async () => {
    const { db } = await foreignPlatform();
    const before = await schemaOf(db);
    await migrateToLatest(db, { only: 'bots' });
    const after = await schemaOf(db);
    // Checks may read the platform's tables, as elsewhere.
    const reading = /Checks read| granted /;
    expect(foreign(after).filter((line) => !reading.test(line) && !before.includes(line))).toEqual([
      expect.stringContaining('FUNCTION private.is_admin()'),
    ]);
    expect(before.filter((line) => !reading.test(line) && !after.includes(line))).toEqual([]);
    const { rows } = await sql<{ name: string }>`
      SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1`.execute(
      db,
    );
    expect(rows.map(({ name }) => name)).toEqual([
      ...ofBots(await reference),
      'profiles',
      'tickets',
    ]);
    expect(await migrateToLatest(db, { only: 'bots' })).toEqual([]);
  });

  it('gives these tables everything that they have in the whole schema', async () => {
    const { db } = await emptyDatabase();
    await migrateToLatest(db, { only: 'bots' });
    const about = (lines: string[]) =>
      lines
        .filter((line) =>
          /^public\.bot|^bot\S* |ON public\.bot|INDEX .* ON engine|^engine\./.test(line),
        )
        .map((line) => line.replace('engine.update_updated_at', 'update_updated_at'));
    const missing = about(await reference).filter((line) => !/credits_seq/.test(line));
    const has = new Set(about(await schemaOf(db)));
    expect(missing.length).toBeGreaterThan(150);
    expect(missing.filter((line) => !has.has(line))).toEqual([]);
  });

  it('names what prevents it, as every migration does', async () => {
    const { db } = await foreignPlatform(
      'CREATE TABLE bots (id int)',
      'CREATE INDEX idx_tickets_status ON tickets (status)',
      'CREATE SCHEMA private; CREATE FUNCTION private.is_admin() RETURNS boolean LANGUAGE sql RETURN true',
    );
    const before = await schemaOf(db);
    const refused = migrateToLatest(db, { only: 'bots' });
    await expect(refused).rejects.toMatchObject({
      differences: expect.arrayContaining([
        expect.stringMatching(/^bots: column id is integer, documented uuid/),
        'tickets: index idx_tickets_status has a name that Roundsman needs (ALTER INDEX idx_tickets_status RENAME TO own_idx_tickets_status)',
        'function private.is_admin() has a name that Roundsman needs (ALTER FUNCTION private.is_admin() RENAME TO own_is_admin)',
      ]),
    });
    expect(await schemaOf(db)).toEqual(before);
  });

  it('changes nothing in a database that has the whole schema', async () => {
    const { db } = await testDatabase();
    await expect(migrateToLatest(db, { only: 'bots' })).rejects.toThrow(WholeSchemaError);
  });
});

/** Sorts the rights in a line: the order in which roles got them does not matter. */
const inOrder = (line: string): string =>
  line.replace(
    / granted \{(.*)\}$/,
    (_, rights: string) => ` granted ${rights.split(',').toSorted().join()}`,
  );

const ofBots = (lines: string[]): Set<string> =>
  new Set(lines.flatMap((line) => /^(bots|bot_\w+) rls/.exec(line)?.[1] ?? []).toSorted());

describe('a whole migration later', () => {
  it('adds the rest, and ends in the schema of a new database', async () => {
    const { db } = await emptyDatabase();
    await migrateToLatest(db, { only: 'bots' });
    await sql`INSERT INTO bots (name, display_name, schedule_cron, api_endpoint) VALUES ('own', 'x', '@daily', 'bot:x')`.execute(
      db,
    );
    expect((await migrateToLatest(db)).length).toBeGreaterThan(40);
    const schema = (await schemaOf(db)).map(inOrder);
    const wanted = (await reference).map(inOrder);
    expect(wanted.filter((line) => !schema.includes(line))).toEqual([]);
    expect(schema.filter((line) => !wanted.includes(line))).toEqual([]);
    expect(await migrateToLatest(db)).toEqual([]);
    // Queries of admins on the bots call these.
    const { rows: asked } = await sql<{ may: boolean }>`
      SELECT has_function_privilege('authenticated', f::regprocedure, 'EXECUTE') AS may
      FROM unnest('{engine.now_for_users(),engine.is_suppressed_for_users(uuid),public.bots_now()}'::text[]) f`.execute(
      db,
    );
    expect(asked).toEqual([{ may: true }, { may: true }, { may: true }]);
    await expect(migrateToLatest(db, { only: 'bots' })).rejects.toThrow(WholeSchemaError);
    const { rows } = await sql`SELECT name FROM bots`.execute(db);
    expect(rows).toEqual([{ name: 'own' }]);
  });

  it('says what prevents it, changes nothing, and the bots go on', async () => {
    const { db } = await foreignPlatform();
    await migrateToLatest(db, { only: 'bots' });
    const before = await schemaOf(db);
    const differences = await differencesOf(db);
    expect(differences).toContainEqual(
      expect.stringMatching(/^profiles: column email is missing \(/),
    );
    expect(differences).toContainEqual(expect.stringMatching(/^function update_updated_at\(\) /));
    expect(differences.filter((each) => /\bbots?\b|\bbot_|engine/.test(each))).toEqual([]);
    expect(await schemaOf(db)).toEqual(before);
    expect(await migrateToLatest(db, { only: 'bots' })).toEqual([]);
  });
});

describe('who is an admin', () => {
  const read = (db: Kysely<any>, id: string) =>
    asUser(db as never, { sub: id, role: 'authenticated' } as never, (trx: any) =>
      trx.selectFrom('bots').select('name').execute(),
    );

  it('is nobody until the platform names its function, which then decides', async () => {
    const { db } = await foreignPlatform();
    await migrateToLatest(db, { only: 'bots' });
    await sql`INSERT INTO bots (name, display_name, schedule_cron, api_endpoint) VALUES ('own', 'x', '@daily', 'bot:x')`.execute(
      db,
    );
    const boss = '00000000-0000-4000-8000-000000000001';
    expect(await read(db, boss)).toEqual([]);
    await sql`SELECT engine.use_admin_test('public.is_boss()')`.execute(db);
    expect(await read(db, boss)).toEqual([{ name: 'own' }]);
    expect(await read(db, '00000000-0000-4000-8000-000000000002')).toEqual([]);
  });
});
