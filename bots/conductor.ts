/**
 * Watches the other bots (whether they are on time, and whether their runs start, end, succeed, and look at something), the queue,
 * and the healing.
 */
import { defineBot } from '../src/bot.ts';
import { findOutOfService, findOverdue, findStuck } from './conductor/bots.ts';
import { config } from './conductor/config.ts';
import { findBadEndings, findFlapping } from './conductor/endings.ts';
import { findHealingLoops } from './conductor/healing-loops.ts';
import { findHollowRuns } from './conductor/hollow.ts';
import { knowledge } from './conductor/knowledge.ts';
import { findLongQueue } from './conductor/queue.ts';
import { findLowSuccessRates, findNoChecks, newestRunSeconds } from './conductor/runs.ts';
import { findLowScores } from './conductor/score.ts';
import { findLateStarts, findSkippedSlots } from './conductor/slots.ts';

export const conductor = defineBot({
  name: 'conductor',
  displayName: 'Conductor',
  description:
    'Watches the other bots: late, stuck, failing, idle, hollow, flapping and out of service; the queue; and healing that goes in circles.',
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
      title: 'Does every bot look at something?',
      events: true,
      windowSeconds: () => newestRunSeconds,
      run: findNoChecks,
    },
    {
      name: 'hollow-runs',
      title: 'Do the checks of every bot find something to look at?',
      run: findHollowRuns,
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
      title: 'Does every slot lead to a run?',
      events: true,
      windowSeconds: ({ window_hours }) => window_hours * 3_600,
      run: findSkippedSlots,
    },
    { name: 'queue', title: 'Do the workers keep up?', run: findLongQueue },
    { name: 'last-run', title: 'Did every bot end its newest run well?', run: findBadEndings },
    { name: 'flapping', title: 'Do bots go on succeeding, or go on failing?', run: findFlapping },
    { name: 'health-score', title: 'Is every bot healthy, by its day?', run: findLowScores },
    { name: 'out-of-service', title: 'Is every bot in service?', run: findOutOfService },
    { name: 'healing-loops', title: 'Does healing come to an end?', run: findHealingLoops },
  ],
  knowledge,
});
