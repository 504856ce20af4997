/** The settings of the scout. */
import { z } from '../../src/bot.ts';
import { count } from '../parts/settings.ts';

const feed = z
  .string()
  .max(500)
  .refine((text) => {
    const url = URL.canParse(text) ? new URL(text) : null;
    return url !== null && /^https?:$/.test(url.protocol) && !url.username && !url.password;
  }, 'an http or https address without user and password');

/** Ten years. */
const maxDays = 3_650;

export const config = z.strictObject({
  feeds: z
    .array(feed)
    // What is remembered of all of them fits into a check's memory.
    .max(20)
    .refine((feeds) => new Set(feeds).size === feeds.length, 'names a feed twice')
    .default([])
    .describe('the addresses of the feeds: RSS, Atom, RDF or JSON Feed'),
  // Our choice: a feed is one small file; all of them are read at the same time, within the deadline of the run.
  timeout_seconds: z
    .number()
    .positive()
    .max(60)
    .default(15)
    .describe('how many seconds a feed may take to answer'),
  // 1 MiB: feeds with the whole text of a hundred entries are smaller.
  max_kilobytes: count(1_024, 'a feed that is longer than this many kilobytes is not read', 4_096),
  // Two runs are six hours apart: most outages are over by then.
  failures_in_row: count(
    2,
    'a feed that was read before is a finding when it cannot be read in this many runs in a row',
    100,
  ),
  // Half a year: release notes and status pages may have no entry for months.
  quiet_days: count(180, 'a feed without a new entry for this many days is quiet', maxDays),
  // A month: an old entry that is published again is no news.
  new_days: count(30, 'an entry whose own date is older than this many days is not new', maxDays),
});
export type Config = z.infer<typeof config>;
