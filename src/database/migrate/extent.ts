/**
 * How much of the schema a database has. Beside a platform whose tables are not the document's, only what the engine
 * needs is installed: the bots' tables and schema engine (`db migrate --only bots`); the rest may follow later.
 *
 * A migration that makes both has its two parts in folders of their own, under its name: migrations/bots/ is run where
 * only the bots are installed, and migrations/rest/ when the rest is added; then it is recorded as `<name>-rest`.
 */
import { readdir, readFile } from 'node:fs/promises';
import { sql, type Kysely } from 'kysely';
import type { MigrationFile } from './differences.ts';

/**
 * none: nothing was migrated. bots: only what the engine needs. whole: everything, from the beginning. grown: first the
 * bots, and the rest was added later.
 */
export type Extent = 'none' | 'bots' | 'grown' | 'whole';

const folder = new URL('../../../migrations/', import.meta.url);

/** Files about the platform's tables alone. A new one is named here. */
const platformFiles = new Set(
  `v1_10_profiles v1_12_organizations v1_14_organization_members v1_20_user_sessions v1_25_user_activity_log
   v1_30_credits v1_32_transactions v1_34_subscriptions v1_40_app_catalog v1_42_app_usage v1_44_tools_catalog
   v1_46_tools_usage v1_48_tools_results v1_50_api_logs v1_55_page_views v1_60_error_logs v3_10_javari_projects
   v3_20_javari_conversations v3_30_javari_credentials v3_40_javari_learning v3_50_javari_usage_stats
   v4_10_games_catalog v4_20_game_sessions v4_30_game_leaderboards v5_10_avatars v5_20_virtual_spaces
   v5_30_space_visits v5_40_first_responders v5_50_support_groups v5_60_group_members v5_70_policies
   v6_02_vocabularies v6_04_doubled_indexes v6_05_credits v6_06_payments v6_07_user_sessions v6_08_api_logs
   v6_75_game_leaderboards v6_75_javari_projects v6_75_memberships v6_95_access_apps v6_95_access_games
   v6_95_access_javari v6_95_access_spaces v6_95_access_users v8_80_visits_present va_43_usage_by_time
   va_76_payments va_77_ledger va_80_security_windows va_85_left_open va_86_tools_usage va_87_api_logs_401
   vb_11_error_logs_xact vb_25_retention_logs`.split(/\s+/),
);

/** A migration, with the file that it is read from. */
interface Place {
  name: string;
  file: URL;
  /** it is for the platform as well, and makes triggers */
  isShared?: true;
}

async function namesIn(below: string): Promise<Set<string>> {
  const files = await readdir(new URL(below, folder));
  return new Set(
    files.filter((file) => file.endsWith('.sql')).map((file) => file.slice(0, -'.sql'.length)),
  );
}

async function placesOf(extent: Exclude<Extent, 'none'>): Promise<Place[]> {
  const [all, bots, rest] = await Promise.all([namesIn('.'), namesIn('bots/'), namesIn('rest/')]);
  const place = (name: string, below = '') => ({
    name,
    file: new URL(`${below}${name}.sql`, folder),
  });
  const places = [...all].flatMap((name): Place[] => {
    if (extent === 'whole') return [place(name)];
    const isPlatformFile = platformFiles.has(name);
    if (extent === 'bots') {
      if (isPlatformFile) return [];
      return [bots.has(name) ? place(name, 'bots/') : { ...place(name), isShared: true }];
    }
    if (!rest.has(name)) return [place(name)];
    const ofRest = place(name, 'rest/');
    return isPlatformFile ? [ofRest] : [place(name), { ...ofRest, name: `${name}-rest` }];
  });
  return places.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The names of the migrations of a database with this extent, in the order in which they are run. */
export const namesOf = async (extent: Exclude<Extent, 'none'>): Promise<string[]> =>
  (await placesOf(extent)).map(({ name }) => name);

/** The same migrations, with their texts. */
export const filesOf = async (extent: Exclude<Extent, 'none'>): Promise<MigrationFile[]> =>
  Promise.all(
    (await placesOf(extent)).map(async ({ name, file, isShared }) => {
      const text = await readFile(file, 'utf8');
      return { name, text: isShared ? withEngineFunction(text) : text };
    }),
  );

/**
 * A migration's text for a database in which only the bots are installed. The platform there may have a function
 * update_updated_at() that does something else, so triggers call the engine's own.
 */
const withEngineFunction = (text: string): string =>
  text.replaceAll(
    /EXECUTE FUNCTION update_updated_at\(\)/g,
    'EXECUTE FUNCTION engine.update_updated_at()',
  );

/** The migrations that were applied to this database, each with its time. */
export async function readApplied(db: Kysely<any>): Promise<ReadonlyMap<string, Date>> {
  // Reads pg_class, because a statement that names the table fails without USAGE on its schema.
  const { rows: migrationTable } = await sql`
    SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE nspname = 'engine' AND relname = 'kysely_migration'`.execute(db);
  if (migrationTable.length === 0) return new Map();
  const { rows } = await sql<{ name: string; timestamp: string }>`
    SELECT name, timestamp FROM engine.kysely_migration`.execute(db);
  return new Map(rows.map(({ name, timestamp }) => [name, new Date(timestamp)]));
}

/** How much of the schema a database has to which these migrations were applied. */
export function extentWith(applied: ReadonlyMap<string, unknown>): Extent {
  if (applied.size === 0) return 'none';
  if (applied.has('v1_00_supabase-rest')) return 'grown';
  return applied.has('v1_10_profiles') ? 'whole' : 'bots';
}

/** How much of the schema this database has, according to the migrations that were applied. */
export const extentOf = async (db: Kysely<any>): Promise<Extent> =>
  extentWith(await readApplied(db));

/** Whether the platform's tables are the document's; false where only the bots are installed. */
export const hasPlatform = async (db: Kysely<any>): Promise<boolean> =>
  (await extentOf(db)) !== 'bots';
