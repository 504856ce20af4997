import type { Db } from '../../database/connect.ts';
import { day, hour } from '../time.ts';
import type { Fault } from './fault.ts';
import { nextName } from './ids.ts';

/** Adds what the job `rollup` would have counted around this time of the day, on each of the days so many days ago. */
async function addRollups(db: Db, now: Date, path: string, days: number[], events = 60) {
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

/** Adds requests of six minutes ago, all answered so. Without an address, each comes from another one. */
async function addRequests(
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
    plant: (db, now) => addRollups(db, now, newPath(), everyDay),
    async lookalike(db, now) {
      // The platform as a whole has as many requests as ever.
      await addRollups(db, now, '/api/apps', everyDay, 500);
      await addRequests(db, now, '/api/apps', 200, 700);
      // One with requests on some days only, one with few requests, one that was taken away four days ago.
      await addRollups(db, now, newPath(), [2, 3, 4, 5, 6]);
      await addRollups(db, now, newPath(), everyDay, 3);
      await addRollups(db, now, newPath(), [5, 6, 7, 8]);
    },
  },
  {
    name: 'sentinel-api.unauthorized',
    title: 'An endpoint answers 401 to half of its callers, from many addresses',
    async plant(db, now) {
      const path = newPath();
      await addRequests(db, now, path, 401, 60);
      await addRequests(db, now, path, 200, 60);
    },
    async lookalike(db, now) {
      // At an endpoint where people sign in, as many fail on every day.
      const signIn = newPath();
      await addRollups(db, now, signIn, everyDay, 100);
      await addRequests(db, now, signIn, 200, 70);
      await addRequests(db, now, signIn, 401, 30);
      for (const back of everyDay)
        await addRequests(db, new Date(now.getTime() - back * day), signIn, 401, 28);
      // Another endpoint answers 401 to a few.
      await addRequests(db, now, newPath(), 401, 12);
    },
  },
];
