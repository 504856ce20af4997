import { sql, type Kysely } from 'kysely';
import { describe, expect, inject, it } from 'vitest';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { testDatabase } from '../support/database.ts';
import { administer, inDatabase } from '../support/postgres.ts';
import { supabaseDatabase } from '../support/supabase.ts';
import {
  columnsOf,
  differencesOf,
  madeByHand,
  platform,
  schemaOf,
  valuesOf,
} from './adopt-platform.ts';

const reference = schemaOf((await testDatabase()).db);

describe('objects beside the tables', () => {
  it('uuid-ossp in another schema is named, with or without tables, and the statement moves it', async () => {
    for (const database of [await madeByHand(platform), await madeByHand()]) {
      const { db } = database;
      await sql`ALTER EXTENSION "uuid-ossp" SET SCHEMA public`.execute(db);
      const differences = await differencesOf(db);
      expect(differences).toEqual([
        'extension uuid-ossp is in schema public, documented is extensions (CREATE SCHEMA IF NOT EXISTS extensions; ALTER EXTENSION "uuid-ossp" SET SCHEMA extensions)',
      ]);
      await sql.raw(/\((.*)\)$/.exec(differences[0]!)![1]!).execute(db);
      await migrateToLatest(db);
      expect(await schemaOf(db)).toEqual(await reference);
    }
  });

  it('the documented schema with its functions, its trigger on each table and its values as checks is adopted', async () => {
    const withTrigger = 'organizations transactions bots bot_tickets bot_knowledge'.split(' ');
    const { db } = await madeByHand(
      platform,
      `CREATE OR REPLACE FUNCTION update_updated_at() RETURNS TRIGGER AS $$
       BEGIN
         NEW.updated_at = NOW();
         RETURN NEW;
       END;
       $$ LANGUAGE plpgsql;
       CREATE OR REPLACE FUNCTION get_user_credits(user_uuid UUID) RETURNS INTEGER AS $$
         SELECT COALESCE(SUM(amount), 0)::INTEGER
         FROM credits
         WHERE user_id = user_uuid;
       $$ LANGUAGE sql STABLE`,
      ...withTrigger.map(
        (table) => `CREATE TRIGGER update_${table}_updated_at BEFORE UPDATE ON ${table}
                    FOR EACH ROW EXECUTE FUNCTION update_updated_at()`,
      ),
      `ALTER TABLE profiles ADD CHECK (role IN ('user', 'admin', 'owner'))`,
      `CREATE INDEX idx_api_logs_user ON api_logs (user_id)`,
    );
    const columns = await columnsOf(db);
    const before = await valuesOf(db, columns);
    await migrateToLatest(db);
    expect(await valuesOf(db, columns)).toEqual(before);
    expect(await schemaOf(db)).toEqual(await reference);
  });

  it('functions with documented names but other bodies are named', async () => {
    const { db } = await madeByHand(
      'DROP FUNCTION get_user_credits(uuid)',
      `CREATE FUNCTION get_user_credits(uid uuid) RETURNS integer LANGUAGE sql AS 'SELECT 1'`,
      `CREATE OR REPLACE FUNCTION update_updated_at() RETURNS trigger LANGUAGE plpgsql AS
       'BEGIN NEW.updated_at = now(); NOTIFY changed; RETURN NEW; END'`,
    );
    expect(await differencesOf(db)).toEqual([
      'function update_updated_at() differs from the documented one, and would be replaced (ALTER FUNCTION update_updated_at() RENAME TO own_update_updated_at)',
      'function get_user_credits(uuid) is (uid uuid returns integer), documented (user_uuid uuid returns integer) (ALTER FUNCTION get_user_credits(uuid) RENAME TO own_get_user_credits)',
    ]);
  });

  it('functions with documented names are named also where their tables are missing', async () => {
    const { db } = await madeByHand('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
    await sql`CREATE FUNCTION update_updated_at() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`.execute(
      db,
    );
    expect(await differencesOf(db)).toEqual([
      'function update_updated_at() exists without the table profiles, to which it belongs (ALTER FUNCTION update_updated_at() RENAME TO own_update_updated_at)',
    ]);
  });

  it('a check with a name of ours but another condition is named, and so is each check on the tables of the bots', async () => {
    const { db } = await madeByHand(
      `ALTER TABLE profiles ADD CHECK (role IN ('user', 'admin'))`,
      `ALTER TABLE bots ADD CONSTRAINT own CHECK (status IN ('active', 'paused'))`,
      `ALTER TABLE credits ADD CONSTRAINT yours CHECK (amount < 1000)`,
      `CREATE TRIGGER update_avatars_updated_at BEFORE UPDATE OF name ON avatars FOR EACH ROW EXECUTE FUNCTION update_updated_at()`,
      `CREATE INDEX idx_api_logs_user ON api_logs (user_id, created_at)`,
    );
    expect((await differencesOf(db)).toSorted()).toEqual([
      'api_logs: index idx_api_logs_user is CREATE INDEX idx_api_logs_user ON api_logs USING btree (user_id, created_at), ' +
        "Roundsman's is CREATE INDEX idx_api_logs_user ON api_logs USING btree (user_id) " +
        '(ALTER INDEX idx_api_logs_user RENAME TO own_idx_api_logs_user)',
      expect.stringMatching(
        /^avatars: trigger update_avatars_updated_at is .* \(ALTER TRIGGER update_avatars_updated_at ON avatars RENAME/,
      ),
      'bots: check own may refuse what the engine writes (ALTER TABLE bots DROP CONSTRAINT own)',
      expect.stringMatching(
        /^profiles: check profiles_role_check is .*'admin'.*, Roundsman's is .*'owner'.* \(ALTER TABLE profiles RENAME CONSTRAINT profiles_role_check TO own_profiles_role_check\)$/,
      ),
    ]);
  });

  it('each object with a name that a migration gives is named, and no other one', async () => {
    const fresh = (await testDatabase()).db;
    const { db } = await madeByHand();
    const names = (of: Kysely<any>) =>
      sql<{ kind: string; relation: string; name: string }>`
        SELECT 'c' AS kind, conrelid::regclass::text AS relation, conname AS name FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT 'i', indrelid::regclass::text, relname FROM pg_index JOIN pg_class c ON c.oid = indexrelid
        WHERE relnamespace = 'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = c.oid)
        UNION ALL SELECT 't', tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL SELECT 'r', '', relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
        UNION ALL SELECT 'p', tablename, policyname FROM pg_policies WHERE schemaname = 'public' AND policyname <> 'Checks read'
        UNION ALL SELECT 'a', attrelid::regclass::text, attrelid::regclass || '.' || attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0
        UNION ALL SELECT 'f', '', pronamespace::regnamespace || '.' || proname FROM pg_proc
        WHERE pronamespace IN (to_regnamespace('private'), to_regnamespace('public')) AND prorettype <> 'trigger'::regtype`.execute(
        of,
      );
    const documented = await columnsOf(db);
    const already = new Set((await names(db)).rows.map(({ kind, name }) => kind + name));
    const news = (await names(fresh)).rows.filter(({ kind, relation, name }) => {
      // PostgreSQL gives the check or key of a column of ours another name if its name is taken.
      const ofOurColumn =
        kind === 'c' &&
        [...(documented.get(relation) ?? [])].every(
          (column) => !name.startsWith(`${relation}_${column}_`),
        ) &&
        !/_(forward|check)$/.test(name);
      return !already.has(kind + name) && (kind === 'r' || !ofOurColumn);
    });
    expect(news.length).toBeGreaterThan(100);
    await sql`CREATE SCHEMA private; CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`.execute(
      db,
    );
    const taken: string[] = [];
    const take = async (name: string, statement: string) => {
      taken.push(name);
      await sql.raw(statement).execute(db);
    };
    for (const { kind, relation, name } of news) {
      if (kind === 'r') await take(name, `CREATE VIEW ${name} AS SELECT 1`);
      if (kind === 'i') await take(name, `CREATE INDEX ${name} ON profiles (last_login_at)`);
      if (kind === 'f')
        await take(name, `CREATE FUNCTION ${name}() RETURNS int LANGUAGE sql RETURN 1`);
      if (!documented.has(relation)) continue;
      if (kind === 'p')
        await take(name, `CREATE POLICY "${name}" ON ${relation} AS RESTRICTIVE USING (true)`);
      if (kind === 'a') {
        const column = name.replace(/.*\./, '');
        await take(`column ${column}`, `ALTER TABLE ${relation} ADD COLUMN ${column} int`);
      }
      if (kind === 'c' && !/^bots$|^bot_/.test(relation))
        await take(name, `ALTER TABLE ${relation} ADD CONSTRAINT ${name} CHECK (true)`);
      if (kind === 't')
        await take(
          name,
          `CREATE TRIGGER ${name} BEFORE INSERT ON ${relation} FOR EACH ROW EXECUTE FUNCTION nothing()`,
        );
    }
    const differences = await differencesOf(db);
    const named = (name: string) =>
      differences.some((difference) => new RegExp(`\\b${name}\\b`).test(difference));
    // The check of a column of ours gets a free name.
    expect(taken.filter((name) => !named(name))).toEqual([]);
  });

  it('tables that another role owns, and a schema named engine, are named', async () => {
    const { db, name } = await supabaseDatabase();
    await administer(
      inDatabase(inject('postgresUrl'), name),
      'CREATE TABLE profiles (id int)',
      'ALTER TABLE profiles OWNER TO supabase_auth_admin',
      'CREATE SCHEMA private',
    );
    await sql`CREATE SCHEMA engine; CREATE TABLE engine.parts (id int)`.execute(db);
    const differences = await differencesOf(db);
    // The other differences say how that table differs from the documented one.
    expect(differences.filter((each) => !/^profiles: (?!the table)|^function/.test(each))).toEqual([
      'schema engine holds parts: Roundsman keeps its own there (ALTER SCHEMA engine RENAME TO own_engine)',
      'schema private: postgres_like may not create in it (GRANT CREATE ON SCHEMA private TO postgres_like)',
      'profiles: the table belongs to supabase_auth_admin (ALTER TABLE profiles OWNER TO postgres_like)',
    ]);
  });
});
