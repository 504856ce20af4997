/** What begins soon after an entry's heals, and what begins without them: figures only. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { countFollowed, countWithoutHeal, maxLooks, type Moment } from './followed.ts';
import type { Sample } from '../statistics/wilson.ts';

/**
 * How often another problem began within a window: this bot found it, under another fingerprint, before it had looked a
 * few more times. Each success is a time at which such a problem began; heals of one run count as one time.
 */
export interface Aftermath {
  bot: string;
  /** whether the entry heals what this bot finds */
  own: boolean;
  /** how many more times the bot had looked by the end of the window */
  looks: number;
  /** the length of the window */
  minutes: number;
  /** after a run in which the entry was applied */
  healed: Sample;
  /** after a run in which the entry left alone, for whatever reason, a finding on which it had not decided before */
  left: Sample;
  /** in looks of the bot, or in stretches of as many looks as the window holds, that follow no heal */
  otherwise: Sample;
}

/** What was read about one bot. Moments are in the order of time; times are in milliseconds. */
export interface BotMoments {
  bot: string;
  own: boolean;
  /** the usual time between two looks of the bot */
  intervalMs: number;
  /** how many looks in a row must find a problem before it counts */
  confirm: number;
  healed: Moment[];
  left: Moment[];
  looks: Moment[];
  now: number;
}

/** A bot's findings are not attributed to a heal when the time between two looks of the bot is longer than this. */
const maxIntervalMs = 6 * 3_600_000;

/**
 * How long after a heal a bot's findings count, and how far apart two heals must be so that one problem is not counted
 * for both.
 */
export interface Window {
  /** how many more times the bot had looked by then */
  looks: number;
  window: number;
  apart: number;
}

/**
 * The windows: until a bot had looked once more, twice more, and so on. Each is half an interval longer, because runs
 * are not punctual. In milliseconds; `confirm` is how many looks in a row must find a problem before it counts.
 */
export const windowsOf = ({
  intervalMs,
  confirm,
}: Pick<BotMoments, 'intervalMs' | 'confirm'>): Window[] =>
  Array.from({ length: maxLooks }, (_, index) => index + 1).flatMap((looks) => {
    const uncut = (looks - 1 + confirm + 0.5) * intervalMs;
    const window = Math.min(uncut, maxIntervalMs * confirm);
    if (looks === 1) return { looks, window, apart: 0 };
    return uncut > window ? [] : { looks, window, apart: window - intervalMs };
  });

/** What followed in each window. */
export const aftermathsIn = ({ healed, left, looks, now, ...about }: BotMoments): Aftermath[] =>
  windowsOf(about).map((window) => ({
    bot: about.bot,
    own: about.own,
    looks: window.looks,
    minutes: window.window / 60_000,
    healed: countFollowed(healed, window, now),
    left: countFollowed(left, window, now),
    otherwise: countWithoutHeal(looks, healed, window),
  }));

/**
 * How many of the newest runs with a heal count, and of those in which a finding was left alone: what an entry did long ago
 * says little about it now.
 */
const maxMoments = 50;
/** How many decisions, and how many looks of a bot, are read. */
const maxRead = 500;
/** The interval of a bot is computed from this many of its newest looks, because schedules are edited. */
const looksForInterval = 50;
const maxInterval = sql`interval '6 hours'`;
/** The entry's own bots first, then those that found most after heals. */
const maxBots = 5;

/**
 * The time since which an entry answers for what follows its heals: one half-life ago, or later if a person has since
 * edited its solution or given it autonomy again, knowing its history. `id` is SQL of type uuid; `judgingActor` is the
 * actor of the engine's own changes of autonomy.
 */
export const responsibleSince = (id: ReturnType<typeof sql>, judgingActor: string) => sql<Date>`(
  SELECT greatest(engine.now() - make_interval(days => own.half_life_days), (
    SELECT max(e.created_at) FROM bot_knowledge_events e
    WHERE e.knowledge_id = own.id AND e.component IS NULL AND e.actor <> ${judgingActor}::text
      AND (e.after ? 'solution' OR e.event = 'promoted')))
  FROM bot_knowledge own WHERE own.id = ${id})`;

/**
 * What followed the entry's heals, for each of the bots that found most after them, and for each window; `bots` is how
 * many bots found anything. A finding about the entry itself, such as that it has reached a limit, is not a problem that
 * it caused.
 */
export async function aftermathsOf(
  db: Db,
  id: string,
  judgingActor: string,
): Promise<{ aftermaths: Aftermath[]; bots: number }> {
  const { rows } = await sql<BotMoments & { bots: number }>`
    WITH entry AS MATERIALIZED (
      SELECT ${responsibleSince(sql`${id}::uuid`, judgingActor)} AS since, name FROM bot_knowledge WHERE id = ${id}::uuid
    ), heals AS MATERIALIZED (
      SELECT max(a.applied_at) AS at, array_agg(a.fingerprint) AS fingerprints, array_agg(a.bot_id) AS bots
      FROM bot_actions a, entry
      WHERE a.knowledge_id = ${id}::uuid AND a.taken_at > entry.since AND a.applied_at IS NOT NULL
      GROUP BY coalesce(a.execution_id, a.heal_id) ORDER BY at DESC LIMIT ${sql.lit(maxMoments)}
    ), decisions AS (
      SELECT d.* FROM bot_decisions d, entry
      WHERE d.knowledge_id = ${id}::uuid AND d.finding_id IS NOT NULL AND d.decided_at > entry.since
      ORDER BY d.id DESC LIMIT ${sql.lit(maxRead)}
    ), left_alone AS MATERIALIZED (
      SELECT max(d.decided_at) AS at, array_agg(d.fingerprint) AS fingerprints
      FROM (SELECT DISTINCT ON (finding_id) * FROM decisions ORDER BY finding_id, id) d
      WHERE d.verdict <> 'applied' AND NOT EXISTS (
        SELECT FROM bot_actions a WHERE a.execution_id = d.execution_id AND a.applied_at IS NOT NULL
          AND (a.knowledge_id = ${id}::uuid OR a.finding_id = d.finding_id))
      GROUP BY coalesce(d.execution_id, d.finding_id) ORDER BY at DESC LIMIT ${sql.lit(maxMoments)}
    ), finders AS MATERIALIZED (
      SELECT f.bot_id, bool_or(f.bot_id = ANY (h.bots)) AS own, count(*) AS found, count(*) OVER () AS bots
      FROM heals h, entry, bot_findings f
      WHERE f.detected_at > h.at AND f.detected_at <= h.at + ${maxInterval} AND f.bot_id IS NOT NULL
        AND f.fingerprint <> ALL (h.fingerprints) AND ${isAboutOthers(sql`f.bot_id = ANY (h.bots)`)}
      GROUP BY f.bot_id ORDER BY own DESC, found DESC, f.bot_id LIMIT ${sql.lit(maxBots)}
    )
    SELECT b.name AS bot, finders.own, finders.bots::int AS bots, extract(epoch FROM w.length)::float8 * 1000 AS "intervalMs",
           b.confirm, ${ms(sql`engine.now()`)} AS now, healed.moments AS healed, left_alone.moments AS "left", looks.moments AS looks
    FROM entry, finders JOIN bots b ON b.id = finders.bot_id
    CROSS JOIN LATERAL (${intervalOf(sql`b.id`)}) w
    CROSS JOIN LATERAL (${momentsOf(sql`heals`, sql`f.detected_at > m.at`)}) healed
    CROSS JOIN LATERAL (${momentsOf(sql`left_alone`, sql`f.detected_at > m.at`)}) left_alone
    CROSS JOIN LATERAL (${momentsOf(
      sql`(SELECT look.at, coalesce((
             SELECT h.fingerprints FROM heals h WHERE h.at < look.at ORDER BY h.at DESC LIMIT 1), '{}') AS fingerprints
           FROM (${looksOf(sql`b.id`)}) look
           -- The times of heals before the newest ones are not read here.
           WHERE look.at > (SELECT CASE WHEN count(*) = ${sql.lit(maxMoments)} THEN min(h.at) ELSE '-infinity' END FROM heals h))`,
      sql`f.detected_at >= m.at`,
    )}) looks
    WHERE w.length IS NOT NULL
    ORDER BY finders.own DESC, finders.found DESC, b.name`.execute(db);
  return { aftermaths: rows.flatMap(aftermathsIn), bots: rows[0]?.bots ?? 0 };
}

/** Excludes findings about the entry's own behaviour. A component that it heals may have the same name. */
const isAboutOthers = (own: ReturnType<typeof sql>) => sql`
  NOT (${isAboutHealing} OR f.affected_component = entry.name AND NOT ${own})`;

/** Whether a finding `f` is one of the conductor's about healing (bots/conductor/healing-loops.ts), whatever that bot's name is now. */
export const isAboutHealing = sql`(f.check_name IS NOT DISTINCT FROM 'healing-loops'
  AND f.bot_id = (SELECT c.id FROM bots c WHERE c.catalogue_name = 'conductor'))`;

const ms = (time: ReturnType<typeof sql>) => sql`(extract(epoch FROM ${time}) * 1000)::float8`;

/** Times, each with the first other problem (f) that the bot found from then on; both in milliseconds. */
const momentsOf = (times: ReturnType<typeof sql>, from: ReturnType<typeof sql>) => sql`
  SELECT coalesce(jsonb_agg(jsonb_build_object('at', ${ms(sql`m.at`)}, 'first', ${ms(sql`other.at`)}) ORDER BY m.at), '[]') AS moments
  FROM ${times} m CROSS JOIN LATERAL (
    SELECT min(f.detected_at) AS at FROM bot_findings f
    WHERE f.bot_id = b.id AND ${from} AND f.detected_at <= m.at + ${maxInterval} * b.confirm
      AND f.fingerprint <> ALL (m.fingerprints) AND ${isAboutOthers(sql`finders.own`)}) other`;

/** The newest runs in which a bot looked at everything, each with the beginning of the next one. */
export const looksOf = (bot: ReturnType<typeof sql>, max = maxRead) => sql`
  SELECT started_at AS at, lead(started_at) OVER (ORDER BY started_at) AS next
  FROM (SELECT started_at FROM bot_executions
        WHERE bot_id = ${bot} AND trigger NOT IN ('verify', 'external') AND status IN ('success', 'failed', 'timeout')
        ORDER BY started_at DESC LIMIT ${sql.lit(max)}) newest`;

/** How long a bot usually takes from one look to the next; NULL for a bot that has not looked twice. */
export const intervalOf = (bot: ReturnType<typeof sql>) => sql`
  SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY next - at) AS length FROM (${looksOf(bot, looksForInterval)}) look`;
