/** Two entries that undo each other: each one's heal makes what the other one heals. */
import { sql } from 'kysely';
import type { Db } from '../data/connect.ts';
import { answersSince, looksOf, windowOf } from './aftermath.ts';
import { fisher } from './fisher.ts';
import { wilson, type Sample } from './wilson.ts';

/** One heal: when it was applied, and from when until when its problem was there. */
export interface PastHeal {
  at: Date;
  began: Date;
  /** null while it still is */
  over: Date | null;
}

/** How often the other one had to heal what began after these heals, and what began without them. */
export interface Way {
  healed: Sample;
  otherwise: Sample;
  /** from the heal to what began, in the middle one of these times; null when nothing did */
  minutes: number | null;
}

export interface Alternation {
  with: string;
  /** what it brought on the other one, and what that one brought on it */
  forth: Way;
  back: Way;
}

/** A bot's looks, in the order of time, and how long it takes until it has looked again. */
export interface Looks {
  at: Date[];
  windowMs: number;
}

/** So many of each one's newest heals count. */
const newest = 20;
/** Fewer answers say nothing. */
const fewest = 4;
/** The least that chance may be the reason for: of each way, and there are two. */
const chance = 0.01;
const mostRead = 1_000;

/**
 * What began in time after heals of one entry and was healed by the other one, against the looks that no such heal
 * came before. A look at which the other one's problem was there already could not see one begin.
 */
export function wayOf(
  heals: readonly PastHeal[],
  others: readonly PastHeal[],
  looks: Looks,
  now: Date,
): Way {
  const { windowMs } = looks;
  const ended = heals.filter(({ at }) => at.getTime() + windowMs < now.getTime());
  const waits = ended.flatMap(({ at }) => {
    const answers = others.map(({ began }) => began.getTime() - at.getTime());
    const first = answers.filter((ms) => ms > 0 && ms <= windowMs).toSorted((a, b) => a - b)[0];
    return first === undefined ? [] : [first];
  });
  const from = Math.min(...[...heals, ...others].map(({ at }) => at.getTime()));
  const free = looks.at.flatMap((look, at) => {
    const next = looks.at[at + 1];
    const isAfter = heals.some((heal) => heal.at < look && +heal.at + windowMs >= +look);
    const isOpen = others.some(
      ({ began, over }) => began < look && (over === null || over >= look),
    );
    if (!next || +look < from || isAfter || isOpen) return [];
    return [others.some(({ began }) => began >= look && began < next)];
  });
  return {
    healed: { trials: ended.length, successes: waits.length },
    otherwise: { trials: free.length, successes: free.filter(Boolean).length },
    minutes: waits.length > 0 ? waits.toSorted((a, b) => a - b)[waits.length >> 1]! / 60_000 : null,
  };
}

/**
 * Nearly every time, and not without: entries that are needed at the same hours follow each other one way, and what
 * both are needed for all the time begins without the other one, too.
 */
export const answers = ({ healed, otherwise }: Way): boolean =>
  healed.successes >= fewest &&
  wilson(healed.successes, healed.trials).lower >= 0.5 &&
  fisher(healed, otherwise) <= chance;

interface Row extends PastHeal {
  knowledge_id: string;
  name: string;
  bot_id: string;
}

/** The entry with which this one alternates, by the newest heals of both; null when there is none. */
export async function alternationOf(
  db: Db,
  id: string,
  judge: string,
): Promise<Alternation | null> {
  const { rows } = await sql<Row>`
    WITH own AS MATERIALIZED (
      SELECT a.taken_at FROM bot_actions a
      WHERE a.knowledge_id = ${id}::uuid AND a.applied_at IS NOT NULL AND a.step = 0
      ORDER BY a.taken_at DESC LIMIT ${sql.lit(newest)}
    ), around AS MATERIALIZED (
      SELECT a.* FROM bot_actions a
      -- From before its own ones, too: both entries have to see the same of each other.
      WHERE a.taken_at >= (SELECT min(taken_at) FROM own) - interval '1 day' AND a.applied_at IS NOT NULL
      ORDER BY a.taken_at DESC LIMIT ${sql.lit(mostRead)}
    ), entries AS MATERIALIZED (
      SELECT a.knowledge_id, k.name, ${answersSince(sql`a.knowledge_id`, judge)} AS since
      FROM around a JOIN bot_knowledge k ON k.id = a.knowledge_id
      GROUP BY a.knowledge_id, k.name HAVING count(DISTINCT a.heal_id) >= ${sql.lit(fewest)}
    )
    SELECT a.knowledge_id, e.name, f.bot_id, max(a.applied_at) AS at, f.detected_at AS began, f.resolved_at AS over
    FROM around a JOIN entries e USING (knowledge_id) JOIN bot_findings f ON f.id = a.finding_id
    WHERE a.taken_at > e.since AND f.detected_at IS NOT NULL
    GROUP BY a.knowledge_id, e.name, a.heal_id, f.id ORDER BY at DESC`.execute(db);
  const entries = Map.groupBy(rows, (row) => row.knowledge_id);
  const own = entries.get(id)?.slice(0, newest) ?? [];
  entries.delete(id);
  if (own.length < fewest || entries.size === 0) return null;
  const now = await sql<{ now: Date }>`SELECT engine.now() AS now`.execute(db);
  for (const all of entries.values()) {
    const others = all.slice(0, newest);
    if (others.length < fewest) continue;
    const way = async (heals: Row[], made: Row[]) => {
      const looks = await looksAt(db, made[0]!.bot_id);
      const there = made.filter(({ bot_id }) => bot_id === made[0]!.bot_id);
      return looks && wayOf(heals, there, looks, now.rows[0]!.now);
    };
    const forth = await way(own, others);
    if (!forth || !answers(forth)) continue;
    const back = await way(others, own);
    if (back && answers(back)) return { with: others[0]!.name, forth, back };
  }
  return null;
}

async function looksAt(db: Db, bot: string): Promise<Looks | null> {
  const { rows } = await sql<{ at: Date[]; ms: number | null }>`
    SELECT (SELECT array_agg(look.at ORDER BY look.at) FROM (${looksOf(sql`b.id`)}) look) AS at,
           (SELECT extract(epoch FROM w.length)::float8 * 1000 FROM (${windowOf(sql`b.id`, sql`b.confirm`)}) w) AS ms
    FROM bots b WHERE b.id = ${bot}::uuid`.execute(db);
  const { at, ms } = rows[0] ?? { at: null, ms: null };
  return at && ms !== null ? { at, windowMs: ms } : null;
}
