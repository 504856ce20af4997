/** The settings of the architect. */
import { gitHubApi, isApiAddress, z } from '../../src/bot.ts';
import { count, maxFindings, time } from '../parts/settings.ts';
import { isRepositoryName } from './repository-name.ts';

const ofGitHub = z.string().max(140).refine(isRepositoryName, 'is written as owner/name');

const id = (meaning: string) =>
  z.int().positive().max(Number.MAX_SAFE_INTEGER).nullable().default(null).describe(meaning);

export const config = z.strictObject({
  repositories: z
    .array(ofGitHub)
    .max(1_000)
    .default([])
    .describe('repositories to watch beside those of the apps, as owner/name'),
  ignore: z
    .array(ofGitHub)
    .max(1_000)
    .default([])
    .describe('repositories not to watch, as owner/name'),
  base_url: z
    .string()
    .max(300)
    .refine(isApiAddress, 'has to be an http or https address without a user or a password')
    .default(gitHubApi)
    .describe(
      'the address of the API: https://HOST/api/v3 for a GitHub Enterprise Server, whose HOST:443 has to be in http_hosts if its address is private',
    ),
  app_id: id(
    'of a GitHub App that signs in with GITHUB_APP_KEY, its id; without it GITHUB_TOKEN is used',
  ),
  installation_id: id(
    'the installation of that app in the organisation, from the address of its settings',
  ),
  // 7 queries each 15 minutes read 200 repositories; with the slow checks that is less than 60 points an hour.
  max_repositories: count(200, 'how many repositories are watched at most', 1_000),
  // Measured: queries of 100 repositories were answered 502 in one of four cases, those of 30 never.
  per_query: count(30, 'how many repositories one query asks for', 50),
  // One failure may be a flaky test, and two its repetition.
  failures_in_row: z
    .int()
    .min(1)
    .max(10)
    .default(3)
    .describe('after this many failing commits in a row the default branch is a finding'),
  // GitHub drops a job that no runner takes after 24 hours (docs.github.com/actions/reference/limits); people wait no hour.
  queued_minutes: time(30, 'how many minutes a workflow may wait for a runner', 10_080),
  // GitHub ends a job after 6 hours (docs.github.com/actions/reference/limits); most of them take minutes.
  running_minutes: time(180, 'how many minutes a workflow may run', 50_400),
  // Our choice: one in six minutes. A release, or Dependabot's weekly updates, are fewer.
  commits_an_hour: z
    .int()
    .min(2)
    .max(12)
    .default(10)
    .describe(
      'from this many commits of one automation within an hour on, a default branch is a finding',
    ),
  automations: z
    .array(z.string().min(1).max(100))
    .max(100)
    .default([])
    .describe('names of authors of commits that are programs, beside those that end with [bot]'),
  // A check that reports at all begins within minutes of its commit.
  required_grace_minutes: time(
    60,
    'how many minutes after a commit its required checks may appear',
    10_080,
  ),
  expects_required_checks: z
    .boolean()
    .default(false)
    .describe('whether a default branch that requires no checks is a finding'),
  // Our choice: a week to look at what Dependabot reports, unless it is critical.
  alert_days: z
    .number()
    .min(0)
    .max(365)
    .default(7)
    .describe('how many days an alert of Dependabot that is not critical may be open'),
  // GitHub removes a key that was not used for a year (docs.github.com/authentication: deleted or missing SSH keys).
  unused_key_days: count(
    90,
    'a deploy key that was not used for this many days is a finding',
    3_650,
  ),
  // A tenth of the limit: at 60 points an hour, the rest goes to other programs with the same token.
  min_quota_percent: z
    .number()
    .min(0)
    .max(100)
    .default(10)
    .describe('less than this share of the hourly points of the token left is a finding'),
  // What changes seldom is spread over time, so that it costs few points.
  slow_days: z
    .number()
    .min(0.25)
    .max(30)
    .default(2)
    .describe('within how many days deploy keys and permissions of every repository are looked at'),
  max_findings: maxFindings(),
});
export type Config = z.infer<typeof config>;
