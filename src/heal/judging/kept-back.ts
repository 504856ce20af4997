/**
 * What happened while the daily limit over all components stopped an entry from healing. If the entry itself causes
 * what it heals, no new problem begins in that time.
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { answersSince, isOfLoops } from './aftermath.ts';

/** A time in which the entry healed nothing because of that limit, though it had something to heal; in milliseconds. */
export interface Rest {
  from: number;
  /** its next heal, or now */
  until: number;
  /** the share of its components that were not broken by then, and could have broken: 0 to 1 */
  whole: number;
  /** how many problems began meanwhile at the bots whose findings it heals */
  began: number;
}

/** The last three days of an entry. */
export interface Days {
  /** when its first heal began, and how many heals there were; in milliseconds */
  from: number;
  heals: number;
  components: number;
  /** how many of these components it healed more than once */
  back: number;
  rests: Rest[];
  now: number;
}

/** An entry that causes what it heals, as its rests (the times without heals) indicate. */
export interface Circle {
  heals: number;
  components: number;
  /** how many rests had no new problem, and how many rests there were */
  quiet: number;
  rests: number;
  hours: number;
  /** how many problems would have begun in them if the entry had gone on as before */
  expected: number;
}

/**
 * A rest counts only when at least this many problems were expected in it; together, at least {@link expectedInAll}.
 */
const expectedInOne = 1;
/** When 7.6 are expected, chance alone gives none with a probability of .0005 (Poisson). */
const expectedInAll = 7.6;
const fewestRests = 2;

/**
 * An entry is in a circle when everything that it heals comes back, and hardly anything new begins while it is kept
 * back: nothing in at least two rests, and in at least two of three. A problem with another cause would begin all the
 * same.
 */
export function circleOf({ from, heals, components, back, rests, now }: Days): Circle | null {
  if (components === 0 || back < components) return null;
  const resting = rests.reduce((sum, rest) => sum + rest.until - rest.from, 0);
  const pace = heals / Math.max(1, now - from - resting);
  const telling = rests
    .map((rest) => ({ ...rest, expected: (rest.until - rest.from) * rest.whole * pace }))
    .filter(({ expected }) => expected >= expectedInOne);
  const quiet = telling.filter(({ began }) => began === 0);
  const expected = quiet.reduce((sum, rest) => sum + rest.expected, 0);
  if (quiet.length < fewestRests || quiet.length * 3 < telling.length * 2) return null;
  if (expected < expectedInAll) return null;
  const hours = quiet.reduce((sum, rest) => sum + rest.until - rest.from, 0) / 3_600_000;
  return { heals, components, quiet: quiet.length, rests: telling.length, hours, expected };
}

/** Decisions and heals of three days are searched among this many of the newest. */
const maxRead = 1_000;

/** Null when the entry was never kept back. */
export async function keptBackOf(db: Db, id: string, judge: string): Promise<Days | null> {
  const ms = (time: ReturnType<typeof sql>) =>
    sql<number>`(extract(epoch FROM ${time}) * 1000)::float8`;
  const { rows } = await sql<Days>`
    WITH entry AS MATERIALIZED (
      SELECT greatest(engine.now() - interval '3 days', ${answersSince(sql`${id}::uuid`, judge)}) AS since, name
      FROM bot_knowledge WHERE id = ${id}::uuid
    ), heals AS MATERIALIZED (
      SELECT min(taken_at) AS at, min(component) AS component, min(a.bot_id::text)::uuid AS bot_id
      FROM (SELECT a.* FROM bot_actions a, entry
            WHERE a.knowledge_id = ${id}::uuid AND a.taken_at > entry.since AND a.state <> 'aborted'
            ORDER BY a.taken_at DESC LIMIT ${sql.lit(maxRead)}) a
      GROUP BY heal_id
    ), spans AS MATERIALIZED (
      SELECT at, coalesce(lead(at) OVER (ORDER BY at), engine.now()) AS until FROM heals
    ), rests AS MATERIALIZED (
      -- Only the limit over all components counts: when a single component reaches its own limit, heals of the others
      -- go on.
      SELECT min(d.decided_at) AS from, s.until FROM spans s JOIN (
        SELECT d.decided_at FROM bot_decisions d, entry
        WHERE d.knowledge_id = ${id}::uuid AND d.decided_at > entry.since AND d.gate = 'daily'
        ORDER BY d.id DESC LIMIT ${sql.lit(maxRead)}) d ON d.decided_at > s.at AND d.decided_at < s.until
      WHERE (SELECT count(*) FROM heals h WHERE h.at > d.decided_at - interval '24 hours' AND h.at < d.decided_at)
        >= engine.heals_a_day(${id}::uuid, engine.now())
      GROUP BY s.at, s.until
    ), heal_bots AS MATERIALIZED (
      SELECT DISTINCT bot_id FROM heals
    ), measured AS (
      SELECT ${ms(sql`r.from`)} AS from, ${ms(sql`r.until`)} AS until,
             count(DISTINCT f.affected_component) FILTER (WHERE f.detected_at <= r.from AND coalesce(f.resolved_at, r.until) > r.from)
               AS broken,
             count(f.id) FILTER (WHERE f.detected_at > r.from) AS began
      FROM rests r LEFT JOIN bot_findings f ON f.bot_id IN (SELECT bot_id FROM heal_bots) AND NOT ${isOfLoops}
        AND f.detected_at < r.until AND coalesce(f.resolved_at, r.until) > r.from
      GROUP BY r.from, r.until
    ), healed AS (
      SELECT component, count(*) AS times FROM heals GROUP BY 1
    )
    SELECT ${ms(sql`min(h.at)`)} AS from, count(*)::int AS heals, ${ms(sql`engine.now()`)} AS now,
           (SELECT count(*)::int FROM healed) AS components, (SELECT count(*)::int FROM healed WHERE times > 1) AS back,
           (SELECT jsonb_agg(jsonb_build_object('from', t.from, 'until', t.until, 'began', t.began, 'whole',
              greatest(0, 1 - t.broken::float8 / (SELECT count(*) FROM healed))) ORDER BY t.from) FROM measured t) AS rests
    FROM heals h`.execute(db);
  const [days] = rows;
  return days?.rests ? days : null;
}
