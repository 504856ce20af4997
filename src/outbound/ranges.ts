/**
 * Ranges of private networks, as `http_hosts` names them (`10.1.0.0/16`). A range allows no host: it only says which addresses that
 * are not public a listed host name may lead to. So a name or an address that comes from data of the platform leads to no private
 * network, and a range opens none of the addresses that give out credentials.
 */
import ipaddr, { type IPv4, type IPv6 } from 'ipaddr.js';

type Parsed = IPv4 | IPv6;
type Cidr = [Parsed, number];

/** The private networks in which a range has to lie: RFC 1918, shared addresses (RFC 6598), and unique local ones (RFC 4193). */
const privateNetworks = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  'fc00::/7',
];

/** Addresses in private networks at which clouds give out credentials: Alibaba's, Amazon's and Google's over IPv6. */
const credentials = ['100.100.100.200/32', 'fd00:ec2::/32', 'fd20:ce::/32'].map((text) =>
  ipaddr.parseCIDR(text),
);

const isWithin = (address: Parsed, [network, bits]: Cidr): boolean =>
  address.kind() === network.kind() && address.match(network, bits);

/** Whether an entry of the list is meant as a range, whether or not it is a usable one. */
export const isMeantAsRange = (text: string): boolean => /\/\d*$/.test(text);

/** Why the list cannot have this range; null where it can. */
export function problemOfRange(text: string): string | null {
  if (!/^[0-9a-f:.]+\/\d{1,3}$/.test(text) || !ipaddr.isValidCIDR(text) || !isPlain(text))
    return 'it is no range: 10.1.0.0/16 and fd12:3456::/32 are';
  const [address, bits] = ipaddr.parseCIDR(text);
  const network =
    address.kind() === 'ipv4'
      ? ipaddr.IPv4.networkAddressFromCIDR(text)
      : ipaddr.IPv6.networkAddressFromCIDR(text);
  if (network.toString() !== address.toString())
    return `it has an address in place of a network: the network is ${network.toString()}/${bits}`;
  const isPrivate = privateNetworks
    .map((each) => ipaddr.parseCIDR(each))
    .some((each) => bits >= each[1] && isWithin(address, each));
  return isPrivate
    ? null
    : `a range has to lie within one private network: ${privateNetworks.join(', ')}; other addresses are allowed one by one, as host:port`;
}

/** `10.1/16`, `0x0a.0.0.0/8` and `010.0.0.0/8` mean different networks to different programs. */
const isPlain = (text: string): boolean =>
  text.includes(':') || ipaddr.IPv4.isValidFourPartDecimal(text.split('/')[0]!);

/** Whether a host name of the list may lead to this address by one of these ranges; unusable ranges allow nothing. */
export const isInRanges = (address: Parsed, ranges: readonly string[]): boolean =>
  !credentials.some((each) => isWithin(address, each)) &&
  ranges.some((text) => problemOfRange(text) === null && isWithin(address, ipaddr.parseCIDR(text)));
