/** A platform that was there before, whose schema is not the documented one. */
import { sql } from 'kysely';
import { emptyDatabase, type TestDatabase } from '../support/database.ts';

/** With a `profiles` table, an `update_updated_at()` and an extension's schema of its own. */
export async function foreignPlatform(...changes: string[]): Promise<TestDatabase> {
  const database = await emptyDatabase();
  for (const statement of [
    'CREATE EXTENSION "uuid-ossp" WITH SCHEMA public',
    'CREATE TABLE profiles (id serial PRIMARY KEY, account uuid UNIQUE DEFAULT uuid_generate_v4(), handle text, is_boss boolean NOT NULL DEFAULT false, modified_at timestamptz)',
    'CREATE TABLE tickets (id int PRIMARY KEY, status text, seat text)',
    `CREATE FUNCTION update_updated_at() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.modified_at = now(); RETURN NEW; END'`,
    'CREATE TRIGGER touched BEFORE UPDATE ON profiles FOR EACH ROW EXECUTE FUNCTION update_updated_at()',
    `INSERT INTO profiles (account, handle, is_boss) VALUES
       ('00000000-0000-4000-8000-000000000001', 'ann', true), ('00000000-0000-4000-8000-000000000002', 'bob', false)`,
    // The claims of a request, in the setting in which the platform's gateway puts them.
    `CREATE FUNCTION is_boss() RETURNS boolean LANGUAGE sql STABLE AS
       'SELECT is_boss FROM profiles WHERE account = (current_setting(''request.jwt.claims'', true)::jsonb ->> ''sub'')::uuid'`,
    ...changes,
  ])
    await sql.raw(statement).execute(database.db);
  return database;
}
