/** The architect where GitHub answers only in part, refuses the credentials, or is not GitHub at all. */
import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { architect } from '../../bots/architect.ts';
import { SkippedCheck, type CheckResult } from '../../src/bot.ts';
import { reply, type GitHubState, type Instead } from '../github/server.ts';
import { runCheck } from '../support/check.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { architectScene, asking, failing, figure, now, repo } from './architect-scene.ts';

let db: TestDatabase['db'];
beforeAll(async () => {
  ({ db } = await testDatabase());
});

const titles = ({ findings }: CheckResult) => findings.map(({ title }) => title);

const skipReason = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => expect.unreachable(),
    (error: unknown) => {
      expect(error).toBeInstanceOf(SkippedCheck);
      return (error as Error).message;
    },
  );

const two = (state: GitHubState, write: Instead) => {
  // Octokit asks a query twice, unless the answer is final.
  state.instead.push((asked, answer) =>
    asked.body.includes('"r5"') ? write(asked, answer) : 'pass',
  );
  state.instead.push((asked, answer) =>
    asked.body.includes('"r5"') ? write(asked, answer) : 'pass',
  );
};

const seven = () =>
  Array.from({ length: 7 }, (_, at) => repo(`acme/r${at}`, { commits: failing(3) }));

test.each([
  [
    '403',
    (state: GitHubState): Instead =>
      (_, answer) =>
        reply(state, answer, 403, { message: 'Sorry' }),
  ],
  [
    '404',
    (state: GitHubState): Instead =>
      (_, answer) =>
        reply(state, answer, 404, { message: 'Not Found' }),
  ],
  ['no answer', (): Instead => (_, answer) => void answer.destroy()],
  [
    'nothing',
    (state: GitHubState): Instead =>
      (_, answer) =>
        reply(state, answer, 200, {}),
  ],
  [
    'a page',
    (): Instead => (_, answer) =>
      void answer.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
  ],
  [
    'null nodes',
    (state: GitHubState): Instead =>
      (_, answer) =>
        reply(state, answer, 200, { data: { r0: null, r1: null, r2: null } }),
  ],
  [
    'a node of another shape in a list',
    (state: GitHubState): Instead =>
      (_, answer) =>
        reply(state, answer, 200, { data: { r0: [], r1: 'x', r2: { nameWithOwner: null } } }),
  ],
])(
  'one query of many that is answered with %s blinds only its own repositories',
  async (_, write) => {
    const { run, state } = await architectScene(db, seven(), { per_query: 3 });
    two(state, write(state));
    const result = await run('default-branch');
    expect(result.findings.map(({ key }) => key)).toEqual([
      'acme/r0',
      'acme/r1',
      'acme/r2',
      'acme/r6',
    ]);
    expect(result.examined).toEqual({ count: 4, except: ['acme/r3', 'acme/r4', 'acme/r5'] });
  },
);

type Body = { data: { rateLimit: { cost: number } }; errors?: unknown };

/** The usual answer, changed on its way. */
const changed =
  (change: (body: Body) => void): Instead =>
  (_, answer) => {
    const end = answer.end.bind(answer);
    answer.end = ((text: string) => {
      const body = JSON.parse(text) as Body;
      change(body);
      return end(JSON.stringify(body));
    }) as typeof answer.end;
    return 'pass';
  };

test('a part with an error and data beside it, and a commit without a result, say nothing of that one alone', async () => {
  const { run, state } = await architectScene(db, seven());
  state.repositories[0]!.commits = failing(3).map((commit) => ({ ...commit, state: null }));
  const path = ['r2', 'defaultBranchRef', 'target', 'history', 'nodes', 0, 'statusCheckRollup'];
  state.instead.push(changed((body) => (body.errors = [{ type: 'FORBIDDEN', path }])));
  const result = await run('default-branch');
  expect(result.findings.map(({ key }) => key)).toEqual([
    'acme/r1',
    'acme/r3',
    'acme/r4',
    'acme/r5',
    'acme/r6',
  ]);
  expect(result.examined).toEqual({ count: 6, except: ['acme/r2'] });
});

test('a server that hangs up on every query is given up after two, and the others wait for the next run', async () => {
  const { run, state } = await architectScene(db, seven(), { per_query: 1 });
  const hangUp: Instead = (_, answer) => void answer.destroy();
  state.instead.push(...Array.from({ length: 20 }, () => hangUp));
  await expect(run('default-branch')).rejects.toThrow(/could not be asked/);
  expect(state.requests.length).toBeLessThanOrEqual(4);
});

test('a cost that is higher than it was meant to be is what the figures say', async () => {
  const { run, state } = await architectScene(db, seven());
  state.instead.push(changed(({ data }) => (data.rateLimit.cost = 40)));
  const result = await run('default-branch');
  expect(figure(result, 'points of the queries of all repositories')).toBeGreaterThanOrEqual(40);
});

const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2_048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

async function appScene(id: number, key = privateKey) {
  const { state, url } = await architectScene(db, [repo('acme/a'), repo('acme/b')]);
  state.app = { id, publicKey };
  const run = (check: string) =>
    runCheck(
      architect,
      check,
      db,
      { base_url: url, repositories: ['acme/a', 'acme/b'], app_id: id, installation_id: 12 },
      { now, runId: crypto.randomUUID(), secrets: { GITHUB_APP_KEY: key } },
    );
  return { state, run };
}

test.each([
  [
    'suspended',
    'GitHub serves nothing with GITHUB_APP_KEY (403), so that no repository is watched',
    /suspended/,
  ],
  [
    'removed',
    'GitHub serves nothing with GITHUB_APP_KEY (404), so that no repository is watched',
    /no such installation/,
  ],
] as const)(
  'an installation that was %s is one finding, and the other checks are skipped',
  async (becomes, title, words) => {
    const { state, run } = await appScene(becomes === 'removed' ? 8_001 : 8_002);
    state.app!.becomes = becomes;
    const result = await run('repositories');
    expect(titles(result)).toEqual([title]);
    expect(result.findings[0]!.description).toMatch(words);
    for (const check of asking.filter((name) => name !== 'repositories'))
      expect(await skipReason(run(check))).toMatch(words);
  },
);

test('a key that cannot be used is one finding, and the other checks are skipped', async () => {
  const broken = `${privateKey.slice(0, 300)}\n-----END PRIVATE KEY-----`;
  const { state, run } = await appScene(8_003, broken);
  expect(titles(await run('repositories'))).toEqual([
    'GitHub serves nothing with GITHUB_APP_KEY, so that no repository is watched',
  ]);
  for (const check of asking.filter((name) => name !== 'repositories'))
    expect(await skipReason(run(check))).toMatch(/private key/);
  expect(state.requests).toEqual([]);
});

test.each([
  [
    '{}',
    (state: GitHubState): Instead =>
      (_, answer) =>
        reply(state, answer, 200, {}),
  ],
  [
    'a page',
    (): Instead => (_, answer) =>
      void answer.writeHead(200, { 'content-type': 'text/html' }).end('<html>Sign in</html>'),
  ],
  [
    'a page that calls itself JSON',
    (): Instead => (_, answer) =>
      void answer.writeHead(200, { 'content-type': 'application/json' }).end('<html>'),
  ],
  [
    'null',
    (state: GitHubState): Instead =>
      (_, answer) =>
        reply(state, answer, 200, null),
  ],
])(
  'a proxy that answers %s to everything makes every check fail, and none finds anything',
  async (_, write) => {
    const { run, state } = await architectScene(db, [
      repo('acme/a'),
      repo('bob/b', { ownerType: 'User' }),
    ]);
    const odd = write(state);
    state.instead.push(...Array.from({ length: 400 }, () => odd));
    for (const check of asking) {
      const why = await run(check).then(
        (result) => expect.unreachable(JSON.stringify(result)),
        (error: Error) => `${error.name}: ${error.message}`,
      );
      expect(why).toMatch(/^GitHubError: GitHub/);
    }
  },
);

test.each([
  ['dependabot', '/dependabot/'],
  ['secret scanning', '/secret-scanning/'],
  ['deploy keys', '/keys'],
  ['permissions', '/permissions/'],
])(
  'a proxy that answers {} to %s alone is a fault of the server, and clears nothing',
  async (what, path) => {
    const { run, state } = await architectScene(db, [repo('bob/b', { ownerType: 'User' })]);
    const odd: Instead = ({ pathname }, answer) =>
      pathname.includes(path) ? reply(state, answer, 200, {}) : 'pass';
    state.instead.push(odd, odd, odd, odd);
    const check =
      what === 'deploy keys'
        ? 'deploy-keys'
        : what === 'permissions'
          ? 'workflow-permissions'
          : 'security-alerts';
    await expect(run(check)).rejects.toMatchObject({ name: 'GitHubError', fault: 'server' });
  },
);
