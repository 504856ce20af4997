/** The settings of the sentinel. */
import { z } from '../../src/bot.ts';

const ms = (otherwise: number, meaning: string) =>
  z.number().min(0).max(60_000).default(otherwise).describe(meaning);
const share = (otherwise: number, meaning: string) =>
  z.number().min(0).max(100).default(otherwise).describe(meaning);
const byApp = <Value extends z.ZodType>(value: Value, meaning: string) =>
  z.record(z.string().min(1).max(100), value).default({}).describe(meaning);

export const config = z.strictObject({
  // Web Vitals call a largest paint within 2.5 s good, and more than 4 s poor; the page itself has to be there before that.
  slow_ms: ms(2_000, 'an app that answers later than this, in milliseconds, is a medium finding'),
  very_slow_ms: ms(5_000, 'an app that answers later than this, in milliseconds, is a high one'),
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
    'for the slug of an app, further statuses with which it is well; 2xx always are',
  ),
  max_body_bytes: z
    .int()
    .min(1_024)
    .max(4_194_304)
    .default(262_144)
    .describe('how many bytes of a page are read at most'),
  // http to https, to www. and to a language: three is what a well-kept site needs at most.
  max_redirects: z
    .int()
    .min(0)
    .max(5)
    .default(3)
    .describe('how many redirects within its site an app may need'),
  // Let's Encrypt issues for 90 days (64, later 45) and renews with a third of them left: shares fit all of them.
  certificate_medium_percent: share(
    25,
    "with less than this share of its lifetime left, an app's certificate is a medium finding",
  ),
  certificate_high_percent: share(12.5, 'with less than this share of it left, it is a high one'),
  missing_paths: z
    .boolean()
    .default(true)
    .describe('whether each app is also asked for a path that does not exist'),
  at_once: z.int().min(1).max(50).default(5).describe('how many apps are asked at the same time'),
  max_seconds: z
    .number()
    .min(1)
    .max(3_600)
    .default(30)
    .describe('how many seconds one check may take; apps that were not asked by then are named'),
  max_apps: z.int().min(1).max(2_000).default(200).describe('how many apps are asked at most'),
});
export type Config = z.infer<typeof config>;
