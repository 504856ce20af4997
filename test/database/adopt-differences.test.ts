/** What differs from the document is named with what mends it, all of it at once; what means the same is no difference. */
import { sql, type Kysely } from 'kysely';
import { describe, expect, it } from 'vitest';
import { SchemaDiffersError, type Difference } from '../../src/data.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { roundsman } from '../cli/command.ts';
import { testDatabase } from '../support/database.ts';
import { madeByHand, platform, schemaOf } from './adopt-platform.ts';

const reference = schemaOf((await testDatabase()).db);

/** What was changed by hand, and how the difference that names it begins; what is left over afterwards may stay. */
const changes: [change: string, said: RegExp][] = [
  ['ALTER TABLE bots DROP COLUMN description', /^bots: column description is missing$/],
  [
    'ALTER TABLE page_views DROP COLUMN page_path CASCADE',
    /^page_views: column page_path is missing$/,
  ],
  [
    'ALTER TABLE profiles ALTER display_name TYPE text',
    /^profiles: column display_name is text, documented/,
  ],
  [
    'ALTER TABLE app_catalog ALTER status DROP DEFAULT',
    /^app_catalog: column status is character varying\(20\), documented/,
  ],
  [
    `ALTER TABLE games_catalog ALTER is_premium DROP DEFAULT, ALTER is_premium TYPE text USING is_premium::text, ALTER is_premium SET DEFAULT 'f'`,
    /^games_catalog: column is_premium is text DEFAULT 'f'::text, documented boolean DEFAULT false/,
  ],
  [
    'ALTER TABLE credits ALTER description SET NOT NULL',
    /^credits: column description is text NOT NULL, documented text/,
  ],
  [
    'ALTER TABLE api_logs DROP CONSTRAINT api_logs_user_id_fkey',
    /^api_logs: constraint FOREIGN KEY \(user_id\) .* is missing$/,
  ],
  [
    `ALTER TABLE error_logs DROP CONSTRAINT error_logs_user_id_fkey,
       ADD CONSTRAINT own_key FOREIGN KEY (user_id) REFERENCES profiles(id) ON DELETE CASCADE`,
    /^error_logs: constraint FOREIGN KEY .* SET NULL is missing, and own_key is FOREIGN KEY .* ON DELETE CASCADE$/,
  ],
  ['DROP INDEX idx_apps_status', /^app_catalog: index idx_apps_status is missing$/],
  [
    'ALTER INDEX idx_apps_category RENAME TO by_category',
    /^app_catalog: index idx_apps_category is missing, and by_category is the same under another name$/,
  ],
  [
    'ALTER INDEX idx_errors_type RENAME TO "By Type"',
    /^error_logs: index idx_errors_type is missing, and "By Type" is the same under another name$/,
  ],
  [
    'DROP TRIGGER update_profiles_updated_at ON profiles',
    /^profiles: trigger update_profiles_updated_at is missing$/,
  ],
  [
    `DROP POLICY "Anyone can view apps" ON app_catalog; CREATE POLICY "Anyone can view apps" ON app_catalog FOR SELECT USING (true)`,
    /^app_catalog: policy "Anyone can view apps" is permissive SELECT TO public USING \(true\), documented permissive SELECT TO public USING .*active/,
  ],
  [
    `DROP POLICY "Users can update own profile" ON profiles; CREATE POLICY "Users can update own profile" ON profiles FOR ALL USING (auth.uid() = id)`,
    /^profiles: policy "Users can update own profile" is permissive ALL TO public/,
  ],
  [
    `DROP POLICY "Authenticated can track usage" ON app_usage;
     CREATE POLICY "Authenticated can track usage" ON app_usage AS RESTRICTIVE FOR INSERT WITH CHECK (auth.uid() IS NOT NULL)`,
    /^app_usage: policy "Authenticated can track usage" is restrictive INSERT/,
  ],
  [
    'CREATE POLICY "Users see their own avatars" ON avatars AS RESTRICTIVE USING (is_active)',
    /^avatars: policy "Users see their own avatars" has a name that Roundsman needs$/,
  ],
  [
    'CREATE POLICY "Admins see bot tickets" ON bot_tickets AS RESTRICTIVE USING (true)',
    /^bot_tickets: policy "Admins see bot tickets" has a name that Roundsman needs$/,
  ],
  [
    'ALTER FUNCTION get_user_credits(uuid) SECURITY DEFINER',
    /^function get_user_credits\(uuid\) runs as its owner/,
  ],
  [
    'ALTER TABLE credits ADD COLUMN seq int',
    /^credits: column seq has a name that Roundsman needs$/,
  ],
  [
    'ALTER TABLE bots ADD COLUMN checked_version text',
    /^bots: column checked_version has a name that Roundsman needs$/,
  ],
  [
    'ALTER TABLE avatars ADD COLUMN owner text NOT NULL',
    /^avatars: column owner is NOT NULL without a default/,
  ],
  ['ALTER EXTENSION "uuid-ossp" SET SCHEMA public', /^extension uuid-ossp is in schema public/],
  [
    `INSERT INTO bots (name, display_name, schedule_cron, api_endpoint) VALUES ('Own Bot', 'x', '@daily', 'bot:x')`,
    /^bots: name is not lower-case/,
  ],
];

async function differencesOf(db: Kysely<any>): Promise<Difference[]> {
  const refused = await migrateToLatest(db).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(SchemaDiffersError);
  return (refused as SchemaDiffersError).listed;
}

describe('differences', () => {
  it('are all named at once, each with a statement that mends it', async () => {
    const { db, url } = await madeByHand(...changes.map(([change]) => change));
    const before = await schemaOf(db);
    const differences = await differencesOf(db);
    const unsaid = changes.filter(
      ([, said]) => !differences.some(({ difference }) => said.test(difference)),
    );
    expect(unsaid).toEqual([]);
    // An index went with its column.
    expect(differences).toHaveLength(changes.length + 1);
    expect(await schemaOf(db)).toEqual(before);

    const { code, err, json } = await roundsman(url, 'db', 'migrate', '--json');
    expect(code).toBe(1);
    expect(json()).toEqual({ differences });
    // One a line.
    const lines = err.split('\n');
    for (const { difference } of differences)
      expect(lines.filter((line) => line.includes(difference))).toHaveLength(1);

    for (const { mend } of differences)
      await sql.raw(mend!.replace('; fill it in each row;', ';')).execute(db);
    await migrateToLatest(db);
    const left = (await schemaOf(db)).filter((line) => !before.includes(line));
    const wanted = await reference;
    const own = /\bown|By Type|by_category|checked_version|column seq|avatars column owner/i;
    expect(left.filter((line) => !wanted.includes(line) && !own.test(line))).toEqual([]);
  }, 120_000);

  it('are found as far as a role that may make neither schemas nor tables sees them', async () => {
    const { db, url } = await madeByHand('DROP SCHEMA IF EXISTS private');
    const role = `poor_${Date.now()}`;
    await sql
      .raw(`CREATE ROLE ${role} LOGIN PASSWORD 'x'; REVOKE CREATE ON SCHEMA public FROM PUBLIC`)
      .execute(db);
    try {
      const poor = new URL(url);
      poor.username = role;
      poor.password = 'x';
      const { code, json } = await roundsman(poor.href, 'db', 'migrate', '--json');
      expect(code).toBe(1);
      const { differences } = json() as { differences: Difference[] };
      expect(differences).toContainEqual({
        difference: expect.stringMatching(
          /^database test_\w+: poor_\d+ may not create the schema engine, schema private in it$/,
        ),
        mend: expect.stringMatching(/^GRANT CREATE ON DATABASE test_\w+ TO poor_\d+$/),
      });
      expect(differences).toContainEqual({
        difference: expect.stringMatching(/^schema public: poor_\d+ may not create in it$/),
        mend: expect.stringMatching(/^GRANT CREATE ON SCHEMA public TO poor_\d+$/),
      });
      const others = differences.filter(({ difference }) => /belongs to/.test(difference));
      expect(others).toHaveLength(36);
      expect(differences.at(-1)!.difference).toMatch(/^the tables could not be compared: /);
    } finally {
      await sql.raw(`DROP OWNED BY ${role}; DROP ROLE ${role}`).execute(db);
    }
  });
});

describe('what means the same', () => {
  it('is no difference: ids, times, callers and checks as PostgreSQL prints them, and columns of your own', async () => {
    const { db } = await madeByHand(
      'ALTER TABLE bots ALTER id SET DEFAULT gen_random_uuid()',
      'ALTER TABLE credits ALTER id SET DEFAULT gen_random_uuid(), ADD COLUMN note text',
      'ALTER TABLE avatars ALTER created_at SET DEFAULT CURRENT_TIMESTAMP, ADD COLUMN rank int NOT NULL DEFAULT 0',
      'ALTER TABLE api_logs ADD COLUMN place int GENERATED ALWAYS AS IDENTITY',
      // As they come out of a dump.
      `ALTER TABLE profiles ADD CONSTRAINT profiles_role_check CHECK (((role)::text = ANY (ARRAY[('user'::character varying)::text, ('admin'::character varying)::text, ('owner'::character varying)::text])))`,
      `ALTER TABLE organizations ADD CONSTRAINT organizations_plan_check CHECK (((plan)::text = ANY ((ARRAY['team'::character varying, 'free'::character varying, 'enterprise'::character varying])::text[])))`,
      `ALTER TABLE credits ADD CONSTRAINT credits_type_check CHECK (type IN ('purchase', 'usage', 'refund', 'bonus')) NOT VALID`,
      `DROP POLICY "Users can view own profile" ON profiles;
       CREATE POLICY "Users can view own profile" ON profiles FOR SELECT TO authenticated USING ((SELECT auth.uid()) = id)`,
      platform,
    );
    await migrateToLatest(db);
    const { rows } = await sql<{ count: number }>`
      SELECT count(*)::int FROM information_schema.columns
      WHERE (table_name, column_name) IN (('credits', 'note'), ('avatars', 'rank'), ('api_logs', 'place'))`.execute(
      db,
    );
    expect(rows).toEqual([{ count: 3 }]);
  });

  it('is a difference when a word, a condition or a role is another one', async () => {
    const { db } = await madeByHand(
      `ALTER TABLE organizations ADD CONSTRAINT organizations_plan_check CHECK (plan IN ('free', 'team', 'enterprise', 'free (old)'))`,
      `ALTER TABLE credits ADD CONSTRAINT credits_type_check CHECK (type NOT IN ('purchase', 'usage', 'refund', 'bonus'))`,
      `ALTER POLICY "Anyone can view apps" ON app_catalog TO authenticated`,
      'ALTER TABLE bots ALTER id SET DEFAULT extensions.uuid_generate_v1()',
    );
    expect(
      (await differencesOf(db)).map(({ difference }) => difference.split(' is ')[0]).toSorted(),
    ).toEqual([
      'app_catalog: policy "Anyone can view apps"',
      'bots: column id',
      'credits: check credits_type_check',
      'organizations: check organizations_plan_check',
    ]);
  });
});
