/** What is known about the findings of the architect. Patterns are anchored: titles also contain names from outside. */
import type { KnowledgeSeed } from '../../src/bot.ts';
import { adviceOn } from '../parts/advice.ts';

const advice = adviceOn('repositories');

export const knowledge: KnowledgeSeed[] = [
  {
    name: 'repositories.failing-branch',
    category: 'repositories',
    pattern: '^branch .{1,40} of .{1,90} fails: \\d+ commits? in a row',
    // The jobs take a while. Whether it was chance, the check says once they have ended.
    solution: `steps:
  - remedy: github.rerun-failed-jobs
    with:
      token: '{{secret:GITHUB_TOKEN}}'
    verify_after: 30m
`,
    autonomy: 'suggest',
  },
  advice(
    'no-address',
    '^app .{1,80} has a repository_url that names no repository',
    'Write the address of the repository into repository_url of the app, as https://github.com/owner/name, or leave it empty.',
  ),
  advice(
    'stuck',
    '^workflow of .{1,90} has (waited|run) for',
    'Open the run. Where no runner takes it, compare its label runs-on with the runners that are online (Settings, Actions, Runners). ' +
      'Where it does not end, cancel it, and give the job timeout-minutes.',
  ),
  advice(
    'token',
    '^(github does not take github_|github_(token|app_key) (sees none|may not read|has [0-9,]+ of))',
    'Make a token, or a GitHub App, with the permissions that the page github.md of the documentation lists, for all repositories that ' +
      'are watched. Store it with `npx roundsman secrets set GITHUB_TOKEN`.',
  ),
  advice(
    'gone',
    '^repository .{1,140} is (not there|archived|disabled|locked|[a-z0-9._/-]+ now)',
    'Correct repository_url of the app, or the setting repositories of the architect. An app whose code is archived should be ' +
      'archived, too, or move to another repository.',
  ),
  advice(
    'billing',
    '^billing of [a-z0-9-]{1,40} (has locked|stops its workflows)',
    'Open the billing settings of the account: update the means of payment, or raise the budget of GitHub Actions. Then run the ' +
      'failed workflows again.',
  ),
  advice(
    'storm',
    '^program .{1,50} made \\d+ (or more )?commits in',
    'Find the workflow or the app that commits, and disable it. A workflow should not start on its own commits: give the commit ' +
      '[skip ci], or let it ignore the paths that it writes.',
  ),
  advice(
    'required',
    '^\\d+ required checks? of .{1,90} never reports?',
    'Compare the names of the required checks in the rules of the branch with the names of the jobs: a renamed job, or a matrix, has ' +
      'another name. Correct the rule.',
  ),
  advice(
    'no-required',
    '^branch .{1,40} of .{1,90} requires no checks',
    'Add a ruleset for the default branch that requires its status checks, or set expects_required_checks of the architect to false.',
  ),
  advice(
    'secret',
    '^a (valid )?secret \\([a-z0-9_ -]{1,60}\\) is in the code of',
    'Revoke the secret where it was issued, and issue another one. To remove it from the history is not enough: assume that it was ' +
      'copied. Then close the alert as revoked.',
  ),
  advice(
    'dependencies',
    '^dependabot has .{1,60} alerts? about',
    'Merge the pull requests of Dependabot, or update the packages by hand. Dismiss an alert with its reason where the vulnerable ' +
      'code is not used.',
  ),
  advice(
    'deploy-keys',
    '^\\d+ deploy keys? of .{1,90} (was|were) not used',
    'Ask who made the key, and remove it in the settings of the repository. A server that still needs it can get another one.',
  ),
  advice(
    'workflow-permissions',
    '^workflows of .{1,100} may write',
    'Set the default permissions of workflows to read, for the organisation or the repository, and name in each workflow what it ' +
      'needs: `permissions: { contents: write }`.',
  ),
];
