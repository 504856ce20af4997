/**
 * Every job: one line each. Schedulers load this list, too, so a job imports large modules only when its handler
 * runs.
 */
import type { Job } from '../src/contract/job.ts';
import { backup } from './backup.ts';
import { closeIssues } from './close-issues.ts';
import { closeTickets } from './close-tickets.ts';
import { deliver } from './deliver.ts';
import { escalateTickets } from './escalate-tickets.ts';
import { groupErrors } from './group-errors.ts';
import { leaderboards } from './leaderboards.ts';
import { letChecksReadJob } from './let-checks-read.ts';
import { maintenance } from './maintenance.ts';
import { retention } from './retention.ts';
import { rollup } from './rollup.ts';
import { routeEvents } from './route-events.ts';
import { sendReport } from './send-report.ts';
import { subscriptions } from './subscriptions.ts';
import { tidy } from './tidy.ts';

export const jobs: readonly Job[] = [
  tidy,
  backup,
  maintenance,
  rollup,
  retention,
  groupErrors,
  leaderboards,
  subscriptions,
  letChecksReadJob,
  closeTickets,
  closeIssues,
  escalateTickets,
  routeEvents,
  deliver,
  sendReport,
];
