/** What tests of the client of GitHub have in common: a server, a client of its own token, and answers that it gives instead. */
import { expect } from 'vitest';
import { openGitHub, type GitHubLimits } from '../../src/github/client.ts';
import { GitHubError } from '../../src/github/error.ts';
import { reply, serveGitHub, type GitHubState, type Instead } from './server.ts';
import { repositoryState } from './state.ts';

const now = new Date('2026-03-10T12:00:00Z');

let serial = 0;

/** Each test has a token of its own, because the gate and the kept answers belong to a token. */
export async function scene(limits: Partial<GitHubLimits> = {}, { path = '' } = {}) {
  const { url, host, state } = await serveGitHub([repositoryState('acme/shop', now)]);
  state.token = `ghp_${String(++serial).padStart(36, 'a')}`;
  const open = () =>
    openGitHub(
      { baseUrl: url + path, credentials: { token: state.token } },
      { hosts: [host], signal: new AbortController().signal, ...limits },
    );
  return { url, host, state, open, client: await open() };
}

export const readKeys = (client: Awaited<ReturnType<typeof openGitHub>>, repo = 'shop') =>
  client.ask((rest) => rest.repos.listDeployKeys({ owner: 'acme', repo, per_page: 100 }));

export const instead = (
  state: GitHubState,
  ...answers: [number, unknown, Record<string, string>?][]
) =>
  state.instead.push(
    ...answers.map(
      ([status, body, headers]): Instead =>
        (_, answer) =>
          reply(state, answer, status, body, headers),
    ),
  );

export const faultOf = (work: Promise<unknown>): Promise<GitHubError> =>
  work.then(
    () => expect.unreachable(),
    (error: unknown) => {
      expect(error).toBeInstanceOf(GitHubError);
      return error as GitHubError;
    },
  );
