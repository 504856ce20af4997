import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import { leaderboardPage, submitScore } from '../../src/data/games/leaderboard.ts';
import type { Db } from '../../src/database/connect.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { addUser } from './people.ts';

let db: TestDatabase['db'];
let users: string[];
beforeAll(async () => {
  ({ db } = await testDatabase());
  users = await Promise.all(Array.from({ length: 6 }, () => addUser(db)));
});

const addGame = async (of: Db): Promise<string> => {
  const game = { slug: randomUUID(), name: 'A game', category: 'puzzle' };
  const row = await of.insertInto('games_catalog').values(game).returning('id').executeTakeFirst();
  return row!.id;
};
const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));
const submit = (game_id: string, user: number, score: number, second = 0) =>
  submitScore(db, { game_id, user_id: users[user]!, score, achieved_at: at(second) });

test('the best score stays, with the first time it was reached, whatever comes at once', async () => {
  const game = await addGame(db);
  const scores = Array.from({ length: 60 }, (_, i) => (i * 37) % 60);
  await Promise.all(scores.map((score, i) => submit(game, 0, score, i)));
  expect(await submit(game, 0, 59, 99)).toEqual({ isBest: false });
  expect(await leaderboardPage(db, game)).toEqual([
    { user_id: users[0], score: 59, rank: 1, achieved_at: at(scores.indexOf(59)) },
  ]);
  expect(await submit(game, 0, 60, 100)).toEqual({ isBest: true });
});

test('ranks follow from the scores: equal ones share a rank, on every page', async () => {
  const game = await addGame(db);
  const scores = [50, 70, 50, 50, 10, 10];
  for (const [user, score] of scores.entries()) await submit(game, user, score, user);
  const ranks = [1, 2, 2, 2, 5, 5];
  const whole = await leaderboardPage(db, game);
  expect(whole.map(({ rank }) => rank)).toEqual(ranks);
  expect(whole.map(({ user_id }) => users.indexOf(user_id))).toEqual([1, 0, 2, 3, 4, 5]);
  for (let limit = 1; limit <= 6; limit++)
    for (let offset = 0; offset <= 6; offset++)
      expect(await leaderboardPage(db, game, { limit, offset })).toEqual(
        whole.slice(offset, offset + limit),
      );
  await sql`SELECT engine.refresh_ranks(${game})`.execute(db);
  const cached = await sql<{ rank: number | null }>`
    SELECT rank FROM game_leaderboards WHERE game_id = ${game} ORDER BY score DESC, achieved_at`;
  expect((await cached.execute(db)).rows.map(({ rank }) => rank)).toEqual(ranks);
  await submit(game, 5, 80);
  expect((await cached.execute(db)).rows.map(({ rank }) => rank)).toEqual([null, 1, 2, 2, 2, 5]);
});

test('refreshing while scores come ends in the right ranks', async () => {
  const game = await addGame(db);
  const refresh = sql<{ n: number }>`SELECT engine.refresh_ranks(${game}) AS n`;
  await Promise.all(
    Array.from({ length: 60 }, (_, i) =>
      i % 3 ? submit(game, i % 6, i * 7) : refresh.execute(db),
    ),
  );
  await refresh.execute(db);
  expect((await refresh.execute(db)).rows).toEqual([{ n: 0 }]);
  const { rows } = await sql<{ rank: number }>`
    SELECT rank FROM game_leaderboards WHERE game_id = ${game} ORDER BY score DESC`.execute(db);
  expect(rows.map(({ rank }) => rank)).toEqual(
    (await leaderboardPage(db, game)).map(({ rank }) => rank),
  );
});

test('no score comes with a rank of its own: it has one after the next refresh', async () => {
  const game = await addGame(db);
  await submit(game, 0, 100);
  const claim = await sql<{ rank: number | null }>`
    INSERT INTO game_leaderboards (game_id, user_id, score, achieved_at, rank)
    VALUES (${game}, ${users[1]}, 1, now(), 1) RETURNING rank`.execute(db);
  expect(claim.rows).toEqual([{ rank: null }]);
  await sql`SELECT engine.refresh_ranks(${game})`.execute(db);
  const cached = await sql<{ rank: number }>`
    SELECT rank FROM game_leaderboards WHERE game_id = ${game} ORDER BY score DESC`.execute(db);
  expect(cached.rows).toEqual([{ rank: 1 }, { rank: 2 }]);
});

test('plain SQL lowers no score; without the guard it would', async () => {
  const lower = sql`UPDATE game_leaderboards SET score = score - 1`;
  await submit(await addGame(db), 0, 5);
  await expect(lower.execute(db)).rejects.toThrow('game_leaderboards.score keeps the best');
  await expect(sql`UPDATE game_leaderboards SET user_id = ${users[1]}`.execute(db)).rejects.toThrow(
    'a score keeps its game and its user',
  );
  const broken = await testDatabase();
  const game_id = await addGame(broken.db);
  const user_id = await addUser(broken.db);
  await submitScore(broken.db, { game_id, user_id, score: 5, achieved_at: at(0) });
  await sql`DROP TRIGGER leaderboard_guarded ON game_leaderboards`.execute(broken.db);
  await lower.execute(broken.db);
  expect(await leaderboardPage(broken.db, game_id)).toMatchObject([{ score: 4 }]);
});

test('bad input is named', async () => {
  const game = await addGame(db);
  await expect(submit('g', 0, 1)).rejects.toMatchObject({ field: 'game_id' });
  await expect(submit(game, 0, 2 ** 31)).rejects.toMatchObject({ field: 'score' });
  await expect(submit(randomUUID(), 0, 1)).rejects.toMatchObject({
    name: 'ConstraintError',
    table: 'game_leaderboards',
    column: 'game_id',
    exitCode: 3,
    why: 'game_leaderboards.game_id names a row that does not exist',
  });
  await expect(leaderboardPage(db, game, { limit: 0 })).rejects.toMatchObject({ field: 'limit' });
  expect(await leaderboardPage(db, game)).toEqual([]);
});
