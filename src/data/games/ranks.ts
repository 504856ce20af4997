/** Writes the cached ranks of a leaderboard in pages, so that a game with many players takes no long statement and no long locks. */
import { sql, type Transaction } from 'kysely';
import type { Database, Db } from '../../database/connect.ts';

/** The end of a page: the last score that was ranked. */
export interface RankedUntil {
  score: number;
  id: string;
  /** how many scores were ranked, this one included */
  position: number;
  /** the rank of the last score */
  rank: number;
}

export interface RankedPage {
  scores: number;
  /** how many ranks were written */
  changed: number;
  /** null: there are no more scores */
  until: RankedUntil | null;
}

/** Games that have scores, in the order of their ids, after this id (null: from the first one). */
export async function gamesWithScores(
  db: Db,
  after: string | null,
  limit: number,
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    SELECT g.id FROM games_catalog g
    WHERE (${after}::uuid IS NULL OR g.id > ${after}::uuid)
      AND EXISTS (SELECT FROM game_leaderboards l WHERE l.game_id = g.id)
    ORDER BY g.id LIMIT ${limit}`.execute(db);
  return rows.map(({ id }) => id);
}

/**
 * Ranks the next `maxRows` scores of a game as `engine.refresh_ranks` ranks all: equal scores share a rank, and as many ranks after
 * them are left out. A score that is NULL, as a platform that was adopted may have, has no rank. Locks the game first, as that function does, so that two never meet on its rows. A score that rises or falls away
 * meanwhile moves the ranks after it, and the next walk corrects them.
 */
export async function rankPage(
  trx: Transaction<Database>,
  game: string,
  from: RankedUntil | null,
  maxRows: number,
): Promise<RankedPage> {
  await sql`SELECT FROM games_catalog WHERE id = ${game}::uuid FOR NO KEY UPDATE`.execute(trx);
  const after = from
    ? sql`AND score <= ${from.score}::int AND (score < ${from.score}::int OR id > ${from.id}::uuid)`
    : sql``;
  const { rows } = await sql<
    { scores: number; changed: number } & Record<keyof RankedUntil, unknown>
  >`
    WITH page AS MATERIALIZED (
      SELECT id, score, rank FROM game_leaderboards WHERE game_id = ${game}::uuid AND score IS NOT NULL ${after}
      ORDER BY score DESC, id LIMIT ${maxRows}
    ), ranked AS MATERIALIZED (
      SELECT id, score, rank AS cached, row_number() OVER scores AS nth,
        CASE WHEN score = ${from?.score ?? null}::int THEN ${from?.rank ?? 0}::int
          ELSE ${from?.position ?? 0}::int + rank() OVER (ORDER BY score DESC) END::int AS rank
      FROM page WINDOW scores AS (ORDER BY score DESC, id)
    ), written AS (
      UPDATE game_leaderboards l SET rank = r.rank FROM ranked r
      -- A score that rose meanwhile is left for the next walk.
      WHERE l.id = r.id AND l.score = r.score AND l.rank IS DISTINCT FROM r.rank RETURNING l.id
    )
    SELECT (SELECT count(*)::int FROM ranked) AS scores, (SELECT count(*)::int FROM written) AS changed,
      last.score, last.id, ${from?.position ?? 0}::int + last.nth::int AS position, last.rank
    FROM (VALUES (1)) one LEFT JOIN LATERAL (SELECT * FROM ranked ORDER BY nth DESC LIMIT 1) last ON true`.execute(
    trx,
  );
  const { scores, changed, ...until } = rows[0]!;
  return { scores, changed, until: scores < maxRows ? null : (until as unknown as RankedUntil) };
}
