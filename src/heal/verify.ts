import { sql } from 'kysely';
import type { Fenced } from '../data/bots/fence.ts';
import type { OpenFinding } from './finding/open-finding.ts';
import type { HealContext } from './heal-context.ts';
import type { Verdict } from './finding/verdict.ts';
import { whileContended } from './while-contended.ts';

/**
 * What a clean result makes of an applied action `a`: verified until the hold window is over. Where the
 * findings come back by themselves, the verification alone decides that it held.
 */
export const cured = sql`
  state = CASE WHEN a.accruing THEN 'held' ELSE 'verified' END, verified_at = engine.now(),
  hold_until = CASE WHEN NOT a.accruing THEN engine.now() + (SELECT engine.hold_window()) END,
  settled_at = CASE WHEN a.accruing THEN engine.now() END`;

/**
 * Asks the same check again, told that only what happened since the cure counts, and writes down what
 * it said: verified and the finding resolved, or failed. When the check cannot tell, the action stays
 * `applied`: the next clean run verifies it, the next attempt asks again; of a check of events a run of its own
 * asks again, until that has been done for long enough. `unclear` too when another run has judged it meanwhile:
 * that one goes on.
 */
export async function verify(
  healing: HealContext,
  run: Fenced,
  finding: OpenFinding,
  actionId: string,
  appliedAt: Date,
): Promise<Verdict> {
  const verified = await healing.recheck(finding, appliedAt);
  if (verified === 'unclear') {
    if (finding.judgeWithin !== undefined)
      await askAgain(healing, run, actionId, appliedAt, finding.judgeWithin);
    return verified;
  }
  return whileContended(healing, run, async (trx) => {
    const outcome =
      verified === 'clean'
        ? sql`success = true, ${cured}`
        : sql`state = 'failed', error_message = 'the check still fails after it was applied', settled_at = engine.now()`;
    // Whoever records results holds a fingerprint's memory before its actions and findings.
    await sql`
      UPDATE bot_finding_states SET clean_in_row = clean_in_row + 1, failures_in_row = 0
      WHERE fingerprint = ${finding.fingerprint}::text AND ${verified === 'clean'}`.execute(trx);
    const mine = await sql`
      UPDATE bot_actions a SET ${outcome} WHERE a.id = ${actionId}::uuid AND a.state = 'applied' RETURNING a.id`.execute(
      trx,
    );
    if (mine.rows.length === 0) return 'unclear';
    if (verified === 'failing') return verified;
    await sql`
      UPDATE bot_findings f
      SET resolved_at = engine.now(), last_fence = ${run.fence}::bigint,
          resolution_method = CASE WHEN EXISTS (
            SELECT FROM bot_tickets t WHERE t.fingerprint = f.fingerprint AND t.status IN ('open', 'assigned')
          ) THEN 'escalated' ELSE 'auto-fixed' END
      FROM bots b, bot_finding_states s
      WHERE f.id = ${finding.id}::uuid AND f.resolved_at IS NULL AND f.last_fence <= ${run.fence}::bigint
        AND b.id = f.bot_id AND s.fingerprint = f.fingerprint AND s.clean_in_row >= b.clear`.execute(
      trx,
    );
    return verified;
  });
}

/**
 * `applied` stays, with the time of the next question: as long after this one as this one came after the cutoff, a
 * minute at least, and at a whole minute, so that one run asks about all that were applied together. At the end of
 * `within` seconds it is asked once more, and then it is `undecided`.
 */
async function askAgain(
  healing: HealContext,
  run: Fenced,
  actionId: string,
  appliedAt: Date,
  within: number,
): Promise<void> {
  await whileContended(healing, run, (trx) =>
    sql`
    UPDATE bot_actions a
    SET state = CASE WHEN t.last <= engine.now() THEN 'undecided' ELSE a.state END,
        settled_at = CASE WHEN t.last <= engine.now() THEN engine.now() END,
        error_message = CASE WHEN t.last <= engine.now() THEN ${neverTold} ELSE a.error_message END,
        ask_after = CASE WHEN t.last > engine.now()
                         THEN least(t.last, date_trunc('minute', engine.now() + interval '1 minute'
                                                         + greatest(engine.now() - t.cutoff, interval '1 minute'))) END
    FROM (
      SELECT c.cutoff, c.cutoff + make_interval(secs => ${within}::int) AS last
      FROM bot_actions o LEFT JOIN bot_finding_states s ON s.fingerprint = o.fingerprint
      CROSS JOIN LATERAL (SELECT coalesce(s.cutoff_at, o.verify_after, ${appliedAt}::timestamptz) AS cutoff) c
      WHERE o.id = ${actionId}::uuid
    ) t
    WHERE a.id = ${actionId}::uuid AND a.state = 'applied'`.execute(trx),
  );
}

/** Why a cure is `undecided`, for people. */
export const neverTold =
  'for as long as it was asked, what came after it did not tell whether it helped';
