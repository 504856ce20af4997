/** The rows of a bot's slots, as a backfill reads them while the bot is locked. */
import type { Transaction } from 'kysely';
import type { ExecutionRow } from '../data/bots/bot-executions.ts';
import type { Database } from '../database/connect.ts';

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

/** The rows of the slots from `since` until just before `until`, at most `limit` of them, the oldest first. */
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

/** The row of the newest series of missed slots that began before `since`: only this series can reach beyond `since`. */
export const lastMissed = (trx: Transaction<Database>, botId: string, since: Date) =>
  slotRows(trx, botId)
    .where('scheduled_for', '<', since)
    .orderBy('scheduled_for', 'desc')
    .where('status', '=', 'skipped')
    .where('reason', '=', 'missed')
    .limit(1)
    .execute();
