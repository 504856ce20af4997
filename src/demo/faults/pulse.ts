import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { before, day, hour } from '../time.ts';
import { plantMemory } from './catalogue-bot.ts';
import type { Fault } from './fault.ts';
import { nextId, nextName } from './ids.ts';
import { many } from '../many.ts';
import { addUser } from './users.ts';

/** Adds what the job `rollup` would have counted in each of five past weeks, around this time of the weekday. */
async function addRollups(db: Db, now: Date, events: number, failures: number) {
  const subject = `/api/${nextName()}`;
  const thisHour = Math.floor(now.getTime() / hour) * hour;
  const rows = [1, 2, 3, 4, 5].flatMap((week) =>
    [-1, 0, 1].map((beside) => ({
      kind: 'endpoint' as const,
      subject,
      period: 'hour' as const,
      starts_at: new Date(thisHour - week * 7 * day + beside * hour),
      events,
      failures,
    })),
  );
  await db.insertInto('engine.rollups').values(rows).execute();
}

async function addRequests(db: Db, now: Date, count: number, status_code: number) {
  const created_at = new Date(now.getTime() - hour / 20);
  const row = { endpoint: '/api/apps', method: 'GET', status_code, created_at };
  await db
    .insertInto('api_logs')
    .values(Array.from({ length: count }, () => row))
    .execute();
}

/** Has the check remember that so many sessions were active in each hour of the last four weeks. */
const rememberSessions = (db: Db, now: Date, usual: number) =>
  plantMemory(
    db,
    { bot: 'pulse', check: 'sessions' },
    { until: Math.floor(now.getTime() / hour) - 1, counts: many(4 * 7 * 24, () => usual) },
  );

async function countSessions(db: Db, now: Date): Promise<number> {
  const { rows } = await sql<{ active: number }>`
    SELECT count(*)::int AS active FROM user_sessions WHERE expires_at > ${now}`.execute(db);
  return rows[0]!.active;
}

export const pulseFaults: Fault[] = [
  {
    name: 'pulse.requests',
    title: 'There are far fewer requests than at this time in past weeks',
    plant: (db, now) => addRollups(db, now, 12_000, 0),
    async lookalike(db, now) {
      await addRollups(db, now, 600, 5);
      await addRequests(db, now, 90, 200);
    },
  },
  {
    name: 'pulse.error-share',
    title: 'A third of all requests are answered 5xx',
    plant: (db, now) => addRequests(db, now, 200, 503),
    async lookalike(db, now) {
      await addRollups(db, now, 1_000, 20);
      await addRequests(db, now, 150, 200);
      await addRequests(db, now, 6, 500);
    },
  },
  {
    name: 'pulse.sessions',
    title: 'Of four sessions that are usual at this hour, three are gone',
    plant: async (db, now) =>
      rememberSessions(db, now, 4 * Math.max(50, await countSessions(db, now))),
    async lookalike(db, now) {
      // A holiday: two thirds are there.
      const user_id = await addUser(db);
      const rows = many(100, () => ({ user_id, token: nextId(), expires_at: before(now, -day) }));
      await db.insertInto('user_sessions').values(rows).execute();
      await rememberSessions(db, now, Math.round(1.5 * (await countSessions(db, now))));
    },
  },
];
