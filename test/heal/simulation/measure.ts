/** What came of a simulation: in truth, which only the platform knows, and by the engine's own ledger. */
import { sql } from 'kysely';
import type { Db } from '../../../src/database/connect.ts';
import { componentsOf, curesOf, type Cure, type Incident, type Kind } from './cures.ts';
import { minuteOf } from './engine.ts';
import type { LoopFate } from './loops.ts';

/** `wrong`: the cure did not remove its fault for good, whatever the engine concluded. */
export interface Heals {
  held: number;
  wrong: number;
}

/** Points of each curve; each counts all that happened until then. */
export const curvePoints = 40;

/** One way of healing, over all incidents. */
export interface Tally extends Heals {
  /** tickets that were opened or reopened, and complaints of users about faults of which no person was told */
  tickets: number;
  brokenMinutes: number;
  curve: { held: number[]; wrong: number[]; tickets: number[] };
}

export interface Fate {
  name: string;
  /** what it did by itself, and what a person had approved */
  alone: Heals;
  approved: Heals;
  /** by the ledger */
  decided: number;
  held: number;
  recovered: number;
  persisted: number;
  /** components on which it may act by itself at the end */
  autoAtEnd: string[];
  /** share of the components' time in the second half in which it might */
  autoLate: number;
  /** how many faults of its kind had been seen when it first became auto, and first lost it; null when never */
  earnedAfter: number | null;
  lostAfter: number | null;
  /** how often it was applied in the second half */
  late: number;
  changes: Change[];
}

export interface Change {
  minute: number;
  component: string | null;
  before: string;
  after: string;
  why: string;
}

export interface Outcome {
  seed: number;
  incidents: number;
  days: number;
  seconds: number;
  rounds: number;
  complaints: number;
  ours: Tally;
  fates: Fate[];
  loops: LoopFate[];
}

interface Told {
  seed: number;
  incidents: readonly Incident[];
  kinds: readonly Kind[];
  complaints: number;
  rounds: number;
  brokenMinutes: number;
  seconds: number;
  loops: LoopFate[];
}

interface Effect extends Heals {
  cure: string;
  truth: string;
  at: Date;
  approved: boolean;
}

/** Counts what happened at these minutes until each point of a curve. */
export function curveOf(minutes: number[], last: number): number[] {
  const counts = Array.from({ length: curvePoints }, () => 0);
  for (const minute of minutes)
    counts[Math.min(curvePoints - 1, Math.floor((minute / last) * curvePoints))]! += 1;
  let sum = 0;
  return counts.map((count) => (sum += count));
}

export async function measure(db: Db, told: Told): Promise<Outcome> {
  const { incidents, kinds, complaints } = told;
  const last = incidents.at(-1)!.at;
  const { rows: effects } = await sql<Effect>`
    SELECT e.cure, e.truth, e.at, coalesce(d.figures ->> 'answer' = 'approved', false) AS approved
    FROM simulated.effects e JOIN bot_actions a ON a.id = e.action_id
    LEFT JOIN bot_decisions d ON d.finding_id = a.finding_id AND d.knowledge_id = a.knowledge_id
      AND d.verdict = 'applied' AND d.decided_at = a.taken_at
    ORDER BY e.id`.execute(db);
  const { rows: tickets } = await sql<{ at: Date }>`
    SELECT e.created_at AS at FROM bot_ticket_events e JOIN bot_tickets t ON t.id = e.ticket_id JOIN bots b ON b.id = t.bot_id
    WHERE e.event IN ('opened', 'reopened') AND b.name = ANY (${kinds as string[]}::text[])`.execute(
    db,
  );
  const minutesOf = (good: boolean) =>
    effects.flatMap((each) => ((each.truth === 'cures') === good ? [minuteOf(each.at)] : []));
  const ours: Tally = {
    held: minutesOf(true).length,
    wrong: minutesOf(false).length,
    tickets: tickets.length + complaints,
    brokenMinutes: told.brokenMinutes,
    curve: {
      held: curveOf(minutesOf(true), last),
      wrong: curveOf(minutesOf(false), last),
      tickets: curveOf(
        tickets.map(({ at }) => minuteOf(at)),
        last,
      ),
    },
  };
  const fates: Fate[] = [];
  for (const cure of kinds.flatMap((kind) => curesOf(kind)))
    fates.push(
      await fateOf(
        db,
        cure,
        effects.filter(({ cure: name }) => name === cure.name),
        incidents,
      ),
    );
  const { seed, rounds, seconds, loops } = told;
  const days = last / 60 / 24;
  return {
    seed,
    incidents: incidents.length,
    days,
    seconds,
    rounds,
    complaints,
    ours,
    fates,
    loops,
  };
}

const healingEntriesOf = (effects: Effect[]): Heals => {
  const held = effects.filter(({ truth }) => truth === 'cures').length;
  return { held, wrong: effects.length - held };
};

async function fateOf(
  db: Db,
  { name, kind, begins }: Cure,
  effects: Effect[],
  incidents: readonly Incident[],
): Promise<Fate> {
  const { rows } = await sql<Pick<Fate, 'decided' | 'held' | 'recovered' | 'persisted'>>`
    SELECT (SELECT count(*)::int FROM engine.heals h WHERE h.knowledge_id = k.id AND h.outcome IS NOT NULL) AS decided,
           (SELECT count(*)::int FROM engine.heals h WHERE h.knowledge_id = k.id AND h.outcome = 'held') AS held,
           (SELECT count(*)::int FROM bot_decisions d WHERE d.knowledge_id = k.id AND d.outcome = 'recovered') AS recovered,
           (SELECT count(*)::int FROM bot_decisions d WHERE d.knowledge_id = k.id AND d.outcome = 'persisted') AS persisted
    FROM bot_knowledge k WHERE k.name = ${name}`.execute(db);
  const events = await sql<Omit<Change, 'minute'> & { at: Date }>`
    SELECT e.created_at AS at, e.component, e.before ->> 'autonomy' AS before, e.after ->> 'autonomy' AS after,
           e.figures ->> 'why' AS why
    FROM bot_knowledge_events e JOIN bot_knowledge k ON k.id = e.knowledge_id
    WHERE k.name = ${name} ORDER BY e.id`.execute(db);
  const changes = events.rows.map(({ at, ...rest }) => ({ minute: minuteOf(at), ...rest }));
  const last = incidents.at(-1)!.at;
  const components = componentsOf(kind);
  const freedoms = components.map((component) => autonomyRank(begins, component, changes));
  const firstAfter = (which: (change: Change) => boolean) => {
    const first = changes.find(which);
    return first
      ? incidents.filter((each) => each.kind === kind && each.at <= first.minute).length
      : null;
  };
  const late = freedoms.map((freedom) => autoShare(freedom, last / 2, last));
  return {
    name,
    alone: healingEntriesOf(effects.filter(({ approved }) => !approved)),
    approved: healingEntriesOf(effects.filter(({ approved }) => approved)),
    ...rows[0]!,
    autoAtEnd: components.filter((_, at) => freedoms[at]!.at(-1)!.auto),
    autoLate: late.reduce((sum, share) => sum + share, 0) / components.length,
    earnedAfter: firstAfter(({ before, after }) => after === 'auto' && before !== 'auto'),
    lostAfter: firstAfter(({ before, after }) => after !== 'auto' && before === 'auto'),
    late: effects.filter(({ at }) => minuteOf(at) > last / 2).length,
    changes,
  };
}

type Freedom = { minute: number; auto: boolean }[];

/** From when on the entry might act by itself on this component, and from when on not. */
function autonomyRank(begins: string, component: string, changes: Change[]): Freedom {
  let whole = begins;
  let own: string | null = null;
  const freedom = [{ minute: 0, auto: begins === 'auto' }];
  for (const change of changes) {
    if (change.component === null) whole = change.after;
    else if (change.component === component) own = change.after;
    freedom.push({ minute: change.minute, auto: (own ?? whole) === 'auto' });
  }
  return freedom;
}

/** The share of the time between the two minutes. */
function autoShare(freedom: Freedom, from: number, until: number): number {
  const spans = freedom.map(({ minute, auto }, at) => {
    const ends = Math.min(until, freedom[at + 1]?.minute ?? until);
    return auto ? Math.max(0, ends - Math.max(from, minute)) : 0;
  });
  return spans.reduce((sum, span) => sum + span, 0) / (until - from);
}
