/** The client of GitHub beside a server whose requests and answers are compared with GitHub's own descriptions. */
import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { openGitHub } from '../../src/github/client.ts';
import { faultOf, instead, readKeys, scene } from './client-scene.ts';
import { serveGitHub, type GitHubState, type Instead } from './server.ts';

test('a request carries the token and nothing about this machine', async () => {
  const { client, state } = await scene();
  expect(await readKeys(client)).toEqual([]);
  const [{ headers }] = state.requests as [GitHubState['requests'][number]];
  expect(headers).toMatchObject({
    authorization: `token ${state.token}`,
    'user-agent': 'roundsman',
    'x-github-api-version': '2022-11-28',
  });
  expect(client.usage).toEqual({ restPoints: 1, requests: 1 });
});

test('an unchanged answer costs nothing, with a personal token', async () => {
  const { client, open, state } = await scene();
  state.repositories[0]!.keys.push({ id: 1, title: 'ci' });
  const first = await readKeys(client);
  const other = await open();
  expect(await readKeys(other)).toEqual(first);
  expect(other.usage).toEqual({ restPoints: 0, requests: 1 });
  state.repositories[0]!.keys.push({ id: 2, title: 'cd' });
  expect(await readKeys(other)).toHaveLength(2);
  expect(state.points).toBe(2);
});

test('a wait that is too long is an error, and later requests are not sent at all', async () => {
  const { client, open, state } = await scene({ maxWaitMs: 2_000 });
  instead(state, [403, { message: 'You have exceeded a secondary rate limit' }]);
  const error = await faultOf(readKeys(client));
  expect(error).toMatchObject({ fault: 'busy', status: 403, mayBeDone: false });
  expect(error.waitMs).toBeGreaterThan(55_000);
  expect(state.requests).toHaveLength(1);
  expect(await faultOf(readKeys(await open()))).toMatchObject({ fault: 'busy', status: null });
  expect(await faultOf((await open()).query('{ rateLimit { cost } }'))).toMatchObject({
    fault: 'busy',
  });
  expect(state.requests).toHaveLength(1);
});

test('the limits of REST and of GraphQL are counted apart', async () => {
  const { client, state } = await scene({ maxWaitMs: 1_000 });
  instead(state, [403, { message: 'limit' }, { 'x-ratelimit-remaining': '0' }]);
  expect(await faultOf(readKeys(client))).toMatchObject({ fault: 'busy' });
  const { data } = await client.query('{ rateLimit { cost } }');
  expect(data).toEqual({ rateLimit: { cost: 1 } });
});

test.each([
  [401, 'token'],
  [403, 'forbidden'],
  [404, 'gone'],
  [410, 'gone'],
  [422, 'invalid'],
  [451, 'gone'],
] as const)(
  '%i is a fault of the kind %s, asked once, without what GitHub wrote',
  async (status, fault) => {
    const { client, state } = await scene();
    instead(state, [status, { message: `see ${state.token}` }]);
    const error = await faultOf(readKeys(client));
    expect(error).toMatchObject({ fault, status, mayBeDone: false });
    expect(JSON.stringify(error) + error.message + error.stack).not.toContain(state.token);
    expect(error.cause).toBeUndefined();
    expect(state.requests).toHaveLength(1);
  },
);

test('a repository that was renamed is found at its new name, also by a write', async () => {
  const { client, state } = await scene();
  state.renamed.set('acme/old', 'acme/shop');
  expect(await readKeys(client, 'old')).toEqual([]);
  await client.ask((rest) => rest.issues.create({ owner: 'acme', repo: 'old', title: 'x' }));
  expect(state.issues.get('acme/shop')).toHaveLength(1);
});

test('a redirect to another server is not followed: the token goes nowhere else', async () => {
  const { client, state } = await scene();
  const { url, state: other } = await serveGitHub();
  instead(state, [301, {}, { location: `${url}/repos/acme/shop/keys` }]);
  expect(await faultOf(readKeys(client))).toMatchObject({ fault: 'invalid', status: 301 });
  expect(other.requests).toEqual([]);
});

test('all pages are read, by number or by cursor, as many as were asked for', async () => {
  const { client, state } = await scene();
  state.dependabot = Array.from({ length: 250 }, (_, at) => ({
    name: 'acme/shop',
    alert: { number: at + 1 },
  }));
  const read = (maxPages: number) =>
    client.pages(
      (rest, { after }) =>
        rest.dependabot.listAlertsForOrg({
          org: 'acme',
          per_page: 100,
          ...(after !== undefined && { after }),
        }),
      maxPages,
    );
  const all = await read(5);
  expect(all.isWhole).toBe(true);
  expect(new Set(all.items.map(({ number }) => number)).size).toBe(250);
  expect(await read(2)).toMatchObject({ isWhole: false });
});

test('a server that does not answer ends with the deadline, or with the signal', async () => {
  const { client, state } = await scene({ timeoutMs: 300 });
  const silent: Instead = () => {};
  state.instead.push(silent, silent, silent);
  expect(await faultOf(readKeys(client))).toMatchObject({ fault: 'unreached', mayBeDone: false });
  const stop = new AbortController();
  const stopped = await openGitHub(
    { baseUrl: (await scene()).url, credentials: { token: 'x' } },
    { hosts: [], signal: stop.signal },
  );
  stop.abort(new Error('the run has ended'));
  await expect(readKeys(stopped)).rejects.toThrow('the run has ended');
});

test('a host that is not allowed is not asked, and not tried again', async () => {
  const { state, url } = await scene();
  const client = await openGitHub(
    { baseUrl: url, credentials: { token: state.token } },
    { hosts: [], signal: new AbortController().signal },
  );
  const error = await faultOf(readKeys(client));
  expect(error.message).toMatch(/not among the allowed hosts/);
  expect(error.mayBeDone).toBe(false);
  expect(state.requests).toEqual([]);
});

test('a GitHub Enterprise Server has its interfaces below /api', async () => {
  const { client, state } = await scene({}, { path: '/api/v3' });
  const paths: string[] = [];
  state.instead.push(() => 'pass');
  await readKeys(client);
  await client.query('{ rateLimit { cost } }');
  paths.push(...state.requests.map(({ path }) => path));
  expect(paths).toEqual(['/repos/acme/shop/keys?per_page=100', '/graphql']);
});

test('a limit of GraphQL is recognised in each form in which GitHub states it, and not in text of a repository', async () => {
  const limits = [
    { errors: [{ type: 'RATE_LIMITED', message: 'API rate limit exceeded' }] },
    { errors: [{ type: 'RATE_LIMIT', message: 'API rate limit already exceeded' }] },
    { data: null, errors: [{ message: 'You have exceeded a secondary rate limit.' }] },
    { message: 'You have exceeded a secondary rate limit.', documentation_url: '' },
  ];
  for (const body of limits) {
    const { client, state } = await scene({ maxWaitMs: 1_000 });
    instead(state, [200, body]);
    expect(await faultOf(client.query('{ rateLimit { cost } }'))).toMatchObject({ fault: 'busy' });
    expect(state.requests).toHaveLength(1);
  }
  const { client, state } = await scene({ maxWaitMs: 1_000 });
  const data = { repository: { name: 'RATE_LIMITED: a secondary rate limit' } };
  instead(state, [200, { data }]);
  expect(await client.query('{ rateLimit { cost } }')).toMatchObject({ data });
});

test('an app signs in anew when GitHub takes its token no longer before its hour is over', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2_048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const { state, url, host } = await scene();
  state.app = { id: 4_713, publicKey };
  const client = await openGitHub(
    { baseUrl: url, credentials: { appId: 4_713, installationId: 12, privateKey } },
    { hosts: [host], signal: new AbortController().signal },
  );
  const create = () =>
    client.ask((rest) => rest.issues.create({ owner: 'acme', repo: 'shop', title: 'x' }));
  expect(await readKeys(client)).toEqual([]);
  state.revoke();
  expect(await readKeys(client)).toEqual([]);
  state.revoke();
  expect(await create()).toMatchObject({ number: 1 });
  expect(state.issues.get('acme/shop')).toHaveLength(1);
  const signedIn = state.requests.filter(({ path }) => path.startsWith('/app/'));
  expect(signedIn).toHaveLength(3);
});
