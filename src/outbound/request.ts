/**
 * Sends requests to servers that are not trusted. The name is resolved once and the connection goes to addresses that
 * were checked, so the name cannot lead elsewhere after the check. There are no redirects, no decompression and no proxy;
 * there is one deadline for the whole request, and a limit for the size of the answer.
 */
import { tlsFaultOf } from '../ground/certificate.ts';
import { untilStopped } from '../ground/until-stopped.ts';
import { bodyText } from './body-text.ts';
import { describeError, OutboundError, refusal } from './error.ts';
import { allowedBy, publicOnly } from './hosts.ts';
import { addressesOf, connectionOptions, type AllowedHosts } from './resolve.ts';

export interface OutboundRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** http or https, without user and password */
  url: string;
  headers?: Record<string, string> | undefined;
  body?: string | undefined;
}

export interface OutboundLimits extends AllowedHosts {
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

/** Sends a request and returns its answer, whatever its status is. Throws {@link OutboundError}. */
export async function request(
  { method, url: address, headers, body }: OutboundRequest,
  { hosts, publicly = false, signal: outer, timeoutMs, maxBytes = 65_536, cut }: OutboundLimits,
): Promise<OutboundAnswer> {
  const began = performance.now();
  const url = new URL(address);
  if (url.username || url.password) throw refusal('the address holds a password');
  const allowed = allowedBy(hosts, url) ?? (publicly ? publicOnly : null);
  if (!allowed) throw refusal(`${url.host} is not among the allowed hosts`);
  const deadline = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([outer, deadline]);
  let sent = false;
  try {
    const resolved = await untilStopped(signal, () => addressesOf(url.hostname, allowed));
    const { Agent, buildConnector, request: send } = await import('undici');
    const connect = buildConnector({
      ...connectionOptions(resolved),
      // undici heeds the signal of a request only once its connection is open: until then it closes the connection here.
      signal,
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
