/** The job `leaderboards`, and what the janitor says of the same ranks. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { janitor } from '../../bots/janitor.ts';
import { leaderboards } from '../../jobs/leaderboards.ts';
import { leaderboardPage } from '../../src/data/games/leaderboard.ts';
import { rankPage, type RankedPage, type RankedUntil } from '../../src/data/games/ranks.ts';
import type { Db } from '../../src/database/connect.ts';
import { registerJobs } from '../../src/schedule/register-jobs.ts';
import { addUser } from '../data/people.ts';
import { backends, type Backend } from '../support/backends.ts';
import { behindGuards } from '../support/behind-guards.ts';
import { runCheck } from '../support/check.ts';
import { startFlow, type Flow } from '../support/engine.ts';
import { waiting, whileHeld } from '../support/held.ts';
import { aRun, carried, noBots } from './job-flow.ts';

const [postgres] = backends as [Backend];
let flow: Flow;
let db: Db;
beforeEach(async () => {
  flow = await startFlow(postgres, noBots, { jobs: [leaderboards], roles: [] });
  db = flow.db;
  await registerJobs(db, [leaderboards]);
});

const run = async () => (await carried(flow.jobEngine, await aRun(db, leaderboards))).figures;
const staleRanks = async () => (await runCheck(janitor, 'stale-ranks', db)).findings;

async function addGame(scores: readonly number[]): Promise<string> {
  const { id } = await db
    .insertInto('games_catalog')
    .values({ slug: randomUUID(), name: 'A game', category: 'puzzle' })
    .returning('id')
    .executeTakeFirstOrThrow();
  for (const score of scores)
    await sql`
      INSERT INTO game_leaderboards (game_id, user_id, score, achieved_at, created_at)
      VALUES (${id}, ${await addUser(db)}, ${score}, engine.now() - interval '1 day', engine.now() - interval '1 day')`.execute(
      db,
    );
  return id;
}

const ranksOf = async (game: string) =>
  (
    await sql<{ score: number; rank: number | null }>`
      SELECT score, rank FROM game_leaderboards WHERE game_id = ${game} ORDER BY score DESC`.execute(
      db,
    )
  ).rows;

test('old scores without a rank, and ranks that a removed score has made wrong, are what the janitor reports and the job corrects', async () => {
  const game = await addGame([50, 70, 50, 10]);
  const other = await addGame([3]);
  expect(await staleRanks()).toMatchObject([
    { title: 'Cached ranks are stale: 5 ranks of 2 games' },
  ]);
  expect(await run()).toEqual({ games: 2, scores: 5, ranks: 5 });
  expect(await staleRanks()).toEqual([]);
  expect(await ranksOf(game)).toEqual([
    { score: 70, rank: 1 },
    { score: 50, rank: 2 },
    { score: 50, rank: 2 },
    { score: 10, rank: 4 },
  ]);
  expect((await leaderboardPage(db, game)).map(({ rank }) => rank)).toEqual([1, 2, 2, 4]);
  await sql`DELETE FROM game_leaderboards WHERE game_id = ${game} AND score = 70`.execute(db);
  expect(await staleRanks()).toHaveLength(1);
  expect(await run()).toEqual({ games: 2, scores: 4, ranks: 3 });
  expect(await staleRanks()).toEqual([]);
  expect(await ranksOf(other)).toEqual([{ score: 3, rank: 1 }]);
});

test('ranks that are right stay untouched: the rows are not written again', async () => {
  const game = await addGame([5, 4, 4]);
  await run();
  const versions = async () =>
    (
      await sql<{
        xmin: string;
      }>`SELECT xmin::text FROM game_leaderboards WHERE game_id = ${game} ORDER BY id`.execute(db)
    ).rows;
  const before = await versions();
  expect(await run()).toEqual({ games: 1, scores: 3, ranks: 0 });
  expect(await versions()).toEqual(before);
});

test('a game is ranked in pages of any size as it is as a whole, also where many scores are equal', async () => {
  const scores = [9, 9, 7, 7, 7, 7, 7, 3, 2, 2, 1];
  const game = await addGame(scores);
  const expected = scores.map((score) => ({ score, rank: scores.indexOf(score) + 1 }));
  for (const size of [1, 2, 3, 4, 10, 11, 12]) {
    await behindGuards(
      db,
      async (trx) => void (await sql`UPDATE game_leaderboards SET rank = NULL`.execute(trx)),
    );
    let from: RankedUntil | null = null;
    let pages = 0;
    do {
      const begin: RankedUntil | null = from;
      from = (await db.transaction().execute((trx) => rankPage(trx, game, begin, size))).until;
      pages += 1;
    } while (from !== null);
    expect(await ranksOf(game), `pages of ${size}`).toEqual(expected);
    expect(pages).toBe(Math.floor(scores.length / size) + 1);
  }
});

test('it waits for a remedy that ranks the same game, instead of meeting it on its rows', async () => {
  const game = await addGame([2, 1]);
  const entry = await aRun(db, leaderboards);
  const ended = await whileHeld(db, sql`SELECT FROM games_catalog WHERE id = ${game}`, async () => {
    const done = carried(flow.jobEngine, entry);
    await expect.poll(waiting(db)).toBe(1);
    return [done];
  });
  expect((await ended[0]!).figures).toEqual({ games: 1, scores: 2, ranks: 2 });
});

test('a score of no game has no rank, and is no finding', async () => {
  await addGame([1]);
  await behindGuards(db, async (trx) => {
    await sql`
      INSERT INTO game_leaderboards (user_id, score, achieved_at, created_at)
      VALUES (${await addUser(db)}, 3, engine.now() - interval '1 day', engine.now() - interval '1 day')`.execute(
      trx,
    );
  });
  expect(await run()).toEqual({ games: 1, scores: 1, ranks: 1 });
  expect(await staleRanks()).toEqual([]);
});

test('scores that are NULL, and users who are deleted, keep no other score from its rank', async () => {
  const game = await addGame([10, 20, 30]);
  await sql`ALTER TABLE game_leaderboards ALTER score DROP NOT NULL`.execute(db);
  await sql`UPDATE game_leaderboards SET score = NULL WHERE score = 20`.execute(db);
  const walk = async () => {
    let ranked = 0;
    for (let from: RankedUntil | null = null; ;) {
      const begin: RankedUntil | null = from;
      const page: RankedPage = await db
        .transaction()
        .execute((trx) => rankPage(trx, game, begin, 1));
      ranked += page.scores;
      if (page.until === null) return ranked;
      from = page.until;
    }
  };
  expect(await walk()).toBe(2);
  expect(await ranksOf(game)).toEqual([
    { score: null, rank: null },
    { score: 30, rank: 1 },
    { score: 10, rank: 2 },
  ]);
  await sql`DELETE FROM game_leaderboards WHERE score = 30`.execute(db);
  expect(await walk()).toBe(1);
  expect((await ranksOf(game)).at(-1)).toEqual({ score: 10, rank: 1 });
});
