import { describe, expect, it } from 'vitest';
import { become, rows, users } from './rls-cell.ts';
import { columns, engineMatrix, engineTables, matrix, patterns } from './rls-matrix.ts';
import type { Command, Identity } from './rls-matrix.ts';
import { all, as, openSession, tried } from './rls-session.ts';

openSession();

const tables = [...Object.keys(patterns), ...engineTables];
const cellsOf = Map.groupBy([...matrix, ...engineMatrix], ({ table }) => table);

/** Allowed to anybody of this role? */
const roleOf = (identity: Identity) =>
  identity === 'anon' || identity === 'service_role' ? identity : 'authenticated';
const isGranted = (table: string, command: Command, role: string) =>
  cellsOf
    .get(table)!
    .some((c) => c.command === command && c.allowed && roleOf(c.identity) === role);

describe('a grant', () => {
  it('names exactly the columns that the role needs', async () => {
    const held = await all(
      `SELECT c.relname AS "table", a.attname AS column, r AS role, p AS command
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped,
            unnest('{anon,authenticated,service_role}'::text[]) r, unnest('{select,insert,update}'::text[]) p
       WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY ($1)
         AND has_column_privilege(r, c.oid, a.attnum, p)`,
      [tables],
    );
    const every = await all(
      `SELECT table_name AS "table", column_name AS column FROM information_schema.columns
       WHERE table_schema = 'public' AND table_name = ANY ($1)`,
      [tables],
    );
    const expected = every.flatMap(({ table, column }) =>
      (['anon', 'authenticated', 'service_role'] as const).flatMap((role) =>
        (['select', 'insert', 'update'] as const)
          .filter((command) => isGranted(table, command, role))
          .filter(
            (command) =>
              role === 'service_role' || (columns[table]?.[command]?.includes(column) ?? true),
          )
          .map((command) => `${role} ${command} ${table}.${column}`),
      ),
    );
    expect(held.map((h) => `${h.role} ${h.command} ${h.table}.${h.column}`).toSorted()).toEqual(
      expected.toSorted(),
    );
  });

  it('goes no further than rows: nobody may TRUNCATE, REFERENCE, MAINTAIN or add triggers', async () => {
    const beyond = await all(
      `SELECT c.oid::regclass || ': ' || g.grantee::regrole || ' ' || g.privilege_type AS right
       FROM pg_class c, aclexplode(c.relacl) g
       WHERE c.relnamespace IN ('public'::regnamespace, 'engine'::regnamespace) AND c.relkind = 'r'
         AND g.grantee <> c.relowner AND g.privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')`,
    );
    expect(beyond).toEqual([]);
    const trusted = await all(
      `SELECT c.oid::regclass FROM pg_class c
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
         AND has_table_privilege('service_role', c.oid, 'TRUNCATE, REFERENCES, TRIGGER')`,
    );
    expect(trusted).toEqual([]);
  });

  it('lets the server forge no balance by a trigger of its own', async () => {
    // A trigger needs a function, and everybody may make one in pg_temp.
    const forger = `CREATE FUNCTION pg_temp.forge() RETURNS trigger LANGUAGE plpgsql
      AS 'BEGIN NEW.balance_after := 1000000; RETURN NEW; END'`;
    for (const [name, table] of [
      ['zz', 'credits'],
      ['aa', 'profiles'],
    ])
      expect(
        await as(
          'service_role',
          `CREATE TRIGGER ${name} BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION pg_temp.forge()`,
          `SET LOCAL ROLE service_role; ${forger}; RESET ROLE`,
        ),
        table,
      ).toBe('denied');
  });

  it.for(['anon', 'authenticated', 'service_role'])('lets %s truncate no table', async (role) => {
    const sub = role === 'authenticated' ? users.owner : undefined;
    for (const table of [...tables, 'engine.settings', 'engine.nodes'])
      expect(await tried(become(role, sub), `TRUNCATE ${table} CASCADE`), table).toBe('denied');
  });

  it('opens no sequence, no table of engine and no schema but public to users', async () => {
    const open = await all(
      `SELECT r AS role, c.oid::regclass::text AS name FROM pg_class c,
         unnest('{anon,authenticated}'::text[]) r
       WHERE c.relkind = 'S' AND c.relnamespace IN ('public'::regnamespace, 'engine'::regnamespace)
           AND (has_sequence_privilege(r, c.oid, 'USAGE') OR has_sequence_privilege(r, c.oid, 'SELECT')
                OR has_sequence_privilege(r, c.oid, 'UPDATE'))
         OR c.relnamespace = 'engine'::regnamespace AND c.relkind = 'r' AND has_any_column_privilege(r, c.oid, 'SELECT')
       UNION ALL
       SELECT r, s FROM unnest('{engine,private}'::text[]) s, unnest('{anon,authenticated}'::text[]) r
       WHERE has_schema_privilege(r, s, 'USAGE')`,
    );
    expect(open).toEqual([]);
    expect(await as('own', 'SELECT private.is_admin()')).toBe('denied');
    expect(await as('owner', 'SELECT * FROM engine.settings')).toBe('denied');
  });

  it('gives service_role the rows of settings and nodes and the sequences that it needs, and not the bookkeeping', async () => {
    const rights = await all<{ line: string }>(
      `SELECT c.oid::regclass || ': ' || string_agg(lower(g.privilege_type), ' ' ORDER BY g.privilege_type) AS line
       FROM pg_class c, aclexplode(c.relacl) g
       WHERE g.grantee = 'service_role'::regrole
         AND (c.relnamespace = 'engine'::regnamespace OR c.relnamespace = 'public'::regnamespace AND c.relkind = 'S')
       GROUP BY c.oid ORDER BY c.oid::regclass::text`,
    );
    expect(rights.map(({ line }) => line)).toEqual([
      'engine.backups: delete insert select update',
      'engine.canaries: delete insert select update',
      'engine.cancellations: delete insert select update',
      'engine.channels: delete insert select update',
      'engine.check_memories: delete insert select update',
      'engine.credits_seq: usage',
      'engine.definitions: delete insert select update',
      'engine.error_counts: delete insert select update',
      'engine.error_cursor: delete insert select update',
      'engine.error_facets: delete insert select update',
      'engine.error_groups: delete insert select update',
      'engine.error_templates: delete insert select update',
      'engine.fence: usage',
      'engine.grouped_errors: delete insert select update',
      'engine.heals: select',
      'engine.imports: delete insert select update',
      'engine.inbox: delete insert select update',
      'engine.index_sizes: delete insert select update',
      'engine.job_runs: delete insert select update',
      'engine.jobs: delete insert select update',
      'engine.kysely_migration: select',
      'engine.listeners: delete insert select update',
      'engine.nodes: delete insert select update',
      'engine.policies: insert select',
      'engine.remote_reports: delete insert select update',
      'engine.removed_heals: delete insert select update',
      'engine.reports: delete insert select update',
      'engine.rollup_marks: delete insert select update',
      'engine.rollups: delete insert select update',
      'engine.run_progress: delete insert select update',
      'engine.secrets: delete insert select update',
      'engine.settings: delete insert select update',
      'engine.sources: delete insert select update',
    ]);
    expect(await as('service_role', 'SELECT engine.now() FROM engine.nodes')).toBe(0);
    expect(await as('service_role', 'DELETE FROM engine.kysely_migration')).toBe('denied');
    expect(await as('anon', 'DELETE FROM engine.kysely_migration')).toBe('denied');
  });

  it('turns no number around: an identity counts for service_role, which cannot set it', async () => {
    const added = (
      number: string,
    ) => `INSERT INTO bot_tickets (${number}bot_id, severity, title, description, fingerprint)
      VALUES (${number && '7, '}'${rows.bot}', 'low', 't', 'd', 'g')`;
    expect(await as('service_role', added(''))).toBe(1);
    expect(await as('service_role', added('number, '))).toMatch(
      'cannot insert a non-DEFAULT value',
    );
    for (const sequence of [
      'bot_tickets_number_seq',
      'bot_ticket_events_id_seq',
      'bot_decisions_id_seq',
      'bot_knowledge_events_id_seq',
      'engine.fence',
      'engine.credits_seq',
    ])
      expect(await as('service_role', `SELECT setval('${sequence}', 1)`), sequence).toBe('denied');
  });

  it('to execute a function is one of this list', async () => {
    const executable = await all<{ line: string }>(
      `SELECT r || ' ' || n.nspname || '.' || p.proname AS line
       FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace,
            unnest('{anon,authenticated,service_role}'::text[]) r
       WHERE n.nspname IN ('public', 'engine', 'private') AND has_function_privilege(r, p.oid, 'EXECUTE')
       ORDER BY 1`,
    );
    expect(executable.map(({ line }) => line)).toEqual([
      'authenticated engine.counts_as_broken_for_users',
      'authenticated engine.is_suppressed_for_users',
      'authenticated engine.now_for_users',
      'authenticated private.is_admin',
      'authenticated private.is_owner',
      'authenticated private.organizations_of_admin',
      'authenticated private.organizations_of_member',
      'authenticated private.support_groups_of_admin',
      'authenticated private.support_groups_of_member',
      'authenticated public.bots_now',
      'authenticated public.finding_is_broken',
      'authenticated public.finding_is_suppressed',
      'authenticated public.get_user_credits',
      'service_role engine.book_credits',
      'service_role engine.claim',
      'service_role engine.counted',
      'service_role engine.counts_as_broken',
      'service_role engine.counts_as_broken_for_users',
      'service_role engine.current_policy',
      'service_role engine.flapping',
      'service_role engine.flapping_since',
      'service_role engine.healing_limit',
      'service_role engine.heals_a_day',
      'service_role engine.hold_window',
      'service_role engine.is_suppressed',
      'service_role engine.is_suppressed_for_users',
      'service_role engine.jitter_ms',
      'service_role engine.now',
      'service_role engine.now_for_users',
      'service_role engine.receive',
      'service_role engine.refresh_cached_credits',
      'service_role engine.refresh_ranks',
      'service_role engine.registered_before',
      'service_role engine.respond_within',
      'service_role engine.start_runs',
      'service_role engine.tickets_from',
      'service_role engine.waits_for_events',
      'service_role public.bots_now',
      'service_role public.finding_is_broken',
      'service_role public.finding_is_suppressed',
      'service_role public.get_user_credits',
    ]);
  });

  it('on a later table is none to users and its rows to service_role', async () => {
    const later = 'CREATE TABLE later (id serial); INSERT INTO later DEFAULT VALUES';
    for (const text of ['SELECT FROM later', 'DELETE FROM later', 'TRUNCATE later'])
      for (const identity of ['anon', 'owner'] as const)
        expect(await as(identity, text, later)).toBe('denied');
    expect(await as('service_role', 'DELETE FROM later', later)).toBe(1);
    expect(await as('service_role', 'INSERT INTO later DEFAULT VALUES', later)).toBe(1);
    for (const text of [
      'TRUNCATE later',
      `SELECT setval('later_id_seq', 9)`,
      'CREATE TRIGGER t BEFORE UPDATE ON later FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()',
    ])
      expect(await as('service_role', text, later), text).toBe('denied');
  });
});

describe('a policy', () => {
  interface Policy {
    name: string;
    table: string;
    command: string;
    permissive: boolean;
    roles: string[];
    text: string;
  }
  const policies = () =>
    all<Policy>(
      `SELECT policyname AS name, tablename AS table, cmd AS command, permissive = 'PERMISSIVE' AS permissive,
              roles::text[] AS roles, concat_ws(' / ', qual, with_check) AS text
       FROM pg_policies WHERE schemaname = 'public'`,
    );

  it('names its roles', async () => {
    for (const { name, table, command, roles } of await policies()) {
      expect(roles.length, `${table}: ${name}`).toBeGreaterThan(0);
      // Whom checks read as: every row, and nothing else (test/database/reader.test.ts).
      if (name === 'Checks read')
        expect({ command, roles }, table).toEqual({
          command: 'SELECT',
          roles: ['roundsman_reader'],
        });
      else for (const role of roles) expect(['anon', 'authenticated'], table).toContain(role);
    }
  });

  it('asks who the user is once a query, not once a row', async () => {
    for (const { name, table, text } of await policies()) {
      const calls = text.match(/\b(auth|private)\.\w+\(/g) ?? [];
      const once = text.match(/\( SELECT (auth|private)\.\w+\(/g) ?? [];
      expect(once.length, `${table}: ${name}: ${text}`).toBe(calls.length);
    }
  });

  it('is the only permissive one of its table, command and role, and for one command', async () => {
    const seen = (await policies()).flatMap(({ table, command, roles }) =>
      roles.map((role) => `${table} ${command} ${role}`),
    );
    expect(seen.filter((place, index) => seen.indexOf(place) !== index)).toEqual([]);
    expect(seen.filter((place) => place.includes(' ALL '))).toEqual([]);
  });

  it('stands on every table of public: none is without row level security', async () => {
    const open = await all(
      `SELECT relname FROM pg_class
       WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relrowsecurity`,
    );
    expect(open).toEqual([]);
    const known = await all<{ relname: string }>(
      `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')`,
    );
    expect(known.map(({ relname }) => relname).toSorted()).toEqual(tables.toSorted());
  });
});
