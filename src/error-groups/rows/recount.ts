import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';
import { maxExample } from './open-templates.ts';

/** Computes a group's figures and its example anew from its templates. Only for who has locked the groups; it has templates. */
export async function recountGroup(trx: Transaction<Database>, group: string): Promise<void> {
  await sql`
    UPDATE engine.error_groups g SET
      errors = s.errors, first_seen_at = s.first, last_seen_at = s.last,
      example_id = coalesce(n.error_id, g.example_id),
      example = CASE WHEN coalesce(n.error_id, g.example_id) = g.example_id THEN g.example ELSE left(e.error_message, ${maxExample}) END
    FROM (
      SELECT sum(errors) AS errors, min(first_seen_at) AS first, max(last_seen_at) AS last
      FROM engine.error_templates WHERE group_id = ${group}::bigint
    ) s LEFT JOIN LATERAL (
      SELECT newest.error_id FROM engine.error_templates t CROSS JOIN LATERAL (
        SELECT error_id, seen_at FROM engine.grouped_errors WHERE template_id = t.id ORDER BY seen_at DESC LIMIT 1
      ) newest
      WHERE t.group_id = ${group}::bigint ORDER BY newest.seen_at DESC LIMIT 1
    ) n ON true LEFT JOIN error_logs e ON e.id = n.error_id
    WHERE g.id = ${group}::bigint`.execute(trx);
}
