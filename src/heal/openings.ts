/** When the closed gates of an entry open, for `explain`; from the same inputs by which `decide` finds the gates closed. */
import { sql, type Transaction } from 'kysely';
import { standsBehind } from '../data/bots/bot-findings.ts';
import { maintenanceOver, type Maintenance } from '../data/bots/bot-maintenance.ts';
import { silencesOver, type Silence } from '../data/bots/bot-silences.ts';
import type { Database } from '../database/connect.ts';
import type { OpenFinding } from './finding/open-finding.ts';
import { closedGates } from './gate.ts';
import type { GateInputs } from './gate-inputs.ts';
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

const minute = 60_000;
const hour = 60 * minute;

/**
 * The gates that are closed before a heal begins, in their order, each with what opens it. The entry acts when all of them are
 * open. `inputs` were read in this transaction. Writes nothing.
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
  return closed.map((gate) => openingOf(gate, inputs, times));
}

/**
 * SQL of the time at which the n-th newest heal began, where n is the limit: with that heal, as many have begun as the limit
 * allows. When it leaves the limit's window, the gate opens.
 */
const timeOfNth = (limit: number | null, rows: ReturnType<typeof sql>) => sql`
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
    severity: sql`${finding.severity}::text`,
    fingerprint: sql`${finding.fingerprint}::text`,
  };
  const { rows } = await sql<Times>`
    SELECT engine.now() AS now, ${silencesOver(columns)} AS silences, ${maintenanceOver(columns)} AS maintenance,
      EXISTS (SELECT FROM bot_findings s WHERE s.id = ${finding.id}::uuid AND ${standsBehind('s')}) AS suppressed,
      ${timeOfNth(heals_per_entry, sql`${byEntry} AND ${within('1 hour')}`)} AS entry_hour,
      ${timeOfNth(heals_per_day, sql`${day} AND component IS NOT DISTINCT FROM ${finding.affected_component}::text`)} AS component_day,
      ${timeOfNth(heals_a_day, day)} AS entry_day,
      ${timeOfNth(budget, within('1 hour'))} AS engine_hour`.execute(trx);
  return rows[0]!;
}

const waitsFor = (gate: string, waits_for: WaitsFor): ClosedGate => ({
  gate,
  waits_for,
  opens_at: null,
});

function openingOf(gate: string, inputs: GateInputs, times: Times): ClosedGate {
  /** Rounded up to a whole second, so that the gate is open at that time. */
  const opensAt = (ms: number): ClosedGate => ({
    gate,
    waits_for: 'time',
    opens_at: new Date(Math.ceil(ms / 1000) * 1000),
  });
  /** A gate whose limit is 0 or cannot be read stays closed until a person changes the limit. */
  const opensAfter = (limit: number | null, since: Date | null, window: number) =>
    limit !== null && limit > 0 && since
      ? opensAt(since.getTime() + window)
      : waitsFor(gate, 'person');
  /** `minutes`: how many have passed of those that `limit` asks for. */
  const opensAfterMinutes = (limit: number | null, minutes: number | null) =>
    limit === null || minutes === null
      ? waitsFor(gate, 'person')
      : opensAt(times.now.getTime() + (limit - minutes) * minute);
  switch (gate) {
    case 'silenced':
      return silenceEnds(times, opensAt);
    case 'maintenance':
      return maintenanceEnds(times, opensAt);
    case 'cooldown':
      return opensAfterMinutes(inputs.cooldown, inputs.minutes_since_last);
    case 'in_progress':
      return waitsFor(gate, 'verdict');
    case 'attempts':
      return opensAfter(inputs.heals_per_entry, times.entry_hour, hour);
    case 'daily':
      return dailyOpens(inputs, times, opensAfter);
    case 'breaker':
      return inputs.breaker_failures === null
        ? waitsFor(gate, 'person')
        : opensAfterMinutes(inputs.breaker_minutes, inputs.minutes_since_failure);
    case 'budget':
      return opensAfter(inputs.budget, times.engine_hour, hour);
    case 'storm':
      return inputs.storm_components === null || inputs.storm_share === null
        ? waitsFor(gate, 'person')
        : waitsFor(gate, 'recovery');
    default:
      return waitsFor(gate, 'person');
  }
}

function silenceEnds(
  { suppressed, silences }: Times,
  opensAt: (ms: number) => ClosedGate,
): ClosedGate {
  if (suppressed) return waitsFor('silenced', 'cause');
  if (silences.length === 0 || silences.some(({ until_resolved }) => until_resolved))
    return waitsFor('silenced', 'silence');
  return opensAt(Math.max(...silences.map(({ expires_at }) => new Date(expires_at!).getTime())));
}

/** The windows are read after the gate: if they have ended in between, the gate is open now. */
const maintenanceEnds = (
  { now, maintenance }: Times,
  opensAt: (ms: number) => ClosedGate,
): ClosedGate =>
  opensAt(
    Math.max(now.getTime(), ...maintenance.map(({ ends_at }) => new Date(ends_at).getTime())),
  );

/** Two limits close this gate, each with a window of its own: it opens with the later one. */
function dailyOpens(
  inputs: GateInputs,
  times: Times,
  opensAfter: (limit: number | null, since: Date | null, window: number) => ClosedGate,
): ClosedGate {
  const { component_last_day, heals_per_day, entry_last_day, heals_a_day } = inputs;
  const openings = [
    { count: component_last_day, limit: heals_per_day, since: times.component_day },
    { count: entry_last_day, limit: heals_a_day, since: times.entry_day },
  ]
    .filter(({ count, limit }) => limit === null || count >= limit)
    .map(({ limit, since }) => opensAfter(limit, since, 24 * hour));
  return (
    openings.find(({ opens_at }) => opens_at === null) ??
    openings.toSorted((a, b) => b.opens_at!.getTime() - a.opens_at!.getTime())[0]!
  );
}
