/**
 * Marks a finding that depends on a component with an open finding of any bot: its cause. If there are several causes, the
 * mark names the flood of which the finding is a part; else one of which people are told; of these the most severe; of these the oldest. Counting a finding clears the mark,
 * so every run sets it again.
 *
 * From: open, with no mark.
 * To: open, `suppressed_by` names the cause. The finding is not healed, and gets no ticket of its own where the cause's ticket
 *   tells people of both (data/bots/standing-tickets.ts).
 * By: the worker that records a run, after `record` in the same flush.
 * Locks: findings of the run; the flush holds their bot.
 * Zero rows: the run no longer runs under this fence, or the check has not failed often enough yet to open the finding.
 */
import { sql } from 'kysely';
import { underMaintenance } from '../../data/bots/bot-maintenance.ts';
import { ofFinding, silenced } from '../../data/bots/bot-silences.ts';
import { isFloodOf } from '../../data/bots/standing-tickets.ts';
import { isUnderFence } from '../../data/bots/fence.ts';
import { isPending, stormOf } from '../../data/bots/pending-tickets.ts';
import { severityRank } from '../../data/bots/severity-rank.ts';
import { statement } from '../../batch/statement.ts';

/** A finding of a run that depends on components. */
export interface Dependent {
  /** id of the run */
  id: string;
  fence: string;
  fingerprint: string;
  depends_on: string[];
}

/**
 * `$1` is a list of {@link Dependent}. The causes are read once, and not for each finding: thousands of them may depend on the same one.
 */
export const suppressFindings = statement(
  'suppress',
  sql`
  WITH input AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS input (id uuid, fence bigint, fingerprint text, depends_on text[])
  ), causes AS MATERIALIZED (
    SELECT p.id, p.bot_id, p.check_name, p.fingerprint, p.affected_component, p.metadata, p.severity, p.detected_at,
           ${silenced(ofFinding('p'))} OR ${underMaintenance('p')} AS is_held_back,
           EXISTS (
             SELECT FROM bot_tickets t
             WHERE t.bot_id = p.bot_id AND t.fingerprint IN (p.fingerprint, ${stormOf(sql`p.bot_id`)}) AND ${isPending('t')}) AS has_ticket
    FROM bot_findings p
    WHERE p.resolved_at IS NULL AND p.affected_component = ANY (ARRAY(SELECT DISTINCT unnest(depends_on) FROM input))
      AND NOT engine.waits_for_events(p.fingerprint, p.last_seen_at)
  )
  UPDATE bot_findings f
  SET suppressed_by = (
    SELECT p.id FROM causes p
    WHERE p.affected_component = ANY (input.depends_on) AND p.fingerprint <> f.fingerprint
    ORDER BY NOT ${isFloodOf('p', 'f')}, p.is_held_back, NOT p.has_ticket,
      ${severityRank('p.severity')}, p.detected_at, p.id LIMIT 1)
  FROM input JOIN bot_executions e ON ${isUnderFence('input')}
  WHERE f.bot_id = e.bot_id AND f.fingerprint = input.fingerprint AND f.resolved_at IS NULL AND f.last_execution_id = input.id`,
);
