/** The rows of a backfill: what is read and written while the bot is locked. */
import { sql, type Transaction } from 'kysely';
import type { ExecutionRow } from '../data/bots/bot-executions.ts';
import type { BotRow } from '../data/bots/bots.ts';
import type { Database } from '../database/connect.ts';
import type { MissedStretch } from './missed.ts';

/** A row of `bot_executions` that has a slot. */
export type SlotRow = Pick<ExecutionRow, 'id' | 'status' | 'reason' | 'metadata'> & {
  scheduled_for: Date;
};

const slotRows = (trx: Transaction<Database>, botId: string) =>
  trx
    .selectFrom('bot_executions')
    .select(['id', 'scheduled_for', 'status', 'reason', 'metadata'])
    .where('bot_id', '=', botId)
    .$narrowType<{ scheduled_for: Date }>();

export const rowsIn = (
  trx: Transaction<Database>,
  botId: string,
  since: Date,
  until: Date,
  limit: number,
) =>
  slotRows(trx, botId)
    .where('scheduled_for', '>=', since)
    .where('scheduled_for', '<', until)
    .orderBy('scheduled_for')
    .limit(limit)
    .execute();

/** The newest stretch of missed slots that began before `since`: only that one can reach beyond it. */
export const lastMissed = (trx: Transaction<Database>, botId: string, since: Date) =>
  slotRows(trx, botId)
    .where('scheduled_for', '<', since)
    .orderBy('scheduled_for', 'desc')
    .where('status', '=', 'skipped')
    .where('reason', '=', 'missed')
    .limit(1)
    .execute();

/** What remains missed keeps its row, or gets one where it begins with another slot. */
export async function writeMissed(
  trx: Transaction<Database>,
  { row, rest }: { row: SlotRow; rest: MissedStretch[] },
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

// A row that had an entry once keeps its generation: an old entry must not pass for the new one.
export const requeue = (trx: Transaction<Database>, { max_attempts }: BotRow, rows: SlotRow[]) =>
  sql`
    UPDATE bot_executions
    SET status = 'queued', trigger = 'backfill', reason = NULL, metadata = NULL, completed_at = NULL,
        attempt = 0, max_attempts = ${max_attempts}, started_at = engine.now(), queued_at = engine.now(),
        run_after = NULL, cancel_requested_at = NULL, cancel_reason = NULL
    WHERE id = ANY (${rows.map(({ id }) => id)}::uuid[]) AND status = 'skipped'`.execute(trx);

export const insert = (trx: Transaction<Database>, { id, max_attempts }: BotRow, slots: Date[]) =>
  sql`
    INSERT INTO bot_executions (bot_id, status, trigger, scheduled_for, max_attempts, started_at, queued_at)
    SELECT ${id}, 'queued', 'backfill', slot, ${max_attempts}, engine.now(), engine.now()
    FROM unnest(${slots}::timestamptz[]) AS slot
    ON CONFLICT (bot_id, scheduled_for) WHERE scheduled_for IS NOT NULL DO NOTHING`.execute(trx);
