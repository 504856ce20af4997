/** `engine.channels`: what is known about the channels of messages apart from their settings. */
import { sql, type Kysely, type Transaction } from 'kysely';
import type { Database, Db } from '../../database/connect.ts';

/** Whether the message `n` is due: its time has come, or the clock was set back since it was made, so that its time means nothing. */
export const isDue = sql<boolean>`(n.send_after <= engine.now() OR n.created_at > engine.now())`;

/** Whether the channel `c` is on, its receiver has not asked to wait, and no other run that is still running holds it. */
export const isFree = (run: string | null) => sql<boolean>`
  (c.off_since IS NULL AND coalesce(c.wait_until NOT BETWEEN engine.now() AND engine.now() + interval '1 hour', true)
   AND (c.held_by IS NULL OR c.held_by IS NOT DISTINCT FROM ${run}::uuid
        OR NOT EXISTS (SELECT FROM engine.job_runs r WHERE r.id = c.held_by AND r.status = 'running')))`;

/** Whether a message is due on the channel `c`. */
export const hasDueMessage = sql<boolean>`
  EXISTS (SELECT FROM bot_notifications n
          WHERE n.channel = c.name AND n.status = 'pending' AND ${isDue})`;

/**
 * Whether the last try could not use a channel; null if this run no longer holds the channel, it is off, or its receiver has
 * asked to wait.
 */
export async function stateOf(
  db: Kysely<Database>,
  channel: string,
  run: string,
): Promise<{ isUnusable: boolean } | null> {
  const { rows } = await sql<{ isUnusable: boolean }>`
    SELECT c.unusable_since IS NOT NULL AS "isUnusable"
    FROM engine.channels c WHERE c.name = ${channel} AND c.held_by = ${run} AND ${isFree(run)}`.execute(
    db,
  );
  return rows[0] ?? null;
}

/** Locks the setting `notifications`: until the transaction ends, no other one sets the channels. */
export const lockNotificationSettings = (trx: Transaction<Database>) =>
  sql`SELECT FROM engine.settings WHERE key = 'notifications' FOR SHARE`.execute(trx);

/**
 * Whether the settings have a channel of the name in the column `name`. If a statement by hand has replaced the channels with something
 * else, it is not known which there are, so every name counts as there.
 */
export const isInSettings = (name: string) => sql<boolean>`
  EXISTS (SELECT FROM engine.settings s WHERE s.key = 'notifications'
          AND (jsonb_typeof(s.value -> 'channels') IS DISTINCT FROM 'object' OR s.value -> 'channels' ? ${sql.ref(name)}))`;

/** Channels that the settings no longer have, but for which something still waits or needs a person. It is cheap: a timer calls it. */
export async function goneChannels(db: Db): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    SELECT c.name FROM engine.channels c
    WHERE (c.off_since IS NOT NULL OR c.unusable_since IS NOT NULL
           OR EXISTS (SELECT FROM bot_notifications n WHERE n.channel = c.name AND n.status = 'pending')
           OR EXISTS (SELECT FROM bot_notifications n WHERE n.channel = c.name AND n.status = 'failed'))
      AND NOT ${isInSettings('c.name')}
    ORDER BY c.name`.execute(db);
  return rows.map(({ name }) => name);
}

/** Whether the jobs `route-events` and `deliver` have something to do now. It is cheap: processes call it each second. */
export async function messagesDue(db: Db): Promise<{ events: boolean; messages: boolean }> {
  const { rows } = await sql<{ events: boolean; messages: boolean }>`
    SELECT EXISTS (SELECT FROM bot_ticket_events WHERE routed_at IS NULL AND unsent_reason IS NULL) AS events,
           EXISTS (SELECT FROM engine.channels c WHERE ${isFree(null)} AND ${hasDueMessage}) AS messages`.execute(
    db,
  );
  return rows[0]!;
}
