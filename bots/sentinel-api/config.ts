import { z } from '../../src/bot.ts';

const percent = (otherwise: number, meaning: string) =>
  z.number().min(0).max(100).default(otherwise).describe(meaning);
const count = (otherwise: number, meaning: string) =>
  z.int().min(1).max(2_147_483_647).default(otherwise).describe(meaning);
export const config = z.strictObject({
  window_minutes: z
    .number()
    .positive()
    .max(129_600)
    .default(60)
    .describe('how many minutes of requests are counted, 90 days at most'),
  min_requests: count(20, 'with fewer requests than these, the errors among them are never high'),
  max_5xx_percent: percent(
    5,
    'above this share of 5xx answers an endpoint is a high finding; below it a low one',
  ),
  critical_5xx_percent: percent(50, 'above this share of 5xx answers it is a critical one'),
  // One in some thousand requests fails on every busy platform, and a deployment costs one or two.
  min_5xx: count(
    3,
    'so many 5xx answers are a finding even where their share is small; two are one above the share',
  ),
  min_404: count(10, 'fewer 404 answers of a path are no finding'),
  max_404_percent: percent(50, 'up to this share of 404 answers a path is no finding'),
  max_p95_ms: z
    .number()
    .min(0)
    .default(1000)
    .describe("95 % of an endpoint's requests should take no longer, in milliseconds"),
  min_429: count(10, 'fewer 429 answers of an endpoint are no finding'),
  max_429_percent: percent(10, 'up to this share of 429 answers an endpoint is no finding'),
  min_401: count(20, 'fewer 401 answers of an endpoint are no finding'),
  max_401_percent: percent(20, 'up to this share of 401 answers an endpoint is no finding'),
  rise_401_factor: z
    .number()
    .min(1)
    .max(1_000)
    .default(3)
    .describe('the share of 401 answers is so many times that of the same time of past days'),
  // An alarm about a path with fewer requests would come by chance: with 20 usual ones, none at all is e^-20.
  min_usual: count(20, 'an endpoint with fewer requests an hour than these does not fall silent'),
  min_days: z
    .int()
    .min(4)
    .max(7)
    .default(5)
    .describe(
      'on so many of the past seven days an endpoint had its requests, if it is to be missed',
    ),
  max_findings: z
    .int()
    .min(1)
    .max(1000)
    .default(50)
    .describe('endpoints that one check reports at most, the worst first'),
});
export type Config = z.infer<typeof config>;
