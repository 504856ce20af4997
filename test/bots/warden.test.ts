import { sql } from 'kysely';
import { RE2JS } from 're2js';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { bots } from '../../bots/index.ts';
import { SkippedCheck } from '../../src/bot.ts';
import { connect } from '../../src/database/connect.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { finderOf } from '../../src/demo/faults/fault.ts';
import { wardenFaults } from '../../src/demo/faults/warden.ts';
import { readResult } from '../../src/run/tasks/result.ts';
import { runCheck } from '../support/check.ts';
import { emptyDatabase, testDatabase, type TestDatabase } from '../support/database.ts';
import { supabaseDatabase } from '../support/supabase.ts';

type Db = TestDatabase['db'];
const warden = bots.find(({ name }) => name === 'warden')!;

/** Runs one check in a transaction that takes back what the statements before it did. */
async function after(
  db: Db,
  statements: string[],
  check: string,
  config: Record<string, unknown> = {},
) {
  const undone = new Error('undone');
  let result: Awaited<ReturnType<typeof runCheck>> | undefined;
  await db
    .transaction()
    .execute(async (trx) => {
      for (const statement of statements) await sql.raw(statement).execute(trx);
      const context = {
        db: trx,
        now: new Date('2027-01-10T23:59:00Z'),
        signal: new AbortController().signal,
        run: {
          id: '00000000-0000-4000-8000-000000000000',
          attempt: 1,
          endpoint: '/api/bots/warden',
          timeoutMs: 60_000,
          leftMs: 60_000,
        },
        remembered: null,
        progress: () => {},
        secret: (name: string) => name,
        since: null,
        skip(reason: string): never {
          throw new SkippedCheck(reason);
        },
        timeOut(reason: string): never {
          throw new Error(reason);
        },
        awaitReport: () => Promise.reject(new Error('there is no run that could wait')),
      };
      const asked = warden.checks.find(({ name }) => name === check)!;
      if (asked.events) throw new Error('a check of a state was expected');
      result = await asked.run(warden.config.parse(config), context);
      throw undone;
    })
    .catch((error: unknown) => {
      if (error !== undone) throw error;
    });
  return readResult(result);
}

async function all(db: Db) {
  const found: unknown[] = [];
  for (const { name } of warden.checks)
    for (const { severity, component, title } of (await runCheck(warden, name, db)).findings)
      found.push({ check: name, severity, component, title });
  return found;
}

let db: Db;
let url: string;
beforeAll(async () => {
  ({ db, url } = await testDatabase());
});

const notes = [
  'CREATE TABLE public.notes (id int PRIMARY KEY, user_id uuid, text text)',
  'ALTER TABLE public.notes ENABLE ROW LEVEL SECURITY',
];
const rightsOn = (name: string, to = 'anon, authenticated') =>
  `GRANT SELECT, INSERT, UPDATE, DELETE ON ${name} TO ${to}`;
const seen = ({ findings }: Awaited<ReturnType<typeof after>>) =>
  findings.map(({ severity, component }) => [severity, component]);

describe('our own schema has no finding', () => {
  test('on plain PostgreSQL, as the role of checks', async () => {
    expect(await all(db)).toEqual([]);
    const reader = connect(url, { max: 1, readOnly: true });
    onTestFinished(() => reader.destroy());
    expect(await all(reader)).toEqual([]);
  });

  test.each([undefined, 'bots'] as const)('on Supabase (only: %s)', async (only) => {
    const { db } = await supabaseDatabase();
    await migrateToLatest(db, only ? { only } : {});
    expect(await all(db)).toEqual([]);
  });

  test('with the bots alone', async () => {
    const { db } = await emptyDatabase();
    await migrateToLatest(db, { only: 'bots' });
    expect(await all(db)).toEqual([]);
  });
});

describe.each(wardenFaults.map((fault) => ({ fault, name: fault.name })))('$name', ({ fault }) => {
  test('is known to one entry, and its proposed SQL mends it', async () => {
    const { db } = await testDatabase();
    const { check } = finderOf(fault);
    await fault.plant(
      db,
      (await sql<{ now: Date }>`SELECT engine.now() AS now`.execute(db)).rows[0]!.now,
    );
    const { findings, figures } = await runCheck(warden, check, db);
    expect(findings).toHaveLength(1);
    expect(figures).toContainEqual({ name: 'findings', value: 1 });
    const { title, description, metadata } = findings[0]!;
    expect(title.length).toBeLessThanOrEqual(200);
    const entries = warden.knowledge!.filter(({ pattern }) =>
      RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE).matcher(title).find(),
    );
    expect(entries.map(({ name }) => name)).toEqual([`access.${check}`]);
    if (check === 'secrets') return;
    const statements = metadata!.sql as string;
    expect(description).toContain(statements);
    await sql.raw(statements).execute(db);
    expect((await runCheck(warden, check, db)).findings).toEqual([]);
  });
});

describe('row security', () => {
  const check = 'row-security';
  test('is a finding only where users have a right, and medium where they only read', async () => {
    const table = 'CREATE TABLE public.plans (a int, b int)';
    const off = (...grants: string[]) => after(db, [table, ...grants], check);
    expect(seen(await off())).toEqual([]);
    expect(seen(await off('GRANT ALL ON plans TO service_role'))).toEqual([]);
    expect(seen(await off('GRANT SELECT ON plans TO anon'))).toEqual([['medium', 'public.plans']]);
    expect(seen(await off('GRANT UPDATE (b) ON plans TO authenticated'))).toEqual([
      ['critical', 'public.plans'],
    ]);
    expect(seen(await off('GRANT DELETE ON plans TO PUBLIC'))).toEqual([
      ['critical', 'public.plans'],
    ]);
    expect(
      seen(
        await off(
          'GRANT SELECT ON plans TO anon',
          'REVOKE USAGE ON SCHEMA public FROM PUBLIC, anon',
        ),
      ),
    ).toEqual([]);
  });

  test('of a partition counts as that of any table', async () => {
    const result = await after(
      db,
      [
        'CREATE TABLE public.days (d date) PARTITION BY RANGE (d)',
        'ALTER TABLE public.days ENABLE ROW LEVEL SECURITY',
        `CREATE TABLE public.days_1 PARTITION OF public.days FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')`,
        'GRANT SELECT ON public.days, public.days_1 TO anon',
      ],
      check,
    );
    expect(seen(result)).toEqual([['medium', 'public.days_1']]);
  });

  test('tells of policies that are without effect', async () => {
    const { findings } = await after(
      db,
      [
        'CREATE TABLE public.plans (a int)',
        'CREATE POLICY p ON public.plans FOR SELECT TO anon USING (a > 1)',
        'GRANT SELECT ON public.plans TO anon',
      ],
      check,
    );
    expect(findings[0]).toMatchObject({
      title: 'Row level security is off: public.plans; anon may SELECT',
      description: expect.stringContaining('Its 1 policy is without effect'),
      metadata: { sql: 'ALTER TABLE public.plans ENABLE ROW LEVEL SECURITY;', policies: 1 },
    });
  });

  test('names are quoted, whatever is in them', async () => {
    const name = '"we""ird\'; DROP TABLE profiles; --"';
    const { findings } = await after(
      db,
      [`CREATE TABLE public.${name} (a int)`, rightsOn(`public.${name}`, 'anon')],
      check,
    );
    expect(findings).toMatchObject([
      {
        component: `public.${name}`,
        metadata: { sql: `ALTER TABLE public.${name} ENABLE ROW LEVEL SECURITY;` },
      },
    ]);
  });

  test('many tables: the worst are reported, and none resolves', async () => {
    const many = Array.from({ length: 120 }, (_, i) => `CREATE TABLE public.t_${i} (a int)`);
    const grants = [
      ...Array.from({ length: 120 }, (_, i) => `GRANT SELECT ON public.t_${i} TO anon`),
      'GRANT DELETE ON public.t_99 TO anon',
    ];
    const result = await after(db, [...many, ...grants], check);
    expect(result.findings).toHaveLength(100);
    expect(result.findings[0]).toMatchObject({ severity: 'critical', component: 'public.t_99' });
    expect(result).toMatchObject({ truncated: true });
    expect(result.figures).toContainEqual({ name: 'findings', value: 120 });
    expect(await after(db, [...many, ...grants], check, { max_findings: 120 })).toMatchObject({
      truncated: false,
    });
  });
});

describe('open policies', () => {
  const check = 'open-policies';
  const policy = (text: string, rights = rightsOn('public.notes')) =>
    after(db, [...notes, `CREATE POLICY "p" ON public.notes ${text}`, rights], check);

  test.each([
    ['critical', 'FOR DELETE TO anon USING (true)'],
    ['high', 'FOR DELETE TO authenticated USING (true)'],
    ['critical', 'FOR UPDATE USING (1 = 1) WITH CHECK (user_id = auth.uid())'],
    ['critical', 'FOR ALL USING (true)'],
    ['medium', 'FOR INSERT TO anon WITH CHECK (true)'],
    ['medium', 'FOR UPDATE TO authenticated USING (user_id = auth.uid()) WITH CHECK (true)'],
    ['high', "FOR DELETE TO authenticated USING (text = 'a' OR (NOT false))"],
    ['high', "FOR DELETE TO authenticated USING ('a'::text = 'a'::text AND id = id)"],
    ['high', 'FOR DELETE TO authenticated USING (auth.uid() IS NOT NULL)'],
    ['high', "FOR DELETE TO authenticated USING (auth.role() = 'authenticated')"],
    ['high', 'FOR DELETE TO authenticated USING ((SELECT auth.uid()) IS NOT NULL)'],
    ['high', "FOR DELETE TO authenticated USING ((SELECT auth.role()) = 'authenticated')"],
    ['high', "FOR ALL USING (auth.role() = 'authenticated')"],
  ])('%s: %s', async (severity, text) => {
    expect(seen(await policy(text))).toEqual([[severity, 'p on public.notes']]);
  });

  test.each([
    'FOR SELECT USING (true)',
    'FOR DELETE TO service_role USING (true)',
    'FOR DELETE TO authenticated USING (user_id = auth.uid())',
    'FOR DELETE TO authenticated USING (user_id = (SELECT auth.uid()))',
    "FOR ALL USING (auth.role() = 'service_role')",
    "FOR DELETE USING ('a = a OR true' = text)",
    'FOR DELETE TO authenticated USING (true AND user_id = auth.uid())',
    'FOR DELETE TO anon USING (auth.uid() IS NOT NULL)',
    'FOR INSERT TO authenticated WITH CHECK (user_id = auth.uid() AND (text IS NULL OR true))',
    'AS RESTRICTIVE FOR DELETE TO authenticated USING (true)',
    'FOR DELETE TO authenticated USING (EXISTS (SELECT 1 FROM public.profiles WHERE (id = auth.uid()) OR true = (role IS NULL)))',
    // PostgreSQL lets no row be inserted by a policy without a condition.
    'FOR INSERT TO authenticated',
  ])('none: %s', async (text) => {
    expect(seen(await policy(text))).toEqual([]);
  });

  test('a policy without a condition lets no row be inserted', async () => {
    const insert = after(
      db,
      [
        ...notes,
        'CREATE POLICY p ON public.notes FOR INSERT TO authenticated',
        rightsOn('public.notes'),
        'SET LOCAL ROLE authenticated',
        'INSERT INTO public.notes VALUES (1)',
      ],
      check,
    );
    await expect(insert).rejects.toThrow('violates row-level security');
  });

  test('is low where no grant gives the right, and none while row level security is off', async () => {
    const text = 'FOR DELETE TO anon USING (true)';
    const result = await policy(text, 'GRANT SELECT ON public.notes TO anon');
    expect(result.findings).toMatchObject([
      {
        severity: 'low',
        description: expect.stringContaining('At present no grant'),
        metadata: { in_force: false },
      },
    ]);
    expect(seen(await policy(text, 'ALTER TABLE public.notes DISABLE ROW LEVEL SECURITY'))).toEqual(
      [],
    );
  });

  test('a role that users are members of counts as theirs', async () => {
    const result = await after(
      db,
      [
        ...notes,
        'CREATE ROLE warden_editors',
        'GRANT warden_editors TO authenticated',
        'CREATE POLICY p ON public.notes FOR DELETE TO warden_editors USING (true)',
        rightsOn('public.notes', 'warden_editors'),
      ],
      check,
    );
    expect(seen(result)).toEqual([['high', 'p on public.notes']]);
  });

  test('the commands are told together, as one policy', async () => {
    const { findings } = await policy('FOR ALL TO anon USING (true)');
    expect(findings).toMatchObject([
      {
        title:
          'Policy lets users write without a condition: p on public.notes; DELETE, INSERT, UPDATE for anon',
        metadata: {
          table: 'public.notes',
          commands: ['DELETE', 'INSERT', 'UPDATE'],
          using: 'true',
        },
      },
    ]);
  });
});

test('a policy without roles is medium where users who are not signed in have the right', async () => {
  const policy = (text: string, rights: string) =>
    after(db, [...notes, `CREATE POLICY "p" ON public.notes ${text}`, rights], 'policy-roles');
  const own = 'USING (user_id = auth.uid())';
  expect(seen(await policy(`FOR ALL ${own}`, rightsOn('public.notes')))).toEqual([
    ['medium', 'p on public.notes'],
  ]);
  expect(seen(await policy(`FOR ALL ${own}`, rightsOn('public.notes', 'authenticated')))).toEqual([
    ['low', 'p on public.notes'],
  ]);
  expect(seen(await policy(`FOR ALL TO authenticated ${own}`, rightsOn('public.notes')))).toEqual(
    [],
  );
  expect(seen(await policy(`FOR SELECT ${own}`, rightsOn('public.notes')))).toEqual([]);
});

describe('functions', () => {
  const make = (name: string, more = '') =>
    `CREATE FUNCTION ${name} RETURNS int LANGUAGE sql ${more} AS 'SELECT 1'`;
  const fixed = 'SECURITY DEFINER SET search_path = pg_catalog, pg_temp';

  test('that run as their owner: EXECUTE by PUBLIC or anon, in exposed schemas', async () => {
    const definer = (...statements: string[]) => after(db, statements, 'definer-functions');
    const f = make('public.f("text", int[])', fixed);
    expect(seen(await definer(f))).toEqual([['high', 'public.f(text,integer[])']]);
    expect(seen(await definer(f, 'REVOKE ALL ON FUNCTION public.f FROM PUBLIC'))).toEqual([]);
    expect(
      seen(
        await definer(
          f,
          'REVOKE ALL ON FUNCTION public.f FROM PUBLIC',
          'GRANT EXECUTE ON FUNCTION public.f TO authenticated',
        ),
      ),
    ).toEqual([]);
    const { findings } = await definer(
      f,
      'REVOKE ALL ON FUNCTION public.f FROM PUBLIC',
      'GRANT EXECUTE ON FUNCTION public.f TO anon',
    );
    expect(findings[0]!.metadata!.sql).toMatch(
      /^REVOKE EXECUTE ON ROUTINE public\.f\(pg_catalog\.text,integer\[\]\) FROM anon;/,
    );
    expect(seen(await definer('CREATE SCHEMA inner_part', make('inner_part.f()', fixed)))).toEqual(
      [],
    );
    expect(seen(await definer(make('public.f()', 'SET search_path = pg_catalog')))).toEqual([]);
  });

  test('that have a hundred arguments, or a name that is a statement, are named without harm', async () => {
    const types = Array.from({ length: 90 }, (_, i) => `a${i} timestamp with time zone`);
    const long = await after(
      db,
      [make(`public.f(${types.join(', ')})`, fixed)],
      'definer-functions',
    );
    expect(long.findings[0]!.component).toHaveLength(400 - 15 + 2 + 12);
    const { findings } = await after(
      db,
      [
        make('public."x\n; DROP TABLE public.notes CASCADE; --"()', fixed),
        ...notes,
        'GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO anon',
      ],
      'definer-functions',
    );
    const sqlOf = findings.map(({ metadata }) => metadata!.sql as string).join('\n');
    await db
      .transaction()
      .execute(async (trx) => {
        for (const statement of [
          make('public."x\n; DROP TABLE public.notes CASCADE; --"()', fixed),
          ...notes,
        ])
          await sql.raw(statement).execute(trx);
        await sql.raw(sqlOf).execute(trx);
        expect((await sql`SELECT FROM public.notes`.execute(trx)).rows).toEqual([]);
        throw new Error('undone');
      })
      .catch((error: Error) => expect(error.message).toBe('undone'));
  });

  test('types that the session finds by its search_path are written with their schema', async () => {
    const { findings } = await after(
      db,
      [
        'CREATE SCHEMA inner_part',
        'CREATE TYPE inner_part."Mood" AS ENUM (\'good\')',
        'SET LOCAL search_path = inner_part, public',
        make('public.f(inner_part."Mood")', fixed),
      ],
      'definer-functions',
    );
    expect(findings[0]).toMatchObject({ component: 'public.f(inner_part."Mood")' });
  });

  test('without a search_path are high if they lend rights, also where nobody reaches them, and else low', async () => {
    const loose = (...statements: string[]) => after(db, statements, 'search-path');
    expect(seen(await loose(make('public.f()')))).toEqual([['low', 'public.f()']]);
    expect(seen(await loose(make('public.f()', 'SECURITY DEFINER')))).toEqual([
      ['high', 'public.f()'],
    ]);
    expect(seen(await loose(make('public.f()', fixed)))).toEqual([]);
    expect(seen(await loose(make('public.f()', "SET search_path = ''")))).toEqual([]);
    expect(seen(await loose(make('public.f()', 'SET work_mem = 999')))).toEqual([
      ['low', 'public.f()'],
    ]);
    expect(seen(await loose(make('private.f()', 'SECURITY DEFINER')))).toEqual([
      ['high', 'private.f()'],
    ]);
    expect(seen(await loose(make('private.f()')))).toEqual([]);
    expect(
      seen(await loose('CREATE SCHEMA storage', make('storage.f()', 'SECURITY DEFINER'))),
    ).toEqual([]);
    const atomic = (more: string) =>
      `CREATE FUNCTION public.f() RETURNS int LANGUAGE sql ${more} RETURN 1`;
    expect(seen(await loose(atomic('')))).toEqual([]);
    expect(seen(await loose(atomic('SECURITY DEFINER')))).toEqual([['low', 'public.f()']]);
    expect(
      seen(
        await loose("CREATE PROCEDURE public.p(OUT a int) LANGUAGE plpgsql AS 'BEGIN a := 1; END'"),
      ),
    ).toEqual([['low', 'public.p()']]);
    expect(seen(await loose('CREATE EXTENSION IF NOT EXISTS citext SCHEMA public'))).toEqual([]);
  });
});

describe('views', () => {
  const view = (text: string, ...more: string[]) =>
    after(
      db,
      [...notes, `CREATE ${text}`, 'GRANT SELECT ON public.v TO authenticated', ...more],
      'views',
    );
  const select = 'AS SELECT id, text FROM public.notes';

  test('that read as their owner are high, and critical where users write through them', async () => {
    expect((await view(`VIEW public.v ${select}`)).findings).toMatchObject([
      {
        severity: 'high',
        component: 'public.v',
        metadata: { tables: ['public.notes'], roles: ['authenticated'] },
      },
    ]);
    expect(
      seen(
        await view(`VIEW public.v ${select}`, 'GRANT UPDATE (text) ON public.v TO authenticated'),
      ),
    ).toEqual([['critical', 'public.v']]);
    // Nobody can write through a view that groups.
    expect(
      seen(
        await view(
          'VIEW public.v AS SELECT user_id, count(*) FROM public.notes GROUP BY 1',
          rightsOn('public.v', 'authenticated'),
        ),
      ),
    ).toEqual([['high', 'public.v']]);
  });

  test.each([
    [`VIEW public.v WITH (security_invoker) ${select}`],
    [`VIEW public.v WITH (security_invoker = on) ${select}`],
    [`VIEW public.v ${select}`, 'REVOKE ALL ON public.v FROM authenticated'],
    [`VIEW public.v ${select}`, 'ALTER TABLE public.notes DISABLE ROW LEVEL SECURITY'],
    ['VIEW public.v AS SELECT 1 AS a'],
    [
      `VIEW public.v ${select}`,
      'CREATE ROLE warden_bound NOBYPASSRLS',
      'GRANT CREATE ON SCHEMA public TO warden_bound',
      'ALTER VIEW public.v OWNER TO warden_bound',
    ],
  ])('none: %s', async (text, ...more) => {
    expect(seen(await view(text, ...more))).toEqual([]);
  });

  test('the table is found behind other views, and security_invoker does not help behind one that lacks it', async () => {
    const inner = (options: string) => `VIEW public.w ${options} ${select}`;
    for (const options of ['', 'WITH (security_invoker = true)'])
      expect(
        seen(
          await after(
            db,
            [
              ...notes,
              `CREATE ${inner(options)}`,
              'CREATE VIEW public.v AS SELECT * FROM public.w',
              'GRANT SELECT ON public.v TO anon',
            ],
            'views',
          ),
        ),
        options,
      ).toEqual([['high', 'public.v']]);
  });

  test('a view of auth.users is critical', async () => {
    const result = await after(
      db,
      [
        'CREATE VIEW public.v AS SELECT id, email FROM auth.users',
        'GRANT SELECT ON public.v TO anon',
      ],
      'views',
    );
    expect(seen(result)).toEqual([['critical', 'public.v']]);
  });
});

describe('columns of secrets', () => {
  const columns = async (definition: string, ...more: string[]) =>
    seen(
      await after(
        db,
        [
          `CREATE TABLE public.things (id int, ${definition})`,
          'GRANT SELECT ON public.things TO authenticated',
          ...more,
        ],
        'secret-columns',
      ),
    );

  test.each([
    'password text',
    'password_hash text',
    'user_password bytea',
    'api_key text',
    '"apiKey" text',
    'stripe_secret_key varchar(99)',
    'client_secret text',
    'refresh_token text',
    'token uuid',
    'reset_token_hash bytea',
    'recovery_codes text[]',
    'credentials jsonb',
    'webhook_secret text',
    'private_key text',
  ])('high: %s', async (definition) => {
    const name = /^("?\w+"?)/.exec(definition)![1]!;
    expect(await columns(definition)).toEqual([['high', `public.things.${name}`]]);
  });

  test.each([
    'password_changed_at timestamptz',
    'has_password boolean',
    'tokens_used int',
    'total_tokens bigint',
    'token_type text',
    'api_key_id text',
    'api_key_name text',
    'encryption_key_id varchar(50)',
    'public_key text',
    'key text',
    'secretary text',
    'encrypted boolean',
    'token int',
  ])('none: %s', async (definition) => {
    expect(await columns(definition)).toEqual([]);
  });

  test('the severity says who reads it, and whether it is sealed', async () => {
    const anon = 'GRANT SELECT ON public.things TO anon';
    expect(await columns('token text', anon)).toEqual([['critical', 'public.things.token']]);
    expect(await columns('encrypted_credentials text', anon)).toEqual([
      ['medium', 'public.things.encrypted_credentials'],
    ]);
  });

  test('only rights that reach a row count', async () => {
    const guarded = 'ALTER TABLE public.things ENABLE ROW LEVEL SECURITY';
    const policy = (to: string) =>
      `CREATE POLICY p ON public.things FOR SELECT TO ${to} USING (id = 1)`;
    expect(await columns('token text', guarded)).toEqual([]);
    expect(await columns('token text', guarded, policy('anon'))).toEqual([]);
    expect(await columns('token text', guarded, policy('authenticated'))).toHaveLength(1);
    const byColumn = (column: string) => [
      'REVOKE SELECT ON public.things FROM authenticated',
      `GRANT SELECT (${column}) ON public.things TO authenticated`,
    ];
    expect(await columns('token text', ...byColumn('id'))).toEqual([]);
    expect(await columns('token text', ...byColumn('token'))).toHaveLength(1);
  });

  test('a grant on the table is replaced by one on the other columns, without any that holds a secret', async () => {
    const { findings } = await after(
      db,
      [
        'CREATE TABLE public.things (id int, "Name" text, token text, api_key text)',
        'GRANT SELECT ON public.things TO anon, authenticated',
      ],
      'secret-columns',
    );
    expect(findings.map(({ metadata }) => metadata!.sql)).toEqual(
      Array(2).fill(
        'REVOKE SELECT ON public.things FROM anon, authenticated;\n' +
          'GRANT SELECT (id, "Name") ON public.things TO anon, authenticated;',
      ),
    );
  });
});

describe('stored secrets', () => {
  const stored = (name: string, days: number) =>
    `INSERT INTO engine.secrets (name, variable, changed_by, changed_at)
     VALUES ('${name}', 'V', 'ann', timestamptz '2027-01-10T23:59:00Z' - interval '${days} days')`;
  const secrets = async (config: object, ...statements: string[]) =>
    seen(await after(db, statements, 'secrets', { ...config }));
  const entry = (solution: string, more = '') =>
    `INSERT INTO bot_knowledge (name, category, issue_pattern, solution${more && ', removed_at, enabled'})
     VALUES ('e', 'c', 'pattern', '${solution}'${more})`;

  test('that nothing uses are low after some days', async () => {
    expect(await secrets({}, stored('A', 13))).toEqual([]);
    expect(await secrets({}, stored('A', 14))).toEqual([['low', 'A']]);
    expect(await secrets({ unused_secret_days: 0 }, stored('A', 0))).toEqual([['low', 'A']]);
    expect(await secrets({}, stored('A', 20), entry('use {{secret:A}} here'))).toEqual([]);
    expect(await secrets({}, stored('A', 20), entry('use {{secret:AB}} here'))).toEqual([
      ['low', 'A'],
    ]);
    expect(
      await secrets({}, stored('A', 20), entry('use {{secret:A}} here', ', now(), false')),
    ).toEqual([['low', 'A']]);
  });

  test('that the code of a bot asks for are used, where its present settings have it ask', async () => {
    const architect = (config: string, rest = ", 'active', NULL") =>
      `INSERT INTO bots (name, display_name, schedule_cron, api_endpoint, config, status, removed_at)
       VALUES ('a', 'A', '@daily', '/api/bots/architect', '${config}'${rest})`;
    const both = [stored('GITHUB_TOKEN', 20), stored('GITHUB_APP_KEY', 20)];
    const token = ['low', 'GITHUB_TOKEN'];
    const key = ['low', 'GITHUB_APP_KEY'];
    expect(await secrets({}, ...both)).toEqual([key, token]);
    expect(await secrets({}, ...both, architect('{}'))).toEqual([key]);
    expect(await secrets({}, ...both, architect('{"app_id": 1, "installation_id": 2}'))).toEqual([
      token,
    ]);
    expect(await secrets({}, ...both, architect('{}', ", 'disabled', now()"))).toEqual([
      key,
      token,
    ]);
  });

  test.each(['https://app.example.com/mail', 'in:alarms'])(
    'that a remote bot or a source names in its config are used: %s',
    async (endpoint) => {
      const bot = (config: string, removed = 'NULL') =>
        `INSERT INTO bots (name, display_name, schedule_cron, api_endpoint, config, status, removed_at)
         VALUES ('mail', 'Mail', '@daily', '${endpoint}', '${config}', '${removed === 'NULL' ? 'active' : 'disabled'}', ${removed})`;
      expect(await secrets({}, stored('A', 20), bot('{"secrets": ["B", "A"]}'))).toEqual([]);
      for (const other of [bot('{"secrets": ["AB"]}'), bot('{"secrets": "A"}')])
        expect(await secrets({}, stored('A', 20), other)).toEqual([['low', 'A']]);
      expect(await secrets({}, stored('A', 20), bot('{"secrets": ["A"]}', 'now()'))).toEqual([
        ['low', 'A'],
      ]);
    },
  );

  test('that are used are medium once they are old', async () => {
    const use = entry('use {{secret:A}} here');
    expect(await secrets({}, stored('A', 365), use)).toEqual([]);
    expect(await secrets({}, stored('A', 366), use)).toEqual([['medium', 'A']]);
    expect(await secrets({ max_secret_days: 400 }, stored('A', 366), use)).toEqual([]);
  });

  test('are skipped, with what to grant, where their times may not be read', async () => {
    const revoked = await testDatabase();
    await sql`REVOKE SELECT (changed_at) ON engine.secrets FROM roundsman_reader`.execute(
      revoked.db,
    );
    const reader = connect(revoked.url, { max: 1, readOnly: true });
    onTestFinished(() => reader.destroy());
    await expect(runCheck(warden, 'secrets', reader)).rejects.toThrow(
      'GRANT SELECT (name, created_at, changed_at) ON engine.secrets TO roundsman_reader',
    );
    await expect(sql`SELECT sealed FROM engine.secrets`.execute(reader)).rejects.toThrow(
      'permission denied',
    );
  });
});

describe('a waiver', () => {
  const open = ['CREATE TABLE public.plans (a int)', 'GRANT SELECT ON public.plans TO anon'];
  const waiver = {
    object: 'public.plans',
    check: 'row-security',
    owner: 'ann',
    reason: 'a public list of prices',
    expires: '2027-01-10',
  };
  const waived = (...waivers: object[]) => after(db, open, 'row-security', { waivers });

  test('keeps its object out, and is counted, until the end of its last day', async () => {
    const result = await waived(waiver);
    expect(result.findings).toEqual([]);
    expect(result.figures).toContainEqual({ name: 'waived findings', value: 1 });
    expect((await waived({ ...waiver, expires: '2027-01-09' })).findings).toMatchObject([
      {
        severity: 'medium',
        component: 'public.plans',
        title: expect.stringMatching(/; its waiver expired on 2027-01-09$/),
        description: expect.stringContaining(
          'ann waived it until 2027-01-09: a public list of prices',
        ),
        metadata: { expired_waiver: { owner: 'ann' } },
      },
    ]);
  });

  test('of another check or object does not count, and is told where it matches nothing', async () => {
    expect(seen(await waived({ ...waiver, check: 'views' }))).toEqual([['medium', 'public.plans']]);
    expect(seen(await waived({ ...waiver, object: 'public.plan' }))).toEqual([
      ['medium', 'public.plans'],
      ['low', 'public.plan'],
    ]);
    expect(
      (await after(db, [], 'views', { waivers: [{ ...waiver, check: 'views' }] })).findings,
    ).toMatchObject([
      {
        severity: 'low',
        title: 'Waiver matches nothing: public.plans',
        key: 'waiver of public.plans',
      },
    ]);
  });

  test.each([
    { owner: '' },
    { reason: '' },
    { check: 'no-such-check' },
    { expires: '2027-02-30' },
    { expires: 'never' },
    { expires: undefined },
    { more: 1 },
  ])('is refused with %o', (wrong) => {
    expect(() => warden.config.parse({ waivers: [{ ...waiver, ...wrong }] })).toThrow('waivers');
  });

  test('is refused twice', () => {
    expect(() => warden.config.parse({ waivers: [waiver, { ...waiver, owner: 'ben' }] })).toThrow(
      'two waivers',
    );
  });
});

test('roles that do not exist are no users; a schema that does not exist is said', async () => {
  const result = await after(
    db,
    [
      'CREATE TABLE public.plans (a int)',
      'GRANT SELECT ON public.plans TO anon',
      'CREATE TABLE public.all_read (a int)',
      'GRANT SELECT ON public.all_read TO PUBLIC',
    ],
    'row-security',
    { anonymous_roles: ['no_such_role'], signed_in_roles: [] },
  );
  expect(seen(result)).toEqual([['medium', 'public.all_read']]);
  for (const name of [
    'row-security',
    'open-policies',
    'policy-roles',
    'definer-functions',
    'search-path',
    'views',
    'secret-columns',
    'extensions',
  ])
    await expect(after(db, [], name, { schemas: ['public', 'api'] })).rejects.toThrow(
      'there is no schema api',
    );
});

test('policies of a table that is being changed are not waited for, and no check passes without them', async () => {
  const { db, url } = await testDatabase();
  for (const statement of [
    'CREATE TABLE mine (id int)',
    'ALTER TABLE mine ENABLE ROW LEVEL SECURITY',
    'CREATE POLICY everything ON mine FOR ALL TO anon USING (true)',
    'GRANT ALL ON mine TO anon',
  ])
    await sql.raw(statement).execute(db);
  const reader = connect(url, { max: 1, readOnly: true });
  onTestFinished(() => reader.destroy());
  const outcomes = () =>
    Promise.all(
      ['open-policies', 'policy-roles', 'views'].map((name) =>
        runCheck(warden, name, reader).then(
          ({ findings }) => findings.length,
          (error: unknown) => (error instanceof SkippedCheck ? error.message : error),
        ),
      ),
    );
  await db.transaction().execute(async (trx) => {
    await sql`LOCK TABLE mine IN ACCESS EXCLUSIVE MODE`.execute(trx);
    const skipped = 'public.mine is being changed; the next run reads its policies';
    expect(await outcomes()).toEqual([skipped, skipped, skipped]);
  });
  expect(await outcomes()).toEqual([1, 0, 0]);
});

test('a waiver of any length that matches nothing keeps its check from nothing', async () => {
  const { db } = await testDatabase();
  const waiver = (object: string) => ({
    object,
    check: 'views',
    owner: 'ann',
    reason: 'none',
    expires: '2999-12-31',
  });
  const waivers = ['b', 'c'].map((end) => waiver('a'.repeat(999) + end));
  const { findings } = readResult(await runCheck(warden, 'views', db, { waivers }));
  expect(new Set(findings.map(({ key }) => key)).size).toBe(2);
});
