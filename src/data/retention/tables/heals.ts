/** Actions go by heal: all of its steps at once, after the heal was added to those of its entry in `engine.removed_heals`. */
import { sql, type RawBuilder } from 'kysely';
import { referredBy, type RetainedTable } from '../retained-table.ts';

/**
 * After so many half-lives an outcome weighs a thousandth of a new one in the figures by which an entry is judged (`weight` in
 * src/heal/judging/figures.ts).
 */
const halfLives = 10;
/** Of each entry so many of its newest actions stay: judging reads the newest 100 heals, which have some steps each. */
const newest = 500;

const anyStep = (condition: RawBuilder<unknown>) =>
  sql<boolean>`EXISTS (SELECT FROM bot_actions s WHERE s.heal_id = t.heal_id AND ${condition})`;

export const heals: RetainedTable = {
  table: 'bot_actions',
  age: 'actions_keep_days',
  isPlatforms: false,
  time: { column: 'taken_at', type: 'timestamptz' },
  key: { column: 'id', type: 'uuid' },
  only: sql`NOT EXISTS (SELECT FROM bot_actions s WHERE s.heal_id = t.heal_id AND (s.step, s.id) < (t.step, t.id))`,
  removedBy: 'heal_id',
  figures: 'bot',
  // A playbook has ten steps at most.
  most: 500,
  stays: [
    {
      why: 'is not settled',
      when: anyStep(
        sql`(s.state IN ('intent', 'applied', 'unknown') OR s.state = 'verified' AND s.knowledge_id IS NOT NULL)`,
      ),
    },
    {
      why: 'a person asked for its undo',
      when: anyStep(sql`(s.undo_requested_at IS NOT NULL OR s.state = 'undone')`),
    },
    {
      // Of the applied actions of an entry on a problem, a gate asks whether the newest was undone.
      why: 'another one on its problem was undone',
      when: sql`EXISTS (SELECT FROM bot_actions u WHERE u.fingerprint = t.fingerprint AND u.state = 'undone'
        AND u.knowledge_id IS NOT DISTINCT FROM t.knowledge_id)`,
    },
    {
      why: 'is about a finding that is open',
      when: sql`EXISTS (SELECT FROM bot_findings f WHERE f.id = t.finding_id AND f.resolved_at IS NULL)`,
    },
    referredBy('is about a finding with a ticket', 'bot_tickets', 'finding_id', 'finding_id'),
    {
      why: 'counts in the figures of its entry',
      when: sql`t.knowledge_id IS NOT NULL AND (
        ${anyStep(sql`greatest(s.taken_at, s.settled_at) > engine.now() - ${halfLives}::int * make_interval(days => (
          SELECT k.half_life_days FROM bot_knowledge k WHERE k.id = t.knowledge_id))`)}
        OR t.taken_at >= ALL (SELECT n.taken_at FROM bot_actions n WHERE n.knowledge_id = t.knowledge_id
          ORDER BY n.taken_at DESC NULLS LAST OFFSET ${newest - 1}::int LIMIT 1))`,
    },
  ],
  also: sql`removed_heals AS (
      SELECT heal_id, (array_agg(knowledge_id) FILTER (WHERE knowledge_id IS NOT NULL))[1] AS knowledge_id,
             bool_or(applied_at IS NOT NULL) AS applied, (array_agg(state ORDER BY step DESC, id DESC))[1] AS state,
             min(taken_at) AS began, (array_agg(coalesce(settled_at, taken_at) ORDER BY step DESC, id DESC))[1] AS settled
      FROM gone GROUP BY heal_id
    ), replaced AS (
      -- When the solution was replaced, as src/heal/judging/current-solution.ts reads it.
      SELECT r.knowledge_id, max(v.created_at) AS at FROM (SELECT DISTINCT knowledge_id FROM removed_heals) r
      LEFT JOIN bot_knowledge_events v ON v.knowledge_id = r.knowledge_id AND v.event = 'edited' AND v.after ? 'solution'
      GROUP BY r.knowledge_id
    ), added AS (
      INSERT INTO engine.removed_heals AS m (knowledge_id, solution_since, tried, applied, decided, held)
      SELECT h.knowledge_id, CASE WHEN h.began > r.at AND h.settled > r.at THEN r.at ELSE '-infinity' END,
             count(*) FILTER (WHERE h.applied OR h.state IN ('held', 'relapsed', 'undone', 'failed')), count(*) FILTER (WHERE h.applied),
             count(*) FILTER (WHERE h.state IN ('held', 'relapsed', 'undone', 'failed')), count(*) FILTER (WHERE h.state = 'held')
      FROM removed_heals h JOIN replaced r ON r.knowledge_id = h.knowledge_id
      GROUP BY 1, 2 ORDER BY 1, 2
      ON CONFLICT (knowledge_id, solution_since) DO UPDATE
      SET tried = m.tried + excluded.tried, applied = m.applied + excluded.applied, decided = m.decided + excluded.decided, held = m.held + excluded.held
    )`,
};
