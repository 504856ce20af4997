import { sql } from 'kysely';
import type { RetainedTable } from '../retained-table.ts';

/** Rows of backups whose file is gone, and of those that came to nothing. */
export const backups: RetainedTable = {
  table: 'engine.backups',
  age: 400,
  isPlatforms: false,
  time: { column: 'began_at', type: 'timestamptz' },
  key: { column: 'id', type: 'uuid' },
  figures: null,
  stays: [
    { why: 'is being made', when: sql`t.outcome = 'running'` },
    { why: 'is there', when: sql`t.outcome = 'success' AND t.removed_at IS NULL` },
  ],
};
