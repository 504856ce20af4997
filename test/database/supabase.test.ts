import { readdir, readFile } from 'node:fs/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { supabaseDatabase } from '../support/supabase.ts';
import { become, denied, isAllowed, surroundings, undone, users } from '../data/rls-cell.ts';
import { engineTables, matrix, patterns } from '../data/rls-matrix.ts';

const tables = [...Object.keys(patterns), ...engineTables];
const sampled = matrix.filter(({ identity }) => ['anon', 'own', 'other user'].includes(identity));

describe('on a database of Supabase', () => {
  let client: Client;
  let applied: string[][];
  const one = async (text: string) => (await client.query(text)).rows[0];

  beforeAll(async () => {
    const { db, url } = await supabaseDatabase();
    applied = [await migrateToLatest(db), await migrateToLatest(db)];
    client = new Client({ connectionString: url });
    await client.connect();
    await client.query(`BEGIN; ${surroundings}`);
  });
  afterAll(async () => {
    await client.query('ROLLBACK');
    await client.end();
  });

  it('every migration is applied by a role that is not a superuser, and no migration the second time', async () => {
    const files = (await readdir(new URL('../../migrations/', import.meta.url))).filter((file) =>
      file.endsWith('.sql'),
    );
    expect(applied).toEqual([files.map((file) => file.slice(0, -'.sql'.length)).toSorted(), []]);
    expect(
      await one(
        `SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user`,
      ),
    ).toEqual({ rolname: 'postgres_like', rolsuper: false, rolbypassrls: false });
    expect(
      await one(`SELECT count(*)::int AS own FROM pg_class
                 WHERE relnamespace = 'auth'::regnamespace AND relowner = 'postgres_like'::regrole`),
    ).toEqual({ own: 0 });
  });

  it.for(sampled)('$table: $command as $identity, allowed: $allowed', async (cell) => {
    expect(await isAllowed(client, cell)).toBe(cell.allowed);
  });

  it('the rights on our tables that its default privileges grant are revoked', async () => {
    const { rows } = await client.query(
      `SELECT r, c.relname, p FROM pg_class c, unnest('{anon,authenticated,service_role}'::text[]) r,
         unnest('{TRUNCATE,REFERENCES,TRIGGER}'::text[]) p
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND has_table_privilege(r, c.oid, p)`,
    );
    expect(rows).toEqual([]);
    for (const table of tables)
      await undone(client, async () => {
        await client.query(become('authenticated', users.owner));
        await expect(client.query(`TRUNCATE ${table} CASCADE`)).rejects.toMatchObject({
          code: denied,
        });
      });
  });

  it('users may execute get_user_credits and the functions for queries on the bots, and no other function of ours', async () => {
    const { rows } = await client.query(
      `SELECT r || ' ' || p.oid::regprocedure AS line FROM pg_proc p, unnest('{anon,authenticated}'::text[]) r
       WHERE p.pronamespace IN ('public'::regnamespace, 'engine'::regnamespace)
         AND has_function_privilege(r, p.oid, 'EXECUTE')`,
    );
    expect(rows.map(({ line }) => line).toSorted()).toEqual([
      'authenticated bots_now()',
      'authenticated engine.counts_as_broken_for_users(uuid)',
      'authenticated engine.is_suppressed_for_users(uuid)',
      'authenticated engine.now_for_users()',
      'authenticated finding_is_broken(uuid)',
      'authenticated finding_is_suppressed(uuid)',
      'authenticated get_user_credits(uuid)',
    ]);
  });

  it.for(['SELECT * FROM', 'DELETE FROM'])('anon: %s engine.kysely_migration', async (what) => {
    await undone(client, async () => {
      await client.query(become('anon'));
      await expect(client.query(`${what} engine.kysely_migration`)).rejects.toMatchObject({
        code: denied,
      });
    });
  });

  it('users have no rights on a later table or function, whatever the defaults were', async () => {
    await undone(client, async () => {
      await client.query(`CREATE TABLE later (id serial);
        CREATE FUNCTION later() RETURNS int LANGUAGE sql SET search_path = pg_catalog, pg_temp RETURN 1;
        REVOKE EXECUTE ON FUNCTION later() FROM PUBLIC`);
      const { rows } = await client.query(
        `SELECT r, has_table_privilege(r, 'later', 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE') AS table,
                has_sequence_privilege(r, 'later_id_seq', 'USAGE, SELECT, UPDATE') AS sequence,
                has_function_privilege(r, 'later()', 'EXECUTE') AS function
         FROM unnest('{anon,authenticated}'::text[]) r`,
      );
      const nothing = { table: false, sequence: false, function: false };
      expect(rows).toEqual([
        { r: 'anon', ...nothing },
        { r: 'authenticated', ...nothing },
      ]);
      await client.query(become('service_role'));
      await client.query('INSERT INTO later DEFAULT VALUES');
      await expect(client.query('TRUNCATE later')).rejects.toMatchObject({ code: denied });
    });
  });
});

describe('on a database of Supabase with row level security forced on the owner', () => {
  let client: Client;
  const user = users.own;

  beforeAll(async () => {
    const { db, url } = await supabaseDatabase();
    const folder = new URL('../../migrations/', import.meta.url);
    const documented = (await readdir(folder)).filter((file) => /^v[1-5]_/.test(file)).toSorted();
    client = new Client({ connectionString: url });
    await client.connect();
    for (const file of documented)
      await client.query(await readFile(new URL(file, folder), 'utf8'));
    for (const table of Object.keys(patterns))
      await client.query(
        `ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`,
      );
    await migrateToLatest(db);
  });
  afterAll(() => client.end());

  it('it is not forced any more', async () => {
    const { rows } = await client.query(
      `SELECT oid::regclass FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relforcerowsecurity`,
    );
    expect(rows).toEqual([]);
  });

  it('a function that runs as the owner sees all rows: a booking finds its profile', async () => {
    await client.query(`INSERT INTO auth.users (id, email) VALUES ('${user}', 'a@people.test')`);
    await client.query(`BEGIN; SET LOCAL ROLE service_role`);
    await client.query(`INSERT INTO profiles (id, email) VALUES ('${user}', 'a@people.test')`);
    await client.query(`SELECT engine.book_credits('${user}', 5, 'bonus')`);
    const { rows } = await client.query('SELECT credits FROM profiles');
    await client.query('ROLLBACK');
    expect(rows).toEqual([{ credits: 5 }]);
  });
});
