/**
 * Load by people and schedules who do everything at the same time: their transactions must not make a deadlock with those
 * of the engine.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import {
  answerSuggestion,
  assignTicket,
  editKnowledge,
  requestUndo,
  resolveTicket,
  setAutonomyOn,
} from '../support/transitions.ts';
import { correctDifferences } from '../../src/data/bots/bot-knowledge.ts';
import { cancelRun } from '../../src/transitions/runs/cancel.ts';
import { queueManualRun } from '../../src/services/runs/queue.ts';
import { addSilence } from '../../src/data/bots/bot-silences.ts';
import { editBot } from '../../src/transitions/bots/edit.ts';
import { pauseBot } from '../../src/transitions/bots/pause.ts';
import { resumeBot } from '../../src/transitions/bots/resume.ts';
import type { Db } from '../../src/database/connect.ts';
import { RoundsmanError } from '../../src/ground/errors.ts';
import { backfill } from '../../src/schedule/backfill.ts';

/** How many entries of knowledge cure the cases; each case belongs to one of them. */
const entries = 8;
/** How many sites get cases in one burst. */
const sites = 10;

export interface HammerOptions {
  /** how many bots come due together; each of them has a site with cases */
  bots: number;
  /** how many people work at the same time */
  people: number;
  /** the time after which all bots come due again */
  burstEveryMs: number;
}

/** Plants bots with several runs at once, and entries whose remedies can be undone, and lifts the limits of healing. */
export async function prepare(db: Db, { bots }: HammerOptions): Promise<void> {
  await sql`
    INSERT INTO bots (name, display_name, schedule_cron, api_endpoint, config, concurrency, overlap, timeout_seconds, max_attempts)
    SELECT 'hammer-' || n, 'Hammer ' || n, '* * * * *', '/api/bots/nurse',
           jsonb_build_object('maxMs', 20, 'site', 'hammer-' || n), 3, 'queue', 30, 6
    FROM generate_series(1, ${bots}::int) n`.execute(db);
  await sql`
    INSERT INTO bot_knowledge (name, category, issue_pattern, solution, autonomy)
    SELECT 'hammer-' || n, 'case', '/nail-' || n || '-', E'steps:\n  - remedy: case.close\n', 'auto'
    FROM generate_series(1, ${entries}::int) n`.execute(db);
  await sql`
    UPDATE engine.settings SET value = value || '{"cooldown_minutes": 0, "heals_per_entry": 100000, "heals_per_day": 100000,
      "breaker_failures": 100000, "storm_share": 1, "hold_minutes": 0}' WHERE key = 'healing'`.execute(
    db,
  );
  await sql`UPDATE engine.settings SET value = '{"heals_per_hour": 100000}' WHERE key = 'budget'`.execute(
    db,
  );
  await sql`UPDATE engine.settings SET value = '"auto"' WHERE key = 'mode'`.execute(db);
}

const one = async <Row>(db: Db, query: ReturnType<typeof sql<Row>>): Promise<Row | undefined> =>
  (await query.execute(db)).rows[0];
const anyOf = <Row>(db: Db, table: string, where = sql`true`) =>
  one<Row>(
    db,
    sql<Row>`SELECT * FROM ${sql.table(table)} WHERE ${where} ORDER BY random() LIMIT 1`,
  );
type Id = { id: string };
const isHammer = sql`name LIKE 'hammer-%'`;
const aBot = (db: Db) => anyOf<Id & { status: 'active' | 'paused' }>(db, 'bots', isHammer);
const pendingTicket = sql`status IN ('open', 'assigned')`;

/** What a person may do; each time a person picks one of these. A deed that has nothing to do is a success, too. */
const deeds: ((db: Db) => Promise<unknown>)[] = [
  async (db) => {
    const run = await anyOf<Id>(db, 'bot_executions', sql`status IN ('queued', 'running')`);
    if (run) await cancelRun(db, run.id, null);
  },
  async (db) => {
    const ticket = await anyOf<never>(db, 'bot_tickets', pendingTicket);
    const knowledge = await anyOf<Id & { name: string }>(db, 'bot_knowledge', isHammer);
    const cure = Math.random() < 0.5 ? undefined : { knowledge: knowledge ?? null };
    if (ticket) await resolveTicket(db, ticket, 'it was hammered', 'ann', cure);
  },
  async (db) => {
    const ticket = await anyOf<never>(db, 'bot_tickets', pendingTicket);
    if (ticket) await assignTicket(db, ticket, 'bob', 'ann');
  },
  async (db) => {
    const action = await anyOf<Id>(
      db,
      'bot_actions',
      sql`applied_at IS NOT NULL AND state <> 'undone'`,
    );
    if (action) await requestUndo(db, action.id, 'ann');
  },
  async (db) => {
    const bot = await aBot(db);
    const config = { maxMs: Math.floor(Math.random() * 30) };
    if (bot)
      await db.transaction().execute((trx) =>
        editBot(trx, bot.id, (row) => ({
          config: JSON.stringify({ ...(row.config as object), ...config }),
          jitter_seconds: Math.floor(Math.random() * 2),
        })),
      );
  },
  async (db) => {
    const bot = await aBot(db);
    if (!bot) return;
    await pauseBot(db, { id: bot.id, status: 'active' }, 'hammered');
    await resumeBot(db, { id: bot.id, status: 'paused' });
  },
  async (db) => {
    const bot = await aBot(db);
    if (bot) await queueManualRun(db, bot.id);
  },
  async (db) => {
    const bot = await aBot(db);
    const request = { since: { secondsAgo: 300 }, limit: 10, dryRun: false };
    if (bot) await backfill(db, bot.id, request);
  },
  async (db) => {
    const entry = await anyOf<Id>(db, 'bot_knowledge', isHammer);
    const days = 30 + Math.floor(Math.random() * 60);
    if (entry)
      await editKnowledge(db, entry.id, () => ({ half_life_days: days, autonomy: 'auto' }), {
        actor: 'ann',
      });
  },
  async (db) => {
    const entry = await anyOf<Id>(db, 'bot_knowledge', isHammer);
    const autonomy = Math.random() < 0.3 ? 'suggest' : 'auto';
    if (entry)
      await setAutonomyOn(db, entry.id, `hammer-${Math.ceil(Math.random() * 9)}`, autonomy, {
        actor: 'ann',
      });
  },
  (db) => correctDifferences(db),
  async (db) => {
    const bot = await aBot(db);
    const unset = { component: null, category: null, fingerprint: null };
    if (bot)
      await addSilence(db, {
        ...unset,
        bot_id: bot.id,
        owner: 'ann',
        reason: 'noise',
        seconds: 2,
      });
  },
  async (db) => {
    const decision = await anyOf<
      Id & { bot_id: string; fingerprint: string; answer: 'approved' | 'rejected' | null }
    >(db, 'bot_decisions', sql`verdict = 'suggested'`);
    if (!decision) return;
    const ticket = await anyOf<never>(
      db,
      'bot_tickets',
      sql`fingerprint = ${decision.fingerprint}`,
    );
    const answered = { answer: Math.random() < 0.5 ? 'approved' : 'rejected', by: 'ann' } as const;
    if (ticket)
      await answerSuggestion(
        db,
        ticket,
        { id: decision.id, name: 'hammer', answer: decision.answer },
        answered,
      );
  },
];

/**
 * Makes all bots due, and adds cases in some sites. It locks the bots in the order of their ids, as all code does that
 * locks many bots.
 */
async function burst(db: Db, turn: number, share: number): Promise<void> {
  await sql`
    INSERT INTO chaos.cases (site, name)
    SELECT name, name || '/nail-' || 1 + (${turn}::int + k) % ${entries}::int || '-' || ${turn}::int
    FROM bots, generate_series(1, 2) k WHERE ${isHammer} AND random() < ${share} ON CONFLICT DO NOTHING`.execute(
    db,
  );
  await sql`
    WITH due AS (SELECT id FROM bots WHERE ${isHammer} AND status = 'active' AND next_slot_at IS NOT NULL
                 ORDER BY id FOR NO KEY UPDATE)
    UPDATE bots b SET next_slot_at = date_trunc('second', engine.now()), next_execution_at = engine.now()
    FROM due WHERE b.id = due.id`.execute(db);
}

export interface HammerResult {
  deeds: number;
  /** how often each message of an unexpected error came; refusals (RoundsmanError) do not count */
  failed: Map<string, number>;
}

/** Makes this load for `forMs` ms. Errors of what people do are counted, and do not reject. */
export async function hammer(
  db: Db,
  { bots, people, burstEveryMs }: HammerOptions,
  forMs: number,
): Promise<HammerResult> {
  const until = performance.now() + forMs;
  const result: HammerResult = { deeds: 0, failed: new Map() };
  const isOn = () => performance.now() < until;
  const tryDeed = async (deed: () => Promise<unknown>) => {
    try {
      await deed();
      result.deeds += 1;
    } catch (error) {
      if (error instanceof RoundsmanError) return;
      const message = String((error as Error).message);
      result.failed.set(message, (result.failed.get(message) ?? 0) + 1);
    }
  };
  const person = async () => {
    while (isOn()) {
      await tryDeed(() => deeds[Math.floor(Math.random() * deeds.length)]!(db));
      await sleep(Math.random() * 20);
    }
  };
  const bursts = async () => {
    for (let turn = 1; isOn(); turn += 1) {
      await tryDeed(() => burst(db, turn, Math.min(1, sites / bots)));
      await sleep(Math.min(burstEveryMs, Math.max(0, until - performance.now())));
    }
  };
  await Promise.all([bursts(), ...Array.from({ length: people }, person)]);
  return result;
}

/** How many deadlocks the server has counted in this database. */
export async function countDeadlocks(db: Db): Promise<number> {
  const row = await one<{ count: number }>(
    db,
    sql`SELECT deadlocks::int AS count FROM pg_stat_database WHERE datname = current_database()`,
  );
  return row!.count;
}

/** Pauses all bots, so that no further slot comes due. */
export const pauseAll = (db: Db) =>
  sql`
    UPDATE bots SET status = 'paused'
    WHERE id IN (SELECT id FROM bots WHERE status = 'active' ORDER BY id FOR NO KEY UPDATE)`.execute(
    db,
  );
