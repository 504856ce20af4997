/** The settings of the pulse. */
import { z } from '../../src/bot.ts';
import { count, percent, timeZone } from '../parts/settings.ts';

export const config = z.strictObject({
  // Our choice: an outage is seen within minutes, and a burst of one minute does not decide.
  window_minutes: count(10, 'how many minutes of requests are compared', 60),
  // Our choice: a platform writes its rows within seconds of the request.
  lag_minutes: z
    .int()
    .min(0)
    .max(1_440)
    .default(1)
    .describe(
      'how many minutes late rows of api_logs may be written: more where log files are imported',
    ),
  timezone: timeZone(
    'the time zone of most users, so that a change between summer and winter time does not shift the compared hours',
  ),
  // Two months: seasons and growth change what is usual more slowly.
  weeks: z
    .int()
    .min(3)
    .max(12)
    .default(8)
    .describe('with how many past weeks requests are compared'),
  // With fewer than three values a median is one of two, and says nothing about their spread.
  min_weeks: z
    .int()
    .min(3)
    .max(12)
    .default(3)
    .describe('nothing is compared with fewer past weeks than this'),
  // Nights and weekends: below this a count varies by a seventh by chance alone (1 / sqrt(50)).
  min_expected: count(
    50,
    'a fall is not judged where fewer requests or sessions than this are usual',
  ),
  // Our choice: a fall by half is more than a holiday costs in one of three weeks.
  fall_percent: percent(50, 'a fall by more than this share is a finding'),
  // Our choice: a newsletter may double the requests.
  rise_factor: z
    .number()
    .min(1.5)
    .max(1_000)
    .default(3)
    .describe('more than this many times the usual requests are a finding, mostly as info'),
  // With fewer, one failed request is 1 % or more.
  min_requests: count(100, 'the share of 5xx answers is not judged with fewer requests than this'),
  // Our choice: a deployment costs one or two requests on each of some endpoints.
  min_errors: count(10, 'fewer 5xx answers than this are no finding'),
  // As max_5xx_percent of sentinel-api.
  error_points: percent(
    5,
    'a finding needs a share of 5xx answers more than this many percentage points above the usual one',
  ),
  // As rise_factor.
  error_factor: z
    .number()
    .min(1)
    .max(1_000)
    .default(3)
    .describe('and more than this many times the usual share'),
  // Most requests fail.
  critical_error_percent: percent(50, 'above this share of 5xx answers the finding is critical'),
  // Kubernetes evicts at 100 MB, systemd-oomd acts at 90 % of swap and memory.
  max_memory_percent: percent(
    90,
    "above this share of the host's memory, or of its cgroup's, it is short of memory",
  ),
  // Our choice: less leaves room for the next run.
  max_cpu_percent: percent(
    95,
    "above this share of the host's CPU, or of its cgroup's, it is short of CPU",
  ),
  // Five minutes, as the bot runs each minute: a build or a backup may be shorter.
  busy_runs: count(
    5,
    'memory or CPU has to be short in this many runs in a row to be a finding',
    1_000,
  ),
});
export type Config = z.infer<typeof config>;

/** The component of findings about all requests and sessions together. */
export const platform = 'platform';
