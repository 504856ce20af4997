import { sql, type Selectable } from 'kysely';
import { object, instant, uuid, wholeNumber } from '../../database/faults/bad-input.ts';
import type { Db } from '../../database/connect.ts';
import { explaining } from '../../database/faults/constraint-errors.ts';
import type { GameLeaderboards } from '../../database/tables.ts';

export type LeaderboardRow = Selectable<GameLeaderboards>;

const maxInteger = 2_147_483_647;

/**
 * Enters a score. A player keeps only the best one, with the time at which it was first reached. `isBest` says
 * whether this score is the best. Throws BadInputError, ConstraintError for a game or user that does not exist.
 */
export async function submitScore(
  db: Db,
  given: { game_id: string; user_id: string; score: number; achieved_at: Date },
): Promise<{ isBest: boolean }> {
  const row = {
    game_id: uuid('game_id', object('given', given).game_id),
    user_id: uuid('user_id', given.user_id),
    score: wholeNumber('score', given.score, -maxInteger, maxInteger),
    achieved_at: instant('achieved_at', given.achieved_at),
  };
  return explaining('the score was not entered', {}, async () => {
    const entered = await db
      .insertInto('game_leaderboards')
      .values(row)
      .onConflict((conflict) =>
        conflict
          .columns(['game_id', 'user_id'])
          .doUpdateSet({ score: row.score, achieved_at: row.achieved_at })
          .whereRef('game_leaderboards.score', '<', 'excluded.score'),
      )
      .returning('id')
      .executeTakeFirst();
    return { isBest: entered !== undefined };
  });
}

export interface Placed {
  user_id: string;
  score: number;
  /** from 1; equal scores share a rank, and as many ranks after it are left out as others share it */
  rank: number;
  achieved_at: Date;
}

/**
 * A page of a game's best scores, ranked by the present scores: the column `rank` is only as new as the last
 * engine.refresh_ranks. `limit` is 1 to 200, 50 by default. Throws BadInputError.
 */
export async function leaderboardPage(
  db: Db,
  gameId: string,
  request: { limit?: number | undefined; offset?: number | undefined } = {},
): Promise<Placed[]> {
  const { limit = 50, offset = 0 } = object('request', request);
  const game = uuid('game_id', gameId);
  const from = wholeNumber('offset', offset, 0, 1_000_000);
  // The offset is the number of rows before the page; only its first score may also stand on an earlier page.
  const { rows } = await sql<Placed>`
    WITH page AS MATERIALIZED (
      SELECT user_id, score, achieved_at, id FROM game_leaderboards WHERE game_id = ${game}
      ORDER BY score DESC, achieved_at, id LIMIT ${wholeNumber('limit', limit, 1, 200)} OFFSET ${from}
    ), top AS (
      SELECT max(score) AS score,
        (SELECT count(*) FROM game_leaderboards
         WHERE game_id = ${game} AND score > (SELECT max(score) FROM page)) AS above
      FROM page
    )
    SELECT page.user_id, page.score, page.achieved_at,
      CASE WHEN page.score = top.score THEN top.above + 1
           ELSE ${from}::int + rank() OVER (ORDER BY page.score DESC) END::int AS rank
    FROM page CROSS JOIN top ORDER BY page.score DESC, page.achieved_at, page.id`.execute(db);
  return rows;
}
