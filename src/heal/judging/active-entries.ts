/** What entries have recently healed and decided on, side by side. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { answersSince, intervalOf, isOfLoops, looksOf } from './aftermath.ts';

/** A problem that an entry decided on, and how long it existed. */
export interface Problem {
  began: Date;
  /** null while it still exists */
  ended: Date | null;
  /** when it was first left alone, for whatever reason; null when it was healed at once */
  left: Date | null;
}

/** How many of the newest heals of each entry count. */
const newest = 20;
/** With fewer answers nothing is concluded. */
export const fewest = 4;
const maxRead = 1_000;

/** What an entry has done recently, the newest first; its problems are those of one bot. */
export interface Active {
  id: string;
  name: string;
  heals: Date[];
  problems: Problem[];
  bot: string;
  /** the usual time between two looks of that bot */
  intervalMs: number;
  /** how many looks in a row must find a problem before it counts */
  confirm: number;
}

/** This entry, and the entries that healed at the same time often enough. */
export async function activeAround(db: Db, id: string, judge: string): Promise<Active[]> {
  const { rows } = await sql<Active>`
    WITH own AS MATERIALIZED (
      SELECT a.taken_at FROM bot_actions a
      WHERE a.knowledge_id = ${id}::uuid AND a.applied_at IS NOT NULL AND a.step = 0
      ORDER BY a.taken_at DESC LIMIT ${sql.lit(newest)}
    ), start AS MATERIALIZED (
      -- Also reads rows from before the entry's own heals, so that each of two entries sees the same about the other
      -- one.
      SELECT min(taken_at) - interval '1 day' AS at FROM own HAVING count(*) >= ${sql.lit(fewest)}
    ), around AS MATERIALIZED (
      SELECT a.knowledge_id, a.heal_id, max(a.applied_at) AS at, min(a.taken_at) AS taken_at
      FROM (SELECT a.* FROM start JOIN bot_actions a ON a.taken_at > start.at AND a.applied_at IS NOT NULL
            WHERE a.knowledge_id IS NOT NULL ORDER BY a.taken_at DESC LIMIT ${sql.lit(maxRead)}) a
      GROUP BY a.knowledge_id, a.heal_id
    ), entries AS MATERIALIZED (
      SELECT k.id, k.name, greatest(start.at, ${answersSince(sql`k.id`, judge)}) AS since
      FROM bot_knowledge k, start
      WHERE k.id IN (SELECT knowledge_id FROM around GROUP BY 1 HAVING count(*) >= ${sql.lit(fewest)})
    ), decided AS MATERIALIZED (
      SELECT DISTINCT ON (e.id, f.id) e.id, f.bot_id, f.detected_at AS began, f.resolved_at AS ended,
             CASE WHEN d.verdict <> 'applied' THEN d.decided_at END AS "left"
      FROM entries e JOIN (SELECT * FROM bot_decisions ORDER BY id DESC LIMIT ${sql.lit(maxRead * 5)}) d
        ON d.knowledge_id = e.id AND d.decided_at > e.since
      JOIN bot_findings f ON f.id = d.finding_id
      WHERE f.detected_at IS NOT NULL AND f.bot_id IS NOT NULL AND NOT ${isOfLoops}
      ORDER BY e.id, f.id, d.id
    )
    SELECT e.id, e.name, h.heals, p.problems, p.bot_id AS bot, b.confirm,
           extract(epoch FROM w.length)::float8 * 1000 AS "intervalMs"
    FROM entries e
    JOIN LATERAL (
      SELECT array_agg(at ORDER BY at DESC) AS heals
      FROM (SELECT at FROM around WHERE knowledge_id = e.id AND taken_at > e.since ORDER BY at DESC
            LIMIT ${sql.lit(newest)}) n
      HAVING count(*) >= ${sql.lit(fewest)}) h ON true
    JOIN LATERAL (
      SELECT bot_id, jsonb_agg(jsonb_build_object('began', began, 'ended', ended, 'left', "left")) AS problems FROM decided
      WHERE id = e.id GROUP BY bot_id ORDER BY count(*) DESC, bot_id LIMIT 1) p ON true
    JOIN bots b ON b.id = p.bot_id
    CROSS JOIN LATERAL (${intervalOf(sql`b.id`)}) w
    WHERE w.length IS NOT NULL
    ORDER BY e.name`.execute(db);
  return rows.map((row) => ({ ...row, problems: row.problems.map(datesOf) }));
}

/** Parses the times, which JSON holds as text. */
const datesOf = ({ began, ended, left }: Problem): Problem => ({
  began: new Date(began),
  ended: ended && new Date(ended),
  left: left && new Date(left),
});

/** When a bot looked, in the order of time. */
export async function looksAt(db: Db, bot: string): Promise<Date[]> {
  const { rows } = await sql<{ at: Date }>`${looksOf(sql`${bot}::uuid`)} ORDER BY at`.execute(db);
  return rows.map(({ at }) => at);
}
