/** What begins soon after an entry's heals, and what does without them: figures only. */
import { sql } from 'kysely';
import type { Db } from '../data/connect.ts';
import type { Sample } from './wilson.ts';

/**
 * How often another problem began in time: found by this bot, under another fingerprint, until it had looked once
 * more. Successes are the times at which one began; heals of one run are one time.
 */
export interface Aftermath {
  bot: string;
  /** whether the entry heals what this bot finds */
  own: boolean;
  /** so long it was waited for, each time */
  minutes: number;
  /** after a run in which the entry was applied */
  healed: Sample;
  /** after a run in which it left alone, for whatever reason, what it had not decided on before */
  left: Sample;
  /** in looks of the bot that no heal came before */
  otherwise: Sample;
}

/** So many of the newest times of each kind count: an entry is what it is now. */
const newest = 50;
/** So many decisions, and looks of a bot, are read for them. */
const mostRead = 500;
/** The interval of a bot is that of so many of its newest looks: schedules are edited. */
const looksForInterval = 50;
/** Of a bot that looks more rarely what it finds is not put down to a heal. */
const longest = sql`interval '6 hours'`;
/** Its own ones first, then those that found most after heals. */
const mostBots = 5;

/**
 * From when on an entry (its column of ids) answers for what it does: half of its weight is younger. Whoever edits
 * its solution or sets it free again, knowing what has been, makes it begin anew; `judge` writes what the engine did.
 */
export const answersSince = (id: ReturnType<typeof sql>, judge: string) => sql<Date>`(
  SELECT greatest(engine.now() - make_interval(days => own.half_life_days), (
    SELECT max(e.created_at) FROM bot_knowledge_events e
    WHERE e.knowledge_id = own.id AND e.component IS NULL AND e.actor <> ${judge}::text
      AND (e.after ? 'solution' OR e.event = 'promoted')))
  FROM bot_knowledge own WHERE own.id = ${id})`;

/**
 * Of the bots that found most after its heals; `bots` is how many found anything. A time whose end has not come is
 * none yet.
 */
export async function aftermathsOf(
  db: Db,
  id: string,
  judge: string,
): Promise<{ seen: Aftermath[]; bots: number }> {
  const { rows } = await sql<Aftermath & { bots: number }>`
    WITH since AS MATERIALIZED (
      SELECT ${answersSince(sql`${id}::uuid`, judge)} AS at
    ), heals AS MATERIALIZED (
      SELECT max(a.applied_at) AS at, array_agg(a.fingerprint) AS fingerprints, array_agg(a.bot_id) AS bots
      FROM bot_actions a, since
      WHERE a.knowledge_id = ${id}::uuid AND a.taken_at > since.at AND a.applied_at IS NOT NULL
      GROUP BY coalesce(a.execution_id, a.heal_id) ORDER BY at DESC LIMIT ${sql.lit(newest)}
    ), decisions AS (
      SELECT d.* FROM bot_decisions d, since
      WHERE d.knowledge_id = ${id}::uuid AND d.finding_id IS NOT NULL AND d.decided_at > since.at
      ORDER BY d.id DESC LIMIT ${sql.lit(mostRead)}
    ), lefts AS MATERIALIZED (
      SELECT max(d.decided_at) AS at, array_agg(d.fingerprint) AS fingerprints
      FROM (SELECT DISTINCT ON (finding_id) * FROM decisions ORDER BY finding_id, id) d
      WHERE d.verdict <> 'applied' AND NOT EXISTS (
        SELECT FROM bot_actions a WHERE a.execution_id = d.execution_id AND a.applied_at IS NOT NULL
          AND (a.knowledge_id = ${id}::uuid OR a.finding_id = d.finding_id))
      GROUP BY coalesce(d.execution_id, d.finding_id) ORDER BY at DESC LIMIT ${sql.lit(newest)}
    ), finders AS MATERIALIZED (
      SELECT f.bot_id, bool_or(f.bot_id = ANY (h.bots)) AS own, count(*) AS found, count(*) OVER () AS bots
      FROM heals h JOIN bot_findings f ON f.detected_at > h.at AND f.detected_at <= h.at + ${longest}
        AND f.fingerprint <> ALL (h.fingerprints)
      WHERE f.bot_id IS NOT NULL GROUP BY f.bot_id ORDER BY own DESC, found DESC, f.bot_id LIMIT ${sql.lit(mostBots)}
    )
    SELECT b.name AS bot, finders.own, extract(epoch FROM w.length)::float8 / 60 AS minutes, finders.bots::int AS bots,
           healed.sample AS healed, lefts.sample AS "left", otherwise.sample AS otherwise
    FROM finders JOIN bots b ON b.id = finders.bot_id
    CROSS JOIN LATERAL (${windowOf(sql`b.id`, sql`b.confirm`)}) w
    CROSS JOIN LATERAL (${followed(sql`heals`)}) healed
    CROSS JOIN LATERAL (${followed(sql`lefts`)}) lefts
    CROSS JOIN LATERAL (
      SELECT ${sample(sql`(SELECT FROM bot_findings f
               WHERE f.bot_id = b.id AND f.detected_at >= look.at AND f.detected_at < look.next
                 AND f.fingerprint <> ALL (coalesce((
                   SELECT h.fingerprints FROM heals h WHERE h.at < look.at ORDER BY h.at DESC LIMIT 1), '{}')))`)} AS sample
      FROM (${looksOf(sql`b.id`)}) look
      WHERE look.next IS NOT NULL
        -- Of heals before the newest ones is not known here when they were.
        AND look.at > (SELECT CASE WHEN count(*) = ${sql.lit(newest)} THEN min(h.at) ELSE '-infinity' END FROM heals h)
        AND NOT EXISTS (SELECT FROM heals h WHERE h.at < look.at AND h.at + w.length >= look.at)
    ) otherwise
    WHERE w.length IS NOT NULL
    ORDER BY finders.own DESC, finders.found DESC, b.name`.execute(db);
  return { seen: rows.map(({ bots: _, ...seen }) => seen), bots: rows[0]?.bots ?? 0 };
}

/** The newest runs of a bot that looked at everything, each with the beginning of the next one. */
export const looksOf = (bot: ReturnType<typeof sql>, most = mostRead) => sql`
  SELECT started_at AS at, lead(started_at) OVER (ORDER BY started_at) AS next
  FROM (SELECT started_at FROM bot_executions
        WHERE bot_id = ${bot} AND trigger <> 'verify' AND status IN ('success', 'failed', 'timeout')
        ORDER BY started_at DESC LIMIT ${sql.lit(most)}) newest`;

/**
 * How long a bot usually takes until it has looked again, as often as it has to for a finding; half an interval
 * more, as runs are not punctual. NULL of one that has not looked twice.
 */
export const windowOf = (bot: ReturnType<typeof sql>, confirm: ReturnType<typeof sql>) => sql`
  SELECT least(percentile_cont(0.5) WITHIN GROUP (ORDER BY next - at) * (${confirm} + 0.5),
               ${longest} * ${confirm}) AS length
  FROM (${looksOf(bot, looksForInterval)}) look`;

const sample = (began: ReturnType<typeof sql>) => sql`jsonb_build_object(
  'trials', count(*)::int, 'successes', (count(*) FILTER (WHERE EXISTS ${began}))::int)`;

const followed = (times: ReturnType<typeof sql>) => sql`
  SELECT ${sample(sql`(SELECT FROM bot_findings f
           WHERE f.bot_id = b.id AND f.detected_at > m.at AND f.detected_at <= m.at + w.length
             AND f.fingerprint <> ALL (m.fingerprints))`)} AS sample
  FROM ${times} m WHERE m.at + w.length < engine.now()`;
