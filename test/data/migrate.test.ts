import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { sql, type Kysely } from 'kysely';
import { describe, expect, it, vi } from 'vitest';
import { SchemaDiffersError } from '../../src/data/adopt.ts';
import { connect } from '../../src/data/connect.ts';
import { migrateToLatest, migrationStatus } from '../../src/data/migrate.ts';
import { emptyDatabase, testDatabase } from '../support/database.ts';

const folder = fileURLToPath(new URL('../../migrations/', import.meta.url));
const files = readdirSync(folder).toSorted();
const documented = files.filter((file) => /^v[1-5]_/.test(file));
const bin = fileURLToPath(new URL('../../src/bin/roundsman.js', import.meta.url));

/** What somebody has who ran the document by hand, without any migration table. */
async function madeByHand(...changes: string[]) {
  const database = await emptyDatabase();
  for (const file of documented)
    await sql.raw(readFileSync(`${folder}${file}`, 'utf8')).execute(database.db);
  for (const change of changes) await sql.raw(change).execute(database.db);
  return database;
}

/** Everything that a schema consists of, as sorted lines without what differs between two databases. */
async function schemaOf(db: Kysely<any>): Promise<string[]> {
  const { rows } = await sql<{ line: string }>`
    SELECT format('%s.%s column %s %s %s %s', n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
                  a.attnotnull, pg_get_expr(d.adbin, d.adrelid)) AS line
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE n.nspname IN ('public', 'engine', 'auth') AND c.relkind = 'r'
    UNION ALL SELECT format('%s constraint %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint
      WHERE connamespace IN ('public'::regnamespace, 'auth'::regnamespace)
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname IN ('public', 'engine')
    UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT pg_get_functiondef(p.oid) FROM pg_proc p WHERE pronamespace IN ('public'::regnamespace, 'auth'::regnamespace)
    UNION ALL SELECT format('%s policy %s %s %s %s %s', tablename, policyname, roles, cmd, qual, with_check) FROM pg_policies
    UNION ALL SELECT format('%s rls %s', relname, relrowsecurity) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
    ORDER BY 1`.execute(db);
  return rows.map(({ line }) => line);
}

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

  it('ends in the same schema when sixteen processes do it at once', async () => {
    const { db, url } = await emptyDatabase();
    const all = await Promise.all(
      Array.from({ length: 16 }, async () => {
        const own = connect(url, { max: 1 });
        try {
          return await migrateToLatest(own);
        } finally {
          await own.destroy();
        }
      }),
    );
    expect(all.filter((applied) => applied.length > 0)).toHaveLength(1);
    expect(await schemaOf(db)).toEqual(await reference);
  });

  it('leaves nothing behind when it is killed, and gets through the next time', async () => {
    for (const table of ['profiles', 'bots', 'game_sessions', 'engine.nodes']) {
      const { db, url } = await emptyDatabase();
      const env = { PATH: process.env.PATH, DATABASE_URL: url };
      // It stops where the table is made, because somebody holds the name, and is killed there.
      const holder = connect(url, { max: 1 });
      await holder.transaction().execute(async (trx) => {
        if (table.startsWith('engine.')) await sql`CREATE SCHEMA engine`.execute(trx);
        await sql.raw(`CREATE TABLE ${table} ()`).execute(trx);
        const child = spawn(process.execPath, [bin, 'db', 'migrate'], { env, stdio: 'ignore' });
        await vi.waitFor(
          async () => {
            const { rows } =
              await sql`SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`.execute(
                db,
              );
            expect(rows.length).toBeGreaterThan(0);
          },
          { timeout: 20_000 },
        );
        child.kill('SIGKILL');
        await once(child, 'exit');
        await sql.raw(`DROP TABLE ${table}`).execute(trx);
        if (table.startsWith('engine.')) await sql`DROP SCHEMA engine`.execute(trx);
      });
      await holder.destroy();
      await promisify(execFile)(process.execPath, [bin, 'db', 'migrate'], { env });
      expect(await schemaOf(db)).toEqual(await reference);
      expect((await migrationStatus(db)).map(({ name }) => `${name}.sql`)).toEqual(files);
    }
  }, 90_000);
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
      (await schemaOf(db)).filter((line) => !/^public\.notes |^notes rls |INDEX own ON/.test(line)),
    ).toEqual(await reference);
  });

  it('is left alone when it has permissive policies of its own: they would add to ours', async () => {
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

  it('is left alone when it differs, with every difference named', async () => {
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
      'api_logs: constraint FOREIGN KEY (user_id) REFERENCES profiles(id) ON DELETE SET NULL is missing',
      expect.stringMatching(
        /^app_catalog: column status is character varying\(20\), documented character varying\(20\) DEFAULT 'active'/,
      ),
      expect.stringMatching(/^app_catalog: index idx_apps_status is missing/),
      'bots: column description is missing',
      'credits: column note is not documented',
      'profiles: column email is text NOT NULL, documented character varying(255) NOT NULL',
      'profiles: trigger update_profiles_updated_at is missing',
    ]);
    expect(await schemaOf(db)).toEqual(before);
  });
});
