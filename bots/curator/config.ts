/** The settings of the curator. */
import { z } from '../../src/bot.ts';
import { count, maxFindings, percent, time } from '../parts/settings.ts';

const days = (otherwise: number, meaning: string) => count(otherwise, meaning, 366);

export const config = z.strictObject({
  // A month holds every weekday, and the beginning and end of a month, at least once.
  unused_days: days(30, 'an app or a tool that was not used for this many days is unused'),
  // As unused_days: a new app gets as long to find its first users.
  new_days: days(
    30,
    'apps and tools that are younger than this many days are never reported as unused',
  ),
  seasonal: z
    .array(z.string().min(1).max(201))
    .max(200)
    .default([])
    .describe('apps (slug) and tools (app/tool) that are used in a season only'),
  // The curator runs once a day.
  failing_hours: time(24, 'over how many hours of uses failing apps are judged', 720),
  // Our choice: below five users, the share of failing users says little about most users.
  min_users: count(5, 'apps and tools with fewer users than this are not judged'),
  // What "most users" means.
  max_failing_percent: percent(
    50,
    'an app is failing if most uses fail for more than this share of its users',
  ),
  // A week holds every weekday once.
  cost_days: days(7, 'over how many days of uses costs are judged'),
  // Four weeks hold every weekday four times.
  usual_days: days(28, 'how many days before cost_days say what a use usually costs'),
  // Our choice: prices are small whole numbers, so less than twice may be one credit of rounding.
  cost_factor: z
    .number()
    .min(1.1)
    .max(100)
    .default(2)
    .describe(
      'a use costs too much or too little if it costs at least this many times its price and its usual cost, or that fraction of both',
    ),
  // Our choice: a median of fewer uses changes with one user.
  min_uses: count(20, 'costs are not judged with fewer uses than this'),
  // Three days: a weekend without a person is shorter.
  dead_days: count(
    3,
    'a page is dead after this many days in a row without a successful answer',
    30,
  ),
  // Where pages of apps are on the platform that the schema documents.
  page_paths: z
    .array(
      z
        .string()
        .regex(/^\/.*\{slug\}/, 'begins with / and holds {slug}')
        .max(200),
    )
    .max(10)
    .default(['/apps/{slug}', '/api/apps/{slug}'])
    .describe("the paths of an app's pages in api_logs, with {slug} in the place of its slug"),
  max_findings: maxFindings('apps or tools'),
});
export type Config = z.infer<typeof config>;
