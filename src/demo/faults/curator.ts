import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { day, hour } from '../planting.ts';
import type { Fault } from './fault.ts';
import { nextId, nextName } from './ids.ts';

const before = (now: Date, ms: number) => new Date(now.getTime() - ms);

/** An app of its own, so that a fault can be planted beside any other. */
async function newApp(db: Db, created_at: Date, credit_cost = 4) {
  const slug = nextName();
  return db
    .insertInto('app_catalog')
    .values({ slug, name: 'Letter Folder', category: 'writing', credit_cost, created_at })
    .returning(['id', 'slug'])
    .executeTakeFirstOrThrow();
}

async function newTool(db: Db, created_at: Date) {
  const { id: app_id } = await newApp(db, created_at);
  return db
    .insertInto('tools_catalog')
    .values({ app_id, slug: 'stamp', name: 'Stamp', credit_cost: 4, created_at })
    .returning('id')
    .executeTakeFirstOrThrow();
}

async function newUsers(db: Db, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => nextId());
  await sql`INSERT INTO auth.users (id, email) SELECT id, id || '@moonfold.test' FROM unnest(${ids}::uuid[]) id`.execute(
    db,
  );
  // A platform may make the profiles itself, by a trigger.
  await sql`INSERT INTO profiles (id, email) SELECT id, id || '@moonfold.test' FROM unnest(${ids}::uuid[]) id
    ON CONFLICT DO NOTHING`.execute(db);
  return ids;
}

/** Each of these users uses the app or tool at these times, for so many credits. */
async function use(
  db: Db,
  of: { app_id: string } | { tool_id: string },
  {
    users,
    times,
    credits = 4,
    success = true,
  }: { users: string[]; times: Date[]; credits?: number; success?: boolean },
): Promise<void> {
  const uses = users.flatMap((user_id) =>
    times.map((created_at) => ({ user_id, credits_used: credits, created_at })),
  );
  if ('app_id' in of)
    await db
      .insertInto('app_usage')
      .values(uses.map((each) => ({ ...each, ...of, success })))
      .execute();
  else
    await db
      .insertInto('tools_usage')
      .values(uses.map((each) => ({ ...each, ...of })))
      .execute();
}

const daily = (now: Date, from: number, to: number): Date[] =>
  Array.from({ length: to - from }, (_, i) => before(now, (from + i) * day + hour));

async function answers(db: Db, endpoint: string, status_code: number, times: Date[]) {
  const rows = times.map((created_at) => ({ endpoint, method: 'GET', status_code, created_at }));
  await db.insertInto('api_logs').values(rows).execute();
}

export const curatorFaults: Fault[] = [
  {
    name: 'curator.unused-apps',
    title: 'An active app that was used every day has not been used for two months',
    async plant(db, now) {
      const app = await newApp(db, before(now, 200 * day));
      await use(
        db,
        { app_id: app.id },
        { users: await newUsers(db, 1), times: daily(now, 60, 120) },
      );
    },
    async lookalike(db, now) {
      const users = await newUsers(db, 1);
      // It is new.
      await newApp(db, before(now, 3 * day));
      // Its season is half a year away.
      const seasonal = await newApp(db, before(now, 900 * day));
      await use(
        db,
        { app_id: seasonal.id },
        { users, times: [...daily(now, 170, 200), ...daily(now, 540, 560)] },
      );
      // Another one shows that uses are recorded.
      const used = await newApp(db, before(now, 200 * day));
      await use(db, { app_id: used.id }, { users, times: daily(now, 0, 3) });
    },
  },
  {
    name: 'curator.unused-tools',
    title: 'A tool that was added a year ago has never been used',
    async plant(db, now) {
      await newTool(db, before(now, 360 * day));
    },
    async lookalike(db, now) {
      await newTool(db, before(now, 3 * day));
      const used = await newTool(db, before(now, 200 * day));
      const users = await newUsers(db, 1);
      await use(db, { tool_id: used.id }, { users, times: daily(now, 10, 13) });
    },
  },
  {
    name: 'curator.failing-apps',
    title: 'An app fails for eight of ten users',
    async plant(db, now) {
      const { id: app_id } = await newApp(db, before(now, 200 * day));
      const users = await newUsers(db, 10);
      const times = [before(now, hour), before(now, 2 * hour)];
      await use(db, { app_id }, { users: users.slice(0, 8), times, credits: 0, success: false });
      await use(db, { app_id }, { users: users.slice(8), times, credits: 0 });
    },
    async lookalike(db, now) {
      const { id: app_id } = await newApp(db, before(now, 200 * day));
      const [one = '', ...others] = await newUsers(db, 8);
      // One user tries again and again what does not work for them.
      const many = Array.from({ length: 40 }, (_, i) => before(now, (i / 4) * hour));
      await use(db, { app_id }, { users: [one], times: many, credits: 0, success: false });
      await use(db, { app_id }, { users: others, times: [before(now, hour)], credits: 0 });
    },
  },
  {
    name: 'curator.app-costs',
    title: 'Uses of an app have cost three times its price for a week',
    async plant(db, now) {
      const { id: app_id } = await newApp(db, before(now, 200 * day));
      const users = await newUsers(db, 8);
      await use(db, { app_id }, { users, times: daily(now, 8, 20) });
      await use(db, { app_id }, { users, times: daily(now, 0, 6), credits: 12 });
    },
    async lookalike(db, now) {
      const users = await newUsers(db, 8);
      // It charges by its work, as always.
      const { id: always } = await newApp(db, before(now, 200 * day));
      await use(db, { app_id: always }, { users, times: daily(now, 0, 20), credits: 12 });
      // Its price was raised.
      const { id: raised } = await newApp(db, before(now, 200 * day), 12);
      await use(db, { app_id: raised }, { users, times: daily(now, 8, 20), credits: 4 });
      await use(db, { app_id: raised }, { users, times: daily(now, 0, 6), credits: 12 });
    },
  },
  {
    name: 'curator.tool-costs',
    title: 'Uses of a tool no longer cost credits',
    async plant(db, now) {
      const { id: tool_id } = await newTool(db, before(now, 200 * day));
      const users = await newUsers(db, 8);
      await use(db, { tool_id }, { users, times: daily(now, 8, 20) });
      await use(db, { tool_id }, { users, times: daily(now, 0, 6), credits: 0 });
    },
    async lookalike(db, now) {
      const { id: tool_id } = await newTool(db, before(now, 200 * day));
      // Too few to say.
      await use(
        db,
        { tool_id },
        { users: await newUsers(db, 3), times: daily(now, 0, 6), credits: 0 },
      );
    },
  },
  {
    name: 'curator.dead-pages',
    title: 'The page of an app has answered 404 for four days',
    async plant(db, now) {
      const { slug } = await newApp(db, before(now, 200 * day));
      await answers(db, `/apps/${slug}`, 404, daily(now, 0, 4));
    },
    async lookalike(db, now) {
      // It answers well again.
      const { slug } = await newApp(db, before(now, 200 * day));
      await answers(db, `/apps/${slug}`, 404, daily(now, 0, 4));
      await answers(db, `/apps/${slug}?from=mail`, 200, [before(now, hour)]);
      // One day of four was quiet: it is not known whether the page was there.
      const { slug: quiet } = await newApp(db, before(now, 200 * day));
      await answers(db, `/apps/${quiet}`, 404, [before(now, hour), before(now, 50 * hour)]);
      // An app that is not there any more, on purpose.
      await answers(db, '/apps/long-gone', 404, daily(now, 0, 4));
    },
  },
];
