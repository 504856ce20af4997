/**
 * Checks the address in ROUNDSMAN_PING_URL, which healthchecks.io or another receiver has given out. Everyone who knows
 * the address can ping it.
 */

/** The form of a host that outgoing requests may go to (`src/outbound/hosts.ts`). */
const host = /^(?:\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)$/;

/** The endings by which an address of healthchecks.io reports something other than success. */
const otherSignal = /\/(fail|start|log)\/*$/i;

const example = 'https://hc-ping.com/<uuid>';

/** Why the address cannot be used and what to do; null when nothing is wrong. The text repeats no part of the path. */
export function problemOfPing(address: string): { why: string; hint: string } | null {
  const hint = `write it as ${example}`;
  if (/\p{Cc}/u.test(address))
    return { why: 'it holds a tab, a line break or another control character', hint };
  if (!URL.canParse(address)) return { why: 'it is not a URL', hint };
  const { protocol, username, password, hostname, pathname, hash } = new URL(address);
  if (protocol !== 'https:' && protocol !== 'http:')
    return { why: `it begins with ${protocol}`, hint };
  if (username || password)
    return { why: 'it holds a user or a password, which is not sent', hint };
  if (hash) return { why: 'it holds a #, and what follows is not sent', hint };
  if (!host.test(hostname))
    return { why: `its host holds something else than letters, digits, dots and dashes`, hint };
  const [, signal] = otherSignal.exec(pathname) ?? [];
  if (signal)
    return {
      why: `it ends in /${signal.toLowerCase()}, which tells of something else than success`,
      hint: `leave /${signal} out: /fail is appended when there is a failure to tell`,
    };
  return null;
}

/**
 * The list of hosts that allows requests to this address (`src/outbound/hosts.ts`). An address that is not public is
 * allowed only with a port; so a port that is written out stays in the list, even if it is the protocol's own.
 */
export function pingHosts(address: string): string[] {
  const { protocol, hostname, port } = new URL(address);
  const isWritten = /^[a-z]+:\/\/(?:\[[^\]]*\]|[^/?#:[\]]*):\d+(?=[/?#]|$)/i.test(address);
  return [isWritten ? `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}` : hostname];
}

/** The fewest characters of a key: a shorter part of a path or query is a word. */
const minKeyLength = 16;

/** The parts of the address by which others could ping it; none where there is no address. */
export function secretsInPing(address: string | undefined): string[] {
  if (!address || !URL.canParse(address)) return [];
  const { pathname, searchParams, search } = new URL(address);
  const parts = [...pathname.split('/'), ...searchParams.values()];
  const pathAndQuery = `${pathname}${search}`;
  return [address, ...[pathAndQuery, ...parts].filter(({ length }) => length >= minKeyLength)];
}
