/**
 * Watches the other bots (whether they are on time, and whether their runs start, end, succeed, and examine anything), the queue,
 * and the healing.
 */
import { defineBot } from '../src/bot.ts';
import { findOutOfService, findOverdue, findStuck } from './conductor/bots.ts';
import { config } from './conductor/config.ts';
import { findBadEndings, findFlapping } from './conductor/endings.ts';
import { findHealingLoops } from './conductor/healing-loops.ts';
import { findEmptyRuns } from './conductor/empty-runs.ts';
import { knowledge } from './conductor/knowledge.ts';
import { findLongQueue } from './conductor/queue.ts';
import { findLowSuccessRates, findNoChecks, newestRunSeconds } from './conductor/runs.ts';
import { findLowScores } from './conductor/score.ts';
import { findLateStarts, findSkippedSlots } from './conductor/slots.ts';

export const conductor = defineBot({
  name: 'conductor',
  displayName: 'Conductor',
  description:
    'Finds bots that run late, hang, fail, examine nothing, flap or are out of service, a queue that is too long, and healing that repeats itself.',
  schedule: '*/5 * * * *',
  config,
  checks: [
    { name: 'overdue', title: 'Does every active bot run on time?', run: findOverdue },
    { name: 'stuck', title: 'Does every run start and end in time?', run: findStuck },
    {
      name: 'success-rate',
      title: 'Do the runs of every bot succeed?',
      events: true,
      windowSeconds: ({ window_hours }) => window_hours * 3_600,
      run: findLowSuccessRates,
    },
    {
      name: 'no-checks',
      title: 'Does every bot perform checks?',
      events: true,
      windowSeconds: () => newestRunSeconds,
      run: findNoChecks,
    },
    {
      name: 'empty-runs',
      title: 'Do the checks of every bot examine anything?',
      run: findEmptyRuns,
    },
    {
      name: 'late-starts',
      title: 'Do runs start soon after they were queued?',
      events: true,
      windowSeconds: ({ late_start_hours }) => late_start_hours * 3_600,
      run: findLateStarts,
    },
    {
      name: 'skipped-slots',
      title: 'Does every slot have a run?',
      events: true,
      windowSeconds: ({ window_hours }) => window_hours * 3_600,
      run: findSkippedSlots,
    },
    { name: 'queue', title: 'Do the workers keep up with the queue?', run: findLongQueue },
    { name: 'last-run', title: 'Did the newest run of every bot succeed?', run: findBadEndings },
    {
      name: 'flapping',
      title: 'Is no bot flapping between success and failure?',
      run: findFlapping,
    },
    { name: 'health-score', title: 'Does every bot have a good health score?', run: findLowScores },
    { name: 'out-of-service', title: 'Is every bot in service?', run: findOutOfService },
    {
      name: 'healing-loops',
      title: 'Does healing end, without repeating itself?',
      run: findHealingLoops,
    },
  ],
  knowledge,
});
