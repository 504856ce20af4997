import { z } from '../../src/bot.ts';

const feed = z
  .string()
  .max(500)
  .refine((text) => {
    const url = URL.canParse(text) ? new URL(text) : null;
    return url !== null && /^https?:$/.test(url.protocol) && !url.username && !url.password;
  }, 'an http or https address without user and password');

export const config = z.strictObject({
  feeds: z
    .array(feed)
    // What is remembered of all of them fits into a check's memory.
    .max(20)
    .refine((feeds) => new Set(feeds).size === feeds.length, 'names a feed twice')
    .default([])
    .describe('the addresses of the feeds: RSS, Atom, RDF or JSON Feed'),
  // RFC 9309 lets readers wait far longer; a feed is a small file.
  timeout_seconds: z
    .number()
    .positive()
    .max(60)
    .default(15)
    .describe('how many seconds a feed may take to answer'),
  max_kilobytes: z
    .int()
    .min(1)
    .max(4_096)
    .default(1_024)
    .describe('a feed that is longer than this is not read'),
  // Two rounds of six hours: most outages are over by then.
  failures_in_row: z
    .int()
    .min(1)
    .max(100)
    .default(2)
    .describe('a feed that cannot be read so many times in a row is a finding'),
  // Half a year: release notes and status pages may be quiet for months.
  quiet_days: z
    .int()
    .min(1)
    .max(3_650)
    .default(180)
    .describe('a feed without a new entry for so many days is quiet'),
  new_days: z
    .int()
    .min(1)
    .max(3_650)
    .default(30)
    .describe('an entry whose own date is older than so many days is not new'),
});
export type Config = z.infer<typeof config>;
