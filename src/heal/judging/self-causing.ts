/**
 * Whether an entry causes what it heals, judged by the times in which its daily limit over all components stopped it. If
 * the entry itself is the cause, no new problem begins in these times.
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { isAboutHealing, responsibleSince } from './aftermath.ts';

/** A time in which the daily limit over all components stopped the entry, although it had something to heal. */
export interface LimitPause {
  /** when the limit stopped it; in milliseconds since 1970, like `untilMs` */
  fromMs: number;
  /** when its next heal began; the time of reading where none has begun since */
  untilMs: number;
  /**
   * 0 to 1: of the components that the entry healed, the share that was not broken when the pause began. Only these could
   * break in it.
   */
  unbrokenShare: number;
  /** how many problems began in the pause at the bots whose findings the entry heals */
  problemsBegun: number;
}

/** What an entry healed in the last three days, and the times in which its daily limit stopped it. */
export interface LimitedDays {
  /** when its first heal of these days began; in milliseconds since 1970, like `nowMs` */
  firstHealMs: number;
  heals: number;
  components: number;
  /** how many of these components it healed more than once */
  healedAgain: number;
  pauses: LimitPause[];
  nowMs: number;
}

/** The figures of an entry that causes what it heals. Their names are stored in `bot_knowledge.aftermath`. */
export interface SelfCausing {
  heals: number;
  components: number;
  /** in how many pauses no problem began */
  quiet: number;
  /** how many pauses are judged */
  rests: number;
  /** how long the quiet pauses lasted in all */
  hours: number;
  /** how many problems would have begun in the quiet pauses if the entry had gone on healing as often as before */
  expected: number;
}

/**
 * A pause is judged only if at least this many problems were expected in it. In all quiet pauses together, at least
 * {@link minExpectedInAll} must have been expected.
 */
const minExpectedInOne = 1;
/** When 7.6 are expected, chance alone gives none with a probability of .0005 (Poisson). */
const minExpectedInAll = 7.6;
const minQuietPauses = 2;

/**
 * The figures by which the entry causes what it heals; null when they do not show that. They do when all components that
 * it healed broke again, and when no problem began in at least two judged pauses and in at least two of three of them. A
 * problem with another cause would also begin in the pauses.
 */
export function selfCausingOf(days: LimitedDays): SelfCausing | null {
  const { firstHealMs, heals, components, healedAgain, pauses, nowMs } = days;
  if (components === 0 || healedAgain < components) return null;
  const healsPerMs = heals / Math.max(1, nowMs - firstHealMs - totalMs(pauses));
  const judged = pauses
    .map((pause) => ({ ...pause, expected: lengthMs(pause) * pause.unbrokenShare * healsPerMs }))
    .filter(({ expected }) => expected >= minExpectedInOne);
  const quiet = judged.filter(({ problemsBegun }) => problemsBegun === 0);
  const expected = quiet.reduce((sum, pause) => sum + pause.expected, 0);
  if (quiet.length < minQuietPauses || quiet.length * 3 < judged.length * 2) return null;
  if (expected < minExpectedInAll) return null;
  const hours = totalMs(quiet) / 3_600_000;
  return { heals, components, quiet: quiet.length, rests: judged.length, hours, expected };
}

const lengthMs = ({ fromMs, untilMs }: LimitPause): number => untilMs - fromMs;
const totalMs = (pauses: readonly LimitPause[]): number =>
  pauses.reduce((sum, pause) => sum + lengthMs(pause), 0);

/** How many of an entry's newest heals, and of its newest decisions, are read. */
const maxRead = 1_000;

/** Null when the limit never stopped the entry. `judgingActor` is the actor of the engine's own changes of autonomy. */
export async function limitedDaysOf(
  db: Db,
  id: string,
  judgingActor: string,
): Promise<LimitedDays | null> {
  const ms = (time: ReturnType<typeof sql>) =>
    sql<number>`(extract(epoch FROM ${time}) * 1000)::float8`;
  const { rows } = await sql<LimitedDays>`
    WITH entry AS MATERIALIZED (
      SELECT greatest(engine.now() - interval '3 days', ${responsibleSince(sql`${id}::uuid`, judgingActor)}) AS since, name
      FROM bot_knowledge WHERE id = ${id}::uuid
    ), heals AS MATERIALIZED (
      SELECT min(taken_at) AS at, min(component) AS component, min(a.bot_id::text)::uuid AS bot_id
      FROM (SELECT a.* FROM bot_actions a, entry
            WHERE a.knowledge_id = ${id}::uuid AND a.taken_at > entry.since AND a.state <> 'aborted'
            ORDER BY a.taken_at DESC LIMIT ${sql.lit(maxRead)}) a
      GROUP BY heal_id
    ), spans AS MATERIALIZED (
      SELECT at, coalesce(lead(at) OVER (ORDER BY at), engine.now()) AS until FROM heals
    ), pauses AS MATERIALIZED (
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
      SELECT ${ms(sql`p.from`)} AS from, ${ms(sql`p.until`)} AS until,
             count(DISTINCT f.affected_component) FILTER (WHERE f.detected_at <= p.from AND coalesce(f.resolved_at, p.until) > p.from)
               AS broken,
             count(f.id) FILTER (WHERE f.detected_at > p.from) AS begun
      FROM pauses p LEFT JOIN bot_findings f ON f.bot_id IN (SELECT bot_id FROM heal_bots) AND NOT ${isAboutHealing}
        AND f.detected_at < p.until AND coalesce(f.resolved_at, p.until) > p.from
      GROUP BY p.from, p.until
    ), healed AS (
      SELECT component, count(*) AS times FROM heals GROUP BY 1
    )
    SELECT ${ms(sql`min(h.at)`)} AS "firstHealMs", count(*)::int AS heals, ${ms(sql`engine.now()`)} AS "nowMs",
           (SELECT count(*)::int FROM healed) AS components,
           (SELECT count(*)::int FROM healed WHERE times > 1) AS "healedAgain",
           (SELECT jsonb_agg(jsonb_build_object('fromMs', m.from, 'untilMs', m.until, 'problemsBegun', m.begun, 'unbrokenShare',
              greatest(0, 1 - m.broken::float8 / (SELECT count(*) FROM healed))) ORDER BY m.from) FROM measured m) AS pauses
    FROM heals h`.execute(db);
  const [days] = rows;
  return days?.pauses ? days : null;
}
