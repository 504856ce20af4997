import { sql } from 'kysely';
import type { Db } from '../connect.ts';

/**
 * The outcome of every heal of an entry that is decided. A heal's outcome is that of its last step;
 * undone counts as relapsed, unknown and aborted do not count.
 */
const decided = sql`
  SELECT CASE a.state WHEN 'undone' THEN 'relapsed' ELSE a.state END AS outcome
  FROM bot_actions a
  WHERE a.knowledge_id = k.id AND a.state IN ('held', 'relapsed', 'failed', 'undone')
    AND NOT EXISTS (SELECT FROM bot_actions l WHERE l.heal_id = a.heal_id AND l.step > a.step)`;

/** Those of the entries whose success_rate stands for something: a heal of theirs is decided. */
export async function decidedEntries(db: Db, ids: string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows = await db
    .selectFrom('bot_knowledge as k')
    .select('k.id')
    .where('k.id', 'in', ids)
    .where(sql<boolean>`(k.times_successful > 0 OR EXISTS (${decided}))`)
    .execute();
  return new Set(rows.map(({ id }) => id));
}

export interface Outcomes {
  held: number;
  relapsed: number;
  failed: number;
}

/** Heals of one entry by outcome, from the ledger. */
export async function outcomesOf(db: Db, knowledgeId: string): Promise<Outcomes> {
  const { rows } = await sql<Outcomes>`
    SELECT count(*) FILTER (WHERE outcome = 'held')::int AS held,
           count(*) FILTER (WHERE outcome = 'relapsed')::int AS relapsed,
           count(*) FILTER (WHERE outcome = 'failed')::int AS failed
    FROM bot_knowledge k CROSS JOIN LATERAL (${decided}) d WHERE k.id = ${knowledgeId}`.execute(db);
  return rows[0]!;
}
