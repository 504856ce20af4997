import { z } from '../../src/bot.ts';

const count = (otherwise: number, meaning: string) =>
  z.int().min(1).max(2_147_483_647).default(otherwise).describe(meaning);
const days = (otherwise: number, meaning: string) =>
  z.int().min(1).max(366).default(otherwise).describe(meaning);

export const config = z.strictObject({
  // A month holds every weekday, and the beginning and end of a month, at least once.
  unused_days: days(30, 'so many days without any use make an app or a tool unused'),
  new_days: days(30, 'apps and tools that are younger than so many days are not called unused'),
  seasonal: z
    .array(z.string().min(1).max(201))
    .max(200)
    .default([])
    .describe('apps (slug) and tools (app/tool) that are used in a season only'),
  // The curator runs once a day.
  failing_hours: z
    .number()
    .positive()
    .max(720)
    .default(24)
    .describe('over how many hours of uses it is asked whether an app fails'),
  min_users: count(5, 'with fewer users than these, nothing is said about most users'),
  // "Most users" of the bot's description.
  max_failing_percent: z
    .number()
    .min(0)
    .max(100)
    .default(50)
    .describe('above this share of users for whom most uses fail, an app is failing'),
  cost_days: days(7, 'over how many days of uses the cost of an app or a tool is asked'),
  usual_days: days(28, 'how many days before these say what is usual'),
  cost_factor: z
    .number()
    .min(1.1)
    .max(100)
    .default(2)
    .describe(
      'a use is out of line from so many times its price and its usual cost on, or below that part',
    ),
  min_uses: count(20, 'with fewer uses than these, nothing is said about a cost'),
  // Three days of the bot's description: a weekend without a person is shorter.
  dead_days: z
    .int()
    .min(1)
    .max(30)
    .default(3)
    .describe('a page is dead after so many days in a row without a good answer'),
  page_paths: z
    .array(
      z
        .string()
        .regex(/^\/.*\{slug\}/, 'begins with / and holds {slug}')
        .max(200),
    )
    .max(10)
    .default(['/apps/{slug}', '/api/apps/{slug}'])
    .describe('the paths in api_logs of the page of an app, with {slug} in the place of its slug'),
  max_findings: z
    .int()
    .min(1)
    .max(1_000)
    .default(50)
    .describe('apps or tools that one check reports at most, the worst first'),
});
export type Config = z.infer<typeof config>;

export const daysBefore = (at: Date, days: number): Date =>
  new Date(at.getTime() - days * 86_400_000);
