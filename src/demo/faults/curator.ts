import type { Db } from '../../database/connect.ts';
import { before, day, hour } from '../time.ts';
import type { Fault } from './fault.ts';
import { nextName } from './ids.ts';
import { many } from '../many.ts';
import { addUsers } from './users.ts';

/** Adds an app for one fault alone, so that the fault can be planted beside any other. */
async function addApp(db: Db, created_at: Date, credit_cost = 4) {
  const slug = nextName();
  return db
    .insertInto('app_catalog')
    .values({ slug, name: 'Letter Folder', category: 'writing', credit_cost, created_at })
    .returning(['id', 'slug'])
    .executeTakeFirstOrThrow();
}

async function addTool(db: Db, created_at: Date) {
  const { id: app_id } = await addApp(db, created_at);
  return db
    .insertInto('tools_catalog')
    .values({ app_id, slug: 'stamp', name: 'Stamp', credit_cost: 4, created_at })
    .returning('id')
    .executeTakeFirstOrThrow();
}

/** Has each of these users use the app or tool at these times, for so many credits. */
async function addUses(
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

/** A moment on each day, from `from` days ago to before `to` days ago. */
const daily = (now: Date, from: number, to: number): Date[] =>
  many(to - from, (i) => before(now, (from + i) * day + hour));

async function addRequests(db: Db, endpoint: string, status_code: number, times: Date[]) {
  const rows = times.map((created_at) => ({ endpoint, method: 'GET', status_code, created_at }));
  await db.insertInto('api_logs').values(rows).execute();
}

export const curatorFaults: Fault[] = [
  {
    name: 'curator.unused-apps',
    title: 'An active app that was used every day has not been used for two months',
    async plant(db, now) {
      const app = await addApp(db, before(now, 200 * day));
      await addUses(
        db,
        { app_id: app.id },
        { users: await addUsers(db, 1), times: daily(now, 60, 120) },
      );
    },
    async lookalike(db, now) {
      const users = await addUsers(db, 1);
      // This app is new.
      await addApp(db, before(now, 3 * day));
      // Its season is half a year away.
      const seasonal = await addApp(db, before(now, 900 * day));
      await addUses(
        db,
        { app_id: seasonal.id },
        { users, times: [...daily(now, 170, 200), ...daily(now, 540, 560)] },
      );
      // The uses of another app show that uses are recorded.
      const used = await addApp(db, before(now, 200 * day));
      await addUses(db, { app_id: used.id }, { users, times: daily(now, 0, 3) });
    },
  },
  {
    name: 'curator.unused-tools',
    title: 'A tool that was added a year ago has never been used',
    async plant(db, now) {
      await addTool(db, before(now, 360 * day));
    },
    async lookalike(db, now) {
      await addTool(db, before(now, 3 * day));
      const used = await addTool(db, before(now, 200 * day));
      const users = await addUsers(db, 1);
      await addUses(db, { tool_id: used.id }, { users, times: daily(now, 10, 13) });
    },
  },
  {
    name: 'curator.failing-apps',
    title: 'An app fails for eight of ten users',
    async plant(db, now) {
      const { id: app_id } = await addApp(db, before(now, 200 * day));
      const users = await addUsers(db, 10);
      const times = [before(now, hour), before(now, 2 * hour)];
      await addUses(
        db,
        { app_id },
        { users: users.slice(0, 8), times, credits: 0, success: false },
      );
      await addUses(db, { app_id }, { users: users.slice(8), times, credits: 0 });
    },
    async lookalike(db, now) {
      const { id: app_id } = await addApp(db, before(now, 200 * day));
      const [one = '', ...others] = await addUsers(db, 8);
      // One user tries again and again what does not work for them.
      const attempts = many(40, (i) => before(now, (i / 4) * hour));
      await addUses(db, { app_id }, { users: [one], times: attempts, credits: 0, success: false });
      await addUses(db, { app_id }, { users: others, times: [before(now, hour)], credits: 0 });
    },
  },
  {
    name: 'curator.app-costs',
    title: 'Uses of an app have cost three times its price for a week',
    async plant(db, now) {
      const { id: app_id } = await addApp(db, before(now, 200 * day));
      const users = await addUsers(db, 8);
      await addUses(db, { app_id }, { users, times: daily(now, 8, 20) });
      await addUses(db, { app_id }, { users, times: daily(now, 0, 6), credits: 12 });
    },
    async lookalike(db, now) {
      const users = await addUsers(db, 8);
      // This app takes more than its price on every day, because it charges by its work.
      const { id: always } = await addApp(db, before(now, 200 * day));
      await addUses(db, { app_id: always }, { users, times: daily(now, 0, 20), credits: 12 });
      // The price of this app was raised.
      const { id: raised } = await addApp(db, before(now, 200 * day), 12);
      await addUses(db, { app_id: raised }, { users, times: daily(now, 8, 20), credits: 4 });
      await addUses(db, { app_id: raised }, { users, times: daily(now, 0, 6), credits: 12 });
    },
  },
  {
    name: 'curator.tool-costs',
    title: 'Uses of a tool no longer cost credits',
    async plant(db, now) {
      const { id: tool_id } = await addTool(db, before(now, 200 * day));
      const users = await addUsers(db, 8);
      await addUses(db, { tool_id }, { users, times: daily(now, 8, 20) });
      await addUses(db, { tool_id }, { users, times: daily(now, 0, 6), credits: 0 });
    },
    async lookalike(db, now) {
      const { id: tool_id } = await addTool(db, before(now, 200 * day));
      // So few users say nothing about the tool.
      await addUses(
        db,
        { tool_id },
        { users: await addUsers(db, 3), times: daily(now, 0, 6), credits: 0 },
      );
    },
  },
  {
    name: 'curator.dead-pages',
    title: 'The page of an app has answered 404 for four days',
    async plant(db, now) {
      const { slug } = await addApp(db, before(now, 200 * day));
      await addRequests(db, `/apps/${slug}`, 404, daily(now, 0, 4));
    },
    async lookalike(db, now) {
      // The page answers well again.
      const { slug } = await addApp(db, before(now, 200 * day));
      await addRequests(db, `/apps/${slug}`, 404, daily(now, 0, 4));
      await addRequests(db, `/apps/${slug}?from=mail`, 200, [before(now, hour)]);
      // One day of four was quiet: it is not known whether the page was there.
      const { slug: quiet } = await addApp(db, before(now, 200 * day));
      await addRequests(db, `/apps/${quiet}`, 404, [before(now, hour), before(now, 50 * hour)]);
      // The catalogue no longer has this app: it was removed on purpose.
      await addRequests(db, '/apps/long-gone', 404, daily(now, 0, 4));
    },
  },
];
