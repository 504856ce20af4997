/** How Octokit signs its requests. */
import type { GitHubAccess } from './access.ts';
import { credentialId } from './access.ts';

/** GitHub's tokens of an installation are valid for an hour. */
const tokenLifetimeMs = 55 * 60_000;

/** Octokit writes an installation's token here, so that each client of this process need not ask for one of its own. */
class TokenCache {
  #kept = new Map<string, { value: string; until: number }>();

  get(key: string): string {
    const found = this.#kept.get(key);
    return found && found.until > performance.now() ? found.value : '';
  }

  set(key: string, value: string): void {
    this.#kept.set(key, { value, until: performance.now() + tokenLifetimeMs });
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

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** The options with which Octokit signs in. Throws an Error whose message does not hold the key. */
export async function signInOptions(access: GitHubAccess): Promise<Record<string, unknown>> {
  const { credentials } = access;
  if ('token' in credentials) return { auth: credentials.token };
  const { createAppAuth } = await import('@octokit/auth-app');
  const id = credentialId(access);
  const cache = caches.get(id) ?? new TokenCache();
  caches.set(id, cache);
  return { authStrategy: createAppAuth, auth: { ...credentials, cache, log: silent } };
}
