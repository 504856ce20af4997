/**
 * Which addresses of the network a request of ours may go to. Only what is routed publicly: never this
 * machine, the networks behind it, or the addresses at which clouds hand out credentials.
 */

/** Public by their range, yet answered by the machine's own host: Azure's platform. */
const insideClouds = new Set(['168.63.129.16']);

/**
 * Why an address is refused; null for a public one. Forms that carry an IPv4 address inside an IPv6 one
 * (`::127.0.0.1`, NAT64, 6to4, Teredo) lead elsewhere than they look and are refused as a whole.
 */
export async function refusedAddress(address: string): Promise<string | null> {
  const { default: ipaddr } = await import('ipaddr.js');
  if (!ipaddr.isValid(address)) return `${address} is no address`;
  const parsed = ipaddr.parse(address);
  const range = parsed.range();
  if (range !== 'unicast') return `${address} is not public (${range})`;
  if (parsed.kind() === 'ipv6' && (parsed.toByteArray()[0]! & 0xe0) !== 0x20)
    return `${address} is not public`;
  return insideClouds.has(parsed.toString()) ? `${address} is its cloud's own` : null;
}
