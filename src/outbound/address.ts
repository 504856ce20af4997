/**
 * Which network addresses requests may go to: only publicly routed ones, and never this machine, the networks behind
 * it, or the addresses at which clouds hand out credentials.
 */

/** In a public range, but answered by the host of a virtual machine: Azure's platform. */
const insideClouds = new Set(['168.63.129.16']);

/**
 * Why an address is refused; null for a public one. Forms that contain an IPv4 address inside an IPv6 one
 * (`::127.0.0.1`, NAT64, 6to4, Teredo) lead to another place than they seem to, so all of them are refused.
 */
export async function refusedAddress(address: string): Promise<string | null> {
  const { default: ipaddr } = await import('ipaddr.js');
  if (!ipaddr.isValid(address)) return `${address} is not an IP address`;
  const parsed = ipaddr.parse(address);
  const range = parsed.range();
  if (range !== 'unicast') return `${address} is not public (${range})`;
  if (parsed.kind() === 'ipv6' && (parsed.toByteArray()[0]! & 0xe0) !== 0x20)
    return `${address} is not public`;
  return insideClouds.has(parsed.toString())
    ? `${address} is an internal address of a cloud`
    : null;
}
