/** A busy platform in simulated time, and the rounds of the bots over it by their documented schedules. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { sql, type Transaction } from 'kysely';
import pg from 'pg';
import { remedies } from '../../bots/index.ts';
import { SkippedCheck, type Bot, type ReportedFinding } from '../../src/bot.ts';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import type { JobContext } from '../../src/contract/job.ts';
import { groupErrors } from '../../jobs/group-errors.ts';
import { rollup } from '../../jobs/rollup.ts';
import { connect, type Database, type Db } from '../../src/database/connect.ts';
import { nextSlot, parseSchedule, slotsBetween } from '../../src/schedule/cron.ts';
import { registerCatalogue } from '../../src/schedule/register.ts';
import { runCheck } from '../support/check.ts';
import { registered, type Registered } from '../support/registered.ts';
import { administer, inDatabase, template } from '../support/postgres.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

const databaseOf = (name: string, of: string, server: string) =>
  administer(server, `CREATE DATABASE ${name} TEMPLATE ${of} STRATEGY file_copy`);

export const newName = (): string => `rounds_${randomBytes(6).toString('hex')}`;

/** A database in simulated time. */
export interface World {
  db: Db;
  /** what one session does that sees no triggers */
  call(statement: string, values: unknown[]): Promise<void>;
  setTime(time: Date): Promise<void>;
  close(): Promise<void>;
}

export async function enter(server: string, name: string): Promise<World> {
  const url = inDatabase(server, name);
  const db = connect(url);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('SET session_replication_role = replica');
  return {
    db,
    call: async (statement, values) => void (await client.query(statement, values)),
    setTime: async (time) => {
      await sql`UPDATE sim.clock SET time = ${time}`.execute(db);
    },
    async close() {
      await client.end();
      await db.destroy();
    },
  };
}

const live = (world: World, from: Date, to: Date) =>
  world.call('CALL sim.live($1, $2)', [from, to]);

/** Runs the job itself, without the engine that carries it. */
async function runJob({ db }: World, job: typeof rollup | typeof groupErrors): Promise<void> {
  const commit = <Result>(write: (trx: Transaction<Database>) => Promise<Result>) =>
    db.transaction().execute(write);
  const { signal } = new AbortController();
  await job.handler({ db, commit, signal, report: () => {} } as unknown as JobContext, {});
}

/** Makes a database in which `days` days have passed until `until`, with all bots registered. Nothing is connected to it afterwards. */
export async function past(
  server: string,
  bots: Bot[],
  { until, days }: { until: Date; days: number },
): Promise<string> {
  const name = newName();
  await databaseOf(name, template, server);
  const world = await enter(server, name);
  try {
    const begin = new Date(+until - days * dayMs);
    await sql
      .raw(await readFile(new URL('busy-platform.sql', import.meta.url), 'utf8'))
      .execute(world.db);
    await world.setTime(begin);
    await world.call('CALL sim.settle($1)', [new Date(+begin - 30 * dayMs)]);
    await registerCatalogue(world.db, catalogueOf(bots, remedies));
    for (let at = +begin; at < +until; at += hourMs) {
      await live(world, new Date(at), new Date(at + hourMs));
      if (at % dayMs === 0) await sql`VACUUM profiles, sim.balances`.execute(world.db);
    }
    await world.setTime(until);
    await runJob(world, rollup);
    await runJob(world, groupErrors);
    await sql`UPDATE bots SET created_at = ${begin}, updated_at = ${begin}`.execute(world.db);
    await plan(world, bots, until);
    await sql`VACUUM ANALYZE`.execute(world.db);
    return name;
  } finally {
    await world.close();
  }
}

export async function copyOf(server: string, name: string): Promise<World & { name: string }> {
  const copy = newName();
  await databaseOf(copy, name, server);
  return { ...(await enter(server, copy)), name: copy };
}

/** What one check did in a simulation. */
export interface CheckTally {
  name: string;
  runs: number;
  /** how often it was skipped, by the reason */
  skipped: Map<string, number>;
  findings: { at: Date; finding: ReportedFinding }[];
  ms: number;
}

/** The simulation sets the engine's clock by another function. */
const settings: Record<string, Record<string, unknown>> = {
  surveyor: { ignored_parts: ['function engine.now()', 'column credits.created_at'] },
};

/** The checks of some bots, with what they remember. */
export class Rounds {
  readonly #world: World;
  readonly #memories = new Map<string, unknown>();
  readonly #rows = new Map<string, Promise<Registered>>();
  readonly #inRow = new Map<string, Map<string, number>>();
  readonly tallies = new Map<string, CheckTally>();

  constructor(world: World) {
    this.#world = world;
  }

  /** One run of a bot. A finding counts once its check has reported it `confirm` times in a row. */
  async run(bot: Bot, now: Date): Promise<void> {
    for (const { name } of bot.checks) await this.check(bot, name, now);
  }

  async check(bot: Bot, check: string, now: Date): Promise<ReportedFinding[]> {
    const name = `${bot.name}.${check}`;
    const tally = this.#tallyOf(name);
    const began = performance.now();
    tally.runs += 1;
    try {
      // What a fault has planted is read once, because the simulation writes neither settings nor memories.
      const read = this.#rows.get(bot.name) ?? registered(this.#world.db, bot);
      this.#rows.set(bot.name, read);
      const { config, memories } = await read;
      const remembered = this.#memories.get(name) ?? memories[check] ?? null;
      const given = { ...config, ...settings[bot.name] };
      const result = await runCheck(bot, check, this.#world.db, given, { now, remembered });
      if (result.remember !== undefined) this.#memories.set(name, result.remember);
      const counted = this.#confirmed(
        name,
        (bot as { confirm?: number }).confirm ?? 1,
        result.findings,
      );
      tally.findings.push(...counted.map((finding) => ({ at: now, finding })));
      return counted;
    } catch (error) {
      if (!(error instanceof SkippedCheck)) throw error;
      tally.skipped.set(error.message, (tally.skipped.get(error.message) ?? 0) + 1);
      return [];
    } finally {
      tally.ms += performance.now() - began;
    }
  }

  #confirmed(name: string, confirm: number, findings: ReportedFinding[]): ReportedFinding[] {
    const before = this.#inRow.get(name);
    const inRow = new Map(
      findings.map(({ component, key = component }) => [key, (before?.get(key) ?? 0) + 1]),
    );
    this.#inRow.set(name, inRow);
    return findings.filter(({ component, key = component }) => inRow.get(key)! >= confirm);
  }

  #tallyOf(name: string): CheckTally {
    const known = this.tallies.get(name);
    if (known) return known;
    const made: CheckTally = { name, runs: 0, skipped: new Map(), findings: [], ms: 0 };
    this.tallies.set(name, made);
    return made;
  }
}

/** Lets the platform live minute by minute, while each bot makes its rounds at its slots. */
export async function makeRounds(
  world: World,
  bots: Bot[],
  { from, to }: { from: Date; to: Date },
  onDay: (day: Date) => void = () => {},
): Promise<Rounds> {
  const rounds = new Rounds(world);
  const due = new Map<number, Bot[]>();
  for (const bot of bots)
    for (const slot of slotsBetween(parseSchedule(bot.schedule), from, to, 1_000_000))
      due.set(+slot, [...(due.get(+slot) ?? []), bot]);
  for (let at = +from + minuteMs; at <= +to; at += minuteMs) {
    const now = new Date(at);
    await live(world, new Date(at - minuteMs), now);
    await world.setTime(now);
    // The platform's own server does this by itself.
    if (at % (6 * hourMs) === 0) await sql`VACUUM ANALYZE`.execute(world.db);
    if (at % hourMs === 4 * minuteMs) await runJob(world, rollup);
    const running = due.get(at) ?? [];
    if (running.some(({ name }) => name === 'error-watch')) await runJob(world, groupErrors);
    if (running.length > 0) await noteRuns(world, running, now);
    for (const bot of running) await rounds.run(bot, now);
    if (at % dayMs === 0) onDay(now);
  }
  return rounds;
}

/** Gives each of these bots its next slot after `now`. */
async function plan({ db }: World, bots: Bot[], now: Date): Promise<void> {
  const rows = bots.map(({ name, schedule }) => ({
    name,
    next: nextSlot(parseSchedule(schedule), now),
  }));
  await sql`
    UPDATE bots b SET next_slot_at = g.next, next_execution_at = g.next
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) g (name text, next timestamptz) WHERE g.name = b.name`.execute(
    db,
  );
}

/** The rows that the engine writes for a run of each of these bots. */
async function noteRuns(world: World, bots: Bot[], now: Date): Promise<void> {
  await plan(world, bots, now);
  await sql`
    WITH ran AS (
      UPDATE bots SET last_execution_at = ${now}, total_runs = total_runs + 1, successful_runs = successful_runs + 1
      WHERE name = ANY (${bots.map(({ name }) => name)}::text[]) RETURNING id)
    INSERT INTO bot_executions (bot_id, status, trigger, scheduled_for, queued_at, started_at, completed_at, execution_time_ms, checks_performed, attempt, created_at, metadata)
    SELECT id, 'success', 'schedule', ${now}, ${now}, ${now}, ${now}, 40, 1, 1, ${now},
           jsonb_build_object('checks', jsonb_build_array(jsonb_build_object('name', 'x', 'status', 'passed', 'ms', 1, 'findings', 0)))
    FROM ran`.execute(world.db);
}
