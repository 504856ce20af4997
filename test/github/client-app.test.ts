/** The client of GitHub as an app: clocks that differ, keys that are none, and installations that GitHub does not serve. */
import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { openGitHub } from '../../src/github/client.ts';
import { faultOf, instead, readKeys, scene } from './client-scene.ts';

const keyPair = (type: 'pkcs1' | 'pkcs8' = 'pkcs8') =>
  generateKeyPairSync('rsa', {
    modulusLength: 2_048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type, format: 'pem' },
  });

let serial = 5_000;

async function appScene({ privateKey: given }: { privateKey?: string } = {}) {
  const { publicKey, privateKey } = keyPair();
  const { state, url, host } = await scene();
  serial += 1;
  state.app = { id: serial, publicKey };
  const credentials = { appId: serial, installationId: 12, privateKey: given ?? privateKey };
  const open = (key = credentials.privateKey) =>
    openGitHub(
      { baseUrl: url, credentials: { ...credentials, privateKey: key } },
      { hosts: [host], signal: new AbortController().signal, maxWaitMs: 2_000 },
    );
  return { state, open };
}

test.each([
  ['two minutes behind', 120_000],
  ['two minutes ahead', -120_000],
  ['a quarter of an hour behind', 900_000],
  ['a day ahead', -86_400_000],
])('an app signs in where the clock of this machine is %s', async (_, aheadMs) => {
  const { state, open } = await appScene();
  state.aheadMs = aheadMs;
  expect(await readKeys(await open())).toEqual([]);
});

test.each([
  ['suspended', 403, /suspended/],
  ['removed', 404, /no such installation/],
] as const)(
  'an installation that was %s is a fault of the credentials, and says so',
  async (becomes, status, words) => {
    const { state, open } = await appScene();
    state.app!.becomes = becomes;
    const error = await faultOf(readKeys(await open()));
    expect(error).toMatchObject({ fault: 'token', status, mayBeDone: false });
    expect(error.message).toMatch(words);
    const query = await faultOf((await open()).query('{ rateLimit { cost } }'));
    expect(query).toMatchObject({ fault: 'token', status });
  },
);

test('a key that was exchanged is a fault of the credentials, and the new one is taken at once', async () => {
  const { state, open } = await appScene();
  expect(await readKeys(await open())).toEqual([]);
  const next = keyPair();
  state.app!.publicKey = next.publicKey;
  state.revoke();
  expect(await faultOf(readKeys(await open()))).toMatchObject({ fault: 'token', status: 401 });
  expect(await readKeys(await open(next.privateKey))).toEqual([]);
});

const { privateKey: elliptic } = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const { privateKey: locked } = generateKeyPairSync('rsa', {
  modulusLength: 2_048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' },
});

test.each([
  ['cut off', keyPair().privateKey.slice(0, 200)],
  ['a public key', keyPair().publicKey],
  ['of another algorithm', elliptic],
  ['encrypted', locked],
  ['no key', 'ghp_0123456789'],
])('a key that is %s is a fault of the credentials, and GitHub is not asked', async (_, key) => {
  const { state, open } = await appScene({ privateKey: key });
  const error = await faultOf(open().then(readKeys));
  expect(error).toMatchObject({ fault: 'token', mayBeDone: false });
  expect(error.message).toMatch(/private key/);
  expect(error.message).not.toContain(key.slice(-12));
  expect(state.requests).toEqual([]);
});

test('line ends of a key may be written as \\n, as variables of an environment have them', async () => {
  for (const type of ['pkcs1', 'pkcs8'] as const) {
    const { state, open } = await appScene();
    const { publicKey, privateKey } = keyPair(type);
    state.app!.publicKey = publicKey;
    expect(await readKeys(await open(privateKey.replaceAll('\n', String.raw`\n`)))).toEqual([]);
  }
});

test('403 right after the token was made is asked again: its permissions reach all of GitHub a moment later', async () => {
  const { state, open } = await appScene();
  const client = await open();
  state.instead.push(({ pathname }, answer) =>
    pathname.startsWith('/app/')
      ? 'pass'
      : void answer
          .writeHead(403, { 'content-type': 'application/json' })
          .end('{"message":"Resource not accessible by integration"}'),
  );
  expect(await readKeys(client)).toEqual([]);
  // One that stays is what it says.
  state.forbidden.push('/repos/');
  expect(await faultOf(readKeys(client))).toMatchObject({ fault: 'forbidden', status: 403 });
});

test('a server that gives out no token is a fault of the server, and no request carries what it gave', async () => {
  const { state, open } = await appScene();
  instead(state, [200, {}], [200, {}], [200, {}], [200, {}]);
  expect(await faultOf(readKeys(await open()))).toMatchObject({ fault: 'server' });
  expect(state.requests.map(({ headers }) => headers.authorization)).not.toContain(
    'token undefined',
  );
});

test('two servers whose installations have the same number never get the token of the other', async () => {
  const scenes = await Promise.all([appScene(), appScene()]);
  const clients = await Promise.all(scenes.map(({ open }) => open()));
  await Promise.all(clients.map((client) => readKeys(client)));
  const tokens = scenes.map(({ state }) =>
    state.requests
      .filter(({ path }) => !path.startsWith('/app/'))
      .map(({ headers }) => headers.authorization),
  );
  expect(tokens[0]).toHaveLength(1);
  expect(tokens[1]).toHaveLength(1);
  for (const { state } of scenes)
    expect(state.requests.filter(({ path }) => path.startsWith('/app/'))).toHaveLength(1);
});
