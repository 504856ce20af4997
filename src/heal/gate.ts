import { sql, type Transaction } from 'kysely';
import type { Database } from '../data/connect.ts';
import { silenced } from '../data/bots/bot-silences.ts';
import type { Patient } from './patient.ts';
import type { Candidate } from './match.ts';
import { riskOf } from './playbook.ts';

/** The limits of healing; times as PostgreSQL writes intervals. */
export const limits = {
  cooldown: '5 minutes',
  healsPerEntry: 3,
  breakerFailures: 3,
  breakerOpen: '1 hour',
  stormComponents: 5,
  stormShare: 0.5,
} as const;

export interface Figures {
  mode: 'off' | 'safe' | 'auto' | null;
  silenced: boolean;
  seconds_since_last: number | null;
  unfinished: number;
  entry_last_hour: number;
  breaker_open: boolean;
  engine_last_hour: number;
  budget: number | null;
  broken_components: number;
  known_components: number;
}

/** Everything the gates ask, in one statement of the transaction that holds the budget row. */
export async function readFigures(
  trx: Transaction<Database>,
  finding: Patient,
  { id }: Candidate,
): Promise<Figures> {
  const isSilenced = silenced({
    bot_id: sql`${finding.bot_id}::uuid`,
    component: sql`${finding.affected_component}::text`,
    category: sql`${finding.category}::text`,
    fingerprint: sql`${finding.fingerprint}::text`,
  });
  const { rows } = await sql<Figures>`
    SELECT
      (SELECT value #>> '{}' FROM engine.settings WHERE key = 'mode') AS mode,
      ${isSilenced} AS silenced,
      (SELECT extract(epoch FROM engine.now() - max(greatest(applied_at, taken_at)))::float8 FROM bot_actions
        WHERE fingerprint = ${finding.fingerprint}::text AND knowledge_id = ${id}::uuid
          AND state <> 'aborted' AND greatest(applied_at, taken_at) > engine.now() - ${limits.cooldown}::interval) AS seconds_since_last,
      (SELECT count(*)::int FROM bot_actions WHERE fingerprint = ${finding.fingerprint}::text
        AND state IN ('intent', 'applied', 'unknown')) AS unfinished,
      (SELECT count(DISTINCT heal_id)::int FROM bot_actions WHERE knowledge_id = ${id}::uuid
        AND taken_at > engine.now() - interval '1 hour') AS entry_last_hour,
      (SELECT count(*) = ${limits.breakerFailures}::int AND bool_and(state IN ('failed', 'relapsed'))
              AND max(taken_at) > engine.now() - ${limits.breakerOpen}::interval
        FROM (SELECT state, taken_at FROM bot_actions WHERE knowledge_id = ${id}::uuid
                AND state IN ('verified', 'held', 'relapsed', 'failed')
              ORDER BY taken_at DESC LIMIT ${limits.breakerFailures}::int) newest) AS breaker_open,
      (SELECT count(DISTINCT heal_id)::int FROM bot_actions
        WHERE taken_at > engine.now() - interval '1 hour') AS engine_last_hour,
      (SELECT CASE jsonb_typeof(value -> 'heals_per_hour') WHEN 'number' THEN (value -> 'heals_per_hour')::float8 END
        FROM engine.settings WHERE key = 'budget') AS budget,
      count(DISTINCT f.affected_component) FILTER (WHERE f.resolved_at IS NULL)::int AS broken_components,
      count(DISTINCT f.affected_component)::int AS known_components
    FROM bot_findings f WHERE f.bot_id = ${finding.bot_id}::uuid`.execute(trx);
  return rows[0]!;
}

interface Gate {
  name: string;
  /** asked only before a heal begins: its own rows would close it afterwards */
  beforeBeginning?: true;
  closed(figures: Figures, candidate: Candidate): boolean;
}

const steps = ({ solution }: Candidate) => (solution.kind === 'playbook' ? solution.steps : []);

/** In this order; the first closed one is written down. A figure that cannot be read closes its gate. */
const gates: Gate[] = [
  { name: 'kill_switch', closed: ({ mode }) => mode === 'off' || mode === null },
  {
    name: 'mode',
    closed: ({ mode }, candidate) =>
      mode !== 'auto' && (mode !== 'safe' || riskOf(steps(candidate)) !== 'safe'),
  },
  { name: 'silenced', closed: ({ silenced }) => silenced !== false },
  {
    name: 'disabled',
    closed: (_, { enabled, solution }) => !enabled || solution.kind === 'broken',
  },
  { name: 'autonomy', closed: (_, { autonomy }) => autonomy !== 'auto' },
  { name: 'approval', closed: (_, candidate) => riskOf(steps(candidate)) === 'irreversible' },
  {
    name: 'cooldown',
    beforeBeginning: true,
    closed: ({ seconds_since_last }) => seconds_since_last !== null,
  },
  { name: 'in_progress', beforeBeginning: true, closed: ({ unfinished }) => unfinished !== 0 },
  {
    name: 'attempts',
    beforeBeginning: true,
    closed: ({ entry_last_hour }) => !(entry_last_hour < limits.healsPerEntry),
  },
  { name: 'breaker', closed: ({ breaker_open }) => breaker_open === true },
  {
    name: 'budget',
    beforeBeginning: true,
    closed: ({ engine_last_hour, budget }) => budget === null || engine_last_hour >= budget,
  },
  {
    name: 'storm',
    beforeBeginning: true,
    closed: ({ broken_components, known_components }) =>
      broken_components >= limits.stormComponents &&
      broken_components > known_components * limits.stormShare,
  },
];

/** The name of the first closed gate, null when all are open. */
export const closedGate = (
  figures: Figures,
  candidate: Candidate,
  stage: 'beginning' | 'begun' = 'beginning',
): string | null =>
  gates.find(
    (gate) => !(stage === 'begun' && gate.beforeBeginning) && gate.closed(figures, candidate),
  )?.name ?? null;
