/**
 * Sends requests to servers that are not trusted. The name is resolved once and the connection goes to addresses that
 * were checked, so the name cannot lead elsewhere after the check. There are no redirects, no decompression and no proxy;
 * there is one deadline for the whole request, and a limit for the size of the answer.
 */
import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { tlsFaultOf } from '../ground/certificate.ts';
import { untilStopped } from '../ground/until-stopped.ts';
import { whyRefused } from './address.ts';
import { bodyText } from './body-text.ts';
import { faultInWords, withoutPlace } from './fault-words.ts';
import { allowedBy, type Allowed } from './hosts.ts';

export interface OutboundRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** http or https, without user and password */
  url: string;
  headers?: Record<string, string> | undefined;
  body?: string | undefined;
}

export interface OutboundLimits {
  /** the value of `http_hosts` in engine.settings */
  hosts: unknown;
  /** allows every host with public addresses, also without an entry in the list: for addresses that an admin has set */
  publicly?: boolean;
  signal: AbortSignal;
  /** from the lookup of the name to the last byte of the answer */
  timeoutMs: number;
  /** the most bytes of the answer's body that are read; a longer body is an error, unless `cut` is set */
  maxBytes?: number;
  /** reads the first `maxBytes` of a longer body, and leaves the rest */
  cut?: boolean;
}

export interface OutboundAnswer {
  status: number;
  /** the body without decompression, in the encoding that it is written in */
  body: string;
  /** by names in lower case; several values of one name are joined with a comma */
  headers: Record<string, string>;
  /** the body was longer than `maxBytes`, and ends there */
  cut: boolean;
  /** how long it took, from the lookup of the name to the last byte that was read */
  ms: number;
}

/**
 * Why a request failed. refused: our own rules do not allow it, so the server was never asked. certificate: the
 * server's certificate cannot be trusted. timeout: no answer in time. other: the network or the server.
 */
export type OutboundFault = 'refused' | 'certificate' | 'timeout' | 'other';

/** The request failed. `sent` is false only when it is certain that no part of it reached the server. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError';
  readonly sent: boolean;
  readonly fault: OutboundFault;

  constructor(
    message: string,
    sent: boolean,
    { fault = 'other', ...options }: ErrorOptions & { fault?: OutboundFault } = {},
  ) {
    super(message, options);
    this.sent = sent;
    this.fault = fault;
  }
}

/** Our own rules do not allow the request. */
const refusal = (message: string) => new OutboundError(message, false, { fault: 'refused' });

/** Sends a request and returns its answer, whatever its status is. Throws {@link OutboundError}. */
export async function request(
  { method, url: address, headers, body }: OutboundRequest,
  { hosts, publicly = false, signal: outer, timeoutMs, maxBytes = 65_536, cut }: OutboundLimits,
): Promise<OutboundAnswer> {
  const began = performance.now();
  const url = new URL(address);
  if (url.username || url.password) throw refusal('the address holds a password');
  const allowed = allowedBy(hosts, url) ?? (publicly ? { exactly: false } : null);
  if (!allowed) throw refusal(`${url.host} is not among the allowed hosts`);
  const deadline = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([outer, deadline]);
  let sent = false;
  try {
    const resolved = await untilStopped(signal, () => addressesOf(url.hostname, allowed));
    const { Agent, buildConnector, request: send } = await import('undici');
    const connect = buildConnector({
      ...towards(resolved),
      // This timeout is longer than the deadline: it only closes a connection whose request has already ended.
      timeout: timeoutMs + 1_000,
      allowH2: false,
    });
    const agent = new Agent({
      // No data can have been sent before the connection is open, TLS included.
      connect: (options, callback) =>
        connect(options, (...result) => {
          sent ||= result[0] === null;
          callback(...result);
        }),
      // undici's HTTP/1 parser enforces the bound below.
      allowH2: false,
      maxResponseSize: cut ? -1 : maxBytes,
      // The deadline is the only limit: these timeouts cover only one part of the request each.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    try {
      const answer = await send(url, {
        method,
        headers: { 'accept-encoding': 'identity', 'user-agent': 'roundsman', ...headers },
        body: body ?? null,
        dispatcher: agent,
        signal,
      });
      const { statusCode: status } = answer;
      const read = cut
        ? await readFirst(answer.body, maxBytes)
        : { bytes: await answer.body.bytes(), cut: false };
      const ms = performance.now() - began;
      const plain = plainHeaders(answer.headers);
      const text = bodyText(read.bytes, plain['content-type']);
      return { status, body: text, cut: read.cut, headers: plain, ms };
    } finally {
      void agent.destroy();
    }
  } catch (error) {
    if (error instanceof OutboundError) throw error;
    const why = deadline.aborted
      ? `no answer within ${timeoutMs / 1000} s`
      : outer.aborted
        ? `stopped: ${String(outer.reason)}`
        : describeError(error, url, maxBytes);
    const fault = deadline.aborted
      ? 'timeout'
      : isAboutCertificate(error)
        ? 'certificate'
        : 'other';
    throw new OutboundError(`${url.host}: ${why}`, sent, { cause: error, fault });
  }
}

const isAboutCertificate = (error: unknown): boolean =>
  ['untrusted', 'expired', 'other-name'].includes(tlsFaultOf(error) ?? '');

/** The first bytes of a body. A character that the cut goes through becomes U+FFFD. */
async function readFirst(
  body: AsyncIterable<Buffer>,
  maxBytes: number,
): Promise<{ bytes: Uint8Array; cut: boolean }> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    // Leaving the loop ends the body, and with it the connection.
    if (length > maxBytes) break;
  }
  return { bytes: Buffer.concat(chunks).subarray(0, maxBytes), cut: length > maxBytes };
}

const plainHeaders = (headers: NodeJS.Dict<string | string[]>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );

export interface Address {
  address: string;
  family: 4 | 6;
}

/**
 * The addresses of a host for a connection that is not HTTP. Either `host:port` is in the list, or, with `publicly`, all of
 * them are public. Throws {@link OutboundError}.
 */
export async function resolveHost(
  host: string,
  port: number,
  { hosts, publicly = false }: Pick<OutboundLimits, 'hosts' | 'publicly'>,
): Promise<Addresses> {
  const shape = isIP(host) === 6 ? `[${host}]` : host;
  const address = `http://${shape}:${port}/`;
  if (!URL.canParse(address)) throw refusal(`${host} is not a host name`);
  const url = new URL(address);
  const named = Array.isArray(hosts) && hosts.includes(`${url.hostname}:${port}`);
  if (!named && !publicly) throw refusal(`${host}:${port} is not among the allowed hosts`);
  try {
    return await addressesOf(url.hostname, { exactly: named });
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
async function addressesOf(hostname: string, { exactly }: Allowed): Promise<Addresses> {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(host) as 0 | 4 | 6;
  const found = family
    ? [{ address: host, family }]
    : ((await lookup(host, { all: true })) as Address[]);
  if (!exactly)
    for (const { address } of found) {
      const why = await whyRefused(address);
      if (why) throw refusal(`${hostname} is refused: ${saidOnce(why, host)}`);
    }
  const [first, ...others] = found;
  if (!first) throw new OutboundError(`${hostname} has no address`, false);
  return [first, ...others];
}

/** A reason begins with the address, which is not repeated where it is the host itself. */
const saidOnce = (why: string, host: string): string =>
  why.startsWith(`${host} `) ? `it${why.slice(host.length)}` : why;

/**
 * Options of a connection that goes to the first of these addresses that answers, as browsers do (RFC 8305): many hosts have an
 * IPv6 address that does not work. (The lookup is not called for literal addresses, which were checked before.)
 */
export const towards = (addresses: Addresses) => ({
  lookup: ((_, options, callback) => {
    const [{ address, family }] = addresses;
    if (options.all) callback(null, addresses);
    else callback(null, address, family);
  }) satisfies LookupFunction,
  autoSelectFamily: true,
  // Node's own 250 ms are too short for the other side of the world; for the last address there is no such bound.
  autoSelectFamilyAttemptTimeout: 1_000,
});

function describeError(
  error: unknown,
  { hostname, port, protocol }: URL,
  maxBytes: number,
): string {
  if ((error as { code?: string }).code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE')
    return `the answer is longer than ${maxBytes} bytes`;
  return withoutPlace(
    faultInWords(error),
    hostname,
    port || (protocol === 'https:' ? '443' : '80'),
  );
}
