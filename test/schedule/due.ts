/** Bots that become due by a clock that a test moves, and the claim alone. */
import { sql } from 'kysely';
import { claimDue, type Claimed } from '../../src/schedule/claim.ts';
import { planBots } from '../../src/schedule/plan.ts';
import { ExpectedSlots } from '../../src/schedule/slot-times.ts';
import type { Db } from '../../src/database/connect.ts';
import { z } from '../../src/bot.ts';
import { testDatabase } from '../support/database.ts';
import { aBot, catalogue, clean } from '../support/builders.ts';
import { stillClock } from '../support/clocks.ts';

const watch = aBot('watch', async () => clean(), {
  config: z.object({ level: z.int().default(1) }),
});

export const known = catalogue([watch]);

export interface Scene {
  db: Db;
  url: string;
  at(time: string): Promise<void>;
}

/** A database of its own whose clock stands at this time. */
export async function scene(time = '2026-03-02T00:00:30Z'): Promise<Scene> {
  const { db, url } = await testDatabase();
  return { db, url, at: await stillClock(db, time) };
}

export async function addBots(db: Db, names: string[], values: object = {}): Promise<void> {
  const row = { schedule_cron: '* * * * *', api_endpoint: '/api/bots/watch', ...values };
  await db
    .insertInto('bots')
    .values(names.map((name) => ({ name, display_name: name, ...row })))
    .execute();
}

export const plan = (db: Db) => planBots(db, known);

/** Adds bots and plans them. */
export async function planned(db: Db, names: string[], values: object = {}): Promise<void> {
  await addBots(db, names, values);
  await plan(db);
}

/** One tick of a scheduler that has just started. */
export const claim = (db: Db, expected = new ExpectedSlots()): Promise<Claimed> =>
  claimDue(db, expected, async () => {});

/** Plans and claims, as a tick does. */
export async function tick(db: Db): Promise<Claimed> {
  await plan(db);
  return claim(db);
}

export const botOf = (db: Db, name: string) =>
  db.selectFrom('bots').selectAll().where('name', '=', name).executeTakeFirstOrThrow();

/** A bot's rows in the order of their slots, as `12:34 status` with the reason of skipped ones. */
export async function slots(db: Db, name: string): Promise<string[]> {
  const { rows } = await sql<{ slot: string }>`
    SELECT concat_ws(' ', to_char(e.scheduled_for AT TIME ZONE 'UTC', 'HH24:MI'), e.status, e.reason) AS slot
    FROM bot_executions e JOIN bots b ON b.id = e.bot_id WHERE b.name = ${name}
    ORDER BY e.scheduled_for`.execute(db);
  return rows.map(({ slot }) => slot);
}

/** Ends what is queued, as if it had run. */
export const finishAll = (db: Db) =>
  sql`UPDATE bot_executions SET status = 'success', completed_at = engine.now()
      WHERE status IN ('queued', 'running')`.execute(db);
