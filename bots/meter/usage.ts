/** `javari_usage_stats`: what requests to models cost. */
import { sql } from '../../src/bot.ts';
import type { AnyContext } from '../../src/bot.ts';
import type { Config } from './config.ts';

/** Whether a row of `javari_usage_stats` counts as spending. */
export const isCost = (
  { failed_requests_cost: failuresCount }: Pick<Config, 'failed_requests_cost'>,
  table = 'javari_usage_stats',
) =>
  sql`(${sql.ref(`${table}.cost_cents`)} > 0 AND (${sql.ref(`${table}.success`)} OR ${failuresCount}::boolean))`;

const columns = ['user_id', 'provider', 'model', 'cost_cents', 'success', 'created_at'];

/**
 * Ends the check where the table is not there as documented, or may not be read. The meter has checks that do without it, so it runs
 * also where only the bots are installed.
 */
export async function requireUsage({ db, skip }: Pick<AnyContext, 'db' | 'skip'>): Promise<void> {
  const { rows } = await sql<{ columns: number; readable: boolean | null }>`
    SELECT (SELECT count(*)::int FROM pg_attribute WHERE attrelid = t.id AND attname = ANY (${columns}::text[])) AS columns,
      has_table_privilege(t.id, 'SELECT') AS readable
    FROM (SELECT to_regclass('javari_usage_stats')::oid AS id) t`.execute(db);
  const { columns: found, readable } = rows[0]!;
  if (found < columns.length)
    skip(
      'there is no table javari_usage_stats with the documented columns, so costs are not known: ' +
        '`npx roundsman db migrate` adds it',
    );
  if (!readable)
    skip(
      'checks may not read javari_usage_stats: its owner has to grant SELECT to roundsman_reader',
    );
}

/** What findings call the sum of all providers. */
export const all = 'all providers';

/** What findings call a provider: its name, unless findings call the sum, a model or a user so. */
export const nameOfProvider = (provider: string): string =>
  provider === all || /^(?:model|provider|user) /.test(provider)
    ? `provider ${provider}`
    : provider;

/** `1,234 cents` */
export const inCents = (value: number): string =>
  `${Math.round(value).toLocaleString('en')} ${Math.round(value) === 1 ? 'cent' : 'cents'}`;

/** How many characters of a text from the platform a title shows. */
export const maxShown = 80;
