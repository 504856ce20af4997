/**
 * A week of the real bots by their documented schedules over a busy platform, carried by the engine: claimed, run, recorded, healed,
 * escalated and reported, while every fault of the demonstration is planted, one after the other.
 *
 *   npm run soak:week -- [--days 7] [--faults 110] [--only janitor.stale-ranks,...] [--out docs/soak-week.json]
 *
 * Ends with 1 when a slot has no run or more than one, when a run or a job did not end as it should, or when a check that looks did not
 * find its fault.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { passWeek } from './real-bots.ts';

const { values } = parseArgs({
  options: {
    days: { type: 'string', default: '7' },
    faults: { type: 'string' },
    only: { type: 'string' },
    out: { type: 'string' },
  },
});
const began = performance.now();
const seconds = () => Math.round((performance.now() - began) / 1_000);
const week = await passWeek({
  days: Number(values.days),
  ...(values.faults !== undefined && { most: Number(values.faults) }),
  ...(values.only !== undefined && { only: values.only.split(',') }),
  onDay: ({ day, runs, rss_mb: rss, heap_mb: heap, bytes }) =>
    console.error(
      `day ${day}: ${runs} runs, ${(bytes / 1e6).toFixed(1)} MB of tables, memory ${rss}, heap ${heap} MB, ${seconds()} s`,
    ),
});
if (values.out) writeFileSync(values.out, `${JSON.stringify({ ...week, seconds: seconds() })}\n`);
console.table(week.days);
console.log(week.counts);
console.table(week.healed);
for (const line of week.wrong) console.error(line);
process.exitCode = week.wrong.length > 0 ? 1 : 0;
