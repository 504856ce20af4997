/** The settings of sentinel-api. */
import { z } from '../../src/bot.ts';
import { amount, count, maxFindings, percent, time } from '../parts/settings.ts';

export const config = z.strictObject({
  // In an hour also an endpoint that is rarely used has min_requests.
  window_minutes: time(60, 'how many minutes of requests are counted, 90 days at most', 129_600),
  // With fewer, one error is 5 % or more.
  min_requests: count(20, 'an endpoint with fewer requests than this is at most a medium finding'),
  // One error in twenty: the share that min_requests can tell from a single error.
  max_5xx_percent: percent(
    5,
    'an endpoint is a high finding above this share of 5xx answers, a low one below it',
  ),
  // Most requests fail.
  critical_5xx_percent: percent(50, 'above this share of 5xx answers the finding is critical'),
  // One in some thousand requests fails on every busy platform, and a deployment costs one or two.
  min_5xx: count(
    3,
    'at least this many 5xx answers are a finding also where their share is small; above max_5xx_percent two are',
  ),
  // As weeks of the pulse.
  weeks: z
    .int()
    .min(3)
    .max(12)
    .default(8)
    .describe(
      'with how many past weeks 5xx answers and times are compared, at the same time of the same weekday',
    ),
  // As min_weeks of the pulse.
  min_weeks: z
    .int()
    .min(3)
    .max(12)
    .default(3)
    .describe(
      'an endpoint that had min_requests in fewer past weeks than this is not compared with them',
    ),
  // Our choice: what varies by less from week to week is the same problem, which is known.
  worse_factor: z
    .number()
    .min(1)
    .max(1_000)
    .default(2)
    .describe(
      'what is up to this many times as bad as in past weeks is usual, and no finding unless most requests fail',
    ),
  // As min_errors of the pulse: a deployment costs one or two requests on each of some instances.
  min_rise_5xx: count(
    10,
    'at least this many 5xx answers are a medium finding where their share is far above the usual one',
  ),
  // Our choice: one user in a hundred sees the error.
  rise_5xx_points: percent(
    1,
    'for that, the share has to be more than this many percentage points above the usual one',
  ),
  // Twice the time that feels immediate, 0.1 s (J. Nielsen, Response Times: The 3 Important Limits).
  min_rise_ms: amount(
    200,
    'an endpoint that became slower than usual is a finding, low up to max_p95_ms, where half of its requests take this many milliseconds more',
  ),
  // Our choice: one visitor with an old link may try it several times.
  min_404: count(10, 'fewer 404 answers of a path than this are no finding'),
  // Two: a scanner is one client.
  min_404_clients: count(
    2,
    'a path that answers 404 to fewer IP addresses than this is no finding, where each request has one',
  ),
  // An endpoint such as /users/ID answers some 404 rightly: a path that is missing answers nothing else.
  max_404_percent: percent(50, 'up to this share of 404 answers a path is no finding'),
  // After one second users notice that they wait (J. Nielsen, Response Times: The 3 Important Limits).
  max_p95_ms: amount(1_000, "how many milliseconds 95 % of an endpoint's requests may take"),
  // As min_404.
  min_429: count(10, 'fewer 429 answers of an endpoint than this are no finding'),
  // Our choice: a limit that refuses one request in ten is too low, or a client is in a loop.
  max_429_percent: percent(10, 'up to this share of 429 answers an endpoint is no finding'),
  // As min_requests: fewer are single clients with an old token.
  min_401: count(20, 'fewer 401 answers of an endpoint than this are no finding'),
  // Our choice: one client in five has an expired token on a usual day.
  max_401_percent: percent(20, 'up to this share of 401 answers an endpoint is no finding'),
  // As rise_factor of the pulse.
  rise_401_factor: z
    .number()
    .min(1)
    .max(1_000)
    .default(3)
    .describe(
      'the share of 401 answers has to be this many times that of the same time on past days',
    ),
  // By chance alone such an endpoint has no request in an hour once in e^20 hours.
  min_usual: count(20, 'an endpoint with fewer usual requests an hour than this is not missed'),
  // Five of seven: the weekdays.
  min_days: z
    .int()
    .min(4)
    .max(7)
    .default(5)
    .describe(
      'on how many of the past seven days an endpoint has to have min_usual requests to be missed',
    ),
  max_findings: maxFindings('endpoints'),
});
export type Config = z.infer<typeof config>;
