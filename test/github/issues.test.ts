/** Issues that are found again by marker and label, where something has happened to them. */
import { expect, test } from 'vitest';
import { openGitHub } from '../../src/github/client.ts';
import { findIssue, type IssuePlace } from '../../src/github/find-issue.ts';
import { upsertIssue } from '../../src/github/issues.ts';
import { reply, serveGitHub, type IssueState } from './server.ts';
import { repositoryState } from './state.ts';

let serial = 0;

const place: IssuePlace = {
  owner: 'acme',
  repo: 'alarms',
  label: 'roundsman',
  about: 'problem a1',
};
const wanted = { title: 'payments fail', body: 'text', state: 'open' as const };

const anIssue = (number: number, more: Partial<IssueState> = {}): IssueState => ({
  number,
  title: 'of a person',
  body: 'mine',
  state: 'open',
  state_reason: null,
  labels: [],
  ...more,
});

const ours = (number: number, about = place.about): IssueState =>
  anIssue(number, {
    title: wanted.title,
    body: `<!-- roundsman: ${about} -->\ntext`,
    labels: [place.label],
  });

async function scene(...issues: IssueState[]) {
  const now = new Date();
  const { url, host, state } = await serveGitHub([
    repositoryState('acme/alarms', now),
    repositoryState('acme/other', now),
  ]);
  state.token = `ghp_${String(++serial).padStart(36, 'e')}`;
  state.issues.set('acme/alarms', issues);
  const client = await openGitHub(
    { baseUrl: url, credentials: { token: state.token } },
    { hosts: [host], signal: new AbortController().signal },
  );
  return { state, client, issues };
}

test('an open issue is found behind more closed ones than are searched', async () => {
  const closed = Array.from({ length: 520 }, (_, at) => ({
    ...ours(at + 2, `problem b${at}`),
    state: 'closed' as const,
  }));
  const { client } = await scene(ours(1), ...closed);
  expect(await findIssue(client, place)).toMatchObject({ number: 1, isOpen: true });
  expect(await findIssue(client, { ...place, about: 'problem b519' })).toMatchObject({
    number: 521,
    isOpen: false,
  });
});

test.each([
  ['null', null],
  ['an empty object', {}],
  ['no labels', { number: 1, title: 'x', body: '', state: 'open' }],
  ['no number', { title: 'x', body: '', state: 'open', labels: [] }],
])('a list with %s is a fault of the server, and makes no issue', async (_, item) => {
  const { state, client, issues } = await scene();
  state.instead.push((_request, answer) => reply(state, answer, 200, [item]));
  await expect(upsertIssue(client, place, wanted)).rejects.toMatchObject({ fault: 'server' });
  expect(issues).toEqual([]);
});
