/** How Octokit signs its requests. */
import { createPrivateKey } from 'node:crypto';
import type { GitHubAccess } from './access.ts';
import { credentialId } from './access.ts';
import { GitHubError } from './error.ts';

/** GitHub's tokens of an installation are valid for an hour. */
const tokenLifetimeMs = 55 * 60_000;

/** Octokit writes an installation's token here, so that each client of this process need not ask for one of its own. */
class TokenCache {
  #kept = new Map<string, { value: string; until: number }>();
  #madeAt = -Infinity;

  get(key: string): string {
    const found = this.#kept.get(key);
    return found && found.until > performance.now() ? found.value : '';
  }

  /** The value begins with the token. Throws {@link GitHubError} where GitHub gave none. */
  set(key: string, value: string): void {
    if (!/^[\w.-]{10,}\|/.test(value))
      throw new GitHubError('GitHub gave out no token for the installation', {
        fault: 'server',
        status: 201,
      });
    this.#madeAt = performance.now();
    this.#kept.set(key, { value, until: performance.now() + tokenLifetimeMs });
  }

  get ageMs(): number {
    return performance.now() - this.#madeAt;
  }

  /** Whether there was anything. */
  clear(): boolean {
    const { size } = this.#kept;
    this.#kept.clear();
    return size > 0;
  }
}

const caches = new Map<string, TokenCache>();

/**
 * Forgets the tokens of an installation, so that the next request asks for a new one: GitHub takes one back before its hour is over when
 * the installation is suspended or its app is changed. False if there is none to forget.
 */
export const forgetTokens = (access: GitHubAccess): boolean =>
  caches.get(credentialId(access))?.clear() ?? false;

/** How long ago a token of the installation was made; Infinity where there is none, or the credentials are a token. */
export const tokenAgeMs = (access: GitHubAccess): number =>
  caches.get(credentialId(access))?.ageMs ?? Infinity;

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

/** The options with which Octokit signs in. Throws {@link GitHubError} where the key of an app is none. */
export async function signInOptions(access: GitHubAccess): Promise<Record<string, unknown>> {
  const { credentials } = access;
  if ('token' in credentials) return { auth: credentials.token };
  if (!isRsaKey(credentials.privateKey))
    throw new GitHubError(
      'the private key of the app cannot be used: it has to be the PEM file that GitHub made for the app, whole and without a password',
      { fault: 'token' },
    );
  const { createAppAuth } = await import('@octokit/auth-app');
  const id = credentialId(access);
  const cache = caches.get(id) ?? new TokenCache();
  caches.set(id, cache);
  return { authStrategy: createAppAuth, auth: { ...credentials, cache, log: silent } };
}
