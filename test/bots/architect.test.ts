/** architect beside a server that answers as GitHub does, by GitHub's own descriptions. */
import { sql } from 'kysely';
import { randomUUID } from 'node:crypto';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { architect } from '../../bots/architect.ts';
import { SkippedCheck } from '../../src/bot.ts';
import type { CheckResult } from '../../src/bot.ts';
import { reply } from '../github/server.ts';
import { commitOf, type RepositoryState } from '../github/state.ts';
import { runCheck } from '../support/check.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import {
  architectScene,
  asking,
  daysAgo,
  dependency,
  failing,
  figure,
  minutesAgo,
  now,
  repo,
} from './architect-scene.ts';

let db: TestDatabase['db'];
beforeAll(async () => {
  ({ db } = await testDatabase());
});
beforeEach(async () => {
  await sql`TRUNCATE bots, app_catalog CASCADE`.execute(db);
});

const scene = (repositories: RepositoryState[], config: Record<string, unknown> = {}) =>
  architectScene(db, repositories, config);

const titles = ({ findings }: CheckResult) => findings.map(({ title }) => title).toSorted();
const skipReason = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => expect.unreachable(),
    (error: unknown) => {
      expect(error).toBeInstanceOf(SkippedCheck);
      return (error as Error).message;
    },
  );

test('without a token each check is skipped and says which secret to set; without repositories, too', async () => {
  const { url } = await scene([]);
  const ask = (config: object, secrets = {}) =>
    runCheck(architect, 'default-branch', db, { base_url: url, ...config }, { now, secrets });
  expect(await skipReason(ask({ repositories: ['acme/shop'] }))).toContain('GITHUB_TOKEN');
  expect(
    await skipReason(ask({ repositories: ['acme/shop'], app_id: 1, installation_id: 2 })),
  ).toContain('GITHUB_APP_KEY');
  const key = { GITHUB_APP_KEY: 'no key' };
  expect(await skipReason(ask({ repositories: ['acme/shop'], app_id: 1 }, key))).toContain(
    'installation_id',
  );
  expect(await skipReason(ask({}))).toMatch(/no repository to watch/);
});

test('healthy repositories are no finding of any check', async () => {
  const { run } = await scene([
    repo('acme/shop'),
    repo('acme/site'),
    repo('ada/notes', { ownerType: 'User' }),
  ]);
  for (const check of asking) {
    const result = await run(check);
    expect(titles(result), check).toEqual([]);
    expect(result.truncated ?? false, check).toBe(false);
  }
});

test('the repositories are those of active apps at this host, and of the settings', async () => {
  const { url, state } = await scene([]);
  const { host } = new URL(url);
  state.repositories.push(repo('acme/shop'), repo('acme/site'));
  const apps = {
    shop: `http://${host}/Acme/Shop.git`,
    site: `http://${host}/acme/site/tree/main`,
    far: 'https://gitlab.com/acme/far',
    none: `http://${host}/acme`,
    odd: 'see the wiki',
    nothing: null,
    script: 'javascript:alert(1)',
  };
  for (const [slug, repository_url] of Object.entries(apps))
    await db
      .insertInto('app_catalog')
      .values({ slug, name: slug, category: 'x', credit_cost: 1, repository_url })
      .execute();
  await db
    .insertInto('app_catalog')
    .values({
      slug: 'old',
      name: 'old',
      category: 'x',
      credit_cost: 1,
      status: 'deprecated',
      repository_url: 'odd',
    })
    .execute();
  const config = { base_url: url, ignore: ['acme/site'] };
  const result = await runCheck(architect, 'addresses', db, config, { now });
  expect(titles(result)).toEqual([
    'App none has a repository_url that names no repository',
    'App odd has a repository_url that names no repository',
    'App script has a repository_url that names no repository',
  ]);
  expect(figure(result, 'repositories that are watched')).toBe(1);
  expect(figure(result, 'of them at another host')).toBe(1);
  const branches = await runCheck(architect, 'default-branch', db, config, {
    now,
    secrets: { GITHUB_TOKEN: state.token },
  });
  expect(figure(branches, 'repositories')).toBe(1);
});

test('a default branch that fails three times in a row is found, with the first bad commit and its author', async () => {
  const commits = failing(3);
  commits[2] = commitOf(minutesAgo(140), 'FAILURE', { login: 'grace' });
  // Not checked: one of many commits of a push, and the newest one, which is being checked.
  commits.splice(1, 0, commitOf(minutesAgo(30), null));
  commits.unshift(commitOf(minutesAgo(1), 'PENDING'));
  const { run } = await scene([
    repo('acme/shop', {
      commits,
      suites: [
        {
          status: 'COMPLETED',
          conclusion: 'FAILURE',
          at: minutesAgo(10),
          workflow: { name: 'CI', run: 77 },
          runs: [
            { name: 'unit tests', conclusion: 'FAILURE' },
            { name: 'lint', conclusion: 'SUCCESS' },
          ],
        },
      ],
    }),
    // Twice is a flaky test; failing commits below a good one are repaired.
    repo('acme/twice', { commits: failing(2) }),
    repo('acme/repaired', { commits: [commitOf(minutesAgo(5), 'SUCCESS'), ...failing(5)] }),
    repo('acme/archived', { commits: failing(5), archived: true }),
    repo('acme/unchecked', { commits: [commitOf(minutesAgo(5), null)] }),
    repo('acme/empty', { commits: [] }),
    repo('acme/for-ever', { commits: failing(12, null) }),
  ]);
  const result = await run('default-branch');
  expect(titles(result)).toEqual([
    'Branch main of acme/for-ever fails: 12 commits in a row',
    'Branch main of acme/shop fails: 3 commits in a row',
  ]);
  const shop = result.findings.find(({ component }) => component === 'acme/shop')!;
  expect(shop.description).toContain(`${commits[4]!.oid.slice(0, 10)} of @grace, 2.3 h ago`);
  expect(shop.description).toContain('Failing now: CI: unit tests.');
  expect(shop.metadata).toMatchObject({
    run_id: 77,
    failing_commits: 3,
    first_bad: { author: '@grace' },
  });
  expect(shop).not.toHaveProperty('dependsOn');
  expect(result.findings[0]!.description).toContain('or an earlier one');
});

test('while failed jobs run again, it is not known whether the branch is repaired', async () => {
  const commits = failing(3);
  commits[0] = commitOf(minutesAgo(20), 'PENDING');
  const { run } = await scene([repo('acme/shop', { commits })]);
  const result = await run('default-branch');
  expect(result).toMatchObject({ findings: [], examined: { count: 1, except: ['acme/shop'] } });
});

test('billing that stops workflows is one finding of the account, and the branch stands behind it', async () => {
  const suite = (message: string): RepositoryState['suites'] => [
    {
      status: 'COMPLETED',
      conclusion: 'FAILURE',
      at: minutesAgo(10),
      workflow: { name: 'CI', run: 1 },
      runs: [{ name: 'build', conclusion: 'FAILURE', annotations: [message] }],
    },
  ];
  const said =
    "The job was not started because recent account payments have failed or your spending limit needs to be increased. Please check the 'Billing & plans' section in your settings";
  const { run } = await scene([
    repo('Acme/one', { commits: failing(3), suites: suite(said) }),
    repo('Acme/two', { commits: failing(3), suites: suite(said) }),
    // Its tests speak of a limit.
    repo('other/shop', {
      commits: failing(3),
      suites: suite('expected the spending limit needs to be increased'),
    }),
    repo('locked/app', { lockReason: 'BILLING' }),
  ]);
  const billing = await run('billing');
  expect(titles(billing)).toEqual([
    'Billing of acme stops its workflows',
    'Billing of locked has locked 1 repository',
  ]);
  expect(billing.findings.find(({ title }) => title.includes('acme'))!.metadata).toMatchObject({
    stopped: ['acme/one', 'acme/two'],
  });
  const branches = await run('default-branch');
  expect(branches.findings.map(({ component, dependsOn }) => [component, dependsOn])).toEqual([
    ['acme/one', ['billing of acme']],
    ['acme/two', ['billing of acme']],
    ['other/shop', undefined],
  ]);
});

test('a token whose points run out is found', async () => {
  const { run, state } = await scene([repo('acme/shop')]);
  state.limit.remaining = 400;
  expect(titles(await run('billing'))).toEqual([
    'GITHUB_TOKEN has 400 of 5,000 points left in this hour',
  ]);
});

test('workflows that wait for a runner or do not end are found, and those that wait for a person are not', async () => {
  const suites = (
    status: 'QUEUED' | 'IN_PROGRESS' | 'WAITING',
    minutes: number,
    isWorkflow = true,
  ) => ({
    suites: [
      { status, at: minutesAgo(minutes), workflow: isWorkflow ? { name: 'CI', run: 5 } : null },
    ] as RepositoryState['suites'],
  });
  const { run } = await scene([
    repo('acme/queued', suites('QUEUED', 45)),
    repo('acme/endless', suites('IN_PROGRESS', 300)),
    repo('acme/new', suites('QUEUED', 10)),
    repo('acme/long', suites('IN_PROGRESS', 100)),
    repo('acme/approval', suites('WAITING', 5_000)),
    // GitHub makes such a suite for each app that could report, and it stays.
    repo('acme/app', suites('QUEUED', 50_000, false)),
  ]);
  expect(titles(await run('workflow-runs'))).toEqual([
    'Workflow of acme/endless has run for 5 h',
    'Workflow of acme/queued has waited for 45 min',
  ]);
});

test('archived, renamed, locked, disabled and vanished repositories are found', async () => {
  const { run, state } = await scene([
    repo('acme/archived', { archived: true }),
    repo('acme/disabled', { disabled: true }),
    repo('acme/locked', { lockReason: 'MIGRATING' }),
    repo('acme/shop'),
    repo('acme/new-name'),
  ]);
  state.renamed.set('acme/old-name', 'Acme/new-name');
  const more = {
    repositories: [
      'acme/archived',
      'acme/disabled',
      'acme/locked',
      'ACME/Shop',
      'acme/old-name',
      'acme/gone',
    ],
  };
  const result = await run('repositories', { more });
  expect(titles(result)).toEqual([
    'Repository acme/archived is archived',
    'Repository acme/disabled is disabled',
    'Repository acme/gone is not there',
    'Repository acme/locked is locked (MIGRATING)',
    'Repository acme/old-name is acme/new-name now',
  ]);
  // Of what is not there, other checks know nothing.
  expect((await run('default-branch', { more })).examined).toMatchObject({
    count: 5,
    except: ['acme/gone'],
  });
});

test('a token that sees nothing, and one that was revoked, are one finding, and other checks are skipped', async () => {
  const { run, state } = await scene([repo('acme/a'), repo('acme/b')]);
  expect(titles(await run('repositories', { secret: 'revoked' }))).toEqual([
    'GitHub does not take GITHUB_TOKEN (401), so that no repository is watched',
  ]);
  expect(await skipReason(run('default-branch', { secret: 'revoked' }))).toMatch(
    /does not take GITHUB_TOKEN/,
  );
  state.repositories.length = 0;
  expect(titles(await run('repositories'))).toEqual(['GITHUB_TOKEN sees none of 2 repositories']);
});

test('a query that fails blinds only its own repositories, and after three runs that is a finding', async () => {
  const repositories = Array.from({ length: 7 }, (_, at) =>
    repo(`acme/r${at}`, { commits: failing(3) }),
  );
  const { run, state } = await scene(repositories, { per_query: 3 });
  const fail = (count: number) => {
    for (let i = 0; i < count; i++)
      state.instead.push(({ body }, answer) =>
        body.includes('"r5"') ? reply(state, answer, 502, { message: 'Server Error' }) : 'pass',
      );
  };
  // Octokit asks each query twice.
  fail(2);
  const branches = await run('default-branch');
  expect(branches.findings.map(({ key }) => key)).toEqual([
    'acme/r0',
    'acme/r1',
    'acme/r2',
    'acme/r6',
  ]);
  expect(branches.examined).toEqual({ count: 4, except: ['acme/r3', 'acme/r4', 'acme/r5'] });
  expect(figure(branches, 'repositories that could not be read')).toBe(3);
  let remembered: unknown = null;
  const seen: string[][] = [];
  for (let at = 0; at < 3; at++) {
    fail(2);
    const result = await run('repositories', { at: minutesAgo(-at), remembered });
    ({ remember: remembered } = result);
    seen.push(titles(result));
  }
  expect(seen).toEqual([[], [], ['3 repositories could not be read for several runs']]);
  expect(titles(await run('repositories', { remembered }))).toEqual([]);
});

test('a token that may not read the results of checks is found after three runs, and says why', async () => {
  const { run, state } = await scene([repo('acme/shop')]);
  const forbidden = {
    type: 'FORBIDDEN',
    path: ['r0', 'defaultBranchRef', 'target', 'history'],
    message: 'no',
  };
  let remembered: unknown = null;
  let result: CheckResult | undefined;
  for (let at = 0; at < 3; at++) {
    state.instead.push((_, answer) =>
      reply(state, answer, 200, { data: { r0: {} }, errors: [forbidden] }),
    );
    result = await run('repositories', { remembered });
    ({ remember: remembered } = result);
  }
  expect(titles(result!)).toEqual(['1 repository could not be read for several runs']);
  expect(result!.findings[0]).toMatchObject({ severity: 'high' });
  expect(result!.findings[0]!.description).toMatch(/may not read all/);
});

test('where GitHub limits requests, or answers nothing that can be read, nothing is found and nothing resolved', async () => {
  const { run, state } = await scene([repo('acme/shop', { commits: failing(4) })]);
  state.instead.push((_, answer) =>
    reply(state, answer, 200, { data: { r0: { nameWithOwner: 7 } } }),
  );
  const odd = await run('default-branch');
  expect(odd.findings).toEqual([]);
  expect(odd.examined).toEqual({ count: 0, except: ['acme/shop'] });
  state.instead.push((_, answer) =>
    reply(state, answer, 200, { data: null, errors: [{ type: 'X' }] }),
  );
  await expect(run('default-branch')).rejects.toThrow(/no data/);
  state.instead.push((_, answer) => reply(state, answer, 429, {}, { 'retry-after': '600' }));
  expect(await skipReason(run('default-branch'))).toMatch(
    /asks to wait 600 s; the next run tries again/,
  );
});

test('programs that commit again and again are found, and people and weekly updates are not', async () => {
  const commits = (count: number, by: { name: string } | { login: string }, minutes = 4) =>
    Array.from({ length: count }, (_, at) => commitOf(minutesAgo(at * minutes), 'SUCCESS', by));
  const { run } = await scene(
    [
      repo('acme/storm', { commits: commits(12, { name: 'format[bot]' }) }),
      repo('acme/own', { commits: commits(10, { name: 'nightly-sync' }) }),
      repo('acme/person', { commits: commits(12, { login: 'ada' }, 0) }),
      repo('acme/updates', { commits: commits(6, { name: 'dependabot[bot]' }) }),
      repo('acme/slow', { commits: commits(12, { name: 'format[bot]' }, 30) }),
    ],
    { automations: ['nightly-sync'] },
  );
  const result = await run('automation');
  expect(titles(result)).toEqual([
    'Program format[bot] made 12 or more commits in acme/storm in an hour',
    'Program nightly-sync made 10 commits in acme/own in an hour',
  ]);
  expect(figure(result, 'most commits of one program in an hour')).toBe(12);
});

test('a required check that no pull request reports is found, in a classic rule or a ruleset', async () => {
  const pulls = (...contexts: string[][]) =>
    contexts.map((each, at) => ({
      number: at + 1,
      at: minutesAgo(300 * (at + 1)),
      contexts: each,
    }));
  const { run } = await scene([
    repo('acme/renamed', {
      required: ['build', 'unit'],
      pulls: pulls(['build', 'tests'], ['build'], ['build']),
    }),
    repo('acme/ruled', { required: [], ruled: ['deploy'], pulls: pulls(['build'], ['build']) }),
    // A filter of paths left it out once; a new pull request, a draft, and one into another branch say nothing.
    repo('acme/filtered', {
      required: ['docs'],
      pulls: pulls(['build'], ['build', 'docs'], ['build']),
    }),
    repo('acme/fresh', {
      required: ['unit'],
      pulls: [
        { number: 3, at: minutesAgo(5), contexts: ['build'] },
        { number: 2, at: minutesAgo(500), contexts: ['build'], draft: true },
        { number: 1, at: minutesAgo(600), contexts: ['build'], base: 'release' },
      ],
    }),
    repo('acme/open', { required: [], ruled: [] }),
  ]);
  const all = new Map<string, string>();
  const turn = async (more = {}) => {
    let remembered: unknown = null;
    for (let at = 0; at < 5; at++) {
      const result = await run('required-checks', { remembered, more });
      ({ remember: remembered } = result);
      for (const { title, component } of result.findings) all.set(component, title);
      expect(result.examined).toHaveLength(1);
    }
  };
  await turn();
  expect(Object.fromEntries(all)).toEqual({
    'acme/renamed': '1 required check of acme/renamed never reports',
    'acme/ruled': '1 required check of acme/ruled never reports',
  });
  await turn({ expects_required_checks: true });
  expect(all.get('acme/open')).toBe('Branch main of acme/open requires no checks');
});

test('alerts of an organisation are read once an hour, critical and old ones and valid secrets are found', async () => {
  const { run, state } = await scene([repo('acme/shop'), repo('acme/site'), repo('acme/dev')]);
  state.dependabot = [
    dependency('acme/shop', 1, 'critical', minutesAgo(10)),
    dependency('acme/shop', 2, 'high', daysAgo(30)),
    dependency('acme/site', 3, 'high', daysAgo(1)),
    dependency('acme/dev', 4, 'critical', daysAgo(1), 'development'),
    dependency('acme/not-watched', 5, 'critical', daysAgo(1)),
  ];
  const secret = (number: number, validity: string) => ({
    name: 'acme/site',
    alert: {
      number,
      validity,
      secret_type: 'stripe_api_key',
      created_at: daysAgo(1).toISOString(),
    },
  });
  state.secrets = [secret(1, 'active'), secret(2, 'unknown'), secret(3, 'inactive')];
  const result = await run('security-alerts');
  expect(result.findings.map(({ title, severity }) => `${severity}: ${title}`)).toEqual([
    'critical: A valid secret (stripe_api_key) is in the code of acme/site',
    'high: A secret (stripe_api_key) is in the code of acme/site',
    'high: Dependabot has 1 critical and 1 old alerts about acme/shop',
  ]);
  expect(figure(result, 'points')).toBe(2);
  const { remember: remembered } = result;
  const soon = await run('security-alerts', { at: minutesAgo(-15), remembered });
  expect(soon).toMatchObject({ findings: [], examined: [] });
  expect(figure(soon, 'points')).toBe(0);
  expect((await run('security-alerts', { at: minutesAgo(-60), remembered })).findings).toHaveLength(
    3,
  );
  // A secret that was dealt with is no alert any more: its finding is examined, and clean.
  const { rows } = await sql<{ id: string }>`
    INSERT INTO bots (name, display_name, api_endpoint, schedule_cron) VALUES (${randomUUID()}, 'x', '/api/bots/x', '* * * * *')
    RETURNING id`.execute(db);
  await sql`
    INSERT INTO bot_findings (bot_id, severity, category, title, check_name, component_key, fingerprint)
    VALUES (${rows[0]!.id}, 'high', 'repositories', 'x', 'security-alerts', 'acme/site secret 9', 'f'),
      (${rows[0]!.id}, 'high', 'repositories', 'x', 'security-alerts', 'other/site secret 9', 'g')`.execute(
    db,
  );
  const { examined } = await run('security-alerts');
  expect(examined).toContain('acme/site secret 9');
  expect(examined).not.toContain('other/site secret 9');
});

test('alerts that the token may not read are a finding of the organisation, and its other findings stay', async () => {
  const { run, state } = await scene([repo('acme/shop')]);
  state.forbidden.push('/orgs/acme/secret-scanning');
  const result = await run('security-alerts');
  expect(titles(result)).toEqual(['Alerts about secrets of acme cannot be read']);
  expect(result.examined).not.toContain('acme/shop secret 1');
  expect(result.examined).toContain('acme/shop dependencies');
});

test('alerts of repositories of users are read in turns', async () => {
  const { run, state } = await scene([
    repo('ada/one', { ownerType: 'User' }),
    repo('ada/two', { ownerType: 'User' }),
  ]);
  state.dependabot = [
    dependency('ada/one', 1, 'critical', daysAgo(1)),
    dependency('ada/two', 2, 'critical', daysAgo(1)),
  ];
  const first = await run('security-alerts');
  const second = await run('security-alerts', { remembered: first.remember });
  expect([...titles(first), ...titles(second)]).toEqual([
    'Dependabot has 1 critical alert about ada/one',
    'Dependabot has 1 critical alert about ada/two',
  ]);
});

test('deploy keys that are not used are found, and new ones are not', async () => {
  const key = (id: number, created: number, used: number | null, read_only = true) => ({
    id,
    title: `key ${id}`,
    read_only,
    created_at: daysAgo(created).toISOString(),
    last_used: used === null ? null : daysAgo(used).toISOString(),
  });
  const { run } = await scene([
    repo('acme/shop', {
      keys: [key(1, 400, 200, false), key(2, 400, 3), key(3, 10, null), key(4, 100, null)],
    }),
  ]);
  const result = await run('deploy-keys');
  expect(titles(result)).toEqual(['2 deploy keys of acme/shop were not used for 90 days']);
  expect(result.findings[0]).toMatchObject({
    severity: 'medium',
    metadata: { keys: [{ id: 1 }, { id: 4 }] },
  });
});

test('workflows that may write by default are found', async () => {
  const permissions = (
    default_workflow_permissions: 'read' | 'write',
    can_approve_pull_request_reviews: boolean,
  ) => ({
    permissions: { default_workflow_permissions, can_approve_pull_request_reviews },
  });
  for (const [given, severity] of [
    [permissions('write', true), 'medium'],
    [permissions('write', false), 'low'],
    [permissions('read', true), undefined],
  ] as const) {
    const { run } = await scene([repo('acme/shop', given)]);
    const { findings } = await run('workflow-permissions');
    expect(findings.map((each) => each.severity)).toEqual(severity ? [severity] : []);
  }
});

test('a permission that the token lacks is a finding; a repository that is special is none', async () => {
  const { run, state } = await scene([repo('acme/a'), repo('acme/b')], {
    slow_days: 0.25,
    repositories: ['acme/a'],
  });
  state.forbidden.push('/repos/acme/a/keys');
  const result = await run('deploy-keys');
  expect(titles(result)).toEqual(['GITHUB_TOKEN may not read deploy keys (Administration: read)']);
  expect(result.examined).toEqual(['permission']);
});
