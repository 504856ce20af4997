import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { janitor } from '../../bots/janitor.ts';
import { refreshRanks } from '../../bots/remedies/leaderboard.refresh-ranks.ts';
import { applyRemedy, runCheck } from '../support/check.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase['db'];
beforeAll(async () => {
  ({ db } = await testDatabase());
});
beforeEach(async () => {
  for (const table of [
    'game_sessions',
    'space_visits',
    'game_leaderboards',
    'games_catalog',
  ] as const)
    await db.deleteFrom(table).execute();
});

const now = new Date('2026-03-01T12:00:00Z');
const hoursAgo = (hours: number) => new Date(now.getTime() - hours * 3_600_000);
const check = (name: string, config = {}, since: Date | null = null) =>
  runCheck(janitor, name, db, config, { now, since });
const titles = async (...args: Parameters<typeof check>) =>
  (await check(...args)).findings.map(({ title }) => title);

test('a session that is open for exactly a day is no finding, one that is open longer is', async () => {
  expect(await check('open-game-sessions')).toEqual({
    examined: ['game_sessions'],
    figures: [{ name: 'game sessions left open', value: 0 }],
    findings: [],
  });
  await db
    .insertInto('game_sessions')
    .values({ started_at: hoursAgo(24) })
    .execute();
  expect(await titles('open-game-sessions')).toEqual([]);
  await db
    .insertInto('game_sessions')
    .values({ started_at: hoursAgo(24.01) })
    .execute();
  expect((await check('open-game-sessions')).findings).toMatchObject([
    {
      severity: 'low',
      component: 'game_sessions',
      title: 'Game sessions open for more than 24 hours: 1',
      metadata: { open: 1, oldest: hoursAgo(24.01).toISOString() },
    },
  ]);
  expect(await titles('open-game-sessions', { min_open: 2 })).toEqual([]);
  expect(await titles('open-game-sessions', { open_game_hours: 25 })).toEqual([]);
  // What grows old after a cure is not held against it.
  expect(await titles('open-game-sessions', {}, hoursAgo(1))).toEqual([]);
});

test('a session that has an end, a duration or is completed is over', async () => {
  const started_at = hoursAgo(90);
  await db
    .insertInto('game_sessions')
    .values([
      { started_at, ended_at: hoursAgo(89), duration_seconds: null, completed: false },
      { started_at, ended_at: null, duration_seconds: 0, completed: false },
      { started_at, ended_at: null, duration_seconds: null, completed: true },
    ])
    .execute();
  expect(await titles('open-game-sessions')).toEqual([]);
  await db.insertInto('game_sessions').values({ started_at, completed: null }).execute();
  expect(await titles('open-game-sessions')).toHaveLength(1);
});

test('a visit without an end is a finding after a day', async () => {
  const visits = [
    { entered_at: hoursAgo(2), exited_at: null },
    { entered_at: hoursAgo(48), exited_at: hoursAgo(30) },
  ];
  await db.insertInto('space_visits').values(visits).execute();
  expect(await titles('open-visits')).toEqual([]);
  await db
    .insertInto('space_visits')
    .values([{ entered_at: hoursAgo(30) }, { entered_at: hoursAgo(300) }])
    .execute();
  expect((await check('open-visits')).findings).toMatchObject([
    {
      component: 'space_visits',
      title: 'Visits of spaces open for more than 24 hours: 2',
      metadata: { oldest: hoursAgo(300).toISOString() },
    },
  ]);
});

test('both read an index of what is open', async () => {
  const plans = [
    sql`EXPLAIN (FORMAT JSON) SELECT count(*), min(began) FROM (SELECT started_at AS began FROM game_sessions
      WHERE ended_at IS NULL AND duration_seconds IS NULL AND completed IS NOT TRUE) o WHERE began < ${now}`,
    sql`EXPLAIN (FORMAT JSON) SELECT count(*), min(began) FROM (SELECT entered_at AS began FROM space_visits
      WHERE exited_at IS NULL) o WHERE began < ${now}`,
  ];
  await db.transaction().execute(async (transaction) => {
    // The table is empty: an index is only chosen where the other way is forbidden.
    await sql`SET LOCAL enable_seqscan = off`.execute(transaction);
    const texts: string[] = [];
    for (const plan of plans) texts.push(JSON.stringify((await plan.execute(transaction)).rows));
    expect(texts[0]).toContain('idx_game_sessions_open');
    expect(texts[1]).toContain('idx_visits_open');
  });
});

/** Scores of one game; the ranks are set past the guard, as they are cached. */
async function plantScores(...scores: { score: number; rank: number | null; at: Date }[]) {
  const game = { slug: randomUUID(), name: 'Marble Run', category: 'puzzle' };
  const { id: game_id } = await db
    .insertInto('games_catalog')
    .values(game)
    .returning('id')
    .executeTakeFirstOrThrow();
  for (const { score, rank, at } of scores) {
    const { id } = await db
      .insertInto('game_leaderboards')
      .values({ game_id, score, achieved_at: at, created_at: at })
      .returning('id')
      .executeTakeFirstOrThrow();
    await db.updateTable('game_leaderboards').set({ rank }).where('id', '=', id).execute();
  }
  return game_id;
}

test('no board, an empty one and one whose ranks are right are no finding', async () => {
  expect(await check('stale-ranks')).toMatchObject({
    examined: ['game_leaderboards'],
    findings: [],
    figures: [
      { name: 'stale ranks', value: 0 },
      { name: 'games with stale ranks', value: 0 },
    ],
  });
  await plantScores();
  const at = hoursAgo(50);
  await plantScores(
    { score: 9, rank: 1, at },
    { score: 9, rank: 1, at },
    { score: 1, rank: 3, at },
  );
  expect(await titles('stale-ranks')).toEqual([]);
});

test('a recent score has no rank yet, and moves others by one place; an old one has a rank', async () => {
  const old = hoursAgo(50);
  await plantScores(
    { score: 50, rank: null, at: hoursAgo(1) },
    { score: 40, rank: 1, at: old },
    { score: 30, rank: 2, at: old },
  );
  expect(await titles('stale-ranks')).toEqual([]);
  // Half an hour is the limit now, and the newest score is an hour old.
  expect((await check('stale-ranks', { rank_hours: 0.5 })).findings).toMatchObject([
    {
      severity: 'medium',
      title: 'Cached ranks are stale: 3 ranks of 1 game',
      metadata: { ranks: 3 },
    },
  ]);
  await plantScores({ score: 30, rank: 2, at: old }, { score: 20, rank: 2, at: old });
  await plantScores({ score: 1, rank: null, at: old });
  expect(await titles('stale-ranks')).toEqual(['Cached ranks are stale: 2 ranks of 2 games']);
});

test('the remedy ends it, and what comes after it is not held against it', async () => {
  const at = hoursAgo(50);
  const game_id = await plantScores({ score: 8, rank: null, at }, { score: 9, rank: 3, at });
  expect(await titles('stale-ranks')).toHaveLength(1);
  const { isDone } = await applyRemedy(refreshRanks, db, { max_games: 1_000 }, { now });
  expect(isDone).toBe(true);
  expect(await titles('stale-ranks', {}, hoursAgo(1))).toEqual([]);
  const late = { game_id, score: 10, achieved_at: hoursAgo(0.5), created_at: hoursAgo(0.5) };
  await db.insertInto('game_leaderboards').values(late).execute();
  expect(await titles('stale-ranks', {}, hoursAgo(1))).toEqual([]);
  expect(await titles('stale-ranks', {}, hoursAgo(0.25))).toHaveLength(1);
});
