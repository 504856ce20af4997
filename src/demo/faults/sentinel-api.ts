import type { Db } from '../../database/connect.ts';
import { day, hour } from '../planting.ts';
import type { Fault } from './fault.ts';
import { nextName } from './ids.ts';

/** What the job `rollup` would have added up on each of these past days around this time, eight days ago included. */
async function history(db: Db, now: Date, path: string, days: number[], events = 60) {
  const thisHour = Math.floor(now.getTime() / hour) * hour;
  const rows = days.flatMap((back) =>
    [0, 1].map((before) => ({
      kind: 'endpoint' as const,
      subject: path,
      period: 'hour' as const,
      starts_at: new Date(thisHour - back * day - before * hour),
      events,
      failures: 0,
    })),
  );
  await db.insertInto('engine.rollups').values(rows).execute();
}

async function answers(
  db: Db,
  now: Date,
  endpoint: string,
  status_code: number,
  count: number,
  address?: string,
) {
  const created_at = new Date(now.getTime() - hour / 10);
  const rows = Array.from({ length: count }, (_, i) => ({
    endpoint,
    method: 'POST',
    status_code,
    ip_address: address ?? `198.51.100.${(i % 200) + 1}`,
    created_at,
  }));
  await db.insertInto('api_logs').values(rows).execute();
}

const everyDay = [1, 2, 3, 4, 5, 6, 7, 8];
const newPath = () => `/api/${nextName()}`;

export const sentinelApiFaults: Fault[] = [
  {
    name: 'sentinel-api.silent',
    title: 'An endpoint that has requests every day has none in this hour',
    plant: (db, now) => history(db, now, newPath(), everyDay),
    async lookalike(db, now) {
      // The platform as a whole has its requests.
      await history(db, now, '/api/apps', everyDay, 500);
      await answers(db, now, '/api/apps', 200, 700);
      // One that is asked on weekdays only, one that few ask for, one that was taken away four days ago.
      await history(db, now, newPath(), [2, 3, 4, 5, 6]);
      await history(db, now, newPath(), everyDay, 3);
      await history(db, now, newPath(), [5, 6, 7, 8]);
    },
  },
  {
    name: 'sentinel-api.unauthorized',
    title: 'An endpoint answers 401 to half of its callers, from many addresses',
    async plant(db, now) {
      const path = newPath();
      await answers(db, now, path, 401, 60);
      await answers(db, now, path, 200, 60);
    },
    async lookalike(db, now) {
      // Where people sign in, so many do not succeed on any day.
      const signIn = newPath();
      await history(db, now, signIn, everyDay, 100);
      await answers(db, now, signIn, 200, 70);
      await answers(db, now, signIn, 401, 30);
      for (const back of everyDay)
        await answers(db, new Date(now.getTime() - back * day), signIn, 401, 28);
      // A few.
      await answers(db, now, newPath(), 401, 12);
    },
  },
];
