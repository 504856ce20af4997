/** Looks for cached ranks that newer scores do not explain. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import { counted } from '../parts/in-words.ts';
import { hoursBefore } from '../parts/time.ts';
import type { Config } from './config.ts';

const sampleSize = 20;

/**
 * A new score has no rank until the ranks of its game are computed, and it moves those below it by one place: that is no
 * fault while the score is recent. A rank is stale where it is missing although its score is old, or where it is off by more places
 * than there are recent scores above it.
 */
const staleRanks = (before: Date) => sql`
  SELECT game_id, count(*)::int AS stale FROM (
    SELECT game_id, cached, came_at, rank,
      count(*) FILTER (WHERE came_at > ${before}) OVER (PARTITION BY game_id ORDER BY score DESC) AS recent_above
    FROM (
      SELECT game_id, score, rank AS cached, greatest(achieved_at, created_at) AS came_at,
        rank() OVER (PARTITION BY game_id ORDER BY score DESC) AS rank
      -- The column may be empty: a score of no game has no rank.
      FROM game_leaderboards WHERE game_id IS NOT NULL
    ) scores
  ) ranked
  WHERE came_at <= ${before} AND (cached IS NULL OR cached NOT BETWEEN rank - recent_above AND rank)
  GROUP BY game_id`;

export async function findStaleRanks(
  { rank_hours }: Config,
  { db, now, since }: CheckContext,
): Promise<CheckResult> {
  // The remedy has ranked every score that was there when it was applied: only later ones are recent then.
  const before = since ?? hoursBefore(now, rank_hours);
  const { rows } = await sql<{ games: number; ranks: number; sample: object[] }>`
    WITH stale AS MATERIALIZED (${staleRanks(before)})
    SELECT count(*)::int AS games, coalesce(sum(stale), 0)::int AS ranks,
      coalesce((SELECT json_agg(s) FROM (SELECT * FROM stale ORDER BY stale DESC, game_id LIMIT ${sampleSize}) s), '[]')
        AS sample
    FROM stale`.execute(db);
  const { games, ranks, sample } = rows[0]!;
  const component = 'game_leaderboards';
  return {
    examined: [component],
    figures: [
      { name: 'stale ranks', value: ranks },
      { name: 'games with stale ranks', value: games },
    ],
    findings:
      ranks === 0
        ? []
        : [
            {
              severity: 'medium',
              category: 'games',
              title: `Cached ranks are stale: ${counted(ranks, 'rank')} of ${counted(games, 'game')}`,
              description: 'game_leaderboards.rank is a cache of the order by score.',
              component,
              metadata: { ranks, games, sample, rank_hours },
            },
          ],
  };
}
