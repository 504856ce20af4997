/** `engine.channels`: what is known of the channels of messages beside their settings. */
import { sql, type Kysely } from 'kysely';
import type { Database, Db } from '../../database/connect.ts';

/** Of the message `n`: its time has come, or the clock was set back since it was made, and its time is not known any more. */
export const isDue = sql<boolean>`(n.send_after <= engine.now() OR n.created_at > engine.now())`;

/** Of the channel `c`: it is on, and no run that still runs holds it, other than this one. */
export const isFree = (run: string | null) => sql<boolean>`
  (c.off_since IS NULL AND coalesce(c.wait_until NOT BETWEEN engine.now() AND engine.now() + interval '1 hour', true)
   AND (c.held_by IS NULL OR c.held_by IS NOT DISTINCT FROM ${run}::uuid
        OR NOT EXISTS (SELECT FROM engine.job_runs r WHERE r.id = c.held_by AND r.status = 'running')))`;

/** Of the channel `c`: a message is due. */
export const isWaiting = sql<boolean>`
  EXISTS (SELECT FROM bot_notifications n
          WHERE n.channel = c.name AND n.status = 'pending' AND ${isDue})`;

/** Whether the channel is still held by this run and may be used: neither off, nor asked to wait. */
export async function mayUse(db: Kysely<Database>, channel: string, run: string): Promise<boolean> {
  const { rows } = await sql`
    SELECT FROM engine.channels c WHERE c.name = ${channel} AND c.held_by = ${run} AND ${isFree(run)}`.execute(
    db,
  );
  return rows.length > 0;
}

/** What the jobs route-events and deliver have to do now. Cheap: processes ask each second. */
export async function messagesDue(db: Db): Promise<{ events: boolean; messages: boolean }> {
  const { rows } = await sql<{ events: boolean; messages: boolean }>`
    SELECT EXISTS (SELECT FROM bot_ticket_events WHERE routed_at IS NULL AND unsent_reason IS NULL) AS events,
           EXISTS (SELECT FROM engine.channels c WHERE ${isFree(null)} AND ${isWaiting}) AS messages`.execute(
    db,
  );
  return rows[0]!;
}
