/**
 * Every table of which retention removes rows, in the order in which it does: what refers to rows goes before them. A new one is a
 * file and a line here, and a row in docs/retention.md.
 */
import type { RetainedTable } from '../retained-table.ts';
import { backups } from './backups.ts';
import { decisions } from './decisions.ts';
import { findings } from './findings.ts';
import { heals } from './heals.ts';
import { logs } from './logs.ts';
import { memories } from './memories.ts';
import { messages } from './messages.ts';
import { metrics } from './metrics.ts';
import { runs } from './runs.ts';
import { tickets } from './tickets.ts';

export const retainedTables: readonly RetainedTable[] = [
  messages,
  tickets,
  decisions,
  heals,
  findings,
  runs,
  memories,
  metrics,
  backups,
  ...logs,
];
