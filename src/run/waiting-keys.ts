import { sql } from 'kysely';
import type { Db } from '../database/connect.ts';
import type { TallyBefore } from '../heal/finding/verdict.ts';

/** A key of an event check whose events count only from a cutoff on, and that may wait for a verdict. */
export interface WaitingKey {
  key: string;
  fingerprint: string;
  cutoff: Date;
  /** what was counted before the cutoff; null where that is not known */
  before: TallyBefore | null;
  /** the state of the key's cure: `applied` waits for its first verdict, `verified` for its second one; null without a cure */
  state: 'applied' | 'verified' | null;
  /** when that cure was first found clean */
  verifiedAt: Date | null;
  /** its finding is open, and no event after the cutoff has shown it again */
  unseen: boolean;
  /** from this time on, a remaining problem of medium severity is reported again: by then a person had to respond */
  reportedAgainAt: Date;
}

/**
 * A decision that left a finding of an event check alone and that waits until it is known what became of the finding.
 */
export interface WaitingDecision {
  id: string;
  key: string;
  fingerprint: string;
  decidedAt: Date;
  /** when the finding was first found clean */
  cleanAt: Date | null;
  before: TallyBefore;
}

/**
 * The keys of one check of a bot with a cutoff within the last `within` seconds, or with a cure that waits for a
 * verdict, however old its cutoff is. With a fingerprint, only its key.
 */
export async function waitingKeys(
  db: Db,
  { bot, check, within }: { bot: string; check: string; within: number },
  fingerprint: string | null = null,
): Promise<WaitingKey[]> {
  const { rows } = await sql<WaitingKey>`
    SELECT s.component_key AS key, s.fingerprint, ${roundedUp('s.cutoff_at')} AS cutoff,
           s.cutoff_at + coalesce(engine.respond_within('medium'), interval '2 hours') AS "reportedAgainAt", s.tally_before AS before, a.state, ${roundedUp('a.verified_at')} AS "verifiedAt",
           EXISTS (SELECT FROM bot_findings f WHERE f.bot_id = s.bot_id AND f.fingerprint = s.fingerprint
                     AND f.resolved_at IS NULL AND f.last_seen_at <= s.cutoff_at) AS unseen
    FROM bot_finding_states s
    LEFT JOIN LATERAL (
      SELECT state, verified_at FROM bot_actions
      WHERE fingerprint = s.fingerprint AND judge_within IS NOT NULL AND state IN ('applied', 'verified')
      ORDER BY applied_at DESC LIMIT 1) a ON true
    WHERE s.bot_id = ${bot}::uuid AND s.check_name = ${check}::text AND s.cutoff_at IS NOT NULL
      AND (${fingerprint}::text IS NULL OR s.fingerprint = ${fingerprint}::text)
      -- A cutoff in the future belongs to a cure that is taking effect; otherwise the clock was set back, and the
      -- cutoff says nothing.
      AND (s.cutoff_at <= engine.now() + interval '1 second' OR EXISTS (
        SELECT FROM bot_actions p WHERE p.fingerprint = s.fingerprint AND p.state = 'applied' AND p.verify_after > engine.now()))
      AND (a.state IS NOT NULL OR s.cutoff_at > engine.now() - make_interval(secs => ${within}::float8))
    ORDER BY s.cutoff_at, s.fingerprint`.execute(db);
  return rows;
}

/** The decisions about findings of one check of a bot that earlier runs made and whose outcome is still pending. */
export async function waitingDecisions(
  db: Db,
  { bot, check, run }: { bot: string; check: string; run: string },
): Promise<WaitingDecision[]> {
  const { rows } = await sql<WaitingDecision>`
    SELECT d.id::text, s.component_key AS key, s.fingerprint, ${roundedUp('d.decided_at')} AS "decidedAt",
           ${roundedUp('d.clean_at')} AS "cleanAt", d.tally AS before
    FROM bot_decisions d JOIN bot_finding_states s ON s.fingerprint = d.fingerprint AND s.bot_id = d.bot_id
    WHERE d.bot_id = ${bot}::uuid AND s.check_name = ${check}::text AND d.outcome = 'pending' AND d.tally IS NOT NULL
      AND d.execution_id IS DISTINCT FROM ${run}::uuid
    ORDER BY d.decided_at, d.id`.execute(db);
  return rows;
}

/**
 * A time of the database, rounded up to the next millisecond. A Date has no microseconds: rounded down, an event before the time
 * could count as one after it.
 */
const roundedUp = (column: string) => sql`${sql.ref(column)} + interval '999 microseconds'`;
