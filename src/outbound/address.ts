/**
 * Decides to which network addresses requests may go: only to publicly routed ones and to ranges of private networks that are
 * named, and never to this machine, or to the addresses at which clouds hand out credentials.
 */
import ipaddr, { type IPv4, type IPv6 } from 'ipaddr.js';
import { isInRanges } from './ranges.ts';

/** Addresses in a public range that are answered by the host of a virtual machine: Azure's platform. */
const insideClouds = new Set(['168.63.129.16']);

/** The first bytes of the prefix that every NAT64 gateway knows, `64:ff9b::/96` (RFC 6052). */
const nat64 = [0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0];

/**
 * Why an address is refused; null for a public one, and for one in `ranges` ({@link isInRanges}). A NAT64 gateway forwards requests to `64:ff9b::a.b.c.d` to a.b.c.d,
 * so here a.b.c.d is checked. On hosts without IPv4, DNS64 gives such an address for every server that has only IPv4.
 * The other forms that contain an IPv4 address (`::127.0.0.1`, 6to4, Teredo, the local NAT64 prefixes of RFC 8215) do not
 * lead where they seem to lead, so all of them are refused.
 */
export async function whyRefused(
  address: string,
  ranges: readonly string[] = [],
): Promise<string | null> {
  if (!ipaddr.isValid(address)) return `${address} is not an IP address`;
  const parsed = ipaddr.parse(address);
  if (isInRanges(parsed, ranges)) return null;
  const bytes = parsed.toByteArray();
  if (bytes.length === 4 || !nat64.every((byte, index) => bytes[index] === byte)) {
    const why = whyNotPublic(parsed);
    return why && `${address} ${why}`;
  }
  const inside = ipaddr.fromByteArray(bytes.slice(nat64.length));
  const why = whyNotPublic(inside);
  return why && `${address} leads to ${inside.toString()}, which ${why}`;
}

/** Why an address is not public, as the end of a sentence; null for a public one. */
function whyNotPublic(parsed: IPv4 | IPv6): string | null {
  const range = parsed.range();
  if (range !== 'unicast') return `is not public (${range})`;
  // IANA has assigned only 2000::/3 of IPv6 for public addresses.
  if (parsed.kind() === 'ipv6' && (parsed.toByteArray()[0]! & 0xe0) !== 0x20)
    return 'is not public';
  return insideClouds.has(parsed.toString()) ? 'is an internal address of a cloud' : null;
}
