/** The address that ROUNDSMAN_PING_URL names, as healthchecks.io and others give it out: who knows it can ping it. */

/** The form of a host, as requests to others allow it (`src/outbound/hosts.ts`). */
const host = /^(?:\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)$/;

/** What healthchecks.io appends to an address to be told of something else than success. */
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
 * The list of hosts that allows this address (`src/outbound/hosts.ts`): only with a port that is written out, also if
 * it is the protocol's own, addresses that are not public.
 */
export function pingHosts(address: string): string[] {
  const { protocol, hostname, port } = new URL(address);
  const isWritten = /^[a-z]+:\/\/(?:\[[^\]]*\]|[^/?#:[\]]*):\d+(?=[/?#]|$)/i.test(address);
  return [isWritten ? `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}` : hostname];
}

/** A shorter part of a path or query is a word, and no key. */
const shortestKey = 16;

/** The parts of the address by which others could ping it; none where there is no address. */
export function secretsInPing(address: string | undefined): string[] {
  if (!address || !URL.canParse(address)) return [];
  const { pathname, searchParams, search } = new URL(address);
  const parts = [...pathname.split('/'), ...searchParams.values()];
  const whole = `${pathname}${search}`;
  return [address, ...[whole, ...parts].filter(({ length }) => length >= shortestKey)];
}
