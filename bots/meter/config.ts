/** The settings of the meter. */
import { z } from '../../src/bot.ts';
import { amount, count, maxFindings, percent, time } from '../parts/settings.ts';

const cents = (meaning: string) => z.number().positive().nullable().default(null).describe(meaning);
const times = (otherwise: number, meaning: string) =>
  z.number().min(1).default(otherwise).describe(meaning);
/** Spending may be many times its budget. */
const maxPercent = 10_000;

export const config = z.strictObject({
  // No budget is right for every platform: without one the check says how to set it.
  month_cents: cents('budget in cents of all providers together for a calendar month in UTC'),
  day_cents: cents('budget in cents of all providers together for a day in UTC'),
  provider_month_cents: z
    .record(z.string().max(20), z.number().positive())
    .default({})
    .describe('budgets in cents of single providers for a calendar month in UTC, by name'),
  model_month_cents: z
    // `provider/model`: 20 and 50 characters, and the stroke.
    .record(z.string().max(71), z.number().positive())
    .default({})
    .describe(
      'budgets in cents of single models for a calendar month in UTC, by provider and name: {"openai/gpt-5": 5000}',
    ),
  user_month_cents: cents('budget in cents of each user for a calendar month in UTC'),
  user_day_cents: cents('budget in cents of each user for a day in UTC'),
  // Azure bills a request that the service has processed whatever its status, such as a 400 of the content filter or a 408 of a
  // timeout, and none that it refuses with 401 or 429 (learn.microsoft.com, "Plan and manage costs", HTTP error response code and
  // billing status). An answer that the caller gave up waiting for is billed, too, where a provider says so (novita.ai, LLM API Billing).
  failed_requests_cost: z
    .boolean()
    .default(true)
    .describe(
      'whether cost_cents of a failed request counts as spent; false if the platform writes an estimate there before the answer',
    ),
  // Cloud providers warn at 80 % and 100 % of a budget by default.
  warn_percent: percent(
    80,
    'from this share of a budget on there is a finding, low or medium below 100 %',
    maxPercent,
  ),
  // Our choice: half of the budget more than was planned.
  critical_percent: percent(
    150,
    'from this share of a budget of providers on the finding is critical',
    maxPercent,
  ),
  // Three days of a month are too few to say how it ends.
  pace_from_day: count(4, "from which day of a month on the month's end is projected", 28),
  // A quarter of a day: shorter than a working day, and longer than one expensive conversation.
  slope_hours: z
    .number()
    .min(1)
    .max(24)
    .default(6)
    .describe(
      'the spending of this many last hours is compared with the same hours of earlier days',
    ),
  // Two weeks hold each weekday twice.
  slope_days: z
    .int()
    .min(3)
    .max(60)
    .default(14)
    .describe('with how many earlier days the last hours are compared'),
  // A working week.
  slope_min_days: count(
    5,
    'nothing is compared if fewer of the earlier days than this have spending',
    60,
  ),
  // Our choice: a weekday may cost twice a day of the weekend.
  slope_times: times(
    3,
    'spending above this many times the median of the earlier days is a finding',
  ),
  // Our choice: half more for each user; more users alone are no problem.
  slope_user_times: times(
    1.5,
    'such spending is a finding only if the cost of an active user is above this many times its median of these days, too',
  ),
  // 5 dollars or euros: less is not worth a ticket.
  min_cents: amount(500, 'less spending than this in slope_hours is no finding, in cents'),
  // Our choice: a user who works on a project for a day may spend several usual days.
  user_times: times(5, 'a user may spend this many times a usual day in 24 hours'),
  // Twice min_cents: the window is longer.
  min_user_cents: amount(
    1_000,
    'less spending of a user than this in 24 hours is no finding, in cents',
  ),
  failure_minutes: time(
    // In an hour also a model that is rarely used has min_requests.
    60,
    'over how many minutes failed requests to models are counted',
    43_200,
  ),
  // With fewer, one failure is 5 % or more.
  min_requests: count(20, 'a model with fewer requests than this is not judged'),
  // Our choice: above it, users notice that the model fails.
  max_failure_percent: percent(10, 'a model is a finding above this share of failed requests'),
  // Most requests fail.
  high_failure_percent: percent(50, 'above this share of failed requests the finding is high'),
  // Users bring credentials of their own: what fails for one user alone is mostly their key.
  min_failing_users: count(2, 'failures of fewer users than this are no finding'),
  // Three quarters of the engine's own budget (60): at the budget itself, the remedy that stops healing could not act either.
  max_heals_an_hour: count(45, 'more heals an hour than this are runaway automation'),
  // To start all bots once takes about 20 runs; a person does not do that six times an hour.
  max_unplanned_an_hour: count(
    120,
    'more runs an hour than this that no schedule asked for are a finding',
  ),
  // Our choice: 480 runs an hour, one each 7.5 s, that no schedule asked for.
  runaway_times: times(
    4,
    'above this many times max_unplanned_an_hour they are runaway automation',
  ),
  // Twenty bots that run every minute are 28,800.
  max_runs_a_day: count(
    50_000,
    'how many runs all bots together may have in 24 hours',
    100_000_000,
  ),
  max_findings: maxFindings(),
});
export type Config = z.infer<typeof config>;
