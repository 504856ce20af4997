/** Addresses to which no request may go, written in the ways in which a URL, or the answer of a resolver, can name them. */

/** IPv4 addresses of this machine, of private networks, of clouds' metadata, and others that are not public. */
export const closedIpv4 = [
  '127.0.0.1',
  '127.8.9.10',
  '0.0.0.0',
  '10.0.0.1',
  '10.255.255.254',
  '172.16.0.1',
  '172.31.255.254',
  '192.168.0.1',
  '169.254.169.254',
  '169.254.170.2',
  '100.64.0.1',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  '192.0.2.1',
  '198.18.0.1',
  '198.51.100.7',
  '203.0.113.9',
  '224.0.0.1',
  '255.255.255.255',
];

/** IPv6 addresses that are not public by themselves. */
export const closedIpv6 = [
  '::1',
  '::',
  '0:0:0:0:0:0:0:1',
  'fe80::1',
  'febf::1',
  'fec0::1',
  'fc00::1',
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd20:ce::254',
  'fd12:3456:789a::1',
  'ff02::1',
  'ff0e::1',
  '100::1',
  '2001:db8::1',
  '3fff::1',
  '5f00::1',
  '2001:2::1',
  '2001:10::1',
  '2001:20::1',
  '4000::1',
  '64:ff9b::',
];

const zones = [
  'fe80::1%eth0',
  'fe80::1%25lo',
  'fe80::1%251',
  '::1%25lo',
  'fd00:ec2::254%25eth0',
  'fe80::1%00',
];

const octal = (part: number) => `0${part.toString(8)}`;
const hex = (part: number) => `0x${part.toString(16)}`;
const wide = (text: string, dot: string) =>
  text
    .replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)))
    .replaceAll('.', dot);
const percent = (text: string) =>
  text.replaceAll(/./g, (character) => `%${character.charCodeAt(0).toString(16)}`);

type Four = [number, number, number, number];

/** The IPv6 forms that contain an IPv4 address: mapped, compatible, translated, NAT64, 6to4, Teredo, ISATAP. */
export function inIpv6(ipv4: string): string[] {
  const [a, b, c, d] = ipv4.split('.').map(Number) as Four;
  const [high, low] = [a * 256 + b, c * 256 + d];
  const tail = `${high.toString(16)}:${low.toString(16)}`;
  const inverted = `${(0xffff ^ high).toString(16)}:${(0xffff ^ low).toString(16)}`;
  return [
    `::ffff:${ipv4}`,
    `::ffff:${tail}`,
    `0:0:0:0:0:FFFF:${tail}`,
    `::${ipv4}`,
    `::${tail}`,
    `::ffff:0:${tail}`,
    `64:ff9b::${ipv4}`,
    `64:ff9b::${tail}`,
    `0064:ff9b:0:0:0:0:${tail}`,
    `64:ff9b:1::${tail}`,
    `64:ff9b:1:ffff::${tail}`,
    `2002:${tail}::`,
    `2002:${tail}::1`,
    `2001:0:4136:e378:8000:63bf:${inverted}`,
    `fe80::5efe:${tail}`,
  ];
}

/** The host of a URL, in ways that all mean this IPv4 address to one program or another. */
export function asHosts(ipv4: string): string[] {
  const parts = ipv4.split('.').map(Number) as Four;
  const [a, b, c, d] = parts;
  const number = ((a * 256 + b) * 256 + c) * 256 + d;
  return [
    ipv4,
    String(number),
    hex(number),
    hex(number).toUpperCase(),
    octal(number),
    parts.map(hex).join('.'),
    parts.map(octal).join('.'),
    parts.map((part) => `000${part.toString(8)}`).join('.'),
    `${a}.${(b * 256 + c) * 256 + d}`,
    `${a}.${b}.${c * 256 + d}`,
    `${hex(a)}.${octal(b)}.${c * 256 + d}`,
    `${octal(a)}.${hex((b * 256 + c) * 256 + d)}`,
    `${ipv4}.`,
    percent(ipv4),
    wide(ipv4, '.'),
    wide(ipv4, '\u3002'),
    wide(String(number), '.'),
    ipv4.replaceAll('.', '\uFF0E'),
  ];
}

/** Complete addresses whose host is not what it seems at first sight. */
const disguised = (ipv4: string): string[] => [
  `https://good.test@${ipv4}/api`,
  `https://good.test:443@${ipv4}/api`,
  `https://good.test%40${ipv4}/api`,
  `https:///${ipv4}/api`,
  `https:\\\\${ipv4}\\api`,
  `https://${ipv4}#good.test/`,
  `https://${ipv4}?good.test/`,
  `https://\t${ipv4}/api`,
  `https://${ipv4}:00443/api`,
  `https://${ipv4}:8443/api`,
];

/** All of them, each once. */
export function closedAddresses(): string[] {
  const hosts = [
    ...closedIpv4.flatMap((ipv4) => [...asHosts(ipv4), ...inIpv6(ipv4).map((each) => `[${each}]`)]),
    ...[...closedIpv6, ...zones].map((each) => `[${each}]`),
  ];
  const plain = hosts.map((host) => `https://${host}/api`);
  return [...new Set([...plain, ...closedIpv4.slice(0, 9).flatMap(disguised)])];
}
