/** The real bots in simulated time, over the platform of test/rounds, with faults that are planted while they work. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { bots, remedies } from '../../bots/index.ts';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import { finderOf, plantAll, type Fault } from '../../src/demo/faults/fault.ts';
import { faults as allFaults } from '../../src/demo/faults/index.ts';
import { parseSchedule, slotsBetween } from '../../src/schedule/cron.ts';
import { copyOf, past as makePast } from '../rounds/simulation.ts';
import { administer, inDatabase, startPostgres } from '../support/postgres.ts';
import { openEngine, type SimulatedEngine } from './engine.ts';
import { beat } from './heartbeat.ts';
import { frequentJobs, passJobs, passMessages, rareJobsOf, soakJobs } from './jobs.ts';
import { totalOf } from './judge.ts';
import { readTables } from './measure.ts';
import { passMinute, planAll, SlotsOfDay } from './minute.ts';
import { dayMs, minuteMs } from './time.ts';
import type { Day } from './year.ts';

export interface DayOfWeek {
  day: number;
  runs: number;
  rss_mb: number;
  /** what is left after a collection; only with `node --expose-gc` */
  heap_mb: number;
  bytes: number;
  open: number;
  tickets: number;
}

export interface Week {
  days: DayOfWeek[];
  counts: Record<string, number>;
  /** what was done of each remedy, and in which state it ended */
  healed: { remedy: string; state: string; actions: number }[];
  /** what should not be, each as a sentence */
  wrong: string[];
}

/** A Monday: the week has two deployments, a campaign and a weekend. */
const begin = new Date('2026-03-02T00:00:00Z');
/** The first fault comes after the first round of every bot. */
const firstFaultMs = 30 * minuteMs;

/** What the simulation itself does to the platform, and no bot has to report. */
const ofSimulation = { surveyor: { ignored_parts: ['function engine.now()'] } };

export interface WeekOptions {
  /** the last one may be a part of a day */
  days: number;
  /** how many faults are planted, at even distances; all without it */
  most?: number;
  /** only the faults of these names */
  only?: readonly string[];
  onDay?(day: DayOfWeek): void;
}

export async function passWeek({ days, most, only, onDay = () => {} }: WeekOptions): Promise<Week> {
  const directory = await mkdtemp(join(tmpdir(), 'roundsman-week-'));
  // PostgreSQL refuses root, and runs as another account.
  await chmod(directory, 0o711);
  const server = await startPostgres(directory);
  try {
    const past = await makePast(server.url, bots, { until: begin, days: 35 });
    const platform = await copyOf(server.url, past);
    const url = inDatabase(server.url, platform.name);
    await administer(
      server.url,
      'ALTER SYSTEM SET autovacuum = on',
      "ALTER SYSTEM SET autovacuum_naptime = '1s'",
      'SELECT pg_reload_conf()',
    );
    const world = await openEngine(url, { catalogue: catalogueOf(bots, remedies), jobs: soakJobs });
    await prepare(world);
    const week = await pass(world, {
      days,
      chosen: allFaults.filter(({ name }) => only?.includes(name) ?? true).slice(0, most),
      onDay,
      live: (from, to) => platform.call('CALL sim.live($1, $2)', [from, to]),
    });
    await world.close();
    await platform.close();
    return week;
  } finally {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function prepare(world: SimulatedEngine): Promise<void> {
  const { db } = world;
  for (const [bot, config] of Object.entries(ofSimulation))
    await sql`UPDATE bots SET config = config || ${JSON.stringify(config)}::jsonb WHERE name = ${bot}`.execute(
      db,
    );
  await sql`UPDATE engine.settings SET value = '"auto"' WHERE key = 'mode'`.execute(db);
  await planAll(world);
}

async function pausedBots({ db }: SimulatedEngine): Promise<Set<string>> {
  const { rows } = await sql<{
    name: string;
  }>`SELECT name::text FROM bots WHERE status <> 'active'`.execute(db);
  return new Set(rows.map(({ name }) => name));
}

interface Planted {
  fault: Fault;
  at: Date;
}

interface Passing {
  days: number;
  chosen: readonly Fault[];
  live(from: Date, to: Date): Promise<void>;
  onDay(day: DayOfWeek): void;
}

async function pass(world: SimulatedEngine, { days, chosen, live, onDay }: Passing): Promise<Week> {
  const [seen, planted]: [DayOfWeek[], Planted[]] = [[], []];
  const paused = await pausedBots(world);
  const end = +begin + days * dayMs;
  const eachMs = (days * dayMs - 2 * firstFaultMs) / Math.max(1, chosen.length);
  for (let day = 1; day <= Math.ceil(days); day += 1) {
    const from = new Date(+begin + (day - 1) * dayMs);
    const slots = new SlotsOfDay(
      bots.map(({ schedule }) => schedule),
      from,
    );
    const rare = rareJobsOf(from, 1);
    let runs = 0;
    for (let at = +from + minuteMs; at <= Math.min(+from + dayMs, end); at += minuteMs) {
      const now = new Date(at);
      await live(new Date(at - minuteMs), now);
      await world.setTime(now);
      await beat(world);
      const due = chosen[planted.length];
      if (due && at >= +begin + firstFaultMs + planted.length * eachMs) {
        await plantAll(due, world.db, now);
        planted.push({ fault: due, at: now });
        // Some change the settings of a bot, which a scheduler notices in its next tick.
        await planAll(world);
      }
      if (at % (5 * minuteMs) === 0) await passJobs(world, frequentJobs);
      const jobs = rare.get(at);
      if (jobs) await passJobs(world, jobs);
      if (slots.has(now) || world.queue.hasDueRun())
        runs += (await passMinute(world, slots, now)).runs;
      if (at % (5 * minuteMs) === 0) await passMessages(world);
    }
    seen.push(await dayOf(world, day, runs));
    onDay(seen.at(-1)!);
  }
  const wrong = [
    ...(await wrongRuns(world, { days, paused })),
    ...(await notFound(world, planted)),
  ];
  return { days: seen, ...(await countsOf(world)), wrong };
}

async function dayOf({ db }: SimulatedEngine, day: number, runs: number): Promise<DayOfWeek> {
  globalThis.gc?.();
  const memory = process.memoryUsage();
  const { rows } = await sql<{ open: number; tickets: number }>`
    SELECT (SELECT count(*)::int FROM bot_findings WHERE resolved_at IS NULL) AS open,
           (SELECT count(*)::int FROM bot_tickets WHERE status <> 'closed') AS tickets`.execute(db);
  return {
    day,
    runs,
    rss_mb: Math.round(memory.rss / 1e6),
    heap_mb: Math.round(memory.heapUsed / 1e5) / 10,
    bytes: totalOf([{ tables: await readTables(db) } as Day])[0]!,
    ...rows[0]!,
  };
}

/**
 * Slots of the bots without a run of their own, and runs and jobs that did not end as they should. Faults plant runs of their own, which no
 * worker has carried.
 */
async function wrongRuns(
  { db, engine }: SimulatedEngine,
  { days, paused }: { days: number; paused: ReadonlySet<string> },
): Promise<string[]> {
  const to = new Date(+begin + days * dayMs);
  const { rows: made } = await sql<{ name: string; slots: number; runs: number }>`
    SELECT b.name, count(e.id)::int AS runs, count(DISTINCT e.scheduled_for)::int AS slots FROM bots b
    LEFT JOIN bot_executions e ON e.bot_id = b.id AND e.trigger = 'schedule' AND e.scheduled_for > ${begin} AND e.scheduled_for <= ${to}
    GROUP BY b.name`.execute(db);
  const madeOf = new Map(made.map((each) => [each.name, each]));
  const wrongSlots = bots.flatMap(({ name, schedule }) => {
    // A bot that was paused at the beginning, as one without settings is, runs from the moment in which a fault ends its pause.
    if (paused.has(name)) return [];
    const expected = slotsBetween(parseSchedule(schedule), begin, to, 100_000).length;
    const { slots, runs } = madeOf.get(name) ?? { slots: 0, runs: 0 };
    return slots === expected && runs === expected
      ? []
      : [`${name} had ${expected} slots, ${slots} of them have ${runs} runs`];
  });
  const { rows } = await sql<{ what: string }>`
    SELECT format('the run of %s of %s is %s: %s', b.name, e.scheduled_for, e.status, coalesce(e.error_message, e.reason)) AS what
    FROM bot_executions e JOIN bots b ON b.id = e.bot_id
    WHERE e.worker = ${engine.worker} AND e.status NOT IN ('success', 'skipped')
    UNION ALL
    SELECT format('a run of the job %s is %s: %s', job, status, coalesce(error_message, reason)) FROM engine.job_runs
    WHERE worker = ${engine.worker} AND status NOT IN ('success', 'skipped')`.execute(db);
  return [...wrongSlots, ...rows.map(({ what }) => what)];
}

/**
 * Faults that something else cures before their check looks: what the platform itself does, or a job of Roundsman that works
 * between two rounds of the bot. A week in which their check finds them has that cure missing.
 */
const curedBefore: Record<string, string> = {
  'janitor.expired-sessions': 'the platform cleans up by itself',
  'janitor.open-game-sessions': 'the platform cleans up by itself',
  'janitor.open-visits': 'the platform cleans up by itself',
  'janitor.stale-ranks': 'the platform, or the job leaderboards, ranks anew',
  'guardian.past-period': 'the platform renews it',
  'conductor.overdue': 'the scheduler, which is alive here, plans the bot and claims its slot',
  'error-watch.counting': 'the job group-errors counts it',
};

/** Faults of which their check has opened no finding since they were planted. */
async function notFound({ db }: SimulatedEngine, planted: Planted[]): Promise<string[]> {
  const { rows } = await sql<{ bot: string; check: string; at: Date }>`
    SELECT b.name AS bot, f.check_name AS check, max(f.last_seen_at) AS at
    FROM bot_findings f JOIN bots b ON b.id = f.bot_id GROUP BY 1, 2`.execute(db);
  return planted.flatMap(({ fault, at }) => {
    const { bot, check } = finderOf(fault);
    const seen = rows.find((row) => row.bot === bot && row.check === check);
    return (seen && seen.at >= at) || Object.hasOwn(curedBefore, fault.name)
      ? []
      : [`${fault.name}, planted at ${at.toISOString()}, was not found`];
  });
}

async function countsOf({ db }: SimulatedEngine): Promise<Pick<Week, 'counts' | 'healed'>> {
  const { rows } = await sql<Record<string, number>>`
    SELECT (SELECT count(*)::int FROM bot_executions WHERE worker LIKE 'soak-%') AS runs,
           (SELECT count(*)::int FROM bot_findings WHERE detected_at > ${begin}) AS findings,
           (SELECT count(*)::int FROM bot_findings WHERE resolved_at > ${begin}) AS resolved,
           (SELECT count(DISTINCT heal_id)::int FROM bot_actions WHERE taken_at > ${begin}) AS heals,
           (SELECT count(*)::int FROM bot_tickets WHERE created_at > ${begin}) AS tickets,
           (SELECT count(*)::int FROM bot_notifications WHERE created_at > ${begin}) AS messages,
           (SELECT count(*)::int FROM engine.job_runs WHERE queued_at > ${begin}) AS job_runs`.execute(
    db,
  );
  const { rows: healed } = await sql<Week['healed'][number]>`
    SELECT remedy, state, count(*)::int AS actions FROM bot_actions WHERE taken_at > ${begin} GROUP BY 1, 2 ORDER BY 1, 2`.execute(
    db,
  );
  return { counts: rows[0]!, healed };
}
