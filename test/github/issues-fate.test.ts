/** What becomes of issues that others change, and of repositories that take none. */
import { expect, test } from 'vitest';
import { openGitHub } from '../../src/github/client.ts';
import { findIssue, type IssuePlace } from '../../src/github/find-issue.ts';
import { closeIssue, upsertIssue } from '../../src/github/issues.ts';
import { faultOf } from './client-scene.ts';
import { reply, serveGitHub, type GitHubState, type IssueState } from './server.ts';
import { repositoryState, type RepositoryState } from './state.ts';

let serial = 7_000;

const place: IssuePlace = {
  owner: 'acme',
  repo: 'alarms',
  label: 'roundsman',
  about: 'ticket 7a',
  since: new Date(Date.now() - 3_600_000),
};
const wanted = { title: 'payments fail', body: 'text', state: 'open' as const };

/** One that was made before, so that the test does not wait between its writes. */
const ours = (number: number): IssueState => ({
  number,
  title: wanted.title,
  body: `<!-- roundsman: ${place.about} -->\n${wanted.body}`,
  state: 'open',
  state_reason: null,
  labels: [place.label],
});

async function scene(more: Partial<RepositoryState> = {}) {
  const { url, host, state } = await serveGitHub([
    repositoryState('acme/alarms', new Date(), more),
    repositoryState('acme/other', new Date()),
  ]);
  state.token = `ghp_${String(++serial).padStart(36, 'f')}`;
  const open = () =>
    openGitHub(
      { baseUrl: url, credentials: { token: state.token } },
      { hosts: [host], signal: new AbortController().signal, maxWaitMs: 1_000 },
    );
  /** with another token, whose writes do not wait for those before */
  const fresh = () => {
    state.token = `ghp_${String(++serial).padStart(36, 'f')}`;
    return open();
  };
  const issues = () => state.issues.get('acme/alarms') ?? [];
  const seed = (...numbers: number[]) => state.issues.set('acme/alarms', numbers.map(ours));
  return { seed, state, open, fresh, client: await open(), issues };
}

const writes = ({ requests }: GitHubState) =>
  requests.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`);

test('two that make an issue of the same problem at once end with one that is open, and both know it', async () => {
  const { open, issues } = await scene();
  const [first, second] = await Promise.all([open(), open()]);
  const [one, other] = await Promise.all([
    upsertIssue(first, place, wanted),
    upsertIssue(second, place, wanted),
  ]);
  expect(one!.number).toBe(other!.number);
  expect(issues().filter(({ state }) => state === 'open')).toHaveLength(1);
  expect(issues().find(({ state }) => state === 'open')!.number).toBe(one!.number);
});

test('an issue that no list with its label has yet is found among the newest, and no second one is made', async () => {
  const { seed, state, client, issues } = await scene();
  seed(1);
  state.unlisted.add(1);
  expect(await findIssue(client, place)).toMatchObject({ number: 1 });
  expect(await upsertIssue(client, place, wanted)).toMatchObject({ number: 1, made: false });
  expect(issues()).toHaveLength(1);
});

test('a second open issue, left by a process that was killed, is closed with the first', async () => {
  const { seed, client, issues } = await scene();
  seed(1, 2);
  await upsertIssue(client, place, { ...wanted, state: 'closed' }, { number: 2 });
  expect(issues().map((issue) => issue.state)).toEqual(['closed', 'closed']);
});

test('a new ticket costs few requests, however many issues there were before', async () => {
  const { state, client } = await scene();
  state.issues.set(
    'acme/alarms',
    Array.from({ length: 2_000 }, (_, at) => ({
      number: at + 1,
      title: 'old',
      body: `<!-- roundsman: ticket b${at} -->\ntext`,
      state: 'closed' as const,
      state_reason: 'completed',
      labels: ['roundsman'],
      updated_at: '2026-01-01T00:00:00Z',
    })),
  );
  await upsertIssue(client, place, wanted);
  expect(state.requests.filter(({ method }) => method === 'GET').length).toBeLessThanOrEqual(3);
});

test('a locked issue is edited and closed', async () => {
  const { seed, client, issues } = await scene();
  seed(1);
  issues()[0]!.locked = true;
  const other = { ...wanted, title: 'other' };
  await upsertIssue(client, place, other, { number: 1 });
  await upsertIssue(client, place, { ...other, state: 'closed' }, { number: 1 });
  expect(issues()).toMatchObject([{ title: 'other', state: 'closed' }]);
});

test.each([
  ['deleted, or made a discussion', { status: 410 as const }],
  [
    'moved to where the token sees nothing',
    { status: 301 as const, location: '/repos/acme/gone/issues/9' },
  ],
])(
  'an issue that was %s has a new one while its ticket goes on, and none once it is over',
  async (_, fate) => {
    const { seed, state, client, issues } = await scene();
    seed(1);
    state.goneIssues.set('acme/alarms#1', fate);
    const over = { ...wanted, state: 'closed' as const, makes: false };
    expect(await upsertIssue(client, place, over, { number: 1 })).toBeNull();
    expect(issues()).toHaveLength(1);
    expect(await upsertIssue(client, place, wanted, { number: 1 })).toMatchObject({
      number: 2,
      made: true,
    });
  },
);

test('an issue that was moved and kept its number is left there, and one of a renamed repository is edited', async () => {
  const { seed, state, client, issues } = await scene();
  seed(1);
  state.issues.set('acme/other', [ours(1)]);
  state.goneIssues.set('acme/alarms#1', { status: 301, location: '/repos/acme/other/issues/1' });
  const other = { ...wanted, title: 'other' };
  expect(await upsertIssue(client, place, other, { number: 1 })).toMatchObject({
    number: 2,
    made: true,
  });
  expect(state.issues.get('acme/other')).toMatchObject([{ title: wanted.title }]);
  state.goneIssues.clear();
  state.renamed.set('acme/old', 'acme/alarms');
  const old = { ...place, repo: 'old' };
  expect(await upsertIssue(client, old, other, { number: 1 })).toMatchObject({
    number: 1,
    made: false,
  });
  expect(issues()).toMatchObject([{ title: 'other' }, { title: 'other' }]);
});

test.each([
  ['archived', { archived: true }, 'forbidden', /acme\/alarms is archived/],
  ['without issues', { hasIssues: false }, 'gone', /issues of acme\/alarms are switched off/],
  ['disabled', { disabled: true }, 'forbidden', /acme\/alarms is disabled/],
] as const)(
  'a repository that is %s refuses, and the error says so',
  async (_, more, fault, words) => {
    const { state, client } = await scene(more);
    if ('disabled' in more)
      state.instead.push(({ method }, answer) =>
        method === 'POST'
          ? reply(state, answer, 403, { message: 'Repository access blocked' })
          : 'pass',
      );
    const error = await faultOf(upsertIssue(client, place, wanted));
    expect(error).toMatchObject({ fault, of: 'repository' });
    expect(error.message).toMatch(words);
  },
);

test('a repository that is gone, or was made private, is named', async () => {
  const { state, client } = await scene();
  state.repositories.splice(0, 1);
  const error = await faultOf(upsertIssue(client, place, wanted));
  expect(error).toMatchObject({ fault: 'gone', of: 'repository' });
  expect(error.message).toMatch(/acme\/alarms/);
});

test('an issue that GitHub does not let be edited is told apart from a repository that takes none', async () => {
  const { seed, state, client } = await scene();
  seed(1);
  state.instead.push(({ method }, answer) =>
    method === 'PATCH' ? reply(state, answer, 403, { message: 'Must have triage rights' }) : 'pass',
  );
  const edit = upsertIssue(client, place, { ...wanted, title: 'other' }, { number: 1 });
  expect(await faultOf(edit)).toMatchObject({ fault: 'forbidden', of: 'issue' });
});

test('an account that may not label, or not make the label, leaves no open issue and is told of both', async () => {
  const { state, client, issues } = await scene();
  state.mayLabel = false;
  const error = await faultOf(upsertIssue(client, place, wanted));
  expect(error).toMatchObject({ fault: 'forbidden' });
  expect(error.message).toMatch(/Triage/);
  expect(error.message).toMatch(/make the label/);
  expect(issues()).toMatchObject([{ state: 'closed' }]);
});

test.each([
  ['{}', 200, {}],
  ['a page', 200, '<html>Sign in</html>'],
  ['a list', 201, []],
  ['another issue', 201, { number: 'x', title: 'payments fail', labels: [], state: 'open' }],
])(
  'a server that answers %s to the making of an issue has made none that is known',
  async (_, status, body) => {
    const { state, client, fresh, issues } = await scene();
    state.instead.push(({ method }, answer) =>
      method === 'POST' ? reply(state, answer, status, body) : 'pass',
    );
    const known: number[] = [];
    const made = upsertIssue(client, place, wanted, { onMade: (number) => known.push(number) });
    expect(await faultOf(made)).toMatchObject({ fault: 'server', mayBeDone: true });
    expect(known).toEqual([]);
    expect(await upsertIssue(await fresh(), place, wanted)).toMatchObject({ number: 1 });
    expect(issues()).toHaveLength(1);
  },
);

test.each([
  ['{}', {}],
  ['a page', '<html>Sign in</html>'],
])('a server that answers %s to an edit has not done it', async (_, body) => {
  const { seed, state, client, issues } = await scene();
  seed(1);
  const odd = () =>
    state.instead.push(({ method }, answer) =>
      method === 'PATCH' ? reply(state, answer, 200, body) : 'pass',
    );
  odd();
  const over = { ...wanted, state: 'closed' as const };
  expect(await faultOf(upsertIssue(client, place, over, { number: 1 }))).toMatchObject({
    fault: 'server',
  });
  odd();
  expect(await faultOf(closeIssue(client, place, 1))).toMatchObject({ fault: 'server' });
  expect(issues()).toMatchObject([{ state: 'open' }]);
  expect(writes(state)).toHaveLength(2);
});

test('a hundred issues of the length that ours have at most, in letters of three bytes, are searched', async () => {
  const { state, client } = await scene();
  const body = '漢'.repeat(40_000);
  state.issues.set(
    'acme/alarms',
    Array.from({ length: 100 }, (_, at) => ({
      number: at + 1,
      title: 'x',
      body: at === 0 ? `<!-- roundsman: ${place.about} -->\n${body}` : body,
      state: 'open' as const,
      state_reason: null,
      labels: ['roundsman'],
    })),
  );
  expect(await findIssue(client, place)).toMatchObject({ number: 1 });
});
