/** The settings of the conductor. */
import { z } from '../../src/bot.ts';
import { amount, count, maxFindings, percent, time } from '../parts/settings.ts';

export const config = z.strictObject({
  // A scheduler claims a due bot within seconds (docs/schedules.md); ten minutes outlast a restart and a failover.
  overdue_minutes: amount(10, 'how many minutes late a bot may be claimed'),
  // The worker ends a run at its timeout, and rescue takes over the run of a lost worker within seconds (docs/protocol.md).
  stuck_margin_seconds: amount(60, 'how many seconds longer than its timeout a run may last'),
  // As overdue_minutes: a queued run starts within seconds where its bot and a worker have room.
  queued_minutes: amount(10, 'how many minutes a run may be queued while its bot has room for it'),
  // A day contains a run of each bot that runs daily or more often.
  window_hours: time(
    24,
    'over how many hours the success rate and the skipped slots are counted',
    720,
  ),
  // Our choice: one failure in five runs is more than the retries of a bot should leave.
  min_success_rate: percent(80, "percent of a bot's runs that should succeed"),
  // With ten runs or fewer, two failures that come by chance are below 80 %.
  min_runs: z
    .int()
    .min(0)
    .max(2_147_483_647)
    .default(10)
    .describe('the success rate is judged only for bots with more runs than this'),
  // A week: a bot that was paused for one piece of work is resumed by then.
  paused_days: amount(7, 'how many days a bot may be paused before that is a finding', 36_500),
  // Our choice: a limit that blocks in one hour did its work; in three, the problem comes back after each heal.
  limit_hours: z
    .int()
    .min(1)
    .max(24)
    .default(3)
    .describe(
      'in how many of the last 24 hours a healing limit has to block an entry to be a finding',
    ),
  max_findings: maxFindings('bots or entries'),
  // An entry that the queue lost is found within seconds (docs/protocol.md); a start within 30 s needs no finding.
  late_start_seconds: z
    .number()
    .positive()
    .default(30)
    .describe('how many seconds after it was queued a run may start while there is room for it'),
  // A quarter of a day: long enough for min_late_starts of an hourly bot.
  late_start_hours: time(6, 'over how many hours late starts are counted', 168),
  // One or two late starts come with every restart of a worker.
  min_late_starts: count(3, 'a bot with fewer late starts than this is no finding'),
  // Where more than 5 % of the starts are late, their 95th percentile is late, too.
  late_start_percent: percent(
    5,
    "up to this share of late starts among a bot's runs is no finding",
  ),
  // A bot that is paused while a slot is due misses one; a second one may be a restart.
  min_skipped_slots: count(3, 'a bot with fewer skipped slots than this is no finding'),
  // Our choice: six slots an hour of a bot that runs each minute.
  max_skipped_percent: percent(
    10,
    "up to this share of a bot's slots may be skipped; slots that maintenance skips do not count",
  ),
  // A day contains a quiet night and the traffic after it.
  empty_hours: time(
    24,
    'a bot is a finding if none of its successful runs of this many hours examined anything',
    720,
  ),
  // Fewer runs say little; a bot that runs daily is judged by min_empty_runs days, if empty_hours is as long.
  min_empty_runs: count(
    5,
    'a bot with fewer successful runs than this in empty_hours is not judged',
  ),
  // Ten times the places that a worker has by default: it executes so many runs within minutes.
  max_waiting_runs: count(100, 'how many due runs may wait for a worker'),
  // Many bots are due at the full hour: those runs have started after a minute or two.
  waiting_minutes: amount(
    5,
    'if more than max_waiting_runs wait: how many minutes the oldest of them may wait',
  ),
  // A bot that runs hourly or more often has its next chance soon.
  requeue_wait_minutes: amount(
    60,
    'a bot whose newest run failed is a finding if its next run is further away than this many minutes',
  ),
  // Nagios flags a service as flapping at 30 % of changes in 21 results (high_service_flap_threshold unless set).
  flapping_percent: percent(
    30,
    'a bot is flapping if at least this share of its 21 newest runs changed between success and failure',
  ),
  // Our choice: in a day of 24 slots, seven were skipped or failed.
  min_health_score: percent(70, 'a bot with a lower health score of a day is a finding'),
});
export type Config = z.infer<typeof config>;

export const category = 'bots';
