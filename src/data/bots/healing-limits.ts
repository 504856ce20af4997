/** The limits of healing, in the settings `healing` and `budget`: gates compare their figures with these. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';

export interface Limit {
  name: string;
  setting: 'healing' | 'budget';
  /** what it limits, with the unit, for a person */
  meaning: string;
  least: number;
  most: number;
  /** its value until a person changes it */
  usual: number;
}

const limit = (
  name: string,
  usual: number,
  [least, most]: [number, number],
  meaning: string,
  setting: Limit['setting'] = 'healing',
): Limit => ({ name, setting, meaning, least, most, usual });

export const limits: readonly Limit[] = [
  limit('cooldown_minutes', 5, [0, 10_080], 'minutes between two heals of a finding by an entry'),
  limit('heals_per_entry', 3, [0, 1_000], 'heals an hour that one entry may begin'),
  // A lasting cure is not needed every three hours; a person who knows better can raise the limit.
  limit(
    'heals_per_day',
    8,
    [0, 1_000],
    'heals in 24 hours that one entry begins unasked on one component; on all of them together it begins 3 times as many, or 2 for each that it healed in 30 days if that is more',
  ),
  limit('breaker_failures', 3, [1, 100], 'failures in a row that open the breaker of an entry'),
  limit('breaker_minutes', 60, [0, 10_080], 'minutes that the breaker stays open'),
  limit('heals_per_hour', 60, [0, 10_000], 'heals an hour of all entries together', 'budget'),
  limit('storm_components', 5, [1, 10_000], 'broken components of a bot from which it is a storm'),
  limit('storm_share', 0.5, [0, 1], 'share of its components that has to be broken for that'),
  limit('hold_minutes', 60, [1, 10_080], 'minutes that a cure has to last before it has held'),
];

export interface LimitRow extends Limit {
  /** null if it was removed or is not a number: then the gate that uses it is closed */
  value: number | null;
}

export async function readLimits(db: Db): Promise<LimitRow[]> {
  const rows = await db
    .selectFrom('engine.settings')
    .select(['key', 'value'])
    .where('key', 'in', ['healing', 'budget'])
    .execute();
  const known = new Map(rows.map(({ key, value }) => [key, value as Record<string, unknown>]));
  return limits.map((each) => {
    const value = known.get(each.setting)?.[each.name];
    return { ...each, value: typeof value === 'number' ? value : null };
  });
}

/** Sets one limit for every process, from the next decision on; returns the value before. */
export const setLimit = (db: Db, { name, setting }: Limit, value: number, by: string) =>
  inTransaction(db, async (trx) => {
    await trx
      .insertInto('engine.settings')
      .values({ key: setting, value: '{}' })
      .onConflict((conflict) => conflict.column('key').doNothing())
      .execute();
    // The row is locked, because two commands may set different limits at once.
    const row = await trx
      .selectFrom('engine.settings')
      .select('value')
      .where('key', '=', setting)
      .forUpdate()
      .executeTakeFirstOrThrow();
    const object = isObject(row.value) ? row.value : {};
    await trx
      .updateTable('engine.settings')
      .set({
        value: JSON.stringify({ ...object, [name]: value }),
        changed_at: sql<Date>`engine.now()`,
        changed_by: by,
      })
      .where('key', '=', setting)
      .execute();
    const before = object[name];
    return typeof before === 'number' ? before : null;
  });

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A limit of healing, as SQL of type float8; NULL if it cannot be read. */
export const healingLimit = (name: string) => sql`engine.healing_limit(${sql.lit(name)})`;
