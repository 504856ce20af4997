/** Checks addresses that an admin gives, and to which the engine itself sends requests. */

/** The form of a host that outgoing requests may go to (`src/outbound/hosts.ts`). */
const host = /^(?:\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)$/;

/** Why a request cannot be sent to the address; null when nothing is wrong. The text repeats no part of the path. */
export function problemOfAddress(address: string): string | null {
  if (/\p{Cc}/u.test(address)) return 'it holds a tab, a line break or another control character';
  if (!URL.canParse(address)) return 'it is not a URL';
  const { protocol, username, password, hostname, hash } = new URL(address);
  if (protocol !== 'https:' && protocol !== 'http:') return `it begins with ${protocol}`;
  if (username || password) return 'it holds a user or a password, which is not sent';
  if (hash) return 'it holds a #, and what follows is not sent';
  if (!host.test(hostname))
    return 'its host holds something else than letters, digits, dots and dashes';
  return null;
}

/** Host names by which a machine means itself, as a URL writes them. */
const ownHost = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * Why other systems cannot be given this address of `roundsman web`; null when nothing is wrong. Paths are added to it, so it may hold a
 * path (of a proxy) and no query.
 */
export function problemOfWebAddress(address: string): string | null {
  const problem = problemOfAddress(address);
  if (problem !== null) return problem;
  const { protocol, hostname, search } = new URL(address);
  if (search || address.includes('?')) return 'it holds a ?, and paths are added to it';
  return protocol === 'https:' || ownHost.test(hostname)
    ? null
    : 'it begins with http:, and what is sent there could be read on the way: https, or http on this machine itself (127.0.0.1)';
}

/**
 * The list of hosts that allows requests to this address (`src/outbound/hosts.ts`). An address that is not public is
 * allowed only with a port; so a port that is written out stays in the list, even if it is the protocol's own.
 */
export function hostsOf(address: string): string[] {
  const { protocol, hostname, port } = new URL(address);
  const isWritten = /^[a-z]+:\/\/(?:\[[^\]]*\]|[^/?#:[\]]*):\d+(?=[/?#]|$)/i.test(address);
  return [isWritten ? `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}` : hostname];
}
