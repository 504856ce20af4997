/**
 * Marks a bot whose definition cannot run, so that it is no longer planned. This is the only way into `error`.
 *
 * From: `active`, with the definition that was found bad.
 * To: `error`, with a `status_reason` that names the field. A trigger (engine.bot_edited) takes its next slot away.
 * By: a scheduler that plans or claims the bot, or a worker whose run cannot resolve the endpoint or the config.
 * Locks: bots by id; a scheduler skips rows that other transactions hold, until its next tick, and a worker waits.
 * Zero rows: the bot was edited, or is no longer active.
 */
import { sql, type RawBuilder } from 'kysely';
import type { Db } from '../../database/connect.ts';

/** For bots whose definition still has the version that was checked. Returns the ids of those that were marked. */
export const markBotsInError = (
  db: Db,
  broken: { id: string; version: number; reason: string }[],
): Promise<string[]> =>
  mark(
    db,
    sql`
    SELECT b.id, r.reason
    FROM bots b JOIN jsonb_to_recordset(${JSON.stringify(broken)}::jsonb) AS r (id uuid, version int, reason text)
      ON b.id = r.id AND b.definition_version = r.version
    WHERE b.status = 'active'
    -- Locks bots by id; rows that others hold are skipped.
    ORDER BY b.id FOR NO KEY UPDATE OF b SKIP LOCKED`,
  );

/**
 * For all bots with a schedule that cannot be read. Another program has written such a schedule, without the checks of this
 * code. Returns the ids of those that were marked.
 */
export const markScheduleInError = (
  db: Db,
  { cron, zone }: { cron: string; zone: string },
  reason: string,
): Promise<string[]> =>
  mark(
    db,
    sql`
    SELECT b.id, ${reason}::text AS reason FROM bots b
    WHERE b.status = 'active' AND b.schedule_cron = ${cron} AND b.timezone = ${zone}
    -- Locks bots by id; rows that others hold are skipped.
    ORDER BY b.id FOR NO KEY UPDATE SKIP LOCKED`,
  );

/** For a bot whose endpoint and config are still as its run read them at the start. Returns its id if it was marked. */
export const markBotInError = (
  db: Db,
  { id, endpoint, config }: { id: string; endpoint: string; config: unknown },
  reason: string,
): Promise<string[]> =>
  mark(
    db,
    sql`
    SELECT b.id, ${reason}::text AS reason FROM bots b
    WHERE b.id = ${id}::uuid AND b.status = 'active' AND b.api_endpoint = ${endpoint}
      AND b.config = ${JSON.stringify(config)}::jsonb
    -- Locks the one bot.
    FOR NO KEY UPDATE`,
  );

async function mark(db: Db, found: RawBuilder<unknown>): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    WITH found AS MATERIALIZED (${found})
    UPDATE bots b SET status = 'error', status_reason = found.reason
    FROM found WHERE b.id = found.id
    RETURNING b.id`.execute(db);
  return rows.map(({ id }) => id);
}
