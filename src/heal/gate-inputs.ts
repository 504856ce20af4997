/** What the gates ask about, read from the tables. */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../database/connect.ts';
import { approvalUsed } from '../data/bots/bot-decisions.ts';
import { standsBehind } from '../data/bots/bot-findings.ts';
import { healingLimit as limit } from '../data/bots/healing-limits.ts';
import { maintained } from '../data/bots/bot-maintenance.ts';
import { silenced } from '../data/bots/bot-silences.ts';
import type { OpenFinding } from './finding/open-finding.ts';
import { isOfSolutionSince, solutionReplacedAt } from './judging/current-solution.ts';
import type { Candidate } from './match.ts';
import { componentsOf, stormLimits, type StormInputs } from './storm.ts';

/** The inputs of the first gates: what people have decided about what the engine may do. */
export interface PeopleDecisions {
  mode: 'off' | 'safe' | 'auto' | null;
  silenced: boolean;
  /** a maintenance window covers the finding */
  maintained: boolean;
  /** the last answer of a person about this entry and this finding; null also where a heal has used the approval */
  answer: 'approved' | 'rejected' | null;
  /** a person asked to undo the entry's last effect on this problem */
  undone: boolean;
}

/** The inputs of all gates, with the limits from `engine.settings`; a limit that cannot be read is null. */
export interface GateInputs extends PeopleDecisions, StormInputs {
  minutes_since_last: number | null;
  cooldown: number | null;
  unfinished: number;
  entry_last_hour: number;
  heals_per_entry: number | null;
  /** heals of this component by the entry in 24 hours, without those that were never applied */
  component_last_day: number;
  heals_per_day: number | null;
  /** such heals of all components, and their limit */
  entry_last_day: number;
  heals_a_day: number | null;
  /** how many of the heals in these counts were begun before the entry's solution was replaced */
  earlier_last_hour: number;
  earlier_component_last_day: number;
  earlier_last_day: number;
  /** how many of the newest outcomes of the current solution in a row were failures */
  failures_in_row: number;
  minutes_since_failure: number | null;
  breaker_failures: number | null;
  breaker_minutes: number | null;
  engine_last_hour: number;
  budget: number | null;
}

/** `begun`: the heal goes on, and its own steps do not use up the approval with which it began. */
export type Stage = 'beginning' | 'begun';

/** What people have decided about the engine, the entry and the finding, as columns. */
function peopleDecisionColumns(finding: OpenFinding, id: string, stage: Stage) {
  const columns = {
    bot_id: sql`${finding.bot_id}::uuid`,
    component: sql`${finding.affected_component}::text`,
    category: sql`${finding.category}::text`,
    severity: sql`${finding.severity}::text`,
    fingerprint: sql`${finding.fingerprint}::text`,
  };
  return sql`
      (SELECT value #>> '{}' FROM engine.settings WHERE key = 'mode') AS mode,
      -- A finding behind a cause is left alone like a silenced one: what has to be healed is the cause.
      (${silenced(columns)} OR EXISTS (SELECT FROM bot_findings s WHERE s.id = ${finding.id}::uuid
        AND ${standsBehind('s')})) AS silenced,
      ${maintained(columns)} AS maintained,
      -- The last answer counts, whatever was answered before.
      (SELECT CASE WHEN ${stage === 'begun'} OR NOT ${approvalUsed('last')} THEN last.answer END FROM (
        SELECT d.* FROM bot_decisions d
        -- An answer to a shadowed decision only says whether the entry was right: it allows and forbids nothing.
        WHERE d.finding_id = ${finding.id}::uuid AND d.knowledge_id = ${id}::uuid AND d.answer IS NOT NULL
          AND d.verdict <> 'shadowed'
        ORDER BY d.answered_at DESC, d.id DESC LIMIT 1) last) AS answer,
      coalesce((SELECT a.state = 'undone' FROM bot_actions a
        WHERE a.fingerprint = ${finding.fingerprint}::text AND a.knowledge_id = ${id}::uuid AND a.applied_at IS NOT NULL
        ORDER BY a.applied_at DESC LIMIT 1), false) AS undone`;
}

/**
 * Reads the inputs of the first gates, which is cheap. Most findings that are not healed wait for a person, and need no
 * further read.
 */
export async function readPeopleDecisions(
  trx: Transaction<Database>,
  finding: OpenFinding,
  { id }: Candidate,
  { stage }: { stage: Stage },
): Promise<PeopleDecisions> {
  const { rows } =
    await sql<PeopleDecisions>`/* prepared */ SELECT ${peopleDecisionColumns(finding, id, stage)}`.execute(
      trx,
    );
  return rows[0]!;
}

/**
 * Reads the inputs of all gates in one statement. A transaction that begins a heal asks while it holds the lock on the
 * budget row. `heal` is the id of a heal that goes on: its own steps do not count as failures yet, and do not close
 * its gates. `decided` is the input of the first gates, if it was read before.
 */
export async function readGateInputs(
  trx: Transaction<Database>,
  finding: OpenFinding,
  { id }: Candidate,
  {
    stage,
    heal = null,
    decided,
  }: { stage: Stage; heal?: string | null; decided?: PeopleDecisions },
): Promise<GateInputs> {
  const { rows } = await sql<GateInputs>`/* prepared */
    SELECT ${decided ? sql`` : sql`${peopleDecisionColumns(finding, id, stage)},`}
      (SELECT extract(epoch FROM engine.now() - max(greatest(applied_at, taken_at)))::float8 / 60 FROM bot_actions
        WHERE fingerprint = ${finding.fingerprint}::text AND knowledge_id = ${id}::uuid AND state <> 'aborted') AS minutes_since_last,
      ${limit('cooldown_minutes')} AS cooldown,
      (SELECT count(*)::int FROM bot_actions WHERE fingerprint = ${finding.fingerprint}::text
        -- For a check of events, what remains of the problem in the hold window of a cure is not a relapse, and another
        -- cure would hide a relapse.
        AND (state IN ('intent', 'applied', 'unknown') OR state = 'verified' AND judge_within IS NOT NULL)
        AND heal_id IS DISTINCT FROM ${heal}::uuid) AS unfinished,
      lately.entry_last_hour, ${limit('heals_per_entry')} AS heals_per_entry,
      lately.component_last_day, ${limit('heals_per_day')} AS heals_per_day, lately.entry_last_day,
      lately.earlier_last_hour, lately.earlier_component_last_day, lately.earlier_last_day,
      engine.heals_a_day(${id}::uuid, engine.now()) AS heals_a_day,
      breaker.failures_in_row, breaker.minutes_since_failure,
      ${limit('breaker_failures')} AS breaker_failures, ${limit('breaker_minutes')} AS breaker_minutes,
      (SELECT count(DISTINCT heal_id)::int FROM bot_actions
        WHERE taken_at > engine.now() - interval '1 hour' AND fingerprint NOT LIKE 'external-%') AS engine_last_hour,
      (SELECT CASE jsonb_typeof(value -> 'heals_per_hour') WHEN 'number' THEN (value -> 'heals_per_hour')::float8 END
        FROM engine.settings WHERE key = 'budget') AS budget,
      broken.broken_components, broken.known_components,
      ${stormLimits}
    FROM (SELECT ${solutionReplacedAt(sql`${id}::uuid`)} AS at) replaced CROSS JOIN LATERAL (
      SELECT count(DISTINCT heal_id) FILTER (WHERE last_hour)::int AS entry_last_hour,
             count(DISTINCT heal_id) FILTER (WHERE here AND NOT aborted)::int AS component_last_day,
             count(DISTINCT heal_id) FILTER (WHERE NOT aborted)::int AS entry_last_day,
             count(DISTINCT heal_id) FILTER (WHERE earlier AND last_hour)::int AS earlier_last_hour,
             count(DISTINCT heal_id) FILTER (WHERE earlier AND here AND NOT aborted)::int AS earlier_component_last_day,
             count(DISTINCT heal_id) FILTER (WHERE earlier AND NOT aborted)::int AS earlier_last_day
      FROM (SELECT heal_id, taken_at > engine.now() - interval '1 hour' AS last_hour, state = 'aborted' AS aborted,
                   component IS NOT DISTINCT FROM ${finding.affected_component}::text AS here, taken_at <= replaced.at AS earlier
            FROM bot_actions WHERE knowledge_id = ${id}::uuid AND taken_at > engine.now() - interval '24 hours') own
    ) lately CROSS JOIN (${componentsOf(finding.bot_id)}
    ) broken CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE good_since = 0)::int AS failures_in_row,
             extract(epoch FROM engine.now() - max(settled_at) FILTER (WHERE good_since = 0))::float8 / 60 AS minutes_since_failure
      FROM (
        SELECT settled_at, count(*) FILTER (WHERE state IN ('held', 'verified')) OVER (ORDER BY settled_at DESC, heal_id) AS good_since
        FROM (SELECT * FROM engine.heals h WHERE knowledge_id = ${id}::uuid AND (outcome IS NOT NULL OR state = 'verified')
                AND heal_id IS DISTINCT FROM ${heal}::uuid AND ${isOfSolutionSince('h', sql`replaced.at`)}
              ORDER BY settled_at DESC, heal_id LIMIT 100) newest
      ) outcomes
    ) breaker`.execute(trx);
  return { ...decided, ...rows[0]! };
}
