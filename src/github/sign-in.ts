/**
 * How Octokit signs its requests. The tokens of an app are kept here by its credentials: @octokit/auth-app shares a token that is on its way
 * between all clients with the same number of an installation, also of another server.
 */
import { createPrivateKey } from 'node:crypto';
import type { GitHubAccess } from './access.ts';
import { credentialId } from './access.ts';
import { GitHubError } from './error.ts';

/** GitHub's tokens of an installation are valid for an hour. */
const tokenLifetimeMs = 55 * 60_000;

/** The token of one installation, for all clients of this process. */
class InstallationToken {
  #kept: { token: string; madeAt: number } | null = null;
  #asked: Promise<string> | null = null;

  /** One client asks at a time, and the others take what it gets. If it gets none, the next one asks for itself. */
  async get(ask: () => Promise<unknown>): Promise<string> {
    for (;;) {
      if (this.#kept && this.ageMs < tokenLifetimeMs) return this.#kept.token;
      if (!this.#asked) break;
      await this.#asked.catch(() => {});
    }
    this.#asked = this.#take(ask);
    try {
      return await this.#asked;
    } finally {
      this.#asked = null;
    }
  }

  async #take(ask: () => Promise<unknown>): Promise<string> {
    const { token } = Object(await ask()) as { token?: unknown };
    if (typeof token !== 'string' || !/^[\w.-]{10,}$/.test(token))
      throw new GitHubError('GitHub gave out no token for the installation', {
        fault: 'server',
        status: 201,
      });
    this.#kept = { token, madeAt: performance.now() };
    return token;
  }

  get ageMs(): number {
    return this.#kept ? performance.now() - this.#kept.madeAt : Infinity;
  }

  /** Whether there was one. */
  forget(): boolean {
    const had = this.#kept !== null;
    this.#kept = null;
    return had;
  }
}

const tokens = new Map<string, InstallationToken>();

/**
 * Forgets the token of an installation, so that the next request asks for a new one: GitHub takes one back before its hour is over when
 * the installation is suspended or its app is changed. False if there is none to forget.
 */
export const forgetToken = (access: GitHubAccess): boolean =>
  tokens.get(credentialId(access))?.forget() ?? false;

/** How long ago a token of the installation was made; Infinity where there is none, or the credentials are a token. */
export const tokenAgeMs = (access: GitHubAccess): number =>
  tokens.get(credentialId(access))?.ageMs ?? Infinity;

/** Node would sign with another kind of key, too, and GitHub would only say that it cannot decode what it gets. */
function isRsaKey(pem: string): boolean {
  try {
    // A variable of an environment has its line ends as `\n`.
    const key = createPrivateKey(pem.replaceAll(String.raw`\n`, '\n'));
    return key.asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** What is used here of an endpoint, and of Octokit's `request`, whose own types allow only what its users write. */
interface Endpoint {
  url: string;
  baseUrl: string;
  headers: Record<string, unknown>;
}
interface Request {
  (endpoint: Endpoint): Promise<{ data: unknown }>;
  (route: string, parameters: object): Promise<{ data: unknown }>;
  endpoint: { merge(...asked: unknown[]): Endpoint };
  defaults(given: object): Request;
}

/** The options with which Octokit signs in. Throws {@link GitHubError} where the key of an app is none. */
export async function signInOptions(access: GitHubAccess): Promise<Record<string, unknown>> {
  const { credentials } = access;
  if ('token' in credentials) return { auth: credentials.token };
  const { appId, privateKey, installationId } = credentials;
  if (!isRsaKey(privateKey))
    throw new GitHubError(
      'the private key of the app cannot be used: it has to be the PEM file that GitHub made for the app, whole and without a password',
      { fault: 'token' },
    );
  const { createAppAuth } = await import('@octokit/auth-app');
  const id = credentialId(access);
  const installation = tokens.get(id) ?? new InstallationToken();
  tokens.set(id, installation);
  const authStrategy = ({ request: given }: { request: Request }) => {
    const app = createAppAuth({ appId, privateKey, request: given as never, log: silent });
    return {
      async hook(request: Request, ...asked: unknown[]) {
        const endpoint = request.endpoint.merge(...asked);
        // The app itself signs only for a token, and allows for a clock of this machine that is wrong.
        if (endpoint.url.endsWith('/access_tokens'))
          return app.hook(request as never, endpoint as never);
        const token = await installation.get(async () => {
          const answer = await request.defaults({ baseUrl: endpoint.baseUrl })(
            'POST /app/installations/{installation_id}/access_tokens',
            { installation_id: installationId },
          );
          return answer.data;
        });
        return request({
          ...endpoint,
          headers: { ...endpoint.headers, authorization: `token ${token}` },
        });
      },
    };
  };
  return { authStrategy };
}
