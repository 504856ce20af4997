import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { day } from '../planting.ts';
import type { Fault } from './fault.ts';

const doing =
  (...statements: string[]) =>
  async (db: Db): Promise<void> => {
    for (const statement of statements) await sql.raw(statement).execute(db);
  };

const table = (name: string, columns = 'user_id uuid, text text') =>
  `CREATE TABLE public.${name} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ${columns})`;
const guarded = (name: string, columns?: string) => [
  table(name, columns),
  `ALTER TABLE public.${name} ENABLE ROW LEVEL SECURITY`,
];
const own = 'user_id = (SELECT auth.uid())';

const secretStored = (name: string, days: number) => async (db: Db, now: Date) => {
  const at = new Date(now.getTime() - days * day);
  await db
    .insertInto('engine.secrets')
    .values({ name, variable: name, changed_by: 'faults', created_at: at, changed_at: at })
    .execute();
};
const channelWith = async (db: Db, name: string) => {
  const value = JSON.stringify({ channels: { ops: { url: `{{secret:${name}}}` } } });
  await sql`INSERT INTO engine.settings (key, value) VALUES (${`fault.${name}`}, ${value}::jsonb)`.execute(
    db,
  );
};

export const wardenFaults: Fault[] = [
  {
    name: 'warden.row-security',
    title: 'Row level security is off on a table that users may write',
    plant: doing(
      table('fault_notes'),
      'GRANT SELECT, INSERT, UPDATE, DELETE ON public.fault_notes TO anon, authenticated',
    ),
    // Row level security is off, and no user has a right.
    lookalike: doing(
      table('fault_jobs'),
      'REVOKE ALL ON public.fault_jobs FROM PUBLIC, anon, authenticated',
    ),
  },
  {
    name: 'warden.open-policies',
    title: 'A policy lets every user change and delete the rows of all others',
    plant: doing(
      ...guarded('fault_posts'),
      'CREATE POLICY "Users write" ON public.fault_posts FOR ALL TO authenticated USING (true)',
      'GRANT SELECT, INSERT, UPDATE, DELETE ON public.fault_posts TO authenticated',
    ),
    // Everybody reads a catalogue, and a restrictive policy narrows the one that is true.
    lookalike: doing(
      ...guarded('fault_catalogue'),
      'CREATE POLICY "Everybody reads it" ON public.fault_catalogue FOR SELECT TO anon, authenticated USING (true)',
      'CREATE POLICY "Users write" ON public.fault_catalogue FOR UPDATE TO authenticated USING (true)',
      `CREATE POLICY "Their own" ON public.fault_catalogue AS RESTRICTIVE FOR UPDATE TO authenticated USING (${own})`,
      'GRANT SELECT, UPDATE ON public.fault_catalogue TO authenticated',
      'GRANT SELECT ON public.fault_catalogue TO anon',
    ),
  },
  {
    name: 'warden.policy-roles',
    title: 'A policy for writing applies to every role, because it names none',
    plant: doing(
      ...guarded('fault_likes'),
      `CREATE POLICY "Users delete their own" ON public.fault_likes FOR DELETE USING (${own})`,
      'GRANT SELECT, DELETE ON public.fault_likes TO anon, authenticated',
    ),
    // A policy that narrows is meant for all roles, and reading is no writing.
    lookalike: doing(
      ...guarded('fault_badges'),
      'CREATE POLICY "Everybody reads" ON public.fault_badges FOR SELECT USING (true)',
      'CREATE POLICY "No empty ones" ON public.fault_badges AS RESTRICTIVE FOR INSERT WITH CHECK (text IS NOT NULL)',
      `CREATE POLICY "Users add" ON public.fault_badges FOR INSERT TO authenticated WITH CHECK (${own})`,
      'GRANT SELECT, INSERT ON public.fault_badges TO anon, authenticated',
    ),
  },
  {
    name: 'warden.definer-functions',
    title: 'Users who are not signed in may call a function that runs as its owner',
    plant: doing(
      `CREATE FUNCTION public.fault_all_mails() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER
       SET search_path = pg_catalog, pg_temp AS 'SELECT email::text FROM public.profiles'`,
      'GRANT EXECUTE ON FUNCTION public.fault_all_mails() TO PUBLIC',
    ),
    // A trigger function cannot be called, and the other one is for the server.
    lookalike: doing(
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
    plant: doing(
      `CREATE FUNCTION public.fault_loose() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM pg_class'`,
      'REVOKE EXECUTE ON FUNCTION public.fault_loose() FROM PUBLIC',
    ),
    // The names in this body were bound when it was created.
    lookalike: doing(
      'CREATE FUNCTION public.fault_bound() RETURNS bigint LANGUAGE sql RETURN (SELECT count(*) FROM pg_class)',
    ),
  },
  {
    name: 'warden.views',
    title: 'A view shows users the rows that row level security hides from them',
    plant: doing(
      ...guarded('fault_orders'),
      'CREATE VIEW public.fault_all_orders AS SELECT id, text FROM public.fault_orders',
      'GRANT SELECT ON public.fault_all_orders TO authenticated',
    ),
    // The view reads as its user; the other one shows what a policy shows everybody anyway.
    lookalike: doing(
      ...guarded('fault_tariffs'),
      'CREATE POLICY "Everybody reads it" ON public.fault_tariffs FOR SELECT TO anon, authenticated USING (true)',
      'GRANT SELECT ON public.fault_tariffs TO anon, authenticated',
      'CREATE VIEW public.fault_tariff_names AS SELECT id, text FROM public.fault_tariffs',
      ...guarded('fault_invoices'),
      'CREATE VIEW public.fault_own_invoices WITH (security_invoker = true) AS SELECT id FROM public.fault_invoices',
      'GRANT SELECT ON public.fault_tariff_names, public.fault_own_invoices TO anon, authenticated',
    ),
  },
  {
    name: 'warden.views.stored',
    title: 'A materialized view shows users rows that row level security hides from them',
    plant: doing(
      ...guarded('fault_sales'),
      'CREATE MATERIALIZED VIEW public.fault_sales_by_user AS SELECT user_id, count(*) FROM public.fault_sales GROUP BY 1',
      'GRANT SELECT ON public.fault_sales_by_user TO anon',
    ),
    lookalike: doing(
      ...guarded('fault_visits'),
      'CREATE MATERIALIZED VIEW public.fault_visits_by_user AS SELECT user_id, count(*) FROM public.fault_visits GROUP BY 1',
      'REVOKE ALL ON public.fault_visits_by_user FROM PUBLIC, anon, authenticated',
    ),
  },
  {
    name: 'warden.secret-columns',
    title: 'Users may select a column that holds keys of an API',
    plant: doing(
      ...guarded('fault_integrations', 'user_id uuid, name text, api_key text'),
      `CREATE POLICY "Users see their own" ON public.fault_integrations FOR SELECT TO authenticated USING (${own})`,
      'GRANT SELECT ON public.fault_integrations TO authenticated',
    ),
    // These only tell about secrets, and users may select the columns beside the one that is a secret.
    lookalike: doing(
      ...guarded(
        'fault_devices',
        'user_id uuid, total_tokens int, password_changed_at timestamptz, has_password boolean, api_key_id text, token text',
      ),
      `CREATE POLICY "Users see their own" ON public.fault_devices FOR SELECT TO authenticated USING (${own})`,
      'GRANT SELECT (id, user_id, total_tokens, password_changed_at, has_password, api_key_id) ON public.fault_devices TO authenticated',
    ),
  },
  {
    name: 'warden.extensions',
    title: 'An extension is in the schema that clients reach',
    plant: doing('CREATE EXTENSION pg_trgm SCHEMA public'),
    lookalike: doing(
      'CREATE SCHEMA IF NOT EXISTS extensions',
      'CREATE EXTENSION citext SCHEMA extensions',
    ),
  },
  {
    name: 'warden.secrets',
    title: 'A stored secret has not been used for two months',
    plant: secretStored('FAULT_FORGOTTEN', 60),
    // Stored just now, before anything could refer to it; and one that a channel uses.
    async lookalike(db, now) {
      await secretStored('FAULT_NEW', 1)(db, now);
      await secretStored('FAULT_CHANNEL', 60)(db, now);
      await channelWith(db, 'FAULT_CHANNEL');
    },
  },
  {
    name: 'warden.secrets.old',
    title: 'The value of a secret that is in use is two years old',
    async plant(db, now) {
      await secretStored('FAULT_OLD', 730)(db, now);
      await channelWith(db, 'FAULT_OLD');
    },
    async lookalike(db, now) {
      await secretStored('FAULT_YOUNG', 300)(db, now);
      await channelWith(db, 'FAULT_YOUNG');
    },
  },
];
