import type { Insertable } from 'kysely';
import type { Db } from '../../database/connect.ts';
import type { JavariUsageStats } from '../../database/tables.ts';
import { before, day, hour, minutesBefore } from '../time.ts';
import { healStep, plantBot, plantRuns } from './bot-rows.ts';
import type { Fault } from './fault.ts';
import { addUser, addUsers } from './users.ts';

type Use = Partial<Insertable<JavariUsageStats>>;

export async function plantUses(db: Db, uses: readonly Use[]): Promise<void> {
  const rows = uses.map((use) => ({
    provider: 'fiction',
    model: 'small',
    input_tokens: 100,
    output_tokens: 100,
    total_tokens: 200,
    cost_cents: 10,
    success: true,
    ...use,
  }));
  for (let at = 0; at < rows.length; at += 500)
    await db
      .insertInto('javari_usage_stats')
      .values(rows.slice(at, at + 500))
      .execute();
}

/** Uses of these users on each of the last ten days, an hour before the time that it is now, each for `cents`. */
const usualDays = (now: Date, users: readonly string[], cents = 10): Use[] =>
  Array.from({ length: 10 }, (_, ago) => before(now, hour + (ago + 1) * day)).flatMap(
    (created_at) => users.map((user_id) => ({ user_id, created_at, cost_cents: cents })),
  );

export const meterFaults: Fault[] = [
  {
    name: 'meter.slope',
    title: 'A loop has sent requests to the most expensive model for two hours',
    async plant(db, now) {
      const users = await addUsers(db, 5);
      await plantUses(db, usualDays(now, users));
      const loop = { user_id: users[0]!, model: 'large', cost_cents: 50 };
      await plantUses(
        db,
        Array.from({ length: 100 }, (_, n) => ({ ...loop, created_at: minutesBefore(now, n) })),
      );
    },
    async lookalike(db, now) {
      // A campaign: ten times as many users, and each of them costs as much as users did before.
      const users = await addUsers(db, 60);
      await plantUses(db, usualDays(now, users.slice(0, 6)));
      await plantUses(
        db,
        users.map((user_id) => ({ user_id, cost_cents: 12, created_at: minutesBefore(now, 60) })),
      );
    },
  },
  {
    name: 'meter.slope.model',
    title: 'One model costs six times as much as on other days, among the costs of others',
    async plant(db, now) {
      const users = await addUsers(db, 5);
      const chat = (use: Use): Use => ({ ...use, provider: 'fiction-two', model: 'chat' });
      const pictures = (use: Use): Use => ({ ...use, provider: 'fiction-two', model: 'pictures' });
      const today = (cost_cents: number) =>
        users.map((user_id) => ({ user_id, cost_cents, created_at: minutesBefore(now, 60) }));
      await plantUses(db, [
        ...usualDays(now, users, 300).map(chat),
        ...usualDays(now, users, 40).map(pictures),
        ...today(300).map(chat),
        ...today(240).map(pictures),
      ]);
    },
    async lookalike(db, now) {
      // The default changed from one model to another one, which costs as much.
      const users = await addUsers(db, 5);
      const older = (use: Use): Use => ({ ...use, provider: 'fiction-three', model: 'older' });
      const newer = (use: Use): Use => ({ ...use, provider: 'fiction-three', model: 'newer' });
      const today = (cost_cents: number) =>
        users.map((user_id) => ({ user_id, cost_cents, created_at: minutesBefore(now, 60) }));
      await plantUses(db, [
        ...usualDays(now, users, 300).map(older),
        ...usualDays(now, users, 40).map(newer),
        ...today(20).map(older),
        ...today(320).map(newer),
      ]);
    },
  },
  {
    name: 'meter.user-spend',
    title: 'A user spends a hundred times as much as on other days',
    async plant(db, now) {
      const users = await addUsers(db, 5);
      await plantUses(db, usualDays(now, users));
      await plantUses(
        db,
        Array.from({ length: 40 }, (_, n) => ({
          user_id: users[0]!,
          cost_cents: 50,
          created_at: minutesBefore(now, 30 * n),
        })),
      );
    },
    async lookalike(db, now) {
      // This user spends about as much each day.
      const users = await addUsers(db, 4);
      await plantUses(db, usualDays(now, users.slice(0, 1), 2_000));
      const spent = (user_id: string, cost_cents: number) => ({
        user_id,
        cost_cents,
        created_at: minutesBefore(now, 60),
      });
      await plantUses(db, [
        spent(users[0]!, 2_500),
        ...users.slice(1).map((user) => spent(user, 10)),
      ]);
    },
  },
  {
    name: 'meter.failures',
    title: 'Half of the requests to a model fail',
    async plant(db, now) {
      const users = await addUsers(db, 5);
      await plantUses(
        db,
        Array.from({ length: 40 }, (_, n) => ({
          user_id: users[n % 5]!,
          model: 'broken',
          success: n % 2 === 0,
          error_message: n % 2 === 0 ? null : 'answered 529: overloaded',
          created_at: minutesBefore(now, n),
        })),
      );
    },
    async lookalike(db, now) {
      // One user's own key is no longer valid.
      const user_id = await addUser(db);
      await plantUses(
        db,
        Array.from({ length: 40 }, (_, n) => ({
          user_id,
          model: 'sound',
          success: false,
          error_message: 'answered 401',
          created_at: minutesBefore(now, n),
        })),
      );
    },
  },
  {
    name: 'meter.runaway.heals',
    title: 'More than fifty heals began within an hour',
    async plant(db, now) {
      const bot = await plantBot(db, 'fiction');
      const steps = Array.from({ length: 55 }, (_, n) => healStep(bot, now, n));
      await db.insertInto('bot_actions').values(steps).execute();
    },
    async lookalike(db, now) {
      const bot = await plantBot(db, 'fiction');
      // Ten heals of six steps each, and many that did nothing.
      const steps = Array.from({ length: 60 }, (_, n) =>
        healStep(bot, now, n % 50, {
          heal_id: `00000000-0000-4000-8000-00000000000${n % 10}`,
          step: Math.floor(n / 10) + 1,
        }),
      );
      const idle = Array.from({ length: 60 }, (_, n) =>
        healStep(bot, now, n % 50, { state: 'aborted' }),
      );
      await db
        .insertInto('bot_actions')
        .values([...steps, ...idle])
        .execute();
    },
  },
  {
    name: 'meter.runaway.runs',
    title: 'A remedy queues hundreds of runs of a bot within an hour',
    async plant(db, now) {
      const bot = await plantBot(db, 'fiction');
      const runs = Array.from({ length: 600 }, (_, n) => ({
        started_at: minutesBefore(now, n / 12),
      }));
      await plantRuns(db, bot, now, runs);
    },
    async lookalike(db, now) {
      const bot = await plantBot(db, 'fiction');
      // A person fills slots of the past.
      const runs = Array.from({ length: 600 }, (_, n) => ({
        started_at: minutesBefore(now, n / 12),
        trigger: 'backfill' as const,
        scheduled_for: minutesBefore(now, 10_000 + n),
      }));
      await plantRuns(db, bot, now, runs);
    },
  },
];
