/**
 * Enables the bots that no process had the code of, once a process has it.
 *
 * From: `disabled` with the reason that leave-off-without-code.ts writes, and not removed; or `error`, because a scheduler or a run did not
 *   find the bot's endpoint in its catalogue.
 * To: `active`, without a reason; the scheduler plans them at its next tick.
 * By: a process that starts, for the bots that it knows.
 * Locks: the bots' rows, by id.
 * Zero rows: no bot was left off, or a person has given it another status or reason.
 */
import { sql, type RawBuilder } from 'kysely';
import { namesNoBot } from '../../contract/bot.ts';
import type { Db } from '../../database/connect.ts';
import { codeGone, nameInEndpoint } from './leave-off-without-code.ts';

/** What the catalogue says of an endpoint that it does not know, as a text in SQL. */
const unknownEndpoint = (endpoint: RawBuilder<unknown>) => sql`${endpoint} || ${` ${namesNoBot}`}`;

/** `known`: the names of the catalogue's bots. Returns the names of the bots that were enabled. */
export async function enableWithCode(db: Db, known: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    WITH back AS MATERIALIZED (
      SELECT b.id FROM bots b
      WHERE (b.status = 'disabled' AND b.removed_at IS NULL AND starts_with(b.status_reason, ${codeGone})
          OR b.status = 'error' AND b.status_reason = 'api_endpoint: ' || ${unknownEndpoint(sql`b.api_endpoint`)})
        AND ${nameInEndpoint} = ANY (${known}::text[])
      -- Locks bots by id.
      ORDER BY b.id FOR NO KEY UPDATE OF b)
    UPDATE bots b SET status = 'active', status_reason = NULL FROM back WHERE b.id = back.id
    RETURNING b.name`.execute(db);
  return rows.map(({ name }) => name);
}
