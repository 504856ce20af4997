/**
 * What Supabase's advisors complain about, read in our own words: each rule is a query whose rows are complaints, and
 * a statement that gives it something to complain about. Rules about use (indexes that nothing used, bloat) and about
 * other products (storage, pgmq) have no place here. Clients reach schema public alone.
 */
export interface Rule {
  query: string;
  /** breaks the rule once; the row that the query then returns contains `name` */
  broken: string;
  name: string;
}

/** Schemas that belong to Supabase and PostgreSQL. */
const ours = `n.nspname NOT IN ('pg_catalog', 'information_schema', 'auth', 'storage', 'vault', 'extensions')
  AND n.nspname NOT LIKE 'pg\\_%'`;
const authCall = String.raw`auth\.(uid|jwt|role|email)\(\)`;

export const rules: Record<string, Rule> = {
  'a foreign key has an index that begins with its columns': {
    query: `SELECT k.conrelid::regclass || ': ' || k.conname AS complaint
      FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE k.contype = 'f' AND ${ours} AND NOT EXISTS (
        SELECT FROM pg_index i WHERE i.indrelid = k.conrelid AND i.indisvalid
          AND (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey)`,
    broken: `ALTER TABLE public.avatars ADD COLUMN friend uuid REFERENCES profiles`,
    name: 'avatars_friend_fkey',
  },
  'a table has a primary key': {
    query: `SELECT c.oid::regclass::text AS complaint FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND ${ours}
        AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)`,
    broken: `CREATE TABLE public.keyless (a int)`,
    name: 'keyless',
  },
  'no two indexes are the same': {
    query: `SELECT string_agg(indexname, ' and ' ORDER BY indexname) AS complaint
      FROM pg_indexes JOIN pg_namespace n ON n.nspname = schemaname WHERE ${ours}
      GROUP BY schemaname, tablename, replace(indexdef, indexname, '') HAVING count(*) > 1`,
    broken: `CREATE INDEX again ON public.profiles (role)`,
    name: 'again and idx_profiles_role',
  },
  'a table that clients reach has row level security': {
    query: `SELECT c.oid::regclass::text AS complaint FROM pg_class c
      WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND NOT c.relrowsecurity`,
    broken: `ALTER TABLE public.avatars DISABLE ROW LEVEL SECURITY`,
    name: 'avatars',
  },
  'policies are in force, and each table with row level security is open to some role': {
    query: `SELECT c.oid::regclass || ': ' || CASE WHEN c.relrowsecurity THEN 'no policy' ELSE 'policies that are off' END AS complaint
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND ${ours}
        AND c.relrowsecurity <> EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)`,
    broken: `CREATE TABLE public.closed (a int PRIMARY KEY); ALTER TABLE public.closed ENABLE ROW LEVEL SECURITY`,
    name: 'closed: no policy',
  },
  'a role has one permissive policy for each command': {
    query: `SELECT p.polrelid::regclass || ': ' || r.rolname || ' ' || command::text AS complaint
      FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_roles r ON r.oid = ANY (p.polroles) OR p.polroles = '{0}',
        unnest(CASE p.polcmd WHEN '*' THEN '{r,a,w,d}'::"char"[] ELSE ARRAY[p.polcmd] END) command
      WHERE p.polpermissive AND ${ours} AND NOT r.rolbypassrls AND r.rolname NOT LIKE 'pg\\_%'
      GROUP BY p.polrelid, r.rolname, command HAVING count(*) > 1`,
    broken: `CREATE POLICY again ON public.avatars FOR SELECT TO authenticated USING (false)`,
    name: 'avatars: authenticated r',
  },
  'a policy reads the user once for each query, not for each row': {
    query: `SELECT tablename || ': ' || policyname AS complaint
      FROM pg_policies JOIN pg_namespace n ON n.nspname = schemaname,
        unnest(ARRAY[qual, with_check]) AS body
      WHERE ${ours} AND regexp_replace(body, 'SELECT ${authCall}', '', 'gi') ~ '${authCall}|current_setting\\('`,
    broken: `CREATE POLICY slow ON public.avatars FOR SELECT TO anon USING (user_id = auth.uid() AND user_id = (SELECT auth.uid()))`,
    name: 'avatars: slow',
  },
  'no policy reads what users may write about themselves': {
    query: `SELECT tablename || ': ' || policyname AS complaint FROM pg_policies
      WHERE concat(qual, with_check) ~ 'user_metadata'`,
    broken: `CREATE POLICY trusting ON public.avatars FOR SELECT TO anon
      USING (((SELECT current_setting('request.jwt.claims', true))::jsonb -> 'user_metadata' ->> 'admin') = 'yes')`,
    name: 'avatars: trusting',
  },
  'no policy lets users write whatever they like': {
    query: `SELECT tablename || ': ' || policyname AS complaint FROM pg_policies
      WHERE permissive = 'PERMISSIVE' AND cmd <> 'SELECT' AND roles && '{public,anon,authenticated}'::name[]
        AND ('true' IN (qual, with_check) OR cmd = 'INSERT' AND with_check IS NULL)`,
    broken: `CREATE POLICY wide ON public.avatars FOR DELETE TO anon USING (true)`,
    name: 'avatars: wide',
  },
  'a function sets its search_path': {
    query: `SELECT p.oid::regprocedure::text AS complaint FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      WHERE p.prokind IN ('f', 'p', 'w') AND ${ours}
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
        AND NOT EXISTS (SELECT FROM unnest(p.proconfig) s WHERE s LIKE 'search\\_path=%')`,
    broken: `CREATE FUNCTION public.loose() RETURNS int LANGUAGE sql RETURN 1`,
    name: 'loose()',
  },
  'no function that clients reach works with the rights of its owner': {
    query: `SELECT p.oid::regprocedure::text AS complaint FROM pg_proc p
      WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef
        AND (has_function_privilege('anon', p.oid, 'EXECUTE') OR has_function_privilege('authenticated', p.oid, 'EXECUTE'))`,
    broken: `CREATE FUNCTION public.strong() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = '' RETURN 1`,
    name: 'strong()',
  },
  'no view that clients reach reads with the rights of its owner': {
    query: `SELECT c.oid::regclass::text AS complaint FROM pg_class c
      WHERE c.relnamespace = 'public'::regnamespace AND (c.relkind IN ('m', 'f')
        OR c.relkind = 'v' AND NOT coalesce(lower(c.reloptions::text)::text[] && '{security_invoker=true,security_invoker=on,security_invoker=1}', false))`,
    broken: `CREATE VIEW public.everyone AS SELECT id FROM profiles`,
    name: 'everyone',
  },
  'no extension is in the schema that clients reach': {
    query: `SELECT extname AS complaint FROM pg_extension WHERE extnamespace = 'public'::regnamespace`,
    broken: `CREATE EXTENSION pgcrypto SCHEMA public`,
    name: 'pgcrypto',
  },
  'no column has a type that an upgrade of the server cannot carry over': {
    query: `SELECT c.oid::regclass || '.' || a.attname AS complaint
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND ${ours} AND a.atttypid IN (
        'regcollation'::regtype, 'regconfig'::regtype, 'regdictionary'::regtype, 'regnamespace'::regtype, 'regoper'::regtype,
        'regoperator'::regtype, 'regproc'::regtype, 'regprocedure'::regtype)`,
    broken: `ALTER TABLE public.avatars ADD COLUMN made_by regprocedure`,
    name: 'avatars.made_by',
  },
  'no index is invalid': {
    query: `SELECT i.indexrelid::regclass::text AS complaint FROM pg_index i
      JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE ${ours} AND NOT i.indisvalid`,
    broken: `CREATE TABLE public.parts (a int PRIMARY KEY) PARTITION BY RANGE (a);
      CREATE TABLE public.part PARTITION OF public.parts FOR VALUES FROM (1) TO (2);
      CREATE INDEX half ON ONLY public.parts (a)`,
    name: 'half',
  },
  'a variable of a function begins with a value of its own type': {
    // plpgsql_check, with which Supabase lints functions, warns if a text is converted implicitly.
    query: `SELECT p.oid::regprocedure || ': ' || m[1] AS complaint
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang,
        regexp_matches(p.prosrc, '\\m(\\w+\\s+(?:CONSTANT\\s+)?(?:interval|timestamptz|timestamp|date|int|int4|int8|integer|bigint|smallint|numeric|float8|boolean|uuid|jsonb|json|inet)\\s*(?::?=|DEFAULT)\\s*''[^'']*'')(?!\\s*::)', 'gi') m
      WHERE l.lanname = 'plpgsql' AND ${ours} AND n.nspname <> 'bullmq'`,
    broken: `CREATE FUNCTION public.cast_unsaid() RETURNS int LANGUAGE plpgsql SET search_path = '' AS
      'DECLARE waits CONSTANT interval := ''1 hour''; BEGIN RETURN 1; END'`,
    name: 'cast_unsaid()',
  },
};
