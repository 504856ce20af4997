import { sql } from 'kysely';
import { describe, expect, it, vi } from 'vitest';
import { SchemaDiffersError } from '../../src/database/migrate/adopt.ts';
import { Chance } from '../../src/demo/chance.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { migrationStatus } from '../../src/database/migrate/status.ts';
import { emptyDatabase, testDatabase } from '../support/database.ts';
import { columnsOf, files, madeByHand, platform, schemaOf, valuesOf } from './adopt-platform.ts';
import {
  counted,
  countStatements,
  isStopped,
  migrating,
  sessions,
  stoppingAt,
} from './adopt-stop.ts';

const reference = schemaOf((await testDatabase()).db);

describe('db migrate', () => {
  it('makes the documented schema: 36 tables, 322 columns, and what the engine adds', async () => {
    const { db } = await madeByHand();
    const { rows } = await sql<{
      tables: number;
      columns: number;
      keys: number;
      uniques: number;
      indexes: number;
    }>`
      SELECT (SELECT count(*)::int FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r') AS tables,
        (SELECT count(*)::int FROM information_schema.columns WHERE table_schema = 'public') AS columns,
        (SELECT count(*)::int FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype = 'f') AS keys,
        (SELECT count(*)::int FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype = 'u') AS uniques,
        (SELECT count(*)::int FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
          WHERE c.relnamespace = 'public'::regnamespace
            AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)) AS indexes`.execute(
      db,
    );
    expect(rows).toEqual([{ tables: 36, columns: 322, keys: 45, uniques: 12, indexes: 43 }]);
  });

  it('changes nothing the second time', async () => {
    const { db } = await testDatabase();
    expect(await migrateToLatest(db)).toEqual([]);
    expect(await schemaOf(db)).toEqual(await reference);
  });

  it.each([
    ['an empty database', () => emptyDatabase()],
    ['a platform that was there before', () => madeByHand(platform)],
  ])(
    'ends in the same schema when sixteen processes do it at once: %s',
    async (_, make) => {
      const { db, url } = await make();
      const columns = await columnsOf(db);
      const before = await valuesOf(db, columns);
      const all = await Promise.all(Array.from({ length: 16 }, () => migrating(url).ended));
      expect(all.filter(({ code }) => code !== 0)).toEqual([]);
      const applied = all.map(({ stdout }) => (JSON.parse(stdout) as { name: string }[]).length);
      expect(applied.toSorted((a, b) => a - b)).toEqual([...Array(15).fill(0), files.length]);
      expect(await schemaOf(db)).toEqual(await reference);
      expect(await valuesOf(db, columns)).toEqual(before);
    },
    180_000,
  );

  it.each([
    [1, 'an empty database', () => emptyDatabase()],
    [2, 'an empty database', () => emptyDatabase()],
    [3, 'a platform that was there before', () => madeByHand(platform)],
    [4, 'a platform that was there before', () => madeByHand(platform)],
  ])(
    'leaves nothing behind when it is killed at random statements, and gets through the next time (seed %i, %s)',
    async (seed, _, make) => {
      const whole = await make();
      await countStatements(whole.db);
      await migrateToLatest(whole.db);
      // The first migration also creates the tables of applied migrations, which stay.
      const statements = (await counted(whole.db)) - 10;
      expect(statements).toBeGreaterThan(400);

      const database = await make();
      const { db, url } = database;
      const columns = await columnsOf(db);
      const before = [await schemaOf(db), await valuesOf(db, columns)];
      await countStatements(db);
      const chance = new Chance(seed);
      for (const kill of ['first', 'second', 'last']) {
        const at = chance.between(1, statements);
        await stoppingAt(database, at, async () => {
          const child = migrating(url);
          await vi.waitFor(async () => expect(await isStopped(db), `at ${at}`).toBe(true), {
            timeout: 30_000,
          });
          child.kill();
          expect(await child.ended).toMatchObject({ signal: 'SIGKILL' });
        });
        // After the last statement the next process may begin before the server has noticed the end of this one.
        if (kill === 'last') continue;
        await vi.waitFor(async () => expect(await sessions(db)).toBe(0), { timeout: 30_000 });
        const left = (await schemaOf(db)).filter((line) => !line.includes('kysely_migration'));
        expect([left, await valuesOf(db, columns)]).toEqual(before);
      }
      expect(await migrating(url).ended).toMatchObject({ code: 0 });
      expect(await schemaOf(db)).toEqual(await reference);
      expect(await valuesOf(db, columns)).toEqual(before[1]);
      expect((await migrationStatus(db)).map(({ name }) => `${name}.sql`)).toEqual(files);
      expect((await migrationStatus(db)).filter(({ executedAt }) => !executedAt)).toEqual([]);
    },
    180_000,
  );
});

describe('a database that was made by hand from the document', () => {
  it('is adopted, and ends in the same schema', async () => {
    const { db } = await madeByHand();
    await migrateToLatest(db);
    expect(await schemaOf(db)).toEqual(await reference);
  });

  it.each([
    ['DROP INDEX idx_usage_user', 'DROP INDEX idx_sessions_user'],
    [
      'DROP INDEX idx_usage_user',
      'ALTER INDEX idx_javari_usage_user RENAME TO idx_usage_user',
      'DROP INDEX idx_sessions_user',
      'ALTER INDEX idx_game_sessions_user RENAME TO idx_sessions_user',
    ],
    ['DROP INDEX idx_javari_usage_user', 'DROP INDEX idx_game_sessions_user'],
  ])('is adopted whichever table has the doubled index names (%s)', async (...changes) => {
    const { db } = await madeByHand(...changes);
    await migrateToLatest(db);
    expect(await schemaOf(db)).toEqual(await reference);
  });

  it('is adopted with only some of the tables, and with tables and indexes of its own', async () => {
    const { db } = await madeByHand(
      'DROP TABLE group_members, support_groups',
      'CREATE TABLE notes (id int)',
      'CREATE INDEX own ON bots (display_name)',
    );
    await migrateToLatest(db);
    expect(
      (await schemaOf(db)).filter(
        (line) => !/^public\.notes |^notes (rls|granted) |INDEX own ON/.test(line),
      ),
    ).toEqual(await reference);
  });

  it('is not changed if it has permissive policies of its own, which would add to ours', async () => {
    const { db } = await madeByHand(
      'CREATE POLICY "All of it" ON credits FOR ALL USING (true)',
      'CREATE POLICY narrower ON credits AS RESTRICTIVE USING (amount > 0)',
    );
    const before = await schemaOf(db);
    await expect(migrateToLatest(db)).rejects.toMatchObject({
      differences: [
        `credits: policy "All of it" would allow more than Roundsman's own (DROP POLICY "All of it" ON credits)`,
      ],
    });
    expect(await schemaOf(db)).toEqual(before);

    await sql`DROP POLICY "All of it" ON credits`.execute(db);
    await migrateToLatest(db);
    const { rows } = await sql`SELECT FROM pg_policies WHERE policyname = 'narrower'`.execute(db);
    expect(rows).toHaveLength(1);
  });

  it('is not changed if it differs, and all differences are named', async () => {
    const { db } = await madeByHand(
      'ALTER TABLE profiles ALTER email TYPE text',
      'ALTER TABLE bots DROP COLUMN description',
      'ALTER TABLE credits ADD COLUMN note text',
      'ALTER TABLE api_logs DROP CONSTRAINT api_logs_user_id_fkey',
      'ALTER TABLE app_catalog ALTER status DROP DEFAULT',
      'DROP INDEX idx_apps_status',
      'DROP TRIGGER update_profiles_updated_at ON profiles',
    );
    const before = await schemaOf(db);
    const refused = await migrateToLatest(db).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(SchemaDiffersError);
    const { differences } = refused as SchemaDiffersError;
    expect(differences.toSorted()).toEqual([
      'api_logs: constraint FOREIGN KEY (user_id) REFERENCES profiles(id) ON DELETE SET NULL is missing (ALTER TABLE api_logs ADD FOREIGN KEY (user_id) REFERENCES profiles(id) ON DELETE SET NULL)',
      expect.stringMatching(
        /^app_catalog: column status is character varying\(20\), documented character varying\(20\) DEFAULT 'active'/,
      ),
      expect.stringMatching(
        /^app_catalog: index idx_apps_status is missing \(CREATE INDEX idx_apps_status ON app_catalog /,
      ),
      'bots: column description is missing (ALTER TABLE bots ADD COLUMN description text)',
      'profiles: column email is text NOT NULL, documented character varying(255) NOT NULL (ALTER TABLE profiles ALTER email TYPE character varying(255) USING email::character varying(255))',
      expect.stringMatching(
        /^profiles: trigger update_profiles_updated_at is missing \(CREATE TRIGGER update_profiles_updated_at /,
      ),
    ]);
    expect(await schemaOf(db)).toEqual(before);
  });
});
