/** Runs two transactions: the first one stops between two of its statements while the second one begins. */
import { sql } from 'kysely';
import type { Db } from '../../src/database/connect.ts';
import { connectStepped, type Stepped } from './stepped-client.ts';
import type { Means, Transactions } from './given.ts';

/** Rows that transactions lock; `key` tells them apart. */
const tables = [
  'bots',
  'bot_executions',
  'bot_finding_states',
  'bot_findings',
  'bot_actions',
  'bot_decisions',
  'bot_tickets',
  'bot_knowledge',
  'bot_knowledge_autonomy',
  'bot_silences',
  'bot_notifications',
  'engine.channels',
  'bot_maintenance',
  'engine.settings',
  'engine.error_cursor',
  'engine.sources',
  'engine.cancellations',
  'engine.remote_reports',
  'engine.jobs',
  'engine.job_runs',
];

/** lock_not_available: the error of a statement that does not wait for rows (NOWAIT). */
const notAvailable = '55P03';
const endsWithinMs = 10_000;

export interface Lane {
  first: Stepped;
  second: Stepped;
  /** reads what the two of them wait for */
  watch: Db;
}

export const openLane = async (url: string, watch: Db): Promise<Lane> => ({
  first: await connectStepped(url),
  second: await connectStepped(url),
  watch,
});

export const carryOut = (transactions: Transactions, name: string, { db, client }: Means) =>
  transactions[name]!({ db, client }).then(
    () => null,
    (error: unknown) => String(error),
  );

/** Which earlier rows a transaction holds, and how strongly: 1 because a new row refers to it, 2 to change it, 3 FOR UPDATE. */
export async function heldRows(watch: Db): Promise<Set<string>> {
  const levels = [sql`UPDATE`, sql`NO KEY UPDATE`, sql`KEY SHARE`];
  const parts = tables.flatMap((table) =>
    levels.map(
      (level, at) => sql`
        SELECT ${`${table} `} || ctid::text || ${` ${at + 1}`} AS row FROM ${sql.table(table)} WHERE ctid <> ALL (ARRAY(
          SELECT ctid FROM (SELECT ctid FROM ${sql.table(table)} FOR ${level} SKIP LOCKED) free))`,
    ),
  );
  const { rows } = await sql<{ row: string }>`${sql.join(parts, sql` UNION ALL `)}`.execute(watch);
  return new Set(rows.map(({ row }) => row));
}

/** A place between two statements at which a transaction stops. */
export interface Stop {
  step: number;
  held: Set<string>;
}

export interface Path {
  /** true where it holds a row that it did not hold at the stop before; at the last stop it holds all rows that it ever locks */
  stops: Stop[];
  /** what it threw when it ran alone */
  thrown: string | null;
}

export async function pathOf(
  { first, watch }: Lane,
  transactions: Transactions,
  name: string,
): Promise<Path> {
  first.stopBefore(null);
  const thrown = await carryOut(transactions, name, first);
  const locks = [...first.steps];
  const stops: Stop[] = [];
  for (let step = 1; step < locks.length; step += 1) {
    // After a statement that only reads, it holds the same rows as before.
    if (!locks[step - 1] && stops.length > 0) {
      stops.at(-1)!.step = step;
      continue;
    }
    if (!locks[step - 1]) continue;
    first.stopBefore(step);
    const end = carryOut(transactions, name, first);
    await Promise.race([first.stopped, end]);
    const held = await heldRows(watch);
    first.go();
    await end;
    const last = stops.at(-1);
    if (last && [...held].every((lock) => last.held.has(lock))) last.step = step;
    else if (held.size > 0) stops.push({ step, held });
  }
  return { stops, thrown };
}

/**
 * Whether the two can wait for each other: the second one locks a row that the first one holds at this stop, and one that
 * the first one locks only behind it.
 */
function canMeet(stop: Stop, first: Path, second: Path): boolean {
  const rowOf = (lock: string) => lock.slice(0, -2);
  const ever = new Set([...(second.stops.at(-1)?.held ?? [])].map(rowOf));
  const now = [...stop.held];
  const later = [...first.stops.at(-1)!.held].filter((lock) => !stop.held.has(lock));
  return [now, later].every((locks) => locks.some((lock) => ever.has(rowOf(lock))));
}

/** `tries again`: it waits for no row, and begins anew by itself until the rows that it needs are free. */
export async function untilItWaits(
  watch: Db,
  { pid, states }: Stepped,
  end: Promise<unknown>,
): Promise<'ended' | 'tries again' | 'waits'> {
  let over = false;
  void end.finally(() => (over = true));
  for (;;) {
    await Promise.race([end, new Promise((resolve) => setTimeout(resolve, 2))]);
    if (over) return 'ended';
    if (states.includes(notAvailable)) return 'tries again';
    const { rows } = await sql`
      SELECT FROM pg_stat_activity WHERE pid = ${pid} AND wait_event_type = 'Lock'`.execute(watch);
    if (rows.length > 0) return 'waits';
  }
}

export interface Met {
  first: string;
  step: number;
  second: string;
  what: string;
}

export interface Meetings {
  met: Met[];
  meetings: number;
  /** in how many of these the second one had to wait for the first one */
  waits: number;
}

/**
 * The first one with each of the others: with all of them when it holds all that it locks before its end, and at each of its
 * stops before that with those that may wait for it there and let it wait. Returns who met in a circle, or never ended.
 */
export async function meetAll(
  lane: Lane,
  transactions: Transactions,
  name: string,
  paths: Record<string, Path>,
): Promise<Meetings> {
  const { first, second } = lane;
  const path = paths[name]!;
  const met: Met[] = [];
  let [meetings, waits] = [0, 0];
  for (const stop of path.stops.length > 0 ? path.stops : [{ step: 0, held: new Set<string>() }]) {
    const isLast = stop === path.stops.at(-1) || path.stops.length === 0;
    const others = Object.keys(paths).filter(
      (other) => isLast || canMeet(stop, path, paths[other]!),
    );
    let running: Promise<string | null> | null = null;
    const complain = ({ states }: Stepped, other: string) => {
      for (const state of states.splice(0))
        if (state === '40P01')
          met.push({ first: name, step: stop.step, second: other, what: state });
    };
    for (const other of others) {
      if (!running) {
        first.stopBefore(stop.step);
        running = carryOut(transactions, name, first);
        await Promise.race([first.stopped, running]);
      }
      meetings += 1;
      second.stopBefore(null);
      const end = carryOut(transactions, other, second);
      if ((await untilItWaits(lane.watch, second, end)) !== 'ended') {
        waits += 1;
        first.go();
        const both = Promise.all([running, end]);
        const late = new Promise((resolve) => setTimeout(resolve, endsWithinMs, 'late').unref());
        if ((await Promise.race([both, late])) === 'late')
          met.push({ first: name, step: stop.step, second: other, what: 'does not end' });
        await both;
        running = null;
      }
      complain(first, other);
      complain(second, other);
    }
    first.go();
    await running;
  }
  return { met, meetings, waits };
}
