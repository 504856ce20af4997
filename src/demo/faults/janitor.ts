import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { before, day, hour } from '../time.ts';
import type { Fault } from './fault.ts';
import { nextId, nextName } from './ids.ts';
import { addUser } from './users.ts';

const sessionUntil = (at: Date) => ({ token: nextId(), expires_at: at });

/** Adds a game for one fault alone, so that the fault can be planted beside any other. */
async function addGame(db: Db): Promise<string> {
  const slug = nextName();
  const row = { slug, name: 'Marble Run', category: 'puzzle' };
  const { id } = await db
    .insertInto('games_catalog')
    .values(row)
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** Adds a game with scores that were achieved at `at`, each with the rank that is cached for it. */
async function addScores(db: Db, at: Date, ...ranked: [score: number, rank: number | null][]) {
  const game_id = await addGame(db);
  for (const [score, rank] of ranked) {
    const row = { game_id, user_id: await addUser(db), score, achieved_at: at, created_at: at };
    await db.insertInto('game_leaderboards').values(row).execute();
    await db
      .updateTable('game_leaderboards')
      .set({ rank })
      .where('game_id', '=', game_id)
      .where('user_id', '=', row.user_id)
      .execute();
  }
}

async function addVisit(db: Db, entered_at: Date, exited_at: Date | null) {
  const { id: avatar_id } = await db
    .insertInto('avatars')
    .values({ name: 'Wren', appearance: '{}' })
    .returning('id')
    .executeTakeFirstOrThrow();
  const { id: space_id } = await db
    .insertInto('virtual_spaces')
    .values({ name: 'Quiet garden', type: 'garden' })
    .returning('id')
    .executeTakeFirstOrThrow();
  await db
    .insertInto('space_visits')
    .values({ avatar_id, space_id, entered_at, exited_at })
    .execute();
}

export const janitorFaults: Fault[] = [
  {
    name: 'janitor.expired-sessions',
    title: 'Sessions that expired two days ago are still stored',
    async plant(db, now) {
      const ended = Array.from({ length: 12 }, () => sessionUntil(before(now, 2 * day)));
      await db.insertInto('user_sessions').values(ended).execute();
    },
    async lookalike(db, now) {
      const soon = sessionUntil(new Date(now.getTime() + hour));
      await db.insertInto('user_sessions').values(soon).execute();
    },
  },
  {
    name: 'janitor.open-game-sessions',
    title: 'A game session began two days ago and never ended',
    async plant(db, now) {
      const row = { game_id: await addGame(db), started_at: before(now, 2 * day) };
      await db.insertInto('game_sessions').values(row).execute();
    },
    async lookalike(db, now) {
      const game_id = await addGame(db);
      await db
        .insertInto('game_sessions')
        .values([
          { game_id, started_at: before(now, 3 * hour), duration_seconds: null, completed: false },
          // The platform wrote how long this one took, and not when it ended.
          { game_id, started_at: before(now, 9 * day), duration_seconds: 310, completed: false },
          { game_id, started_at: before(now, 9 * day), duration_seconds: null, completed: true },
        ])
        .execute();
    },
  },
  {
    name: 'janitor.open-visits',
    title: 'An avatar entered a space two days ago and never left',
    plant: (db, now) => addVisit(db, before(now, 2 * day), null),
    async lookalike(db, now) {
      await addVisit(db, before(now, 2 * hour), null);
      await addVisit(db, before(now, 3 * day), before(now, 2 * day));
    },
  },
  {
    name: 'janitor.stale-ranks',
    title: 'The cached ranks of a game do not match its scores',
    plant: (db, now) => addScores(db, before(now, day), [900, 2], [700, 1], [500, null]),
    async lookalike(db, now) {
      await addGame(db);
      await addScores(db, before(now, day), [900, 1], [700, 2], [700, 2], [100, 4]);
      await addScores(db, before(now, hour / 2), [40, null], [30, 1]);
    },
  },
  {
    name: 'janitor.orphans',
    title: 'Visits refer to a space that was deleted, because their foreign key was dropped',
    async plant(db, now) {
      await addVisit(db, before(now, 3 * day), before(now, 2 * day));
      await sql`ALTER TABLE space_visits DROP CONSTRAINT space_visits_space_id_fkey`.execute(db);
      await db
        .updateTable('space_visits')
        .set({ space_id: nextId() })
        .where('entered_at', '=', before(now, 3 * day))
        .execute();
    },
    async lookalike(db, now) {
      // This visit names no space, so no space is missing.
      await db
        .insertInto('space_visits')
        .values({ entered_at: before(now, 3 * day), exited_at: before(now, 2 * day) })
        .execute();
    },
  },
];
