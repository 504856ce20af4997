/** When the closed gates of an entry open: for `explain`, from the inputs by which `decide` finds them closed. */
import { sql, type Transaction } from 'kysely';
import { standsBehind } from '../data/bots/bot-findings.ts';
import { maintenanceOver, type Maintenance } from '../data/bots/bot-maintenance.ts';
import { silencesOver, type Silence } from '../data/bots/bot-silences.ts';
import type { Database } from '../database/connect.ts';
import type { OpenFinding } from './finding/open-finding.ts';
import { closedGates, type GateInputs } from './gate.ts';
import type { Candidate } from './match.ts';

/**
 * `person`: a person changes the mode, an entry, a limit, or answers. `silence`, `cause`, `verdict`, `recovery`: a
 * silence ends, the cause of this finding is resolved, a cure is judged, fewer components are broken. None of these has a
 * time that could be known.
 */
export type WaitsFor = 'time' | 'person' | 'silence' | 'cause' | 'verdict' | 'recovery';

export interface ClosedGate {
  gate: string;
  waits_for: WaitsFor;
  /** the time from which it is open if nothing else is done meanwhile, in whole seconds; null unless it waits for `time` */
  opens_at: Date | null;
}

interface Times {
  now: Date;
  silences: Silence[];
  maintenance: Maintenance[];
  suppressed: boolean;
  entry_hour: Date | null;
  component_day: Date | null;
  entry_day: Date | null;
  engine_hour: Date | null;
}

const perMinute = 60_000;
const hour = 60 * perMinute;

/**
 * The gates that are closed before a heal begins, in their order. Each says what opens it by itself: the entry acts when
 * all of them are open. `inputs` were read in this transaction. Only reads.
 */
export async function readOpenings(
  trx: Transaction<Database>,
  finding: OpenFinding,
  candidate: Candidate,
  inputs: GateInputs,
): Promise<ClosedGate[]> {
  const closed = closedGates(inputs, candidate, 'beginning');
  if (closed.length === 0) return [];
  const times = await readTimes(trx, finding, candidate, inputs);
  return closed.map((gate) => opening(gate, inputs, times));
}

/** The moment since which as many heals have begun as a limit allows: when it leaves the window, the gate opens. */
const nth = (limit: number | null, rows: ReturnType<typeof sql>) => sql`
  (SELECT at FROM (SELECT max(taken_at) AS at FROM bot_actions WHERE ${rows} GROUP BY heal_id) heals
   ORDER BY at DESC OFFSET ${Math.max(0, Math.ceil(limit ?? 0) - 1)}::int LIMIT 1)`;

async function readTimes(
  trx: Transaction<Database>,
  finding: OpenFinding,
  { id }: Candidate,
  { heals_per_entry, heals_per_day, heals_a_day, budget }: GateInputs,
): Promise<Times> {
  const within = (span: string) => sql`taken_at > engine.now() - ${sql.lit(span)}::interval`;
  const byEntry = sql`knowledge_id = ${id}::uuid`;
  const day = sql`${byEntry} AND state <> 'aborted' AND ${within('24 hours')}`;
  const columns = {
    bot_id: sql`${finding.bot_id}::uuid`,
    component: sql`${finding.affected_component}::text`,
    category: sql`${finding.category}::text`,
    fingerprint: sql`${finding.fingerprint}::text`,
  };
  const { rows } = await sql<Times>`
    SELECT engine.now() AS now, ${silencesOver(columns)} AS silences, ${maintenanceOver(columns)} AS maintenance,
      EXISTS (SELECT FROM bot_findings s WHERE s.id = ${finding.id}::uuid AND ${standsBehind('s')}) AS suppressed,
      ${nth(heals_per_entry, sql`${byEntry} AND ${within('1 hour')}`)} AS entry_hour,
      ${nth(heals_per_day, sql`${day} AND component IS NOT DISTINCT FROM ${finding.affected_component}::text`)} AS component_day,
      ${nth(heals_a_day, day)} AS entry_day,
      ${nth(budget, within('1 hour'))} AS engine_hour`.execute(trx);
  return rows[0]!;
}

const waits = (gate: string, waits_for: WaitsFor): ClosedGate => ({
  gate,
  waits_for,
  opens_at: null,
});

function opening(gate: string, inputs: GateInputs, times: Times): ClosedGate {
  /** Never earlier than the gate opens: up to the next second. */
  const at = (ms: number): ClosedGate => ({
    gate,
    waits_for: 'time',
    opens_at: new Date(Math.ceil(ms / 1000) * 1000),
  });
  /** A limit that is not set, or is 0, opens for no heal. */
  const after = (limit: number | null, since: Date | null, window: number) =>
    limit !== null && limit > 0 && since ? at(since.getTime() + window) : waits(gate, 'person');
  const rest = (limit: number | null, minutes: number | null) =>
    limit === null || minutes === null
      ? waits(gate, 'person')
      : at(times.now.getTime() + (limit - minutes) * perMinute);
  switch (gate) {
    case 'silenced':
      return silenceEnds(times, at);
    case 'maintenance':
      return maintenanceEnds(times, at);
    case 'cooldown':
      return rest(inputs.cooldown, inputs.minutes_since_last);
    case 'in_progress':
      return waits(gate, 'verdict');
    case 'attempts':
      return after(inputs.heals_per_entry, times.entry_hour, hour);
    case 'daily':
      return dailyOpens(inputs, times, after);
    case 'breaker':
      return inputs.breaker_failures === null
        ? waits(gate, 'person')
        : rest(inputs.breaker_minutes, inputs.minutes_since_failure);
    case 'budget':
      return after(inputs.budget, times.engine_hour, hour);
    case 'storm':
      return inputs.storm_components === null || inputs.storm_share === null
        ? waits(gate, 'person')
        : waits(gate, 'recovery');
    default:
      return waits(gate, 'person');
  }
}

function silenceEnds({ suppressed, silences }: Times, at: (ms: number) => ClosedGate): ClosedGate {
  if (suppressed) return waits('silenced', 'cause');
  if (silences.length === 0 || silences.some(({ until_resolved }) => until_resolved))
    return waits('silenced', 'silence');
  return at(Math.max(...silences.map(({ expires_at }) => new Date(expires_at!).getTime())));
}

/** It is read again in the same transaction: where it ended meanwhile, the gate is open by now. */
const maintenanceEnds = ({ now, maintenance }: Times, at: (ms: number) => ClosedGate): ClosedGate =>
  at(Math.max(now.getTime(), ...maintenance.map(({ ends_at }) => new Date(ends_at).getTime())));

/** Two limits close it, each with a window of its own: it opens with the later one. */
function dailyOpens(
  inputs: GateInputs,
  times: Times,
  after: (limit: number | null, since: Date | null, window: number) => ClosedGate,
): ClosedGate {
  const { component_last_day, heals_per_day, entry_last_day, heals_a_day } = inputs;
  const both = [
    { count: component_last_day, limit: heals_per_day, since: times.component_day },
    { count: entry_last_day, limit: heals_a_day, since: times.entry_day },
  ]
    .filter(({ count, limit }) => limit === null || count >= limit)
    .map(({ limit, since }) => after(limit, since, 24 * hour));
  return (
    both.find(({ opens_at }) => opens_at === null) ??
    both.toSorted((a, b) => b.opens_at!.getTime() - a.opens_at!.getTime())[0]!
  );
}
