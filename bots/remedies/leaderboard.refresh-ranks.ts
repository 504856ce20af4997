/** Computes the cached ranks of games anew from their scores, where they differ. */
import { defineRemedy, sql, z } from '../../src/bot.ts';
import type { RemedyContext } from '../../src/bot.ts';
import { counted } from '../parts/in-words.ts';

const params = z.strictObject({ max_games: z.int().min(1).max(1_000).default(100) });

/** How many ranks of each game differ from the order of its scores. */
const staleGames = sql`
  SELECT game_id, count(*)::int AS stale FROM (
    SELECT game_id, rank AS cached, rank() OVER (PARTITION BY game_id ORDER BY score DESC) AS rank
    -- The column may be empty: a score of no game has no rank.
    FROM game_leaderboards WHERE game_id IS NOT NULL
  ) ranked WHERE cached IS DISTINCT FROM rank GROUP BY game_id`;

interface StaleGame {
  game_id: string;
  stale: number;
}

const listStale = async ({ db }: RemedyContext, limit: number): Promise<StaleGame[]> =>
  (
    await sql<StaleGame>`SELECT * FROM (${staleGames}) s ORDER BY game_id LIMIT ${limit}`.execute(
      db,
    )
  ).rows;

const byGame = (rows: StaleGame[]) =>
  Object.fromEntries(rows.map(({ game_id, stale }) => [game_id, stale]));

export const refreshRanks = defineRemedy({
  name: 'leaderboard.refresh-ranks',
  title: 'Write cached ranks anew from the scores',
  risk: 'safe',
  params,
  async isDone(_params, context) {
    return (await listStale(context, 1)).length === 0;
  },
  async apply({ max_games }, context) {
    const before = await listStale(context, max_games);
    let changed = 0;
    // One after the other and in order: two remedies at once would otherwise deadlock on the games.
    for (const { game_id } of before) {
      context.signal.throwIfAborted();
      const { rows } = await sql<{ changed: number }>`
        SELECT engine.refresh_ranks(${game_id}) AS changed`.execute(context.db);
      changed += rows[0]!.changed;
    }
    return {
      summary: `wrote ${counted(changed, 'rank')} of ${counted(before.length, 'game')}`,
      before: { stale: byGame(before) },
      after: { stale: byGame(await listStale(context, max_games)), changed },
    };
  },
});
