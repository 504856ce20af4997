/** Apps of the catalogue, and hosts that may be asked although their addresses are not public. */
import { sql } from 'kysely';
import type { Db } from '../../src/database/connect.ts';

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
