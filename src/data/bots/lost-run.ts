/** The condition that makes a row `e` of `bot_executions` a lost run, and the words for it. */
import { sql } from 'kysely';

export const leaseOver = sql`(e.status = 'running' AND e.lease_until < engine.now())`;
export const mayGoOn = sql`(e.cancel_requested_at IS NULL AND e.attempt < e.max_attempts)`;
/**
 * The run has started, and this attempt may have recorded something; its fence and its worker are still in the row.
 */
export const hasBegun = sql`(e.attempt > 0 AND e.fence IS NOT NULL AND e.worker IS NOT NULL)`;

export const leaseRanOutInWords = sql`'the lease of worker ' || e.worker || ' ran out'`;
