/** Apps of the catalogue, and hosts that may be asked although their addresses are not public. */
import { sql } from 'kysely';
import { beforeEach } from 'vitest';
import type { Db } from '../../src/database/connect.ts';
import { testDatabase } from './database.ts';

export const anApp = (
  db: Db,
  slug: string,
  deployment_url: string | null,
  rest: { status?: 'active' | 'beta' | 'maintenance' | 'deprecated' | null } = {},
) =>
  db
    .insertInto('app_catalog')
    .values({ slug, name: slug, category: 'business', credit_cost: 1, deployment_url, ...rest })
    .execute();

export const allowHosts = (db: Db, ...hosts: string[]) =>
  sql`INSERT INTO engine.settings (key, value) VALUES ('http_hosts', ${JSON.stringify(hosts)}::jsonb)
      ON CONFLICT (key) DO UPDATE SET value = excluded.value`.execute(db);

/** A database without apps and without allowed hosts, anew for each test of the file. */
export async function databaseOfApps(): Promise<Db> {
  const { db } = await testDatabase();
  beforeEach(async () => {
    await db.deleteFrom('app_catalog').execute();
    await db.deleteFrom('engine.settings').where('key', '=', 'http_hosts').execute();
  });
  return db;
}
