/**
 * Which heals are of an entry's current solution. A new solution is another cure: figures and the breaker go by the heals
 * that were begun with it. Gates that count how much is done (cooldown, attempts, daily, budget) count every heal, and
 * say which of them were begun with an earlier solution.
 */
import { sql, type RawBuilder } from 'kysely';
import type { Db } from '../../database/connect.ts';

/** When the solution of an entry was last replaced; NULL where it never was. `id` is SQL of type uuid. */
export const solutionReplacedAt = (id: RawBuilder<unknown>) => sql<Date | null>`(
  SELECT max(v.created_at) FROM bot_knowledge_events v
  WHERE v.knowledge_id = ${id} AND v.event = 'edited' AND v.after ? 'solution')`;

/** Whether a row of `engine.heals` under this alias was begun and settled since `at`, the time of {@link solutionReplacedAt}. */
export const isOfSolutionSince = (alias: string, at: RawBuilder<unknown>) => {
  const [settledAt, healId] = ['settled_at', 'heal_id'].map((name) => sql.ref(`${alias}.${name}`));
  return sql<boolean>`(${at} IS NULL OR ${settledAt} > ${at} AND NOT EXISTS (
    SELECT FROM bot_actions b WHERE b.heal_id = ${healId} AND b.taken_at <= ${at}))`;
};

/** What was tried with the current solution of an entry, and with those before it. Counts are of heals that were applied. */
export interface Tried {
  current: number;
  earlier: number;
  /** how many of the earlier ones are decided, and how many of these held */
  earlier_decided: number;
  earlier_held: number;
  /** null where the solution never was replaced */
  replaced_at: Date | null;
}

/** What was tried with each of these entries, by the entry's id; with heals whose actions retention has removed. */
export async function triedOf(db: Db, ids: readonly string[]): Promise<Map<string, Tried>> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql<Tried & { id: string }>`
    SELECT k.id, edited.at AS replaced_at, counted.current + removed.current AS current, counted.earlier + removed.earlier AS earlier,
           counted.earlier_decided + removed.earlier_decided AS earlier_decided,
           counted.earlier_held + removed.earlier_held AS earlier_held
    FROM bot_knowledge k
    -- OFFSET 0: asked once for each entry, and not once for each of its heals.
    CROSS JOIN LATERAL (SELECT ${solutionReplacedAt(sql`k.id`)} AS at OFFSET 0) edited
    CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE h.current)::int AS current,
             count(*) FILTER (WHERE NOT h.current)::int AS earlier,
             count(h.outcome) FILTER (WHERE NOT h.current)::int AS earlier_decided,
             count(*) FILTER (WHERE NOT h.current AND h.outcome = 'held')::int AS earlier_held
      FROM (SELECT e.outcome, ${isOfSolutionSince('e', sql`edited.at`)} AS current FROM engine.heals e
            WHERE e.knowledge_id = k.id AND (e.outcome IS NOT NULL OR EXISTS (
              SELECT FROM bot_actions a WHERE a.heal_id = e.heal_id AND a.applied_at IS NOT NULL))) h) counted
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(m.tried) FILTER (WHERE m.current), 0)::int AS current,
             coalesce(sum(m.tried) FILTER (WHERE NOT m.current), 0)::int AS earlier,
             coalesce(sum(m.decided) FILTER (WHERE NOT m.current), 0)::int AS earlier_decided,
             coalesce(sum(m.held) FILTER (WHERE NOT m.current), 0)::int AS earlier_held
      FROM (SELECT r.*, r.solution_since = coalesce(edited.at, '-infinity') AS current
            FROM engine.removed_heals r WHERE r.knowledge_id = k.id) m) removed
    WHERE k.id = ANY (${[...ids]}::uuid[])`.execute(db);
  return new Map(rows.map(({ id, ...tried }) => [id, tried]));
}
