/**
 * Makes a database like a new one of Supabase, on the server of the tests, before any migration. The role that migrates is
 * no superuser and does not bypass row level security, the schema `auth` belongs to another role, and default privileges
 * grant every new table and function to all users.
 */
import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { connect } from '../../src/database/connect.ts';
import { administer, inDatabase } from './postgres.ts';
import { dropAfterwards, type TestDatabase } from './database.ts';

const password = 'postgres_like';

/** Makes a role. Roles belong to the whole server, so another test file may be making the same role at this moment. */
const makeRole = (name: string, attributes: string) => `DO $$
BEGIN
  IF to_regrole('${name}') IS NULL THEN CREATE ROLE ${name} ${attributes}; END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$`;

const grantRole = (name: string, member: string) => `DO $$
BEGIN
  -- Two grants to one role at a time fail as "tuple concurrently updated".
  PERFORM pg_advisory_xact_lock(7107);
  IF NOT EXISTS (SELECT FROM pg_auth_members WHERE roleid = '${name}'::regrole AND member = '${member}'::regrole)
  THEN GRANT ${name} TO ${member}; END IF;
END $$`;

const users = ['anon', 'authenticated', 'service_role'];

const roles = [
  makeRole('anon', 'NOLOGIN'),
  makeRole('authenticated', 'NOLOGIN'),
  makeRole('service_role', 'NOLOGIN BYPASSRLS'),
  makeRole('authenticator', 'NOINHERIT LOGIN'),
  makeRole('supabase_auth_admin', 'NOINHERIT CREATEROLE'),
  makeRole('postgres_like', `LOGIN CREATEDB NOSUPERUSER NOBYPASSRLS PASSWORD '${password}'`),
  ...users.flatMap((name) => [grantRole(name, 'authenticator'), grantRole(name, 'postgres_like')]),
];

const everybody = `postgres_like, ${users.join(', ')}`;

const platform = [
  `CREATE SCHEMA extensions`,
  `CREATE EXTENSION "uuid-ossp" WITH SCHEMA extensions`,
  `GRANT USAGE ON SCHEMA extensions, public TO ${everybody}`,
  `CREATE SCHEMA auth AUTHORIZATION supabase_auth_admin`,
  `GRANT USAGE ON SCHEMA auth TO ${everybody}`,
  `SET ROLE supabase_auth_admin`,
  `CREATE TABLE auth.users (
     instance_id uuid,
     id uuid PRIMARY KEY,
     aud varchar(255),
     role varchar(255),
     email varchar(255),
     encrypted_password varchar(255),
     email_confirmed_at timestamptz,
     raw_user_meta_data jsonb,
     created_at timestamptz,
     updated_at timestamptz
   )`,
  `ALTER TABLE auth.users ENABLE ROW LEVEL SECURITY`,
  `CREATE POLICY "postgres manages users" ON auth.users TO postgres_like USING (true) WITH CHECK (true)`,
  `GRANT ALL ON auth.users TO postgres_like`,
  `CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS $$
     SELECT coalesce(
       nullif(current_setting('request.jwt.claim.sub', true), ''),
       (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'))::uuid $$`,
  `CREATE FUNCTION auth.role() RETURNS text LANGUAGE sql STABLE AS $$
     SELECT coalesce(
       nullif(current_setting('request.jwt.claim.role', true), ''),
       (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role'))::text $$`,
  `CREATE FUNCTION auth.jwt() RETURNS jsonb LANGUAGE sql STABLE AS $$
     SELECT coalesce(
       nullif(current_setting('request.jwt.claim', true), ''),
       nullif(current_setting('request.jwt.claims', true), ''))::jsonb $$`,
  `RESET ROLE`,
  ...['TABLES', 'SEQUENCES', 'FUNCTIONS'].map(
    (objects) =>
      `ALTER DEFAULT PRIVILEGES FOR ROLE postgres_like IN SCHEMA public GRANT ALL ON ${objects} TO ${everybody}`,
  ),
];

/**
 * Makes the database, without anything of Roundsman in it; `db` and `url` work as the role that migrates. It is dropped
 * when the test file is done. `server`: another one, as a superuser.
 */
export async function supabaseDatabase(server = inject('postgresUrl')): Promise<TestDatabase> {
  const name = `supabase_${randomBytes(6).toString('hex')}`;
  await administer(
    server,
    ...roles,
    `CREATE DATABASE ${name} OWNER postgres_like`,
    `ALTER DATABASE ${name} SET search_path = "$user", public, extensions`,
  );
  await administer(inDatabase(server, name), ...platform);
  const url = new URL(inDatabase(server, name));
  url.username = 'postgres_like';
  url.password = password;
  return dropAfterwards({ db: connect(url.href), url: url.href, name });
}
