/** The settings of the meter. */
import { z } from '../../src/bot.ts';

const cents = (meaning: string) => z.number().positive().nullable().default(null).describe(meaning);
const percent = (otherwise: number, meaning: string, most = 10_000) =>
  z.number().min(0).max(most).default(otherwise).describe(meaning);

export const config = z.strictObject({
  // No budget is right for every platform: without one the check says how to set it.
  month_cents: cents('budget of all providers together for a calendar month in UTC'),
  day_cents: cents('budget of all providers together for a day in UTC'),
  provider_month_cents: z
    .record(z.string().max(20), z.number().positive())
    .default({})
    .describe('budget of single providers for a calendar month, by name'),
  user_month_cents: cents('budget of each user for a calendar month'),
  user_day_cents: cents('budget of each user for a day'),
  // Cloud providers warn at 80 % and 100 % of a budget by default.
  warn_percent: percent(80, 'from this share of a budget on it is told, as less severe'),
  critical_percent: percent(150, 'from this share of a budget of providers on it is critical'),
  pace_from_day: z
    .int()
    .min(1)
    .max(28)
    // Three days of a month are too few to say how it ends.
    .default(4)
    .describe('from which day of a month on its end is projected'),
  slope_hours: z
    .number()
    .min(1)
    .max(24)
    .default(6)
    .describe('the last so many hours are compared with the same hours of the days before'),
  slope_days: z
    .int()
    .min(3)
    .max(60)
    // Two weeks hold each weekday twice.
    .default(14)
    .describe('how many days before they are compared with'),
  slope_min_days: z
    .int()
    .min(1)
    .max(60)
    .default(5)
    .describe('with spending on fewer of these days there is nothing to compare with'),
  slope_times: z
    .number()
    .min(1)
    .default(3)
    .describe('how many times the median of these days is a finding'),
  slope_user_times: z
    .number()
    .min(1)
    .default(1.5)
    .describe(
      'and how many times the median cost of an active user: more users alone are no fault',
    ),
  min_cents: z
    .number()
    .min(0)
    .default(500)
    .describe('less spending than this in these hours is never told'),
  user_times: z
    .number()
    .min(1)
    .default(5)
    .describe('how many times a usual day a user may spend in 24 hours'),
  min_user_cents: z
    .number()
    .min(0)
    .default(1000)
    .describe('less spending of a user in 24 hours than this is never told'),
  failure_minutes: z
    .number()
    .positive()
    .max(43_200)
    .default(60)
    .describe('how many minutes of requests to models are counted for failures'),
  min_requests: z
    .int()
    .min(1)
    .max(2_147_483_647)
    .default(20)
    .describe('with fewer requests to a model its failures are not judged'),
  max_failure_percent: percent(10, 'above this share of failures a model is a finding', 100),
  high_failure_percent: percent(50, 'above this share of failures it is a high finding', 100),
  min_failing_users: z
    .int()
    .min(1)
    .max(2_147_483_647)
    // Users bring credentials of their own: what fails for one user alone is mostly their key.
    .default(2)
    .describe('failures of fewer users than this are no fault of the model'),
  max_heals_an_hour: z
    .int()
    .min(1)
    .max(2_147_483_647)
    // Three quarters of the engine's own budget (60): at the budget itself also the kill switch would be kept from acting.
    .default(45)
    .describe('above so many heals an hour it is a storm'),
  max_unplanned_an_hour: z
    .int()
    .min(1)
    .max(2_147_483_647)
    // A round over all bots is about 20; a person does not do six of them an hour.
    .default(120)
    .describe('above so many runs an hour that no schedule asked for they are a finding'),
  storm_times: z
    .number()
    .min(1)
    .default(4)
    .describe('above so many times that number they are a storm'),
  max_runs_a_day: z
    .int()
    .min(1)
    .max(2_147_483_647)
    // Twenty bots that run every minute are 28,800.
    .default(50_000)
    .describe('the cap of runs of all bots in 24 hours'),
  max_findings: z
    .int()
    .min(1)
    .max(1000)
    .default(50)
    .describe('findings that one check reports at most, the worst first'),
});
export type MeterConfig = ReturnType<typeof config.parse>;
