import { z } from '../../src/bot.ts';

const percent = (otherwise: number, meaning: string) =>
  z.number().min(0).max(100).default(otherwise).describe(meaning);
const count = (otherwise: number, meaning: string) =>
  z.int().min(1).max(2_147_483_647).default(otherwise).describe(meaning);

export const config = z.strictObject({
  window_minutes: z
    .int()
    .min(1)
    .max(60)
    .default(10)
    .describe('how many minutes of requests are compared'),
  lag_minutes: z
    .int()
    .min(0)
    .max(1_440)
    .default(1)
    .describe('how late rows of api_logs may come: more where they are imported from log files'),
  timezone: z
    .string()
    .refine((zone) => {
      try {
        return Boolean(new Intl.DateTimeFormat('en', { timeZone: zone }));
      } catch {
        return false;
      }
    }, 'a time zone such as America/New_York')
    .default('UTC')
    .describe(
      'the time zone of most users, so that a change of clocks does not move the hours that are compared',
    ),
  weeks: z.int().min(3).max(12).default(8).describe('how many past weeks are compared'),
  // With fewer than three values a median is one of two, and says nothing about their spread.
  min_weeks: z
    .int()
    .min(3)
    .max(12)
    .default(3)
    .describe('with fewer weeks than these, nothing is judged'),
  // Nights and weekends: below this a count varies by a seventh by chance alone (1 / sqrt(50)).
  min_expected: count(
    50,
    'where fewer requests or sessions than these are usual, a fall is not judged',
  ),
  fall_percent: percent(50, 'a fall by more than so many percent is a finding'),
  rise_factor: z
    .number()
    .min(1.5)
    .max(1_000)
    .default(3)
    .describe('more than so many times the usual requests are told as info'),
  min_requests: count(100, 'with fewer requests than these, their share of errors is not judged'),
  min_errors: count(10, 'fewer 5xx answers than these are no finding'),
  error_points: percent(5, 'the share of 5xx answers may be so many points above what is usual'),
  error_factor: z
    .number()
    .min(1)
    .max(1_000)
    .default(3)
    .describe('and at least so many times what is usual'),
  critical_error_percent: percent(50, 'above this share of 5xx answers it is a critical finding'),
  // Kubernetes evicts at 100 MB, systemd-oomd acts at 90 % of swap and memory.
  max_memory_percent: percent(
    90,
    "above this share of the host's or the cgroup's memory it is short",
  ),
  max_cpu_percent: percent(95, "above this share of the host's or the cgroup's CPU it is busy"),
  busy_runs: z
    .int()
    .min(1)
    .max(1_000)
    .default(5)
    .describe('in so many runs in a row, before it is a finding: a short peak is none'),
});
export type Config = z.infer<typeof config>;

/** What the findings about all requests and sessions together are about. */
export const platform = 'platform';
