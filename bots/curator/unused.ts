/** Looks for active apps and tools that have not been used for long. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import { counted } from '../parts/in-words.ts';
import { daysBefore } from '../parts/time.ts';
import type { Config } from './config.ts';
import { aboutKey, type Kind } from './kinds.ts';

interface Unused {
  key: string;
  last_used_at: string | null;
  created_at: string | null;
}

const yearDays = 365;

/**
 * An app that was not used in the same weeks of the past year either, but before and after them, has a season: it is not
 * reported, because its users came back after that pause. Without a use for a whole year it is reported.
 */
export async function findUnused(
  kind: Kind,
  { unused_days, new_days, seasonal, max_findings: max }: Config,
  { db, now, skip }: CheckContext,
): Promise<CheckResult> {
  const uses = sql.table(kind.uses);
  const since = daysBefore(now, unused_days);
  const yearAgo = {
    from: daysBefore(since, yearDays),
    to: daysBefore(now, yearDays - unused_days),
  };
  const { rows: recorded } = await sql`
    SELECT FROM (SELECT max(created_at) AS newest FROM ${uses}) u WHERE newest >= ${since}`.execute(
    db,
  );
  if (recorded.length === 0)
    skip(
      `${kind.uses} has no use of the last ${unused_days} days: have the platform record uses, or disable the bot curator if nothing is used`,
    );
  const { rows } = await sql<{ active: number; found: Unused[] }>`
    WITH active AS MATERIALIZED (${kind.active}), last AS (
      SELECT a.*, (SELECT max(u.created_at) FROM ${uses} u WHERE u.${kind.idColumn} = a.id AND u.created_at <= ${now}) AS last_used_at
      FROM active a
    ), unused AS (
      SELECT key, last_used_at, created_at FROM last a
      WHERE coalesce(last_used_at < ${since}, true)
        AND coalesce(created_at, '-infinity') < ${daysBefore(now, new_days)}
        AND NOT key = ANY (${seasonal}::text[])
        AND NOT (
          last_used_at >= ${yearAgo.to}
          AND EXISTS (SELECT FROM ${uses} u WHERE u.${kind.idColumn} = a.id AND u.created_at < ${yearAgo.from})
          AND NOT EXISTS (
            SELECT FROM ${uses} u
            WHERE u.${kind.idColumn} = a.id AND u.created_at >= ${yearAgo.from} AND u.created_at < ${yearAgo.to}
          )
        )
    ), found AS (
      SELECT *, row_number() OVER (ORDER BY last_used_at NULLS FIRST, key) AS place FROM unused
      ORDER BY place LIMIT ${max + 1}
    )
    SELECT (SELECT count(*)::int FROM active) AS active,
      (SELECT coalesce(json_agg(found ORDER BY place), '[]') FROM found) AS found`.execute(db);
  const { active, found } = rows[0]!;
  return {
    // All keys, also of apps and tools that are no longer active: these are unused on purpose.
    examined: { count: active, except: [] },
    figures: [
      { name: `active ${kind.noun.toLowerCase()}s`, value: active },
      { name: `unused ${kind.noun.toLowerCase()}s`, value: Math.min(found.length, max) },
    ],
    findings: found.slice(0, max).map(({ key, last_used_at, created_at }) => {
      const about = aboutKey(key);
      return {
        severity: 'info',
        category: 'apps',
        title: `${kind.noun} ${about.component} is active and unused for ${counted(unused_days, 'day')}`,
        description: last_used_at ? 'It was used before.' : 'It was never used.',
        ...about,
        metadata: { last_used_at, created_at, unused_days },
      };
    }),
    truncated: found.length > max,
  };
}
