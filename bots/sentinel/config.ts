/** The settings of the sentinel. */
import { z } from '../../src/bot.ts';
import { amount, count, percent } from '../parts/settings.ts';

const ms = (otherwise: number, meaning: string) => amount(otherwise, meaning, 60_000);

const byApp = <Value extends z.ZodType>(value: Value, meaning: string) =>
  z.record(z.string().min(1).max(100), value).default({}).describe(meaning);

export const config = z.strictObject({
  // Web Vitals call a largest paint within 2.5 s good, and more than 4 s poor; the page itself has to be there before that.
  slow_ms: ms(2_000, 'an app that answers later than this, in milliseconds, is a medium finding'),
  very_slow_ms: ms(
    5_000,
    'an app that answers later than this, in milliseconds, is a high finding',
  ),
  // Our choice: users have left by then.
  timeout_seconds: z
    .number()
    .min(0.1)
    .max(60)
    .default(10)
    .describe('how many seconds one request may take before the app counts as down'),
  expect: byApp(
    z.string().min(1).max(500),
    'for the slug of an app, a text that its page has to contain, letter by letter',
  ),
  statuses: byApp(
    z.array(z.int().min(200).max(599)).min(1).max(20),
    'for the slug of an app, statuses that are right for it in addition to 2xx',
  ),
  // 256 KiB: the text of a page without its images and scripts.
  max_body_bytes: z
    .int()
    .min(1_024)
    .max(4_194_304)
    .default(262_144)
    .describe('how many bytes of a page are read at most'),
  // http to https, to www. and to a language: a site needs three at most.
  max_redirects: z
    .int()
    .min(0)
    .max(5)
    .default(3)
    .describe('how many redirects within its site an app may need'),
  // Let's Encrypt issues for 90 days (64, later 45) and renews with a third of them left: shares fit all of them.
  certificate_medium_percent: percent(
    25,
    'a certificate with less than this share of its lifetime left is a medium finding',
  ),
  // Half of that.
  certificate_high_percent: percent(
    12.5,
    'a certificate with less than this share of its lifetime left is a high finding',
  ),
  missing_paths: z
    .boolean()
    .default(true)
    .describe('whether each app is also asked for a path that does not exist'),
  // 5 at once, 10 s each at most: 15 apps that do not answer fit into max_seconds, and 200 that answer.
  at_once: count(5, 'how many apps are asked at the same time', 50),
  max_seconds: z
    .number()
    .min(1)
    .max(3_600)
    .default(30)
    .describe(
      'how many seconds one check may take; a finding says how many apps were not asked by then',
    ),
  max_apps: count(200, 'how many apps are asked at most', 2_000),
});
export type Config = z.infer<typeof config>;
