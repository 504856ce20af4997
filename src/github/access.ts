/** Where GitHub is, and how a client signs in: with a token, or as an installation of a GitHub App. */
import { createHash } from 'node:crypto';

export interface GitHubAccess {
  /** the address of the REST API: `https://api.github.com`, or `https://HOST/api/v3` of a GitHub Enterprise Server */
  baseUrl: string;
  credentials: GitHubCredentials;
}

export type GitHubCredentials =
  | { token: string }
  /** `privateKey`: the PEM file that GitHub made for the app */
  | { appId: number; installationId: number; privateKey: string };

/** The address of GitHub's own API. */
export const gitHubApi = 'https://api.github.com';

/** Whether a text is the address of an API: http or https, without user, password, query or fragment. */
export function isApiAddress(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null;
  return (
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    !url.username &&
    !url.password &&
    !/[?#\s]/.test(text)
  );
}

const withoutSlash = (baseUrl: string): string => baseUrl.replace(/\/+$/, '');

/** A GitHub Enterprise Server has its REST API under `/api/v3`, and GraphQL under `/api/graphql`. */
export const graphqlUrl = (baseUrl: string): string =>
  `${withoutSlash(baseUrl).replace(/\/api\/v3$/, '/api')}/graphql`;

/** The host whose pages people see: `github.com` for `https://api.github.com`. With its port, unless that is the usual one. */
export const webHostOf = (baseUrl: string): string => new URL(baseUrl).host.replace(/^api\./, '');

/** Tells credentials apart without repeating them. */
export function credentialId({ baseUrl, credentials }: GitHubAccess): string {
  const { origin } = new URL(baseUrl);
  const parts =
    'token' in credentials
      ? [credentials.token]
      : [credentials.appId, credentials.installationId, credentials.privateKey];
  return createHash('sha256')
    .update(JSON.stringify([origin, ...parts]))
    .digest('base64url');
}
