/** Logs of the platform: no row refers to one of theirs. */
import { sql } from 'kysely';
import type { RollupKind } from '../../rollups/sources.ts';
import type { AgeSetting } from '../ages.ts';
import type { Reason, RetainedTable } from '../retained-table.ts';

const log = (
  table: string,
  age: AgeSetting,
  figures: RollupKind,
  stays: readonly Reason[] = [],
): RetainedTable => ({
  table,
  age,
  isPlatforms: true,
  time: { column: 'created_at', type: 'timestamptz' },
  key: { column: 'id', type: 'uuid' },
  figures,
  stays,
});

export const logs: readonly RetainedTable[] = [
  log('api_logs', 'api_logs_keep_days', 'endpoint'),
  log('page_views', 'page_views_keep_days', 'page'),
  log('error_logs', 'error_logs_keep_days', 'error', [
    {
      why: 'the job group-errors has not counted it',
      when: sql`EXISTS (SELECT FROM engine.error_cursor c WHERE (t.xact_id, t.id) > (c.xact_id, c.error_id))`,
    },
  ]),
  log('user_activity_log', 'activity_keep_days', 'activity'),
];
