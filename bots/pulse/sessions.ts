/** Compares the sessions that are active now with those of the same weekday and hour, as the check remembers them. */
import { sql, z } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import { hourMs } from '../parts/time.ts';
import { hasFallen, usualOf } from './baseline.ts';
import { platform, type Config } from './config.ts';

const weekHours = 168;

/** To count this many sessions takes 10 ms, each minute. */
const maxCounted = 200_000;

/** The counts of past hours, one after the other up to `until` (hours since 1970); null where none was taken. */
const memory = z.object({ until: z.int(), counts: z.array(z.int().nullable()) });
type Memory = z.infer<typeof memory>;

/** This many hours fit into a memory of 16 KiB, at 7 bytes each at most. */
const maxHours = 8 * weekHours;

const emptyMemory: Memory = { until: 0, counts: [] };

/** Drops hours after the present one, from before the clock was set back: with them, no other hour would be remembered until they come. */
export function recall(remembered: unknown, hour: number): Memory {
  const read = memory.safeParse(remembered);
  if (!read.success) return emptyMemory;
  const { until, counts } = read.data;
  if (until <= hour) return read.data;
  const left = counts.slice(0, Math.max(0, counts.length - 1 - (until - hour)));
  return left.length > 0 ? { until: hour - 1, counts: left } : emptyMemory;
}

/** The memory with the count of an hour: the first count of each hour is kept. */
function withCount({ until, counts }: Memory, hour: number, count: number): Memory {
  const gap = Math.min(hour - until - 1, maxHours);
  const all = counts.length === 0 ? [count] : [...counts, ...Array<null>(gap).fill(null), count];
  return { until: hour, counts: all.slice(-maxHours) };
}

/** SQL: the hours since 1970 that past weeks had at the same local time. */
const sameHours = (now: Date, { weeks, timezone }: Config) => sql`ARRAY(
  SELECT floor(extract(epoch FROM (${now}::timestamptz AT TIME ZONE ${timezone} - k * interval '7 days') AT TIME ZONE ${timezone}) / 3600)::int
  FROM generate_series(1, ${weeks}::int) k)`;

export async function compareSessions(
  config: Config,
  { db, now, remembered, skip }: CheckContext,
): Promise<CheckResult> {
  const { rows } = await sql<{ active: number; hours: number[] }>`
    SELECT count(*)::int AS active, ${sameHours(now, config)} AS hours FROM (
      SELECT FROM user_sessions WHERE expires_at > ${now} LIMIT ${maxCounted + 1}) s`.execute(db);
  const { active, hours } = rows[0]!;
  if (active > maxCounted)
    skip(
      `there are more than ${maxCounted} active sessions, too many to be counted each minute: the check works again below that`,
    );
  const hour = Math.floor(now.getTime() / hourMs);
  const known = recall(remembered, hour);
  const past = hours
    .map((then) => {
      const back = known.until - then;
      return back >= 0 ? known.counts.at(-1 - back) : undefined;
    })
    .filter((count) => typeof count === 'number');
  const remember = hour > known.until ? { remember: withCount(known, hour, active) } : {};
  const figures = [{ name: 'active sessions', value: active }];
  // The check is not skipped, because what a skipped check remembers is not stored.
  if (past.length < config.min_weeks) return { examined: [], findings: [], figures, ...remember };
  const usual = usualOf(past);
  const expected = Math.round(usual.median);
  return {
    examined: ['sessions'],
    findings: hasFallen(active, usual, config)
      ? [
          {
            severity: 'high',
            category: 'traffic',
            title: `Active sessions fell to ${active}, ${expected} are usual`,
            description: 'Compared with the same weekday and hour of past weeks.',
            component: platform,
            key: 'sessions',
            metadata: { active, expected, weeks: past.length },
          },
        ]
      : [],
    figures: [...figures, { name: 'usual active sessions', value: expected }],
    ...remember,
  };
}
