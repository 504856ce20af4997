/** Which version of Roundsman has migrated a database, and the refusal to work on that of a newer one. */
import { readFileSync } from 'node:fs';
import { sql, type Kysely } from 'kysely';
import { RoundsmanError } from '../../ground/errors.ts';
import type { readMigrations } from './status.ts';

/** A newer version has migrated this database, and this one does not know what its tables mean. */
export class NewerDatabaseError extends RoundsmanError {}

/** The version of this code, as package.json has it. */
export const ownVersion = (): string =>
  (
    JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    }
  ).version;

/** The setting that names the version which migrated last. */
const setting = 'migrated_by';

/** Notes this version, in a database that it has just migrated. */
export async function noteVersion(db: Kysely<any>): Promise<void> {
  await sql`
    INSERT INTO engine.settings AS s (key, value) VALUES (${setting}, to_jsonb(${ownVersion()}::text))
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, changed_at = engine.now()
    WHERE s.value <> excluded.value`.execute(db);
}

/** Throws {@link NewerDatabaseError}, which names the version that is needed, if migrations were applied that this version does not have. */
export async function refuseNewer(
  db: Kysely<any>,
  { unknown }: Awaited<ReturnType<typeof readMigrations>>,
): Promise<void> {
  if (unknown.length === 0) return;
  const { rows } = await sql<{ version: string | null }>`
    SELECT value #>> '{}' AS version FROM engine.settings WHERE key = ${setting}`.execute(db);
  const needed = rows[0]?.version ?? null;
  throw new NewerDatabaseError({
    what: 'this Roundsman is older than its database',
    why: `${needed === null ? 'a newer version' : `version ${needed}`} has applied ${unknown[0]!}${unknown.length > 1 ? ` and ${unknown.length - 1} more migrations` : ''}, and this is version ${ownVersion()}`,
    hint: `install ${needed === null ? 'the newest version' : `version ${needed} or a newer one`}; the way back to an older one is a backup from before (docs/upgrade.md)`,
  });
}
