/**
 * Lets the engine work for a year of simulated time, and shows what grows.
 *
 *   npm run soak -- [--days 365] [--schedules documented|hourly|quarter] [--keep 90] [--jobs-each 1] [--without-jobs] [--horizon 120] [--out docs/capacity]
 *
 * `--keep` sets for how many days rows are kept and heals count, of all tables; without it each has its usual age, of which some are longer than a year.
 * Jobs that are due each hour are carried out each `--jobs-each` hours: they do the same work then.
 * Each day's tables, dead rows and memory go to `<out>.json` and are drawn in `<out>.svg`. Ends with 1 when a table still grows after
 * the day `--horizon`, from which on retention removes as much as comes in.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { schedules as allSchedules, type Schedules } from './bots.ts';
import { drawSoak } from './draw.ts';
import { judgeAll, totalOf } from './judge.ts';
import { summaryOf } from './summary.ts';
import { soak, type Day, type Soak } from './year.ts';

const { values } = parseArgs({
  options: {
    days: { type: 'string', default: '365' },
    schedules: { type: 'string', default: 'documented' },
    keep: { type: 'string' },
    'jobs-each': { type: 'string', default: '1' },
    'without-jobs': { type: 'boolean', default: false },
    horizon: { type: 'string', default: '120' },
    out: { type: 'string' },
  },
});
const [days, horizon] = [Number(values.days), Number(values.horizon)];
const keepDays = values.keep === undefined ? undefined : Number(values.keep);
if (!Number.isInteger(days) || days < 1 || !Number.isInteger(horizon) || horizon < 0) {
  console.error('--days is a whole number from 1 on, --horizon one from 0 on');
  process.exit(2);
}
if (!Object.hasOwn(allSchedules, values.schedules)) {
  console.error(`--schedules is one of ${Object.keys(allSchedules).join(', ')}`);
  process.exit(2);
}
const schedules = values.schedules as Schedules;

const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
const command = `npm run soak -- ${process.argv
  .slice(2)
  .filter((word, index, all) => word !== '--out' && all[index - 1] !== '--out')
  .join(' ')}`;
const began = performance.now();
const seen: Day[] = [];
/** What was measured is written each 30 days too, for a soak may be ended before its time. */
function write(result: Soak): void {
  if (!values.out) return;
  const summary = summaryOf(result, {
    command,
    horizon,
    seconds: (performance.now() - began) / 1_000,
  });
  writeFileSync(`${values.out}.json`, `${JSON.stringify(summary)}\n`);
  writeFileSync(`${values.out}.svg`, drawSoak(result));
}

const result = await soak({
  schedules,
  days,
  ...(keepDays !== undefined && { keepDays }),
  jobsEachHours: Number(values['jobs-each']),
  withoutJobs: values['without-jobs'],
  checkpointDay: 2,
  onDay(day) {
    seen.push(day);
    const seconds = Math.round((performance.now() - began) / 1_000);
    console.error(`day ${day.day}: ${day.runs} runs, ${mb(totalOf([day])[0]!)}, ${seconds} s`);
    if (day.day % 30 === 0) write({ schedules, days: seen, sequences: [] });
  },
});
write(result);

const growing = judgeAll(result.days, horizon);
console.table(
  growing
    .filter(({ now }) => now > 500_000)
    .map(({ name, before, now, bytes_a_day: aDay, grows }) => ({
      table: name,
      before: mb(before),
      now: mb(now),
      'kB a day': Math.round(aDay / 1_000),
      grows,
    })),
);
console.table(result.days.at(-1)!.queries);
if (growing.length === 0) console.log('too few days after the horizon to judge growth');
else process.exitCode = growing.some(({ grows }) => grows) ? 1 : 0;
