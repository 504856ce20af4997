import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { before, day } from '../time.ts';
import type { Fault } from './fault.ts';
import { plantBySql } from '../plant-by-sql.ts';

const createTable = (name: string, columns = 'user_id uuid, text text') =>
  `CREATE TABLE public.${name} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ${columns})`;
/** The statements that create a table with row level security. */
const createGuardedTable = (name: string, columns?: string) => [
  createTable(name, columns),
  `ALTER TABLE public.${name} ENABLE ROW LEVEL SECURITY`,
];
const isOwnRow = 'user_id = (SELECT auth.uid())';

/** What adds a secret that was stored so many days ago. */
const plantSecret = (name: string, days: number) => async (db: Db, now: Date) => {
  const at = before(now, days * day);
  await db
    .insertInto('engine.secrets')
    .values({ name, variable: name, changed_by: 'faults', created_at: at, changed_at: at })
    .execute();
};
/** Adds a setting in which a channel refers to this secret. */
const addChannelWith = async (db: Db, name: string) => {
  const value = JSON.stringify({ channels: { ops: { url: `{{secret:${name}}}` } } });
  await sql`INSERT INTO engine.settings (key, value) VALUES (${`fault.${name}`}, ${value}::jsonb)`.execute(
    db,
  );
};

export const wardenFaults: Fault[] = [
  {
    name: 'warden.row-security',
    title: 'Row level security is off on a table that users may write',
    plant: plantBySql(
      createTable('fault_notes'),
      'GRANT SELECT, INSERT, UPDATE, DELETE ON public.fault_notes TO anon, authenticated',
    ),
    // Row level security is off, and no user has a right.
    lookalike: plantBySql(
      createTable('fault_jobs'),
      'REVOKE ALL ON public.fault_jobs FROM PUBLIC, anon, authenticated',
    ),
  },
  {
    name: 'warden.open-policies',
    title: 'A policy lets every user change and delete the rows of all others',
    plant: plantBySql(
      ...createGuardedTable('fault_posts'),
      'CREATE POLICY "Users write" ON public.fault_posts FOR ALL TO authenticated USING (true)',
      'GRANT SELECT, INSERT, UPDATE, DELETE ON public.fault_posts TO authenticated',
    ),
    // Everybody reads a catalogue, and a restrictive policy narrows the one that is true.
    lookalike: plantBySql(
      ...createGuardedTable('fault_catalogue'),
      'CREATE POLICY "Everybody reads it" ON public.fault_catalogue FOR SELECT TO anon, authenticated USING (true)',
      'CREATE POLICY "Users write" ON public.fault_catalogue FOR UPDATE TO authenticated USING (true)',
      `CREATE POLICY "Their own" ON public.fault_catalogue AS RESTRICTIVE FOR UPDATE TO authenticated USING (${isOwnRow})`,
      'GRANT SELECT, UPDATE ON public.fault_catalogue TO authenticated',
      'GRANT SELECT ON public.fault_catalogue TO anon',
    ),
  },
  {
    name: 'warden.policy-roles',
    title: 'A policy for writing applies to every role, because it names none',
    plant: plantBySql(
      ...createGuardedTable('fault_likes'),
      `CREATE POLICY "Users delete their own" ON public.fault_likes FOR DELETE USING (${isOwnRow})`,
      'GRANT SELECT, DELETE ON public.fault_likes TO anon, authenticated',
    ),
    // A policy that narrows is meant for all roles, and reading is no writing.
    lookalike: plantBySql(
      ...createGuardedTable('fault_badges'),
      'CREATE POLICY "Everybody reads" ON public.fault_badges FOR SELECT USING (true)',
      'CREATE POLICY "No empty ones" ON public.fault_badges AS RESTRICTIVE FOR INSERT WITH CHECK (text IS NOT NULL)',
      `CREATE POLICY "Users add" ON public.fault_badges FOR INSERT TO authenticated WITH CHECK (${isOwnRow})`,
      'GRANT SELECT, INSERT ON public.fault_badges TO anon, authenticated',
    ),
  },
  {
    name: 'warden.definer-functions',
    title: 'Users who are not signed in may call a function that runs as its owner',
    plant: plantBySql(
      `CREATE FUNCTION public.fault_all_mails() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER
       SET search_path = pg_catalog, pg_temp AS 'SELECT email::text FROM public.profiles'`,
      'GRANT EXECUTE ON FUNCTION public.fault_all_mails() TO PUBLIC',
    ),
    // A trigger function cannot be called by users, and only the server may call the other one.
    lookalike: plantBySql(
      `CREATE FUNCTION public.fault_stamp() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
       SET search_path = pg_catalog, pg_temp AS 'BEGIN RETURN NEW; END'`,
      `CREATE FUNCTION public.fault_server_only() RETURNS int LANGUAGE sql SECURITY DEFINER
       SET search_path = pg_catalog, pg_temp AS 'SELECT 1'`,
      'REVOKE EXECUTE ON FUNCTION public.fault_server_only() FROM PUBLIC, anon',
      'GRANT EXECUTE ON FUNCTION public.fault_server_only() TO service_role',
    ),
  },
  {
    name: 'warden.search-path',
    title: 'A function that runs as its owner finds names by the search_path of its caller',
    plant: plantBySql(
      `CREATE FUNCTION public.fault_loose() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM pg_class'`,
      'REVOKE EXECUTE ON FUNCTION public.fault_loose() FROM PUBLIC',
    ),
    // The names in this body were bound when it was created.
    lookalike: plantBySql(
      'CREATE FUNCTION public.fault_bound() RETURNS bigint LANGUAGE sql RETURN (SELECT count(*) FROM pg_class)',
    ),
  },
  {
    name: 'warden.views',
    title: 'A view shows users the rows that row level security hides from them',
    plant: plantBySql(
      ...createGuardedTable('fault_orders'),
      'CREATE VIEW public.fault_all_orders AS SELECT id, text FROM public.fault_orders',
      'GRANT SELECT ON public.fault_all_orders TO authenticated',
    ),
    // One view reads with the rights of its user; the other one shows what a policy shows everybody anyway.
    lookalike: plantBySql(
      ...createGuardedTable('fault_tariffs'),
      'CREATE POLICY "Everybody reads it" ON public.fault_tariffs FOR SELECT TO anon, authenticated USING (true)',
      'GRANT SELECT ON public.fault_tariffs TO anon, authenticated',
      'CREATE VIEW public.fault_tariff_names AS SELECT id, text FROM public.fault_tariffs',
      ...createGuardedTable('fault_invoices'),
      'CREATE VIEW public.fault_own_invoices WITH (security_invoker = true) AS SELECT id FROM public.fault_invoices',
      'GRANT SELECT ON public.fault_tariff_names, public.fault_own_invoices TO anon, authenticated',
    ),
  },
  {
    name: 'warden.views.stored',
    title: 'A materialized view shows users rows that row level security hides from them',
    plant: plantBySql(
      ...createGuardedTable('fault_sales'),
      'CREATE MATERIALIZED VIEW public.fault_sales_by_user AS SELECT user_id, count(*) FROM public.fault_sales GROUP BY 1',
      'GRANT SELECT ON public.fault_sales_by_user TO anon',
    ),
    lookalike: plantBySql(
      ...createGuardedTable('fault_visits'),
      'CREATE MATERIALIZED VIEW public.fault_visits_by_user AS SELECT user_id, count(*) FROM public.fault_visits GROUP BY 1',
      'REVOKE ALL ON public.fault_visits_by_user FROM PUBLIC, anon, authenticated',
    ),
  },
  {
    name: 'warden.secret-columns',
    title: 'Users may select a column that holds keys of an API',
    plant: plantBySql(
      ...createGuardedTable('fault_integrations', 'user_id uuid, name text, api_key text'),
      `CREATE POLICY "Users see their own" ON public.fault_integrations FOR SELECT TO authenticated USING (${isOwnRow})`,
      'GRANT SELECT ON public.fault_integrations TO authenticated',
    ),
    // The names of these columns are like those of secrets. The one that is a secret is the one that users may not select.
    lookalike: plantBySql(
      ...createGuardedTable(
        'fault_devices',
        'user_id uuid, total_tokens int, password_changed_at timestamptz, has_password boolean, api_key_id text, token text',
      ),
      `CREATE POLICY "Users see their own" ON public.fault_devices FOR SELECT TO authenticated USING (${isOwnRow})`,
      'GRANT SELECT (id, user_id, total_tokens, password_changed_at, has_password, api_key_id) ON public.fault_devices TO authenticated',
    ),
  },
  {
    name: 'warden.extensions',
    title: 'An extension is in the schema that clients reach',
    plant: plantBySql('CREATE EXTENSION pg_trgm SCHEMA public'),
    lookalike: plantBySql(
      'CREATE SCHEMA IF NOT EXISTS extensions',
      'CREATE EXTENSION citext SCHEMA extensions',
    ),
  },
  {
    name: 'warden.secrets',
    title: 'A stored secret has not been used for two months',
    plant: plantSecret('FAULT_FORGOTTEN', 60),
    // One was stored yesterday, so that a reference may still come; a channel uses the other one.
    async lookalike(db, now) {
      await plantSecret('FAULT_NEW', 1)(db, now);
      await plantSecret('FAULT_CHANNEL', 60)(db, now);
      await addChannelWith(db, 'FAULT_CHANNEL');
    },
  },
  {
    name: 'warden.secrets.old',
    title: 'The value of a secret that is in use is two years old',
    async plant(db, now) {
      await plantSecret('FAULT_OLD', 730)(db, now);
      await addChannelWith(db, 'FAULT_OLD');
    },
    async lookalike(db, now) {
      await plantSecret('FAULT_YOUNG', 300)(db, now);
      await addChannelWith(db, 'FAULT_YOUNG');
    },
  },
];
