/** Random platforms, and what of them has to stay. */
import { sql } from 'kysely';
import type { Db } from '../../src/database/connect.ts';
import {
  addBot,
  addDecision,
  addEntry,
  addFinding,
  addHeal,
  addLogs,
  addMemory,
  addRun,
  addTicket,
  grouped,
  logTables,
  rolledUp,
} from './retention-scene.ts';

/** mulberry32: the same numbers for the same seed */
function numbers(seed: number) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    chance: (share: number) => next() < share,
    upTo: (most: number) => next() * most,
    of: <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!,
  };
}

export async function plant(db: Db, seed: number): Promise<void> {
  const { chance, upTo, of } = numbers(seed);
  const bots = [await addBot(db), await addBot(db)];
  const entries = [await addEntry(db), await addEntry(db)];
  const causes: string[] = [];
  for (let n = 0; n < 60; n += 1) {
    const [bot, entry, print] = [of(bots), of(entries), `p${Math.floor(upTo(25))}-${n % 7}`];
    const days = upTo(1_500);
    const run = await addRun(
      db,
      bot,
      chance(0.05) ? null : days,
      of(['success', 'failed', 'timeout']),
    );
    if (chance(0.3)) continue;
    const resolved = chance(0.15) ? null : days * upTo(1);
    const { rows } =
      await sql`SELECT FROM bot_findings WHERE bot_id = ${bot} AND fingerprint = ${print} AND resolved_at IS NULL`.execute(
        db,
      );
    if (rows.length > 0) continue;
    const cause = chance(0.3) && causes.length > 0 ? of(causes) : null;
    const finding = await addFinding(db, { bot, run, found: days, resolved, cause, print });
    causes.push(finding);
    if (chance(0.7)) await addMemory(db, { bot, run, print });
    if (chance(0.4)) {
      const closed = resolved === null || chance(0.1) ? null : resolved * upTo(1);
      const { rows: open } =
        await sql`SELECT FROM bot_tickets WHERE fingerprint = ${print} AND status = 'open'`.execute(
          db,
        );
      if (closed !== null || open.length === 0)
        await addTicket(db, {
          bot,
          finding: chance(0.9) ? finding : null,
          print,
          closed,
          by: chance(0.3) ? 'ann' : 'roundsman',
        });
    }
    if (chance(0.5))
      await addDecision(db, {
        bot,
        run: chance(0.8) ? run : null,
        finding: chance(0.9) ? finding : null,
        entry,
        print,
        days,
        ...(chance(0.3) ? { outcome: of(['recovered', 'persisted', 'pending', 'touched']) } : {}),
        ...(chance(0.2) ? { answer: of(['approved', 'rejected']) } : {}),
      });
    const { rows: unfinished } =
      await sql`SELECT FROM bot_actions WHERE fingerprint = ${print} AND state IN ('intent', 'applied', 'unknown')`.execute(
        db,
      );
    if (chance(0.6) && unfinished.length === 0)
      await addHeal(db, {
        bot,
        run: chance(0.8) ? run : null,
        finding: chance(0.9) ? finding : null,
        entry: chance(0.9) ? entry : null,
        print,
        days,
        states: [
          ...(chance(0.3) ? ['failed'] : []),
          of([
            'held',
            'held',
            'relapsed',
            'failed',
            'undone',
            'aborted',
            'undecided',
            'intent',
            'applied',
            'unknown',
          ]),
        ],
        undo: chance(0.1),
      });
  }
  // Enough heals of one entry that old ones do not count any more.
  await sql`INSERT INTO bot_actions (bot_id, knowledge_id, heal_id, action_type, action_description, success, state, fingerprint, remedy, risk,
              idempotency_key, taken_at, applied_at, settled_at)
            SELECT ${bots[0]}, ${entries[0]}, gen_random_uuid(), 'x', 'd', true, 'held', 'many', 'r', 'safe', 'key' || n, at, at, at
            FROM generate_series(1, 520) n, LATERAL (SELECT engine.now() - make_interval(days => 600 + n) AS at) t`.execute(
    db,
  );
  for (const table of logTables)
    for (let n = 0; n < 12; n += 1) await addLogs(db, table, upTo(500) - 3, Math.floor(upTo(30)));
  await rolledUp(db);
  await grouped(db);
}

/** What may never go, whatever its age: ids by table. */
export async function needed(db: Db): Promise<Record<string, string[]>> {
  const ids = async (query: ReturnType<typeof sql>) =>
    (
      await sql<{ id: string }>`SELECT id::text FROM (${query}) needed ORDER BY 1`.execute(db)
    ).rows.map(({ id }) => id);
  const open = sql`SELECT f.id FROM bot_findings f WHERE f.resolved_at IS NULL`;
  const tickets = sql`SELECT t.id, t.finding_id FROM bot_tickets t WHERE t.status <> 'closed' OR EXISTS (
    SELECT FROM bot_ticket_events e WHERE e.ticket_id = t.id AND e.actor <> 'roundsman')`;
  const actions = sql`SELECT a.* FROM bot_actions a WHERE a.state IN ('intent', 'applied', 'unknown') OR a.undo_requested_at IS NOT NULL
    OR a.finding_id IN (${open})`;
  const decisions = sql`SELECT d.* FROM bot_decisions d WHERE d.outcome = 'pending' OR d.answer IS NOT NULL OR d.finding_id IN (${open})`;
  const findings = sql`SELECT f.* FROM bot_findings f WHERE f.resolved_at IS NULL OR f.resolved_at > engine.now() - interval '399 days'
    OR f.id IN (SELECT finding_id FROM (${tickets}) t UNION SELECT finding_id FROM (${actions}) a UNION SELECT finding_id FROM (${decisions}) d)`;
  return {
    findings: await ids(findings),
    tickets: await ids(tickets),
    actions: await ids(actions),
    decisions: await ids(decisions),
    runs: await ids(sql`SELECT e.id FROM bot_executions e WHERE e.completed_at IS NULL OR e.completed_at > engine.now() - interval '89 days'
      OR e.id IN (SELECT execution_id FROM (${findings}) f UNION SELECT execution_id FROM (${actions}) a UNION SELECT execution_id FROM (${decisions}) d)`),
    memories: await ids(sql`SELECT s.fingerprint AS id FROM bot_finding_states s WHERE EXISTS (
      SELECT FROM bot_findings f WHERE f.fingerprint = s.fingerprint AND f.bot_id = s.bot_id AND f.resolved_at IS NULL)`),
    figures: await ids(
      sql`SELECT name || ' ' || times_applied || ' ' || times_successful || ' ' || success_rate AS id FROM bot_knowledge`,
    ),
    counted:
      await ids(sql`SELECT concat_ws(' ', c.knowledge_id, times_applied, times_successful, success_rate) AS id
      FROM engine.counted(ARRAY(SELECT id FROM bot_knowledge)) c`),
    references:
      await ids(sql`SELECT concat_ws(' ', 'f', id, execution_id, suppressed_by) AS id FROM (${findings}) f
      UNION SELECT concat_ws(' ', 'a', id, execution_id, finding_id) FROM (${actions}) a
      UNION SELECT concat_ws(' ', 'd', id, execution_id, finding_id) FROM (${decisions}) d`),
  };
}

/** The figures by day. */
export const perDay = async (db: Db) =>
  (
    await sql<{ day: string }>`
    SELECT kind || ' ' || starts_at || ' ' || sum(events) AS day FROM engine.rollups WHERE period = 'day' GROUP BY kind, starts_at ORDER BY 1`.execute(
      db,
    )
  ).rows.map(({ day }) => day);
