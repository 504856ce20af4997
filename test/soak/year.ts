/** Passes simulated days, and measures at the end of each. */
import { sql } from 'kysely';
import { settle } from '../../src/maintain/settle.ts';
import { ageSettings } from '../../src/data/retention/ages.ts';
import { schedules as allSchedules, type Schedules } from './bots.ts';
import { passFrequentJobs, passJobs, rareJobsOf, soakJobs } from './jobs.ts';
import {
  readQueries,
  readSequences,
  readTables,
  readWal,
  type QueryCost,
  type TableSize,
} from './measure.ts';
import { passMinute, planAll, SlotsOfDay } from './minute.ts';
import { passHoursOfPlatform } from './platform.ts';
import { dayMs, hourMs, minuteMs } from './time.ts';
import { openWorld, type World } from './world.ts';

export interface Day {
  day: number;
  runs: number;
  /** median of the claims of this day that found something due, and mean of a run from its start to its end */
  claim_ms: number;
  run_ms: number;
  /** memory of the process that claims and carries runs: the least and the most of its 24 hours */
  rss: [number, number];
  heap: [number, number];
  /** of the heap, what is left at the end of the day after a collection; only with `node --expose-gc` */
  heap_kept?: number;
  /** WAL of this day */
  wal_bytes: number;
  wal_images: number;
  tables: TableSize[];
  queries?: Record<string, QueryCost>;
}

export interface QueriesOfDay {
  day: number;
  queries: Record<string, QueryCost>;
}

export interface Soak {
  schedules: Schedules;
  days: Day[];
  sequences: { name: string; used: number }[];
}

export interface SoakOptions {
  schedules: Schedules;
  days: number;
  /** of how many days each the queries are measured, beside the first and the last */
  queriesEach?: number;
  /** for how many days rows are kept, of every table of which that may be set; without it as usual */
  keepDays?: number;
  /** each how many hours a job that is due each hour is carried out, and the platform gets its rows; 1 without it */
  jobsEachHours?: number;
  /** only bots and their runs: to see what they alone cost */
  withoutJobs?: boolean;
  onDay?(day: Day, world: World): void | Promise<void>;
  /** a simulated day with a checkpoint each five minutes, as a server has by default: its WAL has images of pages */
  checkpointDay?: number;
}

/** How often jobs that are due each few minutes are carried out at least. */
const fewestHours = 4;

/** A Monday. */
const begin = new Date('2026-03-02T00:00:00Z');

export async function soak(options: SoakOptions): Promise<Soak> {
  const { schedules, days, queriesEach = 30 } = options;
  const world = await openWorld(schedules, begin, soakJobs);
  try {
    if (options.keepDays !== undefined) await setAges(world, options.keepDays);
    await planAll(world);
    const all: Day[] = [];
    for (let day = 1; day <= days; day++) {
      const from = new Date(+begin + (day - 1) * dayMs);
      const passed = await passDay(world, options, day, from);
      if (day === 1 || day === days || day % queriesEach === 0)
        passed.queries = await readQueries(world.reader, new Date(+from + dayMs));
      all.push(passed);
      await options.onDay?.(passed, world);
    }
    return { schedules, days: all, sequences: await readSequences(world.db) };
  } finally {
    await world.close();
  }
}

/**
 * Sets every age of rows that may be set. A heal counts for ten half-lives of its entry: that is made as long, for at 900 days, as usual,
 * no year would show where they stop to grow.
 */
async function setAges({ db }: World, days: number): Promise<void> {
  for (const key of ageSettings)
    await sql`
      INSERT INTO engine.settings (key, value) VALUES (${key}, to_jsonb(${days}::int))
      ON CONFLICT (key) DO UPDATE SET value = excluded.value`.execute(db);
  await sql`UPDATE bot_knowledge SET half_life_days = greatest(1, ${days}::int / 10)`.execute(db);
}

const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const spread = (values: number[]): [number, number] => [Math.min(...values), Math.max(...values)];
const rounded = (value: number): number => Math.round(100 * value) / 100;

async function passDay(
  world: World,
  { schedules, checkpointDay, jobsEachHours = 1, withoutJobs = false }: SoakOptions,
  day: number,
  from: Date,
): Promise<Day> {
  const frequentEachMs = Math.max(fewestHours, jobsEachHours) * hourMs;
  const slots = new SlotsOfDay(
    allSchedules[schedules].map(([, cron]) => cron),
    from,
  );
  const rare = withoutJobs ? new Map<number, never>() : rareJobsOf(from, jobsEachHours);
  const before = await readWal(world.db);
  const claims: number[] = [];
  const [rss, heap]: [number[], number[]] = [[], []];
  let [runs, performMs] = [0, 0];
  for (let at = +from + minuteMs; at <= +from + dayMs; at += minuteMs) {
    const now = new Date(at);
    world.queue.now = at;
    if (slots.has(now) || world.queue.hasDueRun()) {
      const cost = await passMinute(world, slots, now);
      runs += cost.runs;
      performMs += cost.performMs;
      if (slots.has(now)) claims.push(cost.claimMs);
    }
    const due = rare.get(at);
    if (due) {
      await world.setTime(now);
      await passJobs(world, due);
    }
    if (day === checkpointDay && at % (5 * minuteMs) === 0) await sql`CHECKPOINT`.execute(world.db);
    if (at % hourMs !== 0) continue;
    if (at % (jobsEachHours * hourMs) === 0) {
      await world.setTime(now);
      await passHoursOfPlatform(world.db, now, jobsEachHours);
      await settle(world.db, world.catalogue);
    }
    if (!withoutJobs && at % frequentEachMs === 0)
      await passFrequentJobs(world, new Date(at - frequentEachMs), now);
    const memory = process.memoryUsage();
    rss.push(Math.round(memory.rss / 1e6));
    heap.push(Math.round(memory.heapUsed / 1e6));
  }
  const wal = await readWal(world.db);
  globalThis.gc?.();
  return {
    day,
    runs,
    claim_ms: rounded(median(claims)),
    run_ms: rounded(performMs / runs),
    rss: spread(rss),
    heap: spread(heap),
    ...(globalThis.gc && { heap_kept: Math.round(process.memoryUsage().heapUsed / 1e5) / 10 }),
    wal_bytes: wal.bytes - before.bytes,
    wal_images: wal.images - before.images,
    tables: await readTables(world.db),
  };
}
