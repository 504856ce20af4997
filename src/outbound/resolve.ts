/** Which addresses the connection to a host may go to. A name is resolved once, and a connection goes only to addresses that were checked. */
import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { whyRefused } from './address.ts';
import { describeError, OutboundError, refusal } from './error.ts';
import { allowedBy, publicOnly, type Allowed } from './hosts.ts';

/** Which hosts may be asked. */
export interface AllowedHosts {
  /** the value of `http_hosts` in engine.settings */
  hosts: unknown;
  /** allows every host with public addresses, also without an entry in the list: for addresses that an admin has set */
  publicly?: boolean;
}

export interface Address {
  address: string;
  family: 4 | 6;
}

/**
 * The addresses of a host for a connection that is not HTTP. Either `host:port` is in the list, or, with `publicly`, all of
 * them are public, or, for a host of the list at port 443, in its ranges. Throws {@link OutboundError}.
 */
export async function resolveHost(
  host: string,
  port: number,
  { hosts, publicly = false }: AllowedHosts,
): Promise<Addresses> {
  const urlHost = isIP(host) === 6 ? `[${host}]` : host;
  const address = `http://${urlHost}:${port}/`;
  if (!URL.canParse(address)) throw refusal(`${host} is not a host name`);
  const url = new URL(address);
  const named = Array.isArray(hosts) && hosts.includes(`${url.hostname}:${port}`);
  if (!named && !publicly) throw refusal(`${host}:${port} is not among the allowed hosts`);
  const listed = named
    ? { exactly: true }
    : allowedBy(hosts, new URL(`https://${url.hostname}:${port}/`));
  try {
    return await addressesOf(url.hostname, listed ?? publicOnly);
  } catch (error) {
    if (error instanceof OutboundError) throw error;
    throw new OutboundError(`${host}: ${describeError(error, url, 0)}`, false, { cause: error });
  }
}

/** At least one, in the order in which the system would try them. */
export type Addresses = [Address, ...Address[]];

/**
 * The addresses to which the connection may go. All addresses of the name have to be allowed: otherwise the owner of the name
 * could choose which one is used.
 */
export async function addressesOf(
  hostname: string,
  { exactly, ranges }: Allowed,
): Promise<Addresses> {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(host) as 0 | 4 | 6;
  const found = family
    ? [{ address: host, family }]
    : ((await lookup(host, { all: true })) as Address[]);
  if (!exactly)
    for (const { address } of found) {
      const why = await whyRefused(address, ranges);
      if (why) throw refusal(`${hostname} is refused: ${withoutHost(why, host)}`);
    }
  const [first, ...others] = found;
  if (!first) throw new OutboundError(`${hostname} has no address`, false);
  return [first, ...others];
}

/** The reason, with `it` in place of the address that it begins with where that is the host itself. */
const withoutHost = (why: string, host: string): string =>
  why.startsWith(`${host} `) ? `it${why.slice(host.length)}` : why;

/**
 * Options of a connection that goes to the first of these addresses that answers, as browsers do (RFC 8305): many hosts have an
 * IPv6 address that does not work. (The lookup is not called for literal addresses, which were checked before.)
 */
export const connectionOptions = (addresses: Addresses) => ({
  lookup: ((_, options, callback) => {
    const [{ address, family }] = addresses;
    if (options.all) callback(null, addresses);
    else callback(null, address, family);
  }) satisfies LookupFunction,
  // Said here because NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment would otherwise have every certificate accepted.
  rejectUnauthorized: true,
  autoSelectFamily: true,
  // Node's own 250 ms are too short for the other side of the world; for the last address there is no such bound.
  autoSelectFamilyAttemptTimeout: 1_000,
});
