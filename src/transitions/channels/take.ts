/**
 * A run of the job `deliver` takes the channels on which something is due, so that no other run sends through them meanwhile.
 *
 * From: on, and not taken by another run that is running.
 * To: taken by this run (`held_by`), until the run ends or gives the channel back.
 * By: a run of the job `deliver`, under its fence.
 * Locks: rows of engine.channels by name; channels that another transaction is taking are skipped.
 * Zero rows: nothing is due, or other runs hold the channels.
 */
import { sql, type Transaction } from 'kysely';
import { isFree, hasDueMessage } from '../../data/notify/channels.ts';
import type { Database } from '../../database/connect.ts';

/** Returns the names of the channels that the run has taken. */
export async function takeChannels(trx: Transaction<Database>, run: string): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    WITH free AS (
      SELECT c.name FROM engine.channels c
      WHERE ${isFree(run)} AND ${hasDueMessage}
      ORDER BY c.name FOR NO KEY UPDATE OF c SKIP LOCKED
    )
    UPDATE engine.channels c SET held_by = ${run} FROM free WHERE c.name = free.name RETURNING c.name`.execute(
    trx,
  );
  return rows.map(({ name }) => name).toSorted();
}

/** Gives back a channel on which nothing is due any more. */
export const giveChannelBack = (trx: Transaction<Database>, channel: string, run: string) =>
  sql`UPDATE engine.channels SET held_by = NULL WHERE name = ${channel} AND held_by = ${run}`.execute(
    trx,
  );

/** For a receiver that asked to wait: nothing is sent through the channel for `ms` milliseconds. */
export const pauseChannel = (trx: Transaction<Database>, channel: string, ms: number) =>
  sql`UPDATE engine.channels SET wait_until = engine.now() + make_interval(secs => ${ms}::float8 / 1000)
      WHERE name = ${channel}`.execute(trx);

/** Inserts rows of engine.channels for channels that have none yet. */
export const addChannels = (trx: Transaction<Database>, names: readonly string[]) =>
  sql`INSERT INTO engine.channels (name) SELECT DISTINCT name FROM unnest(${names}::text[]) AS name ORDER BY name
      ON CONFLICT (name) DO NOTHING`.execute(trx);
