import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

/**
 * From now on, or from so many seconds later, the events of this problem count anew: what its check counted before is
 * kept beside, to be compared with what comes after. Nothing to do for checks of a state, which count nothing. Locks
 * the problem's memory: callers that lock its actions or entries do so afterwards, as whoever records results does.
 */
export async function cutOff(trx: Db, fingerprint: string, seconds = 0): Promise<void> {
  await sql`
    UPDATE bot_finding_states
    SET cutoff_at = engine.now() + make_interval(secs => ${seconds}::float8), tally_before = tally
    WHERE fingerprint = ${fingerprint}::text AND tally IS NOT NULL`.execute(trx);
}

/**
 * `applied -> undecided`, for a cure of events about this problem that can no longer be told from what a person did
 * since. `helped` is the entry that they say helped: its cure goes on being judged.
 */
export async function leaveUndecided(
  trx: Db,
  fingerprint: string,
  why: string,
  helped: string | null = null,
): Promise<void> {
  await sql`
    UPDATE bot_actions
    SET state = 'undecided', success = false, settled_at = engine.now(), error_message = ${why}::text
    WHERE fingerprint = ${fingerprint}::text AND state = 'applied' AND judge_within IS NOT NULL
      AND knowledge_id IS DISTINCT FROM ${helped}::uuid`.execute(trx);
}
