/**
 * The bots of the soak: the documented schedules, with a check that costs nothing and reports problems by the clock alone, so that
 * the same stretch has the same problems. A third of them has a known cure.
 */
import { defineBot, defineRemedy, z } from '../../src/bot.ts';
import type { Bot, Remedy, ReportedFinding } from '../../src/bot.ts';
import { minuteMs } from './time.ts';

/** Name, schedule, and the minutes between two slots. */
type Schedule = readonly [name: string, cron: string, minutes: number];

/** Together 3,510 runs a day. */
const documented: Schedule[] = [
  ['soak-pulse', '* * * * *', 1],
  ['soak-sentinel', '*/2 * * * *', 2],
  ['soak-conductor', '*/5 * * * *', 5],
  ['soak-error-watch', '*/5 * * * *', 5],
  ['soak-guardian', '*/5 * * * *', 5],
  ['soak-meter', '*/10 * * * *', 10],
  ['soak-sentinel-db', '*/10 * * * *', 10],
  ['soak-ledger', '*/15 * * * *', 15],
  ['soak-oracle', '*/30 * * * *', 30],
  ['soak-warden', '7 * * * *', 60],
  ['soak-surveyor', '23 * * * *', 60],
  ['soak-scout', '0 */6 * * *', 360],
  ['soak-janitor', '15 3 * * *', 1440],
  ['soak-curator', '40 4 * * *', 1440],
];

const alike = (bots: number, cron: string, minutes: number): Schedule[] =>
  Array.from({ length: bots }, (_, index) => [
    `soak-${String(index).padStart(3, '0')}`,
    cron,
    minutes,
  ]);

/**
 * `hourly` has as many runs a day as `documented`, of 146 bots that are all due at the full hour: a day has 24 ticks in place of 1,440,
 * and takes a fraction of the time. `quarter` has 864 runs a day in eight ticks, and
 * `small`, for a test, 96.
 */
export const schedules = {
  documented,
  hourly: alike(146, '0 * * * *', 60),
  quarter: alike(108, '0 */3 * * *', 180),
  small: alike(12, '0 */3 * * *', 180),
};
export type Schedules = keyof typeof schedules;

/** Over all bots about 48 problems begin in a day. */
const minutesBetween = (bots: number, minutes: number): number => Math.max(30 * bots, 4 * minutes);
/** How many problems come back with the same keys. Every second problem has a key that was never there before. */
const knownKeys = 20;

const examined = { count: 25, except: [] };

const severityOf = (n: number): ReportedFinding['severity'] => {
  if (n % 20 === 0) return 'critical';
  if (n % 20 < 4) return 'high';
  return n % 20 < 12 ? 'medium' : 'low';
};

/** The number of the problem that this bot has now; null when all is well. */
export function problemAt(
  { bot, of, minutes }: { bot: number; of: number; minutes: number },
  now: Date,
): number | null {
  const between = minutesBetween(of, minutes);
  const minute = Math.floor(+now / minuteMs) + 17 * bot;
  const since = minute % between;
  return since < 2.5 * minutes ? Math.floor(minute / between) : null;
}

const isCurable = (n: number): boolean => n % 3 === 0;
export const keyOf = (n: number): string => (n % 2 === 0 ? `known-${n % knownKeys}` : `new-${n}`);

/** One attempt in 200 fails, and of these one in ten fails again. */
const fails = (bot: number, now: Date, attempt: number): boolean => {
  const chance = Math.imul(Math.floor(+now / minuteMs) + bot * 7919, 2_654_435_761) >>> 0;
  return attempt === 1 ? chance % 200 === 0 : chance % 2_000 === 0;
};

/** The soak's catalogue. It remembers which problem of which bot was cured. */
export function soakCatalogue(kind: Schedules): { bots: Bot[]; remedies: Remedy[] } {
  const cured = new Map<string, number>();
  const chosen = schedules[kind];
  const bots = chosen.map(([name, schedule, minutes], index) =>
    defineBot({
      name,
      displayName: name,
      description: 'A bot of the soak.',
      schedule,
      config: z.looseObject({}),
      knowledge:
        index > 0
          ? []
          : [
              {
                name: 'soak-stale',
                category: 'freshness',
                pattern: 'is stale: refresh',
                solution: 'steps:\n  - remedy: soak.refresh',
                autonomy: 'auto',
              },
            ],
      checks: [
        {
          name: 'is-well',
          title: 'Is it well?',
          async run(_config, { now, run: { attempt } }) {
            if (fails(index, now, attempt)) throw new Error('the other side did not answer');
            const n = problemAt({ bot: index, of: chosen.length, minutes }, now);
            if (n === null || cured.get(name) === n) return { examined, findings: [] };
            const component = `${name}/${keyOf(n)}`;
            return {
              examined,
              findings: [
                {
                  severity: severityOf(n),
                  category: 'freshness',
                  title: `${component} is ${isCurable(n) ? 'stale: refresh it' : 'slow: 1,240 ms'}`,
                  description: 'The median of the last 20 requests is above the limit of 500 ms.',
                  component,
                  metadata: { p50: 1_240, p95: 2_100, limit: 500, problem: n },
                },
              ],
            };
          },
        },
      ],
    }),
  );
  const refresh = defineRemedy({
    name: 'soak.refresh',
    title: 'Refresh it',
    risk: 'safe',
    params: z.looseObject({}),
    isDone: async () => false,
    async apply(_, { target }) {
      const { problem } = target.metadata as { problem: number };
      // One cure in ten does not help.
      if (problem % 30 !== 0) cured.set(target.component!.split('/')[0]!, problem);
      return { summary: `refreshed ${target.component}`, before: null, after: null };
    },
  });
  return { bots, remedies: [refresh as Remedy] };
}
