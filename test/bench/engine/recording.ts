/**
 * What recording a run costs in a group commit, beside one Kysely transaction a run with the same fence and
 * upserts, in the same process and the same rounds.
 *
 * A recording is one execution that ends, three findings that are reported, two more that are found clean
 * with the actions that had been applied to them (verified), the tickets of all of them, the memory of
 * each fingerprint and the bot's counters. Wall figures are noise on a shared machine; the ratio of
 * medians and the client's CPU are what counts.
 */
import { sql } from 'kysely';
import { pino } from 'pino';
import { connect, type Db } from '../../../src/database/connect.ts';
import type { CheckOutcome } from '../../../src/run/tasks/outcome.ts';
import { fingerprintOf } from '../../../src/run/tasks/finding.ts';
import type { Ending } from '../../../src/run/writer/finish.ts';
import { openRunWriter } from '../../../src/run/writer/run-writer.ts';
import type { Run } from '../../../src/run/writer/run.ts';
import { plantBots } from './plant.ts';
import { recordOne } from './recording-peer.ts';
import type { Servers } from './servers.ts';
import { median, quantile, type Line } from './table.ts';
import { eventsTo } from '../../../src/events/log-events.ts';
import { sized } from '../size.ts';

const runs = sized(1_000, 60);
const rounds = sized(3, 1);

const finding = (key: string, bot: string) => ({
  severity: 'medium' as const,
  category: 'latency',
  title: `${key} of ${bot} answers slowly: 1,240 ms`,
  description: 'The median of the last 20 requests is above the limit of 500 ms.',
  component: `/api/${key}`,
  metadata: { p50: 1_240, p95: 2_100, limit: 500, samples: [1_180, 1_240, 1_320] },
});

const outcomesOf = (run: Run): CheckOutcome[] => [
  {
    name: 'answers-in-time',
    title: 'Do the endpoints answer in time?',
    ms: 40,
    status: 'failed',
    result: {
      examined: ['/api/a', '/api/b', '/api/c', '/api/d', '/api/e'],
      findings: ['a', 'b', 'c'].map((key) => finding(key, run.bot.name)),
    },
  },
];

const endingOf = (outcomes: CheckOutcome[]): Ending => ({
  status: 'success',
  reason: null,
  error: null,
  outcomes,
  findings: 3,
  actions: 2,
  healingDone: true,
});

/** A running run of each bot, and two open findings of the bot to which a cure was applied. */
async function prepare(db: Db): Promise<Run[]> {
  const bots = await db.selectFrom('bots').select('id').execute();
  const cured = bots.flatMap(({ id }) =>
    ['/api/d', '/api/e'].map((key) => ({
      bot_id: id,
      key,
      fingerprint: fingerprintOf(id, 'answers-in-time', { category: 'latency', component: key }),
    })),
  );
  await sql`
    WITH executions AS (
      INSERT INTO bot_executions (bot_id, status, started_at, trigger, generation, attempt, fence, lease_until, worker)
      SELECT id, 'running', engine.now(), 'manual', 1, 1, nextval('engine.fence'), engine.now() + interval '1 hour', 'bench'
      FROM bots RETURNING bot_id
    ), cured AS (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(cured)}::jsonb) AS c (bot_id uuid, key text, fingerprint text)
    ), states AS (
      INSERT INTO bot_finding_states (fingerprint, bot_id, check_name, component_key, states, failures_in_row, last_fence)
      SELECT fingerprint, bot_id, 'answers-in-time', key, '{t}', 1, 0 FROM cured
      -- In every round the problem is as new.
      ON CONFLICT (fingerprint) DO UPDATE SET states = '{t}', failures_in_row = 1, clean_in_row = 0, flapping_since = NULL
    ), findings AS (
      INSERT INTO bot_findings (bot_id, severity, category, title, affected_component, check_name, component_key, fingerprint)
      SELECT bot_id, 'medium', 'latency', key || ' answers slowly', key, 'answers-in-time', key, fingerprint FROM cured
      RETURNING id, bot_id, fingerprint
    )
    INSERT INTO bot_actions (bot_id, finding_id, action_type, action_description, success, heal_id, state, fingerprint,
                             remedy, risk, idempotency_key, applied_at)
    SELECT bot_id, id, 'cache.clear', 'Clear the cache', false, gen_random_uuid(), 'applied', fingerprint,
           'cache.clear', 'safe', id::text, engine.now() FROM findings`.execute(db);
  await sql`VACUUM ANALYZE`.execute(db);
  const rows = await db
    .selectFrom('bot_executions as e')
    .innerJoin('bots as b', 'b.id', 'e.bot_id')
    .select(['e.id', 'e.fence', 'e.started_at', 'b.id as bot_id', 'b.name'])
    .where('e.status', '=', 'running')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    fence: row.fence!,
    attempt: 1,
    maxAttempts: 3,
    trigger: 'manual',
    startedAt: row.started_at,
    bot: { id: row.bot_id, name: row.name, endpoint: '/api/bots/bench', config: {} },
    timeoutMs: 60_000,
    pendingEffects: false,
    progress: null,
    signal: new AbortController().signal,
    stop() {},
  }));
}

interface Pass {
  perSecond: number;
  cpuMicros: number;
  p50: number;
  p95: number;
}

/** Records every run, `atOnce` at a time. */
async function pass(db: Db, atOnce: number, record: (run: Run) => Promise<unknown>): Promise<Pass> {
  const waiting = await prepare(db);
  const waits: number[] = [];
  const cpu = process.cpuUsage();
  const began = performance.now();
  async function carry() {
    for (let run = waiting.pop(); run; run = waiting.pop()) {
      const from = performance.now();
      await record(run);
      waits.push(performance.now() - from);
    }
  }
  await Promise.all(Array.from({ length: atOnce }, carry));
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  await check(db);
  return {
    perSecond: runs / seconds,
    cpuMicros: (user + system) / runs,
    p50: quantile(waits, 0.5),
    p95: quantile(waits, 0.95),
  };
}

/** Both ways have to leave the same behind. */
async function check(db: Db): Promise<void> {
  const { rows } = await sql<Record<string, number>>`
    SELECT (SELECT count(*)::int FROM bot_executions WHERE status = 'success') AS ended,
           (SELECT sum(total_runs)::int FROM bots) AS counted,
           (SELECT sum(occurrences)::int FROM bot_findings WHERE resolved_at IS NULL) AS seen,
           (SELECT count(*)::int / 2 FROM bot_actions WHERE state = 'verified') AS verified`.execute(
    db,
  );
  const { ended, counted, seen, verified } = rows[0]!;
  if (counted !== ended || seen !== 3 * ended! || verified !== ended)
    throw new Error(`the recordings do not add up: ${JSON.stringify(rows[0])}`);
}

const medians = (passes: Pass[]): Pass => ({
  perSecond: median(passes.map((each) => each.perSecond)),
  cpuMicros: median(passes.map((each) => each.cpuMicros)),
  p50: median(passes.map((each) => each.p50)),
  p95: median(passes.map((each) => each.p95)),
});

const inWords = ({ perSecond, cpuMicros, p50, p95 }: Pass): string =>
  `${perSecond.toFixed(0)} runs/s, ${cpuMicros.toFixed(0)} us CPU of the client each, waiting p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms`;

/** One execution, three findings, two actions, the counters: at 10 and at 50 at once. */
export async function recording({ db, postgresUrl }: Servers): Promise<Line[]> {
  await plantBots(db, runs, { due: false });
  return [await compare(db, postgresUrl, 10, 2), await compare(db, postgresUrl, 50, 4)];
}

async function compare(db: Db, databaseUrl: string, atOnce: number, goal: number): Promise<Line> {
  const peerDb = connect(databaseUrl, { max: atOnce });
  const writer = openRunWriter({
    databaseUrl,
    worker: 'bench',
    emit: eventsTo(pino({ level: 'warn' })).emit,
  });
  const ours: Pass[] = [];
  const peer: Pass[] = [];
  // The first round warms both up and is not counted.
  for (let round = 0; round <= rounds; round++) {
    const mine = await pass(db, atOnce, (run) => {
      const outcomes = outcomesOf(run);
      return writer.recordAndEnd(run, outcomes, endingOf(outcomes));
    });
    const theirs = await pass(db, atOnce, (run) => {
      const outcomes = outcomesOf(run);
      return recordOne(peerDb, run, outcomes, endingOf(outcomes));
    });
    if (round === 0) continue;
    ours.push(mine);
    peer.push(theirs);
  }
  await writer.close();
  await peerDb.destroy();
  const [mine, theirs] = [medians(ours), medians(peer)];
  const ratio = mine.perSecond / theirs.perSecond;
  return {
    what: `recording runs (1 execution, 3 findings, 2 actions, counters), ${atOnce} at once`,
    ours: inWords(mine),
    peer: `${inWords(theirs)}: one Kysely transaction a run`,
    ratio,
    goal: `${goal} x, waiting no longer`,
    met: ratio >= goal && mine.p95 <= theirs.p95,
  };
}
