/**
 * A request to a server that is not trusted. The name is resolved once and the connection goes to the address that was
 * checked, so the name cannot lead elsewhere after the check. No redirects, no decompression, no proxy; one deadline
 * for everything, and an answer of bounded size.
 */
import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { untilStopped } from '../ground/until-stopped.ts';
import { refusedAddress } from './address.ts';
import { allowedBy, type Allowed } from './hosts.ts';

export interface OutboundRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** http or https, without user and password */
  url: string;
  headers?: Record<string, string> | undefined;
  body?: string | undefined;
}

export interface OutboundLimits {
  /** the value of the setting `http_hosts` */
  hosts: unknown;
  /** also every host that is not in the list, as far as its addresses are public: for addresses that an admin has set */
  publicly?: boolean;
  signal: AbortSignal;
  /** from the lookup of the name to the last byte of the answer */
  timeoutMs: number;
  /** the most bytes of the answer's body that are read; a longer body is an error */
  maxBytes?: number;
}

export interface OutboundAnswer {
  status: number;
  /** the body without decompression, read as UTF-8 */
  body: string;
  /** by names in small letters; of a name that came several times the values, with a comma between them */
  headers: Record<string, string>;
}

/** The request failed. `sent` is false only when it is certain that no part of it reached the server. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError';
  readonly sent: boolean;

  constructor(message: string, sent: boolean, options?: ErrorOptions) {
    super(message, options);
    this.sent = sent;
  }
}

/** Throws {@link OutboundError}. An answer with any status is a result. */
export async function request(
  { method, url: given, headers, body }: OutboundRequest,
  { hosts, publicly = false, signal: outer, timeoutMs, maxBytes = 65_536 }: OutboundLimits,
): Promise<OutboundAnswer> {
  const url = new URL(given);
  if (url.username || url.password) throw new OutboundError('the address holds a password', false);
  const allowed = allowedBy(hosts, url) ?? (publicly ? { exactly: false } : null);
  if (!allowed) throw new OutboundError(`${url.host} is not among the allowed hosts`, false);
  const deadline = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([outer, deadline]);
  let sent = false;
  try {
    const address = await untilStopped(signal, () => addressOf(url.hostname, allowed));
    const { Agent, buildConnector, request: send } = await import('undici');
    const connect = buildConnector({
      lookup: always(address),
      // Longer than the deadline: it closes a connection whose request has already ended.
      timeout: timeoutMs + 1_000,
      allowH2: false,
    });
    const agent = new Agent({
      // Only after the connection is open, TLS included, can any data have been sent.
      connect: (options, callback) =>
        connect(options, (...result) => {
          sent ||= result[0] === null;
          callback(...result);
        }),
      // undici's HTTP/1 parser enforces the bound below.
      allowH2: false,
      maxResponseSize: maxBytes,
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
      const { statusCode: status, headers: given } = answer;
      return { status, body: await answer.body.text(), headers: plainHeaders(given) };
    } finally {
      void agent.destroy();
    }
  } catch (error) {
    if (error instanceof OutboundError) throw error;
    const why = deadline.aborted
      ? `no answer within ${timeoutMs / 1000} s`
      : outer.aborted
        ? `stopped: ${String(outer.reason)}`
        : explain(error, maxBytes);
    throw new OutboundError(`${url.host}: ${why}`, sent, { cause: error });
  }
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
 * The address of a host for a connection that is no request of HTTP, judged by the same rules: `host:port` has to be in
 * the list, or with `publicly` its addresses have to be public. Throws {@link OutboundError}.
 */
export async function resolveHost(
  host: string,
  port: number,
  { hosts, publicly = false }: Pick<OutboundLimits, 'hosts' | 'publicly'>,
): Promise<Address> {
  const shape = isIP(host) === 6 ? `[${host}]` : host;
  const address = `http://${shape}:${port}/`;
  if (!URL.canParse(address)) throw new OutboundError(`${host} is no name of a host`, false);
  const url = new URL(address);
  const named = Array.isArray(hosts) && hosts.includes(`${url.hostname}:${port}`);
  if (!named && !publicly)
    throw new OutboundError(`${host}:${port} is not among the allowed hosts`, false);
  try {
    return await addressOf(url.hostname, { exactly: named });
  } catch (error) {
    if (error instanceof OutboundError) throw error;
    throw new OutboundError(`${host}: ${explain(error, 0)}`, false, { cause: error });
  }
}

/** All addresses of the name have to be allowed: otherwise the owner of the name could choose which one answers. */
async function addressOf(hostname: string, { exactly }: Allowed): Promise<Address> {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(host) as 0 | 4 | 6;
  const found = family
    ? [{ address: host, family }]
    : ((await lookup(host, { all: true })) as Address[]);
  if (!exactly)
    for (const { address } of found) {
      const why = await refusedAddress(address);
      if (why) throw new OutboundError(`${hostname} is refused: ${why}`, false);
    }
  const [first] = found;
  if (!first) throw new OutboundError(`${hostname} has no address`, false);
  return first;
}

/** Literal addresses are never looked up; they were checked as they are written. */
const always =
  ({ address, family }: Address): LookupFunction =>
  (_, options, callback) =>
    options.all ? callback(null, [{ address, family }]) : callback(null, address, family);

function explain(error: unknown, maxBytes: number): string {
  const { code, message } = error as { code?: string; message?: string };
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE')
    return `the answer is longer than ${maxBytes} bytes`;
  return [code, message].filter(Boolean).join(': ') || String(error);
}
