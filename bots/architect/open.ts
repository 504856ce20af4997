/** Signs in to GitHub as the settings say: with the token, or as an app. */
import {
  GitHubError,
  openGitHub,
  withoutGitHubTokens,
  type GitHub,
  type GitHubAccess,
} from '../../src/bot.ts';
import type { CheckContext } from '../../src/bot.ts';
import { readHttpHosts } from '../parts/http-hosts.ts';
import type { Config } from './config.ts';

export const tokenSecret = 'GITHUB_TOKEN';
export const keySecret = 'GITHUB_APP_KEY';

/** The name of the secret that is used. */
export const secretOf = ({ app_id }: Config): string => (app_id === null ? tokenSecret : keySecret);

function accessOf(config: Config, { secret, skip }: CheckContext): GitHubAccess {
  const { base_url: baseUrl, app_id: appId, installation_id: installationId } = config;
  if (appId === null) return { baseUrl, credentials: { token: secret(tokenSecret).trim() } };
  if (installationId === null)
    return skip(
      'installation_id is not set: `npx roundsman bots edit architect --set installation_id=NUMBER`; the number is in the ' +
        "address of the installation's settings",
    );
  const privateKey = secret(keySecret).trim();
  if (!/^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(privateKey))
    skip(`${keySecret} is no private key in PEM form: store the file that GitHub made for the app`);
  return { baseUrl, credentials: { appId, installationId, privateKey } };
}

/** Skips the check where the secret is missing. */
export async function open(config: Config, context: CheckContext): Promise<GitHub> {
  const access = accessOf(config, context);
  const client = await openGitHub(access, {
    hosts: await readHttpHosts(context.db),
    signal: context.signal,
    // The whole run has four minutes: it tries again in a quarter of an hour.
    maxWaitMs: 10_000,
  });
  return withoutTokens(client);
}

/**
 * The client, whose answers hold no tokens. People write them into names and messages by mistake, and GitHub's tokens of an hour, with
 * which an app asks, are in no list of secrets that could be looked for.
 */
const withoutTokens = (client: GitHub): GitHub => ({
  ask: async (question) => withoutGitHubTokens(await client.ask(question)),
  pages: async (question, maxPages) => withoutGitHubTokens(await client.pages(question, maxPages)),
  query: async (text, variables) => withoutGitHubTokens(await client.query(text, variables)),
  get usage() {
    return client.usage;
  },
});

/** GitHub serves nothing: with these credentials, or at this address. */
export const isRefused = (error: unknown): error is GitHubError =>
  error instanceof GitHubError && ['token', 'forbidden', 'gone'].includes(error.fault);

/** Skips the check where GitHub asks to wait, and where it serves nothing with these credentials: the check `repositories` reports that. */
export async function orSkip<Answer>(
  config: Config,
  { skip }: CheckContext,
  work: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof GitHubError)) throw error;
    if (error.fault === 'busy') skip(`${error.message}; the next run tries again`);
    if (isRefused(error)) skip(refusalOf(config, error));
    throw error;
  }
}

/** In one line. */
export const refusalOf = (config: Config, { status, message }: GitHubError): string =>
  status === 401
    ? `GitHub does not take ${secretOf(config)} (401)`
    : `GitHub serves nothing with ${secretOf(config)}${status === null ? '' : ` (${status})`}: ${message}`;
