import type { Db } from '../../database/connect.ts';
import { before, day, hour, minutesBefore } from '../time.ts';
import type { Fault } from './fault.ts';
import { nextName } from './ids.ts';

/** What the job `rollup` counts of an endpoint in an hour. */
interface Figures {
  events: number;
  failures?: number;
  total_ms?: number;
}

/** Adds what the job `rollup` would have counted around this time of the day, on each of the days so many days ago. */
async function addRollups(
  db: Db,
  now: Date,
  path: string,
  days: number[],
  { events, failures = 0, total_ms = 0 }: Figures = { events: 60 },
) {
  const thisHour = Math.floor(now.getTime() / hour) * hour;
  const rows = days.flatMap((back) =>
    [0, 1].map((hours) => ({
      kind: 'endpoint' as const,
      subject: path,
      period: 'hour' as const,
      starts_at: new Date(thisHour - back * day - hours * hour),
      events,
      failures,
      total_ms,
    })),
  );
  await db.insertInto('engine.rollups').values(rows).execute();
}

interface Answers {
  /** all of them from here; without it each from another address */
  address?: string;
  ms?: number;
  /** so many minutes ago */
  minutes?: number;
}

/**
 * Adds requests, all answered so. They are old enough not to be among those of the last minutes, in which `pulse` judges the whole
 * platform: where all faults are planted, they would be most of its requests.
 */
async function addRequests(
  db: Db,
  now: Date,
  endpoint: string,
  status_code: number,
  count: number,
  { address, ms, minutes = 20 }: Answers = {},
) {
  const created_at = minutesBefore(now, minutes);
  const rows = Array.from({ length: count }, (_, i) => ({
    endpoint,
    method: 'POST',
    status_code,
    response_time_ms: ms ?? null,
    ip_address: address ?? `198.51.100.${(i % 200) + 1}`,
    created_at,
  }));
  await db.insertInto('api_logs').values(rows).execute();
}

const everyDay = [1, 2, 3, 4, 5, 6, 7, 8];
/** The same weekday in four weeks. */
const everyWeek = [7, 14, 21, 28];
const newPath = () => `/api/${nextName()}`;

export const sentinelApiFaults: Fault[] = [
  {
    name: 'sentinel-api.server-errors',
    title: 'An endpoint answers 500 to a quarter of its requests',
    async plant(db, now) {
      const path = newPath();
      await addRequests(db, now, path, 500, 10);
      await addRequests(db, now, path, 200, 30);
    },
    async lookalike(db, now) {
      // A service behind this endpoint refuses one request in eight, in every week.
      const path = newPath();
      await addRollups(db, now, path, everyWeek, { events: 40, failures: 5 });
      await addRequests(db, now, path, 502, 6);
      await addRequests(db, now, path, 200, 34);
    },
  },
  {
    name: 'sentinel-api.server-errors.rise',
    title: 'An endpoint that never fails answers 500 to one request in twenty-five',
    async plant(db, now) {
      const path = newPath();
      await addRollups(db, now, path, everyWeek, { events: 300 });
      await addRequests(db, now, path, 500, 12);
      await addRequests(db, now, path, 200, 288);
    },
    async lookalike(db, now) {
      // A busy endpoint fails a few times in every hour, today as well.
      const path = newPath();
      await addRollups(db, now, path, everyWeek, { events: 1_000, failures: 8 });
      await addRequests(db, now, path, 500, 12);
      await addRequests(db, now, path, 200, 988);
    },
  },
  {
    name: 'sentinel-api.missing-paths',
    title: 'A page that many people ask for is gone',
    plant: (db, now) => addRequests(db, now, newPath(), 404, 20),
    // A scanner looks for it.
    lookalike: (db, now) => addRequests(db, now, newPath(), 404, 20, { address: '203.0.113.7' }),
  },
  {
    name: 'sentinel-api.latency',
    title: 'An endpoint takes three seconds',
    plant: (db, now) => addRequests(db, now, newPath(), 200, 30, { ms: 3_000 }),
    async lookalike(db, now) {
      // It makes reports, and takes so long in every week.
      const path = newPath();
      for (const days of [0, ...everyWeek])
        await addRequests(db, before(now, days * day), path, 200, 30, { ms: 2_800 + 5 * days });
    },
  },
  {
    name: 'sentinel-api.latency.rise',
    title: 'An endpoint takes six times as long as in other weeks, and less than a second',
    async plant(db, now) {
      const path = newPath();
      await addRollups(db, now, path, everyWeek, { events: 30, total_ms: 30 * 100 });
      await addRequests(db, now, path, 200, 30, { ms: 600 });
    },
    async lookalike(db, now) {
      // One request of thirty waits for a minute.
      const path = newPath();
      await addRollups(db, now, path, everyWeek, { events: 30, total_ms: 30 * 100 });
      await addRequests(db, now, path, 200, 1, { ms: 60_000 });
      await addRequests(db, now, path, 200, 29, { ms: 100 });
    },
  },
  {
    name: 'sentinel-api.rate-limited',
    title: 'The rate limit refuses half of the requests to an endpoint',
    async plant(db, now) {
      const path = newPath();
      await addRequests(db, now, path, 429, 20);
      await addRequests(db, now, path, 200, 20);
    },
    async lookalike(db, now) {
      // One client in a loop, among many others.
      const path = newPath();
      await addRequests(db, now, path, 429, 15, { address: '203.0.113.7' });
      await addRequests(db, now, path, 200, 200);
    },
  },
  {
    name: 'sentinel-api.silent',
    title: 'An endpoint that has requests every day has none in this hour',
    plant: (db, now) => addRollups(db, now, newPath(), everyDay),
    async lookalike(db, now) {
      // The platform as a whole has as many requests as ever.
      await addRollups(db, now, '/api/apps', everyDay, { events: 500 });
      await addRequests(db, now, '/api/apps', 200, 700);
      // One with requests on some days only, one with few requests, one that was taken away four days ago.
      await addRollups(db, now, newPath(), [2, 3, 4, 5, 6]);
      await addRollups(db, now, newPath(), everyDay, { events: 3 });
      await addRollups(db, now, newPath(), [5, 6, 7, 8]);
    },
  },
  {
    name: 'sentinel-api.unauthorized',
    title: 'An endpoint answers 401 to half of its callers, from many addresses',
    async plant(db, now) {
      const path = newPath();
      await addRequests(db, now, path, 401, 60, { minutes: 6 });
      await addRequests(db, now, path, 200, 60, { minutes: 6 });
    },
    async lookalike(db, now) {
      // At an endpoint where people sign in, as many fail on every day.
      const signIn = newPath();
      await addRollups(db, now, signIn, everyDay, { events: 100 });
      await addRequests(db, now, signIn, 200, 70);
      await addRequests(db, now, signIn, 401, 30);
      for (const back of everyDay) await addRequests(db, before(now, back * day), signIn, 401, 28);
      // Another endpoint answers 401 to a few.
      await addRequests(db, now, newPath(), 401, 12);
    },
  },
];
