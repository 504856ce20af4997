/** Writes rows for the engine of a test, and executes runs one at a time. */
import { sql } from 'kysely';
import type { Db } from '../../src/database/connect.ts';
import type { Engine } from '../../src/run/engine.ts';
import { performRun } from '../../src/run/perform.ts';
import { nextSlot, parseSchedule } from '../../src/schedule/cron.ts';

/** Inserts a queued run, as a claim does; an entry with generation 1 can start it. Returns its id. */
export async function queuedRun(db: Db, bot: string, values: object = {}): Promise<string> {
  const { id } = await db
    .selectFrom('bots')
    .select(['id'])
    .where('name', '=', bot)
    .executeTakeFirstOrThrow();
  const row = await db
    .insertInto('bot_executions')
    .values({
      bot_id: id,
      status: 'queued',
      trigger: 'manual',
      generation: 1,
      started_at: sql<Date>`engine.now()`,
      queued_at: sql<Date>`engine.now()`,
      ...values,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return row.id;
}

/** Inserts `count` queued runs of a bot, queued so long ago (`ago`), without entries in the queue. */
export const backlog = (db: Db, bot: string, count: number, ago = '1 hour') =>
  sql`
    INSERT INTO bot_executions (bot_id, status, trigger, generation, started_at, queued_at)
    SELECT id, 'queued', 'manual', 1, now(), now() - ${ago}::interval
    FROM bots, generate_series(1, ${count}::int) WHERE name = ${bot}`.execute(db);

/** The columns of a run that another worker executes, with a lease that ends in an hour. */
export const carried = {
  status: 'running',
  worker: 'another',
  fence: 1,
  attempt: 1,
  lease_until: sql<Date>`engine.now() + interval '1 hour'`,
};

export const rowOf = (db: Db, id: string) =>
  db.selectFrom('bot_executions').selectAll().where('id', '=', id).executeTakeFirstOrThrow();

/**
 * Makes one attempt of this run from start to end, as a worker does, and returns the row afterwards. Another run of its
 * bot that ends in between may queue this run again before it has started: then its newer entry is used.
 */
export async function attempt(engine: Engine, id: string) {
  let before = await rowOf(engine.db, id);
  for (;;) {
    await performRun(engine, before);
    const after = await rowOf(engine.db, id);
    const isQueuedAgain = after.status === 'queued' && after.generation > before.generation;
    if (!isQueuedAgain || after.attempt > before.attempt) return after;
    before = after;
  }
}

/** Queues a new run of this bot, makes one attempt of it, and returns its row. */
export const run = async (engine: Engine, bot: string, values: object = {}) =>
  attempt(engine, await queuedRun(engine.db, bot, values));

/**
 * Makes a planned bot due now, with a slot of this second. Refuses a bot whose slots are less than an hour apart: a claim
 * that comes after its next slot, on a busy machine or around a full minute, runs only the newer slot, and records this
 * one as missed.
 */
export async function makeDue(db: Db, bot: string) {
  const due = await sql<{ schedule_cron: string; timezone: string }>`
    UPDATE bots SET next_slot_at = date_trunc('second', engine.now()), next_execution_at = engine.now()
    WHERE name = ${bot} AND next_slot_at IS NOT NULL RETURNING schedule_cron, timezone`.execute(db);
  for (const { schedule_cron: text, timezone } of due.rows) {
    const schedule = parseSchedule(text, timezone);
    const next = nextSlot(schedule, new Date());
    if (nextSlot(schedule, next).getTime() - next.getTime() < 3_600_000)
      throw new Error(`the slots of ${bot} (${text}) are too close for makeDue`);
  }
  return due;
}

/**
 * Has no finding left alone on purpose: writes decisions by which, for every entry, it is known that findings without a
 * cure stay. Until that is known, one of four findings is left alone for a run, chosen by a hash that a test cannot
 * foresee.
 */
export const nothingHeldOut = (db: Db) =>
  sql`
    INSERT INTO bot_decisions (bot_id, knowledge_id, fingerprint, verdict, outcome, settled_at, decided_at)
    SELECT (SELECT id FROM bots LIMIT 1), k.id, 'elsewhere', 'shadowed', 'persisted', engine.now(), engine.now()
    FROM bot_knowledge k, generate_series(1, 5)`.execute(db);

/** Changes a value in engine.settings. */
export const set = (db: Db, key: string, value: unknown) =>
  sql`UPDATE engine.settings SET value = ${JSON.stringify(value)}::jsonb WHERE key = ${key}`.execute(
    db,
  );
