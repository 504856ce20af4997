/** Reads behind bars and figures of pace: what they count, and that they read no more than they show. */
import { Kysely, PostgresDialect, sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { findingsADay } from '../../src/data/trends/findings-a-day.ts';
import { newestOutcomes } from '../../src/data/trends/newest-outcomes.ts';
import { queueDepth, schedulerLag } from '../../src/data/trends/pace.ts';
import { runsOfBots } from '../../src/data/trends/runs-of-bots.ts';
import { pool, type Database, type Db } from '../../src/database/connect.ts';
import { insertHeal, insertKnowledge } from '../cli/knowledge-rows.ts';
import { ago, insertBot, insertFinding, insertRun } from '../cli/rows.ts';
import { testDatabase } from '../support/database.ts';

const { db, url } = await testDatabase();
beforeEach(async () => {
  await sql`TRUNCATE bots, bot_knowledge CASCADE`.execute(db);
});

const waiting = { status: 'queued', completed_at: null, execution_time_ms: null } as const;

describe('the last runs of bots', () => {
  test('are the newest, the oldest of them first, and only those that were runs', async () => {
    const bot = await insertBot(db, 'b');
    await insertBot(db, 'a');
    await insertRun(db, bot, 9, { execution_time_ms: 900 });
    await insertRun(db, bot, 8, { status: 'failed', execution_time_ms: 100 });
    await insertRun(db, bot, 7, { status: 'skipped', execution_time_ms: null });
    await insertRun(db, bot, 6, { trigger: 'verify', execution_time_ms: 5_000 });
    await insertRun(db, bot, 5, { execution_time_ms: 200 });
    // The duration of an attempt before this one.
    await insertRun(db, bot, 1, {
      ...waiting,
      status: 'running',
      worker: 'w',
      fence: 1,
      lease_until: ago(-5),
      execution_time_ms: 7_000,
    });
    const found = await runsOfBots(db, { first: [bot], bots: 10, shown: 3 });
    expect(found).toMatchObject([
      {
        name: 'b',
        p95_ms: 900,
        timed: 3,
        runs: [
          { status: 'failed', execution_time_ms: 100 },
          { status: 'success', execution_time_ms: 200 },
          { status: 'running', execution_time_ms: null },
        ],
      },
      { name: 'a', p95_ms: null, timed: 0, runs: [] },
    ]);
    expect(found[0]!.runs[0]!.started_at).toBeInstanceOf(Date);
  });

  test('no more bots than asked for, removed ones left out, those that were named first', async () => {
    const ids = await Promise.all(['a', 'b', 'c', 'd'].map((name) => insertBot(db, name)));
    await sql`UPDATE bots SET removed_at = now(), status = 'disabled' WHERE name = 'a'`.execute(db);
    const found = await runsOfBots(db, { first: [ids[3]!, ids[0]!], bots: 2, shown: 5 });
    expect(found.map(({ name }) => name)).toEqual(['d', 'b']);
  });
});

test('the depth of the queue is what is due and what is not yet, without rows of the platform', async () => {
  expect(await queueDepth(db)).toEqual({ due: 0, later: 0, since: null });
  const bot = await insertBot(db, 'a');
  await insertRun(db, bot, 4, waiting);
  await insertRun(db, bot, 2, waiting);
  await insertRun(db, bot, 9, { ...waiting, run_after: ago(-5) });
  await insertRun(db, bot, 9, { ...waiting, trigger: 'external', attempt: 0 });
  await insertRun(db, bot, 9);
  const { since, ...counts } = await queueDepth(db);
  expect(counts).toEqual({ due: 2, later: 1 });
  expect(Date.now() - since!.getTime()).toBeGreaterThan(235_000);
});

test('the lag is from slots to their claims; of bots with jitter, other triggers and skipped slots nothing is said', async () => {
  const none = { p95_ms: null, newest_ms: null, slots: 0 };
  expect(await schedulerLag(db)).toEqual(none);
  const bot = await insertBot(db, 'a');
  const late = await insertBot(db, 'late', { jitter_seconds: 600 });
  const claimed = (id: string, minutes: number, lagMs: number, values: object = {}) =>
    insertRun(db, id, minutes, {
      trigger: 'schedule',
      scheduled_for: sql<Date>`engine.now() - make_interval(mins => ${minutes}, secs => ${lagMs / 1000})`,
      ...values,
    });
  await claimed(late, 1, 300_000);
  await claimed(bot, 2, 90_000, { status: 'skipped', reason: 'overlap' });
  await insertRun(db, bot, 3);
  await claimed(bot, 60 * 25, 80_000);
  expect(await schedulerLag(db)).toEqual(none);
  await claimed(bot, 5, 400);
  await claimed(bot, 10, 2_000);
  const { p95_ms, newest_ms, slots } = await schedulerLag(db);
  expect(slots).toBe(2);
  // engine.now() goes on between the two columns of a row.
  expect(Math.round(p95_ms! / 100)).toBe(20);
  expect(Math.round(newest_ms! / 100)).toBe(4);
});

test('findings a day are those of each day, days without one too, of one bot and one severity', async () => {
  const [bot, other] = [await insertBot(db, 'a'), await insertBot(db, 'b')];
  const detected = (id: string, days: number, severity: 'high' | 'low') =>
    insertFinding(db, id, `${days} ${severity}`, { detected_at: ago(days * 1_440), severity });
  await detected(bot, 0, 'high');
  await detected(bot, 2, 'low');
  await detected(other, 2, 'high');
  await detected(bot, 40, 'high');
  const counts = async (filter: object) =>
    (await findingsADay(db, { days: 4, ...filter })).map((day) => day.detected);
  expect(await counts({})).toEqual([0, 2, 0, 1]);
  expect(await counts({ botId: bot })).toEqual([0, 1, 0, 1]);
  expect(await counts({ severity: ['high'] })).toEqual([0, 1, 0, 1]);
  const days = await findingsADay(db, { days: 4 });
  const today = await sql<{ day: string }>`
    SELECT to_char(engine.now() AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day`.execute(db);
  expect(days.at(-1)!.day).toBe(today.rows[0]!.day);
  await expect(findingsADay(db, { days: 0 })).rejects.toThrow('days');
});

test('outcomes of an entry are its newest, the oldest of them first, without what is not decided', async () => {
  const bot = await insertBot(db, 'a');
  const [cure, other] = [await insertKnowledge(db, 'cure'), await insertKnowledge(db, 'other')];
  for (const [state, minutes] of [
    ['failed', 9],
    ['held', 8],
    ['verified', 7],
    ['undone', 6],
    ['held', 5],
  ] as const)
    await insertHeal(db, bot, cure, state, { taken_at: ago(minutes), settled_at: ago(minutes) });
  const found = await newestOutcomes(db, [cure, other], 3);
  expect(found.get(cure)!.map(({ outcome }) => outcome)).toEqual(['held', 'relapsed', 'held']);
  expect(found.get(other)).toEqual([]);
});

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  Plans?: PlanNode[];
}

/** The rows that each table of a statement gave to its filters, and which tables were read from beginning to end. */
async function readBy(ask: (db: Db) => Promise<unknown>) {
  const asked: { sql: string; parameters: readonly unknown[] }[] = [];
  const connections = pool(url, { max: 1, statementTimeoutMs: 0 });
  const watched = new Kysely<Database>({
    dialect: new PostgresDialect({ pool: connections }),
    log: ({ query }) => void asked.push(query),
  });
  try {
    await ask(watched);
    const [{ sql: text, parameters }] = asked as [(typeof asked)[number]];
    const { rows } = await connections.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, [
      ...parameters,
    ]);
    const read = new Map<string, number>();
    const scanned: string[] = [];
    const walk = (node: PlanNode): void => {
      const table = node['Relation Name'];
      if (table) {
        const loops = node['Actual Loops'];
        const each = node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0);
        read.set(table, (read.get(table) ?? 0) + each * loops);
        if (node['Node Type'] === 'Seq Scan') scanned.push(table);
      }
      node.Plans?.forEach(walk);
    };
    walk(rows[0]['QUERY PLAN'][0].Plan);
    return { read, scanned };
  } finally {
    await watched.destroy();
  }
}

test('each reads the newest rows and no more, however many there are', async () => {
  await sql`
    INSERT INTO bots (name, display_name, schedule_cron, api_endpoint)
    SELECT 'bot-' || lpad(n::text, 4, '0'), 'Bot', '* * * * *', 'bot:x' FROM generate_series(1, 20) n`.execute(
    db,
  );
  // Each bot has run for a long time, and the first by name not for a while.
  await sql`
    INSERT INTO bot_executions (bot_id, status, trigger, started_at, queued_at, scheduled_for, completed_at, execution_time_ms)
    SELECT b.id, 'success', 'schedule', t.at, t.at, t.at, t.at, n
    FROM generate_series(1, 150) n CROSS JOIN bots b
    CROSS JOIN LATERAL (SELECT now() - n * interval '1 minute' - CASE WHEN b.name = 'bot-0001' THEN interval '99 days' ELSE '0' END AS at) t`.execute(
    db,
  );
  await sql`
    INSERT INTO bot_findings (bot_id, severity, category, title, check_name, component_key, fingerprint, detected_at, resolved_at,
                              resolution_method)
    SELECT b.id, 'high', 'c', 't', 'k', 'c', b.id || ' ' || n, now() - n * interval '1 day', now(), 'cleared'
    FROM generate_series(1, 300) n CROSS JOIN bots b`.execute(db);
  const knowledge = await insertKnowledge(db, 'cure');
  await sql`
    INSERT INTO bot_actions (bot_id, knowledge_id, heal_id, idempotency_key, fingerprint, category, state, success, action_type,
                             action_description, remedy, risk, taken_at, applied_at, settled_at)
    SELECT (SELECT id FROM bots LIMIT 1), ${knowledge}::uuid, gen_random_uuid(), n, n, 'c', 'held', true, 'a', 'a', 'a', 'safe',
           now() - n * interval '1 minute', now() - n * interval '1 minute', now() FROM generate_series(1, 2000) n`.execute(
    db,
  );
  await sql`ANALYZE bots, bot_executions, bot_findings, bot_actions`.execute(db);

  const runs = await readBy((watched) => runsOfBots(watched, { first: [], bots: 10, shown: 20 }));
  expect(runs.scanned.filter((table) => table !== 'bots')).toEqual([]);
  // Among so few the planner may also take all runs of a bot by the index, and sort them.
  expect(runs.read.get('bot_executions')).toBeLessThanOrEqual(10 * 150);

  const depth = await readBy(queueDepth);
  expect(depth.scanned).toEqual([]);
  expect(depth.read.get('bot_executions') ?? 0).toBe(0);

  const lag = await readBy(schedulerLag);
  expect(lag.scanned.filter((table) => table !== 'bots')).toEqual([]);
  expect(lag.read.get('bot_executions')).toBeLessThanOrEqual(500);

  const days = await readBy((watched) => findingsADay(watched, { days: 14 }));
  expect(days.scanned).toEqual([]);
  expect(days.read.get('bot_findings')).toBeLessThanOrEqual(20 * 14);

  const outcomes = await readBy((watched) => newestOutcomes(watched, [knowledge], 20));
  expect(outcomes.scanned).toEqual([]);
  expect(outcomes.read.get('bot_actions')).toBeLessThanOrEqual(2 * 200);
});
