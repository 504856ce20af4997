/** An entry and the others that healed in the same period: what each has healed recently, and on which problems it decided. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { responsibleSince, intervalOf, isAboutHealing, looksOf } from './aftermath.ts';

/** A problem that an entry decided on, and how long it existed. */
export interface Problem {
  began: Date;
  /** null while it still exists */
  ended: Date | null;
  /** when it was first left alone, for whatever reason; null when it was healed at once */
  left: Date | null;
}

/** How many of the newest heals of each entry count. */
const maxHeals = 20;
/** With fewer heals, or fewer problems after them, nothing is concluded. */
export const minHeals = 4;
const maxRead = 1_000;

/** What an entry has done recently: its heals, the newest first, and the problems of one bot that it decided on. */
export interface ActiveEntry {
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

/**
 * This entry, and every other entry that healed often enough in the period of this one's newest heals. `judgingActor` is the actor of the engine's own
 * changes of autonomy.
 */
export async function entriesActiveWith(
  db: Db,
  id: string,
  judgingActor: string,
): Promise<ActiveEntry[]> {
  const { rows } = await sql<ActiveEntry>`
    WITH own AS MATERIALIZED (
      SELECT a.taken_at FROM bot_actions a
      WHERE a.knowledge_id = ${id}::uuid AND a.applied_at IS NOT NULL AND a.step = 0
      ORDER BY a.taken_at DESC LIMIT ${sql.lit(maxHeals)}
    ), start AS MATERIALIZED (
      -- Begins a day before the entry's oldest heal, so that two entries that heal in turn are judged by nearly the
      -- same heals, whichever of them is judged.
      SELECT min(taken_at) - interval '1 day' AS at FROM own HAVING count(*) >= ${sql.lit(minHeals)}
    ), around AS MATERIALIZED (
      SELECT a.knowledge_id, a.heal_id, max(a.applied_at) AS at, min(a.taken_at) AS taken_at
      FROM (SELECT a.* FROM start JOIN bot_actions a ON a.taken_at > start.at AND a.applied_at IS NOT NULL
            WHERE a.knowledge_id IS NOT NULL ORDER BY a.taken_at DESC LIMIT ${sql.lit(maxRead)}) a
      GROUP BY a.knowledge_id, a.heal_id
    ), entries AS MATERIALIZED (
      SELECT k.id, k.name, greatest(start.at, ${responsibleSince(sql`k.id`, judgingActor)}) AS since
      FROM bot_knowledge k, start
      WHERE k.id IN (SELECT knowledge_id FROM around GROUP BY 1 HAVING count(*) >= ${sql.lit(minHeals)})
    ), decided AS MATERIALIZED (
      SELECT DISTINCT ON (e.id, f.id) e.id, f.bot_id, f.detected_at AS began, f.resolved_at AS ended,
             CASE WHEN d.verdict <> 'applied' THEN d.decided_at END AS "left"
      FROM entries e JOIN (SELECT * FROM bot_decisions ORDER BY id DESC LIMIT ${sql.lit(maxRead * 5)}) d
        ON d.knowledge_id = e.id AND d.decided_at > e.since
      JOIN bot_findings f ON f.id = d.finding_id
      WHERE f.detected_at IS NOT NULL AND f.bot_id IS NOT NULL AND NOT ${isAboutHealing}
      ORDER BY e.id, f.id, d.id
    )
    SELECT e.id, e.name, h.heals, p.problems, p.bot_id AS bot, b.confirm,
           extract(epoch FROM w.length)::float8 * 1000 AS "intervalMs"
    FROM entries e
    JOIN LATERAL (
      SELECT array_agg(at ORDER BY at DESC) AS heals
      FROM (SELECT at FROM around WHERE knowledge_id = e.id AND taken_at > e.since ORDER BY at DESC
            LIMIT ${sql.lit(maxHeals)}) n
      HAVING count(*) >= ${sql.lit(minHeals)}) h ON true
    JOIN LATERAL (
      SELECT bot_id, jsonb_agg(jsonb_build_object('began', began, 'ended', ended, 'left', "left")) AS problems FROM decided
      WHERE id = e.id GROUP BY bot_id ORDER BY count(*) DESC, bot_id LIMIT 1) p ON true
    JOIN bots b ON b.id = p.bot_id
    CROSS JOIN LATERAL (${intervalOf(sql`b.id`)}) w
    WHERE w.length IS NOT NULL
    ORDER BY e.name`.execute(db);
  return rows.map((row) => ({ ...row, problems: row.problems.map(datesOf) }));
}

/** Parses the times, which are texts in JSON. */
const datesOf = ({ began, ended, left }: Problem): Problem => ({
  began: new Date(began),
  ended: ended && new Date(ended),
  left: left && new Date(left),
});

/** When a bot looked, in the order of time. */
export async function lookTimesOf(db: Db, bot: string): Promise<Date[]> {
  const { rows } = await sql<{ at: Date }>`${looksOf(sql`${bot}::uuid`)} ORDER BY at`.execute(db);
  return rows.map(({ at }) => at);
}
