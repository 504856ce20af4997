import type { RetainedTable } from '../retained-table.ts';

export const metrics: RetainedTable = {
  table: 'bot_metrics',
  age: 'metrics_keep_days',
  isPlatforms: false,
  time: { column: 'day', type: 'date' },
  key: { column: 'bot_id', type: 'uuid' },
  figures: null,
  stays: [],
};
