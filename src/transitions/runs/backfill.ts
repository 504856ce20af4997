/**
 * Queues runs for slots of the past.
 *
 * From: `skipped`, or no row.
 * To: `queued` with the trigger `backfill`, and the bot's number of attempts beyond those that were made; the rest of a stretch of missed slots stays `skipped`.
 * By: an operator, with `bots backfill`.
 * Locks: nothing new: the caller holds the bot, which a claim locks too (schedule/backfill.ts).
 * Zero rows: the slot has got a row meanwhile, or its row was queued.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';

/** The columns of a bot that the runs of its slots need. */
interface Bot {
  id: string;
  max_attempts: number;
}

/** A stretch of slots that stay missed; `last` is the newest of them. */
export interface MissedStretch {
  first: Date;
  count: number;
  last: Date;
}

/** Keeps the row of what is left of a missed stretch; a part that begins with another slot gets a row of its own. */
export async function keepMissedSlots(
  trx: Transaction<Database>,
  { row, rest }: { row: { id: string; scheduled_for: Date }; rest: MissedStretch[] },
): Promise<void> {
  for (const { first, count, last } of rest) {
    const metadata = JSON.stringify({ count, last });
    if (first.getTime() === row.scheduled_for.getTime())
      await trx.updateTable('bot_executions').set({ metadata }).where('id', '=', row.id).execute();
    else
      await sql`
        INSERT INTO bot_executions (bot_id, status, reason, trigger, scheduled_for, metadata, max_attempts,
                                    started_at, completed_at, queued_at)
        SELECT bot_id, status, reason, trigger, ${first}, ${metadata}, max_attempts,
               started_at, completed_at, queued_at
        FROM bot_executions WHERE id = ${row.id}
        ON CONFLICT (bot_id, scheduled_for) WHERE scheduled_for IS NOT NULL DO NOTHING`.execute(
        trx,
      );
  }
}

/**
 * Queues slots that were skipped. A row that once had an entry keeps its generation, so that an old entry starts nothing; one that was started keeps its attempts, because
 * a remote bot knows each request by run and attempt.
 */
export const queueSkippedSlots = (
  trx: Transaction<Database>,
  { max_attempts }: Bot,
  rows: { id: string }[],
) =>
  sql`
    UPDATE bot_executions
    SET status = 'queued', trigger = 'backfill', reason = NULL, error_message = NULL, metadata = NULL, completed_at = NULL,
        max_attempts = attempt + ${max_attempts}, started_at = engine.now(), queued_at = engine.now(),
        run_after = NULL, cancel_requested_at = NULL, cancel_reason = NULL
    WHERE id = ANY (${rows.map(({ id }) => id)}::uuid[]) AND status = 'skipped'`.execute(trx);

/** Inserts slots that have no row. */
export const queueSlots = (trx: Transaction<Database>, { id, max_attempts }: Bot, slots: Date[]) =>
  sql`
    INSERT INTO bot_executions (bot_id, status, trigger, scheduled_for, max_attempts, started_at, queued_at)
    SELECT ${id}, 'queued', 'backfill', slot, ${max_attempts}, engine.now(), engine.now()
    FROM unnest(${slots}::timestamptz[]) AS slot
    ON CONFLICT (bot_id, scheduled_for) WHERE scheduled_for IS NOT NULL DO NOTHING`.execute(trx);
