/** The settings of the conductor. */
import { z } from '../../src/bot.ts';

export const config = z.strictObject({
  overdue_minutes: z
    .number()
    .min(0)
    .max(52_560_000)
    .default(10)
    .describe('how many minutes late a bot may be claimed'),
  stuck_margin_seconds: z
    .number()
    .min(0)
    .max(3_153_600_000)
    .default(60)
    .describe('how many seconds a run may exceed its timeout'),
  queued_minutes: z
    .number()
    .min(0)
    .max(52_560_000)
    .default(10)
    .describe('how many minutes a run may wait although its bot has room for it'),
  window_hours: z
    .number()
    .positive()
    .max(720)
    .default(24)
    .describe('how many hours of runs the success rate is counted over'),
  min_success_rate: z
    .number()
    .min(0)
    .max(100)
    .default(80)
    .describe("percent of a bot's runs that should succeed"),
  min_runs: z
    .int()
    .min(0)
    .max(2_147_483_647)
    .default(10)
    .describe('with so many runs or fewer, a success rate means nothing'),
  paused_days: z
    .number()
    .min(0)
    .max(36_500)
    .default(7)
    .describe('how many days a bot may be paused before that is a finding'),
  limit_hours: z
    .int()
    .min(1)
    .max(24)
    .default(3)
    .describe(
      'in how many hours of a day a limit of healing has to block an entry to be a finding',
    ),
  max_findings: z
    .int()
    .min(1)
    .max(1000)
    .default(50)
    .describe('bots or entries that one check reports at most, the worst first'),
  late_start_seconds: z
    .number()
    .positive()
    .max(3_153_600_000)
    // A lost entry of the queue is found within seconds; half a minute is none of its faults.
    .default(30)
    .describe('how many seconds after it was queued a run may start although there is room for it'),
  late_start_hours: z
    .number()
    .positive()
    .max(168)
    .default(6)
    .describe('how many hours of runs are looked at for late starts'),
  min_late_starts: z
    .int()
    .min(1)
    .max(2_147_483_647)
    .default(3)
    .describe('fewer late starts of a bot are no finding'),
  late_start_percent: z
    .number()
    .min(0)
    .max(100)
    // So its 95th percentile is late.
    .default(5)
    .describe("up to this share of late starts among a bot's runs is no finding"),
  min_skipped_slots: z
    .int()
    .min(1)
    .max(2_147_483_647)
    // A bot that is paused while a slot is due misses one.
    .default(3)
    .describe('fewer skipped slots of a bot in the window are no finding'),
  max_skipped_percent: z
    .number()
    .min(0)
    .max(100)
    .default(10)
    .describe("up to this share of a bot's slots may be skipped, without those of maintenance"),
  hollow_hours: z
    .number()
    .positive()
    .max(720)
    // A day has a quiet night in it.
    .default(24)
    .describe('for how many hours all successes of a bot have to look at nothing to be a finding'),
  min_hollow_runs: z
    .int()
    .min(1)
    .max(2_147_483_647)
    .default(5)
    .describe('and how many successes there have to be in these hours'),
  max_waiting_runs: z
    .int()
    .min(1)
    .max(2_147_483_647)
    .default(100)
    .describe('how many runs that are due may wait for a worker'),
  waiting_minutes: z
    .number()
    .min(0)
    .max(52_560_000)
    // Many bots are due at the full hour: that burst is over in a minute or two.
    .default(5)
    .describe('and how many minutes the oldest of them may wait'),
  requeue_wait_minutes: z
    .number()
    .min(0)
    .max(52_560_000)
    .default(60)
    .describe(
      'a bot whose newest run ended badly, and that runs again only later than this, is a finding',
    ),
  flapping_percent: z
    .number()
    .min(0)
    .max(100)
    // Nagios' high_flap_threshold over 21 results.
    .default(30)
    .describe('from this share of changes between success and failure in 21 runs on a bot flaps'),
  min_health_score: z
    .number()
    .min(0)
    .max(100)
    .default(70)
    .describe("below this a bot's health score of a day is a finding"),
});
export type ConductorConfig = z.infer<typeof config>;

export const category = 'bots';
