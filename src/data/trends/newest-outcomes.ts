/** What became of the last heals of knowledge. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

export interface Outcome {
  outcome: 'held' | 'relapsed' | 'failed';
  settled_at: Date;
}

/** How many of an entry's last actions are read: many of them may be steps of one heal, or have no outcome yet. */
const maxActionsRead = 200;

/**
 * The newest outcomes of each entry with these ids, `most` at most, in the order of time, also with earlier solutions.
 * It reads the newest {@link maxActionsRead} actions of an entry by idx_actions_knowledge.
 */
export async function newestOutcomes(
  db: Db,
  ids: readonly string[],
  most: number,
): Promise<Map<string, Outcome[]>> {
  const { rows } = await sql<Outcome & { knowledge_id: string }>`
    SELECT entry.id AS knowledge_id, h.outcome, h.settled_at
    FROM unnest(${ids}::uuid[]) AS entry (id) CROSS JOIN LATERAL (
      SELECT CASE a.state WHEN 'held' THEN 'held' WHEN 'failed' THEN 'failed' ELSE 'relapsed' END AS outcome,
             coalesce(a.settled_at, a.taken_at) AS settled_at, a.heal_id
      FROM (SELECT * FROM bot_actions WHERE knowledge_id = entry.id ORDER BY taken_at DESC LIMIT ${maxActionsRead}) a
      WHERE a.state IN ('held', 'relapsed', 'undone', 'failed')
        -- Of the steps of a heal the last one says how it ended (engine.heals). As NOT EXISTS the planner would join all actions.
        AND (SELECT true FROM bot_actions l WHERE l.heal_id = a.heal_id AND l.step > a.step LIMIT 1) IS NULL
      ORDER BY settled_at DESC, a.heal_id LIMIT ${most}
    ) h ORDER BY h.settled_at, h.heal_id`.execute(db);
  const found = new Map<string, Outcome[]>(ids.map((id) => [id, []]));
  for (const { knowledge_id: id, ...outcome } of rows) found.get(id)!.push(outcome);
  return found;
}
