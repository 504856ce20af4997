/** What a check has already reported and is still open, so that it can be examined again. */
import { sql } from '../../src/bot.ts';

/**
 * SQL: the keys of the open findings of a check as an array of ids. They are examined again however old their rows are, because a
 * finding must not resolve only because its row has left the window.
 */
export const openIds = (category: string, check: string) => sql`ARRAY(
  SELECT DISTINCT component_key::uuid FROM bot_findings
  WHERE resolved_at IS NULL AND category = ${category} AND check_name = ${check}
    AND component_key ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
  LIMIT 1000)`;
