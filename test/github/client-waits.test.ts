/** The client of GitHub where it waits, repeats a request, or reads a long answer. */
import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { openGitHub } from '../../src/github/client.ts';
import { faultOf, instead, readKeys, scene } from './client-scene.ts';
import { type Instead } from './server.ts';

test('when one request is told to wait, those that wait for their turn wait, too', async () => {
  const { client, state } = await scene({ maxWaitMs: 5_000 });
  instead(state, [429, { message: 'too many' }, { 'retry-after': '1' }]);
  const answers = await Promise.all([readKeys(client), readKeys(client), readKeys(client)]);
  expect(answers).toEqual([[], [], []]);
  // Those that were on their way arrived before the answer; after it nothing was sent for a second.
  const limitedAt = state.requests[0]!.at;
  const later = state.requests.filter(({ at }) => at - limitedAt > 300);
  expect(later.length).toBeGreaterThan(0);
  expect(Math.min(...later.map(({ at }) => at - limitedAt))).toBeGreaterThanOrEqual(990);
});

test('the primary limit is renewed by the clock of GitHub, not by that of this machine', async () => {
  const { client, state } = await scene({ maxWaitMs: 5_000 });
  // An hour ahead: by this machine's clock the limit would be renewed in an hour.
  state.aheadMs = 3_600_000;
  const reset = Math.floor((Date.now() + state.aheadMs) / 1_000) + 1;
  instead(state, [
    403,
    { message: 'API rate limit exceeded' },
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(reset) },
  ]);
  expect(await readKeys(client)).toEqual([]);
  expect(state.requests).toHaveLength(2);
});

test('queries are no writes: one does not wait behind writes, which are held apart', async () => {
  const { client, state } = await scene();
  const edit = () =>
    client.ask((rest) =>
      rest.issues.update({ owner: 'acme', repo: 'shop', issue_number: 1, body: '' }),
    );
  await client.ask((rest) => rest.issues.create({ owner: 'acme', repo: 'shop', title: 'x' }));
  await Promise.all([edit(), client.query('{ rateLimit { cost } }')]);
  expect(state.requests.map(({ path }) => path)).toEqual([
    '/repos/acme/shop/issues',
    '/graphql',
    '/repos/acme/shop/issues/1',
  ]);
});

test('reading is repeated once after a fault of the server, and a write never', async () => {
  const { client, state } = await scene();
  instead(state, [502, { message: 'Server Error' }]);
  expect(await readKeys(client)).toEqual([]);
  instead(state, [502, { message: 'Server Error' }]);
  const error = await faultOf(
    client.ask((rest) => rest.issues.create({ owner: 'acme', repo: 'shop', title: 'x' })),
  );
  expect(error).toMatchObject({ fault: 'server', status: 502, mayBeDone: true });
  expect(state.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
});

test('faults of one query do not lengthen the waits of the next ones', async () => {
  // With waits of 1, 9 and 9 s, as they were, the third query would not be answered by then.
  const { client, state } = await scene({ signal: AbortSignal.timeout(15_000) });
  for (let at = 0; at < 3; at++) {
    instead(state, [502, { message: 'Server Error' }], [502, { message: 'Server Error' }]);
    expect(await faultOf(client.query('{ rateLimit { cost } }'))).toMatchObject({ status: 502 });
  }
  expect(state.requests).toHaveLength(6);
});

test.each([
  ['no JSON', (answer: import('node:http').ServerResponse) => answer.end('<html>')],
  ['nothing', (answer: import('node:http').ServerResponse) => answer.destroy()],
  [
    'what is longer than it may be',
    (answer: import('node:http').ServerResponse) => answer.end('x'.repeat(9_000_000)),
  ],
])('a server that answers %s is a fault, and no result', async (_, write) => {
  const { client, state } = await scene();
  const odd: Instead = (_, answer) => {
    write(answer);
  };
  state.instead.push(odd, odd, odd);
  expect((await faultOf(client.query('{ rateLimit { cost } }'))).fault).toMatch(/server|unreached/);
});

test('an app signs in once for its installation, with either form of key, and its answers are not kept', async () => {
  for (const type of ['pkcs1', 'pkcs8'] as const) {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2_048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type, format: 'pem' },
    });
    const { state, url, host } = await scene();
    state.app = { id: 4_711, publicKey };
    const credentials = { appId: 4_711, installationId: 12, privateKey };
    const open = () =>
      openGitHub(
        { baseUrl: url, credentials },
        { hosts: [host], signal: new AbortController().signal },
      );
    await readKeys(await open());
    await readKeys(await open());
    const paths = state.requests.map(({ path }) => path);
    expect(paths.filter((path) => path.startsWith('/app/'))).toHaveLength(1);
    const keys = state.requests.filter(({ path }) => path.includes('/keys'));
    expect(keys.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, undefined]);
    expect(keys[0]!.headers.authorization).toMatch(/^token ghs_/);
    const wrong = await openGitHub(
      { baseUrl: url, credentials: { ...credentials, appId: 4_712 } },
      { hosts: [host], signal: new AbortController().signal },
    );
    expect(await faultOf(readKeys(wrong))).toMatchObject({ fault: 'token' });
  }
});
