/**
 * Which network addresses requests may go to: only publicly routed ones, and never this machine, the networks behind
 * it, or the addresses at which clouds hand out credentials.
 */
import type { IPv4, IPv6 } from 'ipaddr.js';

/** In a public range, but answered by the host of a virtual machine: Azure's platform. */
const insideClouds = new Set(['168.63.129.16']);

/** The first bytes of the prefix that every NAT64 gateway knows, `64:ff9b::/96` (RFC 6052). */
const nat64 = [0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0];

/**
 * Why an address is refused; null for a public one. A NAT64 gateway passes what is sent to `64:ff9b::a.b.c.d` on to
 * a.b.c.d, so that address is judged: DNS64 gives hosts without IPv4 such addresses for every server that has only
 * IPv4. The other forms that contain an IPv4 address (`::127.0.0.1`, 6to4, Teredo, the local NAT64 prefixes of RFC
 * 8215) lead to another place than they seem to, so all of them are refused.
 */
export async function refusedAddress(address: string): Promise<string | null> {
  const { default: ipaddr } = await import('ipaddr.js');
  if (!ipaddr.isValid(address)) return `${address} is not an IP address`;
  const parsed = ipaddr.parse(address);
  const bytes = parsed.toByteArray();
  if (bytes.length === 4 || !nat64.every((byte, at) => bytes[at] === byte)) {
    const why = notPublic(parsed);
    return why && `${address} ${why}`;
  }
  const inside = ipaddr.fromByteArray(bytes.slice(nat64.length));
  const why = notPublic(inside);
  return why && `${address} leads to ${inside.toString()}, which ${why}`;
}

/** Null for a public address. */
function notPublic(parsed: IPv4 | IPv6): string | null {
  const range = parsed.range();
  if (range !== 'unicast') return `is not public (${range})`;
  // IANA has given out no other part of IPv6 for public addresses than 2000::/3.
  if (parsed.kind() === 'ipv6' && (parsed.toByteArray()[0]! & 0xe0) !== 0x20)
    return 'is not public';
  return insideClouds.has(parsed.toString()) ? 'is an internal address of a cloud' : null;
}
