import { sql } from 'kysely';
import { isRunning } from '../../data/bots/fence.ts';
import { statement } from '../../batch/statement.ts';

/** What a flush asks for: `$1` of {@link lockRuns} is a list of these. */
export interface Asked {
  id: string;
  fence: string;
  /** whether the flush ends it, and so moves its bot's counters and tickets */
  ends: boolean;
  /** whether the flush records what its checks saw */
  records: boolean;
  /** of the findings that it reports */
  fingerprints: string[];
}

/**
 * The first statement of a flush. Only runs that are still running under their fence come back. All
 * that the flush will write is locked here, in one order everywhere: the runs by id, then their
 * bots by id where they end or record, then the memories of their fingerprints. Findings and tickets need no lock
 * of their own: whoever writes them holds their bot or their memory. Two runs of one bot that record at once could
 * each insert a memory that the other one did not see here: their bot keeps them apart.
 * NO KEY: other transactions may insert rows that refer to these meanwhile.
 */
export const lockRuns = statement<{ id: string }>(
  'lock-runs',
  sql`
  WITH asked AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS a (id uuid, fence bigint, ends boolean, records boolean, fingerprints text[])
  ), held AS MATERIALIZED (
    SELECT e.id, e.bot_id, a.ends, a.records, a.fingerprints
    FROM asked a JOIN bot_executions e ON e.id = a.id
    WHERE e.fence = a.fence AND ${isRunning}
    -- Locks bot_executions by id.
    ORDER BY e.id FOR NO KEY UPDATE OF e
  ), bots_held AS MATERIALIZED (
    SELECT b.id FROM bots b WHERE b.id IN (SELECT bot_id FROM held WHERE ends OR records)
    -- Locks bots by id.
    ORDER BY b.id FOR NO KEY UPDATE
  ), states_held AS MATERIALIZED (
    SELECT s.fingerprint FROM bot_finding_states s
    WHERE (SELECT count(*) FROM bots_held) >= 0 AND s.fingerprint IN (
      SELECT unnest(fingerprints) FROM held
      UNION
      -- those that a clean result would still change
      SELECT m.fingerprint FROM held JOIN bot_finding_states m ON m.bot_id = held.bot_id AND (m.watched OR true = ANY (m.states))
      WHERE held.records)
    -- Locks bot_finding_states by fingerprint.
    ORDER BY s.fingerprint FOR NO KEY UPDATE
  )
  SELECT id FROM held WHERE (SELECT count(*) FROM states_held) >= 0`,
);
