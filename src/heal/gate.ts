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
import { riskOf } from '../catalogue/solution.ts';
import { componentsOf, isStorm, stormLimits, type StormInputs } from './storm.ts';

/** The inputs of the first gates: what people have decided about what the engine may do. */
export interface PeopleDecisions {
  mode: 'off' | 'safe' | 'auto' | null;
  silenced: boolean;
  /** a maintenance window is in force for it */
  maintained: boolean;
  /** what a person answered last about this entry and this finding; null also where an approval was used up */
  answer: 'approved' | 'rejected' | null;
  /** a person asked to undo the entry's last effect on this problem */
  undone: boolean;
}

/** The inputs of all gates, with the limits from the settings; a limit that cannot be read is null. */
export interface GateInputs extends PeopleDecisions, StormInputs {
  minutes_since_last: number | null;
  cooldown: number | null;
  unfinished: number;
  entry_last_hour: number;
  heals_per_entry: number | null;
  /** heals of this component by the entry in 24 hours, without those that were never applied */
  component_last_day: number;
  heals_per_day: number | null;
  /** the same over all components, and its limit */
  entry_last_day: number;
  heals_a_day: number | null;
  /** of those counts, the heals that were begun before the entry's solution was replaced */
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
function peoplesWord(finding: OpenFinding, id: string, stage: Stage) {
  const columns = {
    bot_id: sql`${finding.bot_id}::uuid`,
    component: sql`${finding.affected_component}::text`,
    category: sql`${finding.category}::text`,
    fingerprint: sql`${finding.fingerprint}::text`,
  };
  return sql`
      (SELECT value #>> '{}' FROM engine.settings WHERE key = 'mode') AS mode,
      -- What stands behind another open finding is left alone like a silenced one: its cause is there.
      (${silenced(columns)} OR EXISTS (SELECT FROM bot_findings s WHERE s.id = ${finding.id}::uuid
        AND ${standsBehind('s')})) AS silenced,
      ${maintained(columns)} AS maintained,
      -- The last answer counts, whatever was answered before.
      (SELECT CASE WHEN ${stage === 'begun'} OR NOT ${approvalUsed('said')} THEN said.answer END FROM (
        SELECT d.* FROM bot_decisions d
        -- An answer to a shadowed decision only says whether the entry was right: it allows and forbids nothing.
        WHERE d.finding_id = ${finding.id}::uuid AND d.knowledge_id = ${id}::uuid AND d.answer IS NOT NULL
          AND d.verdict <> 'shadowed'
        ORDER BY d.answered_at DESC, d.id DESC LIMIT 1) said) AS answer,
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
    await sql<PeopleDecisions>`/* prepared */ SELECT ${peoplesWord(finding, id, stage)}`.execute(
      trx,
    );
  return rows[0]!;
}

/**
 * Reads the inputs of all gates in one statement. A transaction that begins a heal asks while it holds the lock on the
 * budget row. `heal` is the id of a heal that goes on: its own steps do not count as failures yet, and do not close
 * its gates. `word` is the input of the first gates, if it was read before.
 */
export async function readGateInputs(
  trx: Transaction<Database>,
  finding: OpenFinding,
  { id }: Candidate,
  { stage, heal = null, word }: { stage: Stage; heal?: string | null; word?: PeopleDecisions },
): Promise<GateInputs> {
  const { rows } = await sql<GateInputs>`/* prepared */
    SELECT ${word ? sql`` : sql`${peoplesWord(finding, id, stage)},`}
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
  return { ...word, ...rows[0]! };
}

interface Gate<Inputs> {
  name: string;
  /** asked only before a heal begins: afterwards the heal's own rows would close the gate */
  beforeBeginning?: true;
  closed(inputs: Inputs, candidate: Candidate): boolean;
}

const steps = ({ solution }: Candidate) => (solution.kind === 'playbook' ? solution.steps : []);

const isApproved = ({ answer }: PeopleDecisions) => answer === 'approved';

/** These are asked first. */
const peoplesGates: Gate<PeopleDecisions>[] = [
  { name: 'kill_switch', closed: ({ mode }) => mode === 'off' || mode === null },
  {
    // This gate concerns entries that would act alone: not what a person approved, and not an entry that may only say
    // what it would do.
    name: 'mode',
    // Under the kill switch it is asked as it is after `mode safe`: the gate before it is closed then.
    closed: (now, candidate) => {
      const mode = now.mode === 'off' || now.mode === null ? 'safe' : now.mode;
      return (
        mode !== 'auto' &&
        !(
          mode === 'safe' &&
          (isApproved(now) || candidate.autonomy !== 'auto' || riskOf(steps(candidate)) === 'safe')
        )
      );
    },
  },
  { name: 'silenced', closed: ({ silenced }) => silenced !== false },
  // What a person works on is not healed beside them, also where they have approved it before.
  { name: 'maintenance', closed: ({ maintained }) => maintained !== false },
  {
    name: 'disabled',
    closed: (_, { enabled, solution }) => !enabled || solution.kind === 'broken',
  },
  { name: 'autonomy', closed: (now, { autonomy }) => autonomy !== 'auto' && !isApproved(now) },
  {
    name: 'approval',
    closed: (now, candidate) =>
      now.answer === 'rejected' ||
      // An effect that was undone at a person's request is not repeated without an approval.
      ((now.undone !== false || riskOf(steps(candidate)) === 'irreversible') && !isApproved(now)),
  },
];

/** Asked in this order; the first closed gate is recorded. A figure that cannot be read closes its gate. */
const gates: Gate<GateInputs>[] = [
  ...peoplesGates,
  {
    name: 'cooldown',
    beforeBeginning: true,
    closed: ({ minutes_since_last, cooldown }) =>
      cooldown === null || (minutes_since_last !== null && minutes_since_last < cooldown),
  },
  { name: 'in_progress', closed: ({ unfinished }) => unfinished !== 0 },
  {
    name: 'attempts',
    beforeBeginning: true,
    closed: ({ entry_last_hour, heals_per_entry }) =>
      heals_per_entry === null || !(entry_last_hour < heals_per_entry),
  },
  {
    // Stops a repetition that no person has noticed, on one component or on one after another. A person who approved a
    // heal knows of it, and one approval covers only one heal.
    name: 'daily',
    beforeBeginning: true,
    closed: (now) =>
      now.heals_per_day === null ||
      now.heals_a_day === null ||
      (!(now.component_last_day < now.heals_per_day && now.entry_last_day < now.heals_a_day) &&
        !isApproved(now)),
  },
  {
    // Once a heal has begun, this gate no longer stops it: failures elsewhere only stop heals that have not begun.
    name: 'breaker',
    closed: ({ failures_in_row, minutes_since_failure, breaker_failures, breaker_minutes }) =>
      breaker_failures === null ||
      breaker_minutes === null ||
      (failures_in_row >= breaker_failures &&
        minutes_since_failure !== null &&
        minutes_since_failure < breaker_minutes),
  },
  {
    name: 'budget',
    beforeBeginning: true,
    closed: ({ engine_last_hour, budget }) => budget === null || !(engine_last_hour < budget),
  },
  {
    name: 'storm',
    beforeBeginning: true,
    closed: (now) => isStorm(now),
  },
];

const isClosed =
  (inputs: GateInputs, candidate: Candidate, stage: Stage) =>
  (gate: Gate<GateInputs>): boolean =>
    !(stage === 'begun' && gate.beforeBeginning) && gate.closed(inputs, candidate);

/** The name of the first closed gate, null when all are open. */
export const closedGate = (inputs: GateInputs, candidate: Candidate, stage: Stage): string | null =>
  gates.find(isClosed(inputs, candidate, stage))?.name ?? null;

/** The names of all closed gates, in the order in which they are asked. */
export const closedGates = (inputs: GateInputs, candidate: Candidate, stage: Stage): string[] =>
  gates.filter(isClosed(inputs, candidate, stage)).map(({ name }) => name);

/** The same for the first gates, which ask only what people have decided. */
export const closedByPeople = (word: PeopleDecisions, candidate: Candidate): string | null =>
  peoplesGates.find((gate) => gate.closed(word, candidate))?.name ?? null;
