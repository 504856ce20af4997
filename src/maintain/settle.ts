import { sql } from 'kysely';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { endResolvedSilences } from '../data/bots/bot-silences.ts';
import type { Db } from '../database/connect.ts';
import { judgeEntries } from '../heal/judging/judge.ts';
import { neverTold } from '../heal/verify.ts';

export interface Settled {
  /** cures that outlasted their hold window */
  held: number;
  /** findings that nobody touched and that stayed away as long */
  recovered: number;
  /** cures of which it could not be told whether they helped */
  undecided: number;
  /** changes of how freely an entry may act */
  judged: number;
  /** tickets that say now that their problem began or ceased to come and go */
  noted: number;
  /** silences that lasted until what they named was resolved */
  silences: number;
}

/** How long after its time the last question about a cure may come. */
const lastQuestionMay = '10 minutes';

/** So many rows of each kind at once; the rest follows the next time. */
const most = 500;

/**
 * Draws the conclusions that only time allows. A cure has held, and an untouched finding recovered, when
 * the same check was clean again in a run that began after the hold window. What came in lets the entries
 * be judged anew. Any number of processes may do it at once.
 */
export async function settle(db: Db, catalogue: Catalogue): Promise<Settled> {
  const held = await conclude(db, 'bot_actions', 'state', { from: 'verified', to: 'held' });
  const recovered = await conclude(db, 'bot_decisions', 'outcome', {
    from: 'pending',
    to: 'recovered',
  });
  const undecided = await concludeUnclear(db);
  await unwatch(db);
  const noted = await noteFlapping(db);
  const silences = await endResolvedSilences(db);
  return { held, recovered, undecided, judged: await judgeEntries(db, catalogue), noted, silences };
}

/** Of what outlasted its hold window, in a clean run that began after it. */
const conclude = (
  db: Db,
  table: 'bot_actions' | 'bot_decisions',
  column: 'state' | 'outcome',
  { from, to }: { from: string; to: string },
): Promise<number> =>
  count(
    db,
    sql`
    UPDATE ${sql.table(table)} SET ${sql.ref(column)} = ${sql.lit(to)}, settled_at = engine.now()
    WHERE id IN (
      SELECT w.id FROM ${sql.table(table)} w JOIN bot_finding_states s ON s.fingerprint = w.fingerprint
      WHERE w.${sql.ref(column)} = ${sql.lit(from)} AND w.hold_until <= engine.now() AND s.last_clean_at > w.hold_until
        -- What was left alone of an event check is concluded where its events are counted (src/run/writer/record.ts).
        ${table === 'bot_decisions' ? sql`AND w.tally IS NULL` : sql``}
      -- Locks them, those that have waited longest first; rows that others hold are skipped.
      ORDER BY w.hold_until LIMIT ${sql.lit(most)} FOR NO KEY UPDATE OF w SKIP LOCKED)
    RETURNING id`,
  );

/**
 * Of checks of events: what has been unclear for as long as it is asked about. The last question is a run's own; this
 * is for those whose bot is paused, and for second verdicts that never came.
 */
const concludeUnclear = (db: Db) =>
  count(
    db,
    sql`
    UPDATE bot_actions SET state = 'undecided', success = false, settled_at = engine.now(), error_message = ${neverTold}
    WHERE id IN (
      SELECT a.id FROM bot_actions a LEFT JOIN bot_finding_states s ON s.fingerprint = a.fingerprint
      WHERE a.judge_within IS NOT NULL AND a.state IN ('applied', 'verified')
        AND CASE a.state WHEN 'verified' THEN a.hold_until
            ELSE coalesce(s.cutoff_at, a.verify_after, a.applied_at) + ${sql.lit(lastQuestionMay)}::interval END
            + make_interval(secs => a.judge_within) <= engine.now()
        AND NOT EXISTS (SELECT FROM bot_executions e WHERE e.id = a.execution_id AND e.status = 'running')
      -- Locks bot_actions as they come; rows that others hold are skipped.
      LIMIT ${sql.lit(most)} FOR NO KEY UPDATE OF a SKIP LOCKED)
      AND state IN ('applied', 'verified')
    RETURNING id`,
  );

/** A memory on whose results no outcome waits any more need not listen to clean ones. */
const unwatch = (db: Db) =>
  count(
    db,
    sql`
    UPDATE bot_finding_states SET watched = false
    WHERE fingerprint IN (
      SELECT s.fingerprint FROM bot_finding_states s
      WHERE s.watched
        AND NOT EXISTS (SELECT FROM bot_findings f WHERE f.bot_id = s.bot_id AND f.fingerprint = s.fingerprint AND f.resolved_at IS NULL)
        AND NOT EXISTS (SELECT FROM bot_actions a WHERE a.fingerprint = s.fingerprint AND a.state IN ('intent', 'applied', 'verified'))
        AND NOT EXISTS (SELECT FROM bot_decisions d WHERE d.fingerprint = s.fingerprint AND d.outcome = 'pending')
      -- Locks bot_finding_states as they come; rows that others hold are skipped.
      LIMIT ${sql.lit(most)} FOR NO KEY UPDATE SKIP LOCKED)
    RETURNING fingerprint`,
  );

/**
 * One ticket for a problem that comes and goes: it says since when, and that it has ended. That may be by the
 * very result that resolves it.
 */
const noteFlapping = (db: Db) =>
  count(
    db,
    sql`
    WITH begun AS (
      SELECT t.id, s.flapping_since FROM bot_tickets t JOIN bot_finding_states s ON s.fingerprint = t.fingerprint
      WHERE t.status IN ('open', 'assigned') AND s.flapping_since IS NOT NULL
        AND NOT coalesce(t.metadata ? 'flapping_since', false)
      -- Locks bot_tickets as they come; rows that others hold are skipped.
      LIMIT ${sql.lit(most)} FOR NO KEY UPDATE OF t SKIP LOCKED
    ), ended AS (
      SELECT t.id, s.flapping_since FROM bot_tickets t JOIN bot_finding_states s ON s.fingerprint = t.fingerprint
      WHERE t.metadata ? 'flapping_since' AND t.status <> 'closed' AND s.flapping_since IS NULL
      -- Locks bot_tickets as they come; rows that others hold are skipped.
      LIMIT ${sql.lit(most)} FOR NO KEY UPDATE OF t SKIP LOCKED
    ), due AS MATERIALIZED (
      SELECT * FROM begun UNION ALL SELECT * FROM ended
    ), noted AS (
      UPDATE bot_tickets t
      SET metadata = CASE WHEN due.flapping_since IS NULL THEN t.metadata - 'flapping_since'
                     ELSE coalesce(t.metadata, '{}') || jsonb_build_object('flapping_since', due.flapping_since) END
      FROM due WHERE t.id = due.id
    )
    INSERT INTO bot_ticket_events (ticket_id, event, actor, detail, created_at)
    SELECT id, 'noted', 'roundsman',
           CASE WHEN flapping_since IS NULL THEN '{"flapping": "ended"}'::jsonb
           ELSE jsonb_build_object('flapping', 'began', 'since', flapping_since) END, engine.now()
    FROM due RETURNING id`,
  );

const count = async (db: Db, query: ReturnType<typeof sql>): Promise<number> =>
  (await query.execute(db)).rows.length;
