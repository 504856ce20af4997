/**
 * Sends what Octokit asks through the engine's guarded requests: allowed hosts, checked addresses, no proxy, a bounded answer. A
 * redirect is followed only within the API's own origin: a renamed repository answers with one, and the token goes to no other server.
 */
import { OutboundError } from '../outbound/error.ts';
import type { OutboundAnswer, OutboundRequest } from '../outbound/request.ts';
import { GitHubError } from './error.ts';
import { isLimit, resourceOf, type Gate } from './gate.ts';
import { keepAnswer, knownAnswer } from './versions.ts';

export interface SendLimits {
  /** Sends one request through the guard, within its own deadline. Throws OutboundError. */
  request(asked: OutboundRequest, limits: { maxBytes: number }): Promise<OutboundAnswer>;
  signal: AbortSignal;
  /** the longest wait that GitHub may ask for; a longer one is an error of the kind `busy` */
  maxWaitMs: number;
}

/** What the client counts. */
export interface Usage {
  /** answers of the REST API that GitHub counts; one that is unchanged costs nothing */
  restPoints: number;
  requests: number;
}

/** A page of 100 alerts has some 500 KB. */
const maxBytes = 8_000_000;
const maxRedirects = 3;
/** How often a request that GitHub limited is sent again. */
const maxRepeats = 2;

/** Octokit would also send headers about this machine. */
const sentHeaders = new Set([
  'accept',
  'authorization',
  'content-type',
  'if-none-match',
  'x-github-api-version',
]);

/** Octokit's retries leave errors of this name alone: to repeat the request would be useless, or not allowed. */
export class FinalError extends Error {
  override readonly name = 'AbortError';
  override readonly cause: GitHubError;

  constructor(cause: GitHubError) {
    super(cause.message);
    this.cause = cause;
  }
}

const limited = (waitMs: number, status: number | null = null): FinalError =>
  new FinalError(
    new GitHubError(`GitHub limits requests: it asks to wait ${Math.ceil(waitMs / 1_000)} s`, {
      fault: 'busy',
      status,
      waitMs,
    }),
  );

const redirects = new Set([301, 302, 307, 308]);

/** Where an answer leads, within the same origin; null if it is no redirect that may be followed. */
function nextAddress(
  from: string,
  method: string,
  { status, headers }: OutboundAnswer,
): string | null {
  const { location } = headers;
  if (!redirects.has(status) || !location || !URL.canParse(location, from)) return null;
  // 301 and 302 let a client repeat a write as a GET, which would be another request.
  if (method !== 'GET' && status < 307) return null;
  const to = new URL(location, from);
  return to.origin === new URL(from).origin && !to.username && !to.password ? to.href : null;
}

/** `fetch` for Octokit. `conditional`: the id under which answers are kept for conditional requests; null: none are. */
export function guardedFetch(
  { gate, conditional, usage }: { gate: Gate; conditional: string | null; usage: Usage },
  { request, signal, maxWaitMs }: SendLimits,
) {
  let unreached: OutboundError | null = null;

  async function sendOnce(asked: OutboundRequest): Promise<OutboundAnswer> {
    try {
      usage.requests += 1;
      return await request(asked, { maxBytes });
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error;
      unreached = error;
      const isFinal = signal.aborted || error.fault === 'refused' || error.fault === 'certificate';
      if (isFinal) throw new FinalError(unreachedError(error, asked.method));
      throw error;
    }
  }

  /** Waits at the gate, and sends the request again where GitHub limited it: it had not been carried out. */
  async function sendInTurn(asked: OutboundRequest): Promise<OutboundAnswer> {
    const resource = resourceOf(asked.url);
    for (let repeat = 0; ; repeat++) {
      const waitMs = gate.waitMs(resource);
      if (waitMs > maxWaitMs) throw limited(waitMs);
      await gate.pass(resource, signal);
      const answer = await sendOnce(asked);
      gate.note(asked, answer);
      if (!isLimit(answer)) return answer;
      const nextMs = gate.waitMs(resource);
      if (repeat === maxRepeats || nextMs > maxWaitMs) throw limited(nextMs, answer.status);
    }
  }

  async function send(url: string, init: RequestInit = {}): Promise<Response> {
    unreached = null;
    const method = (init.method ?? 'GET') as OutboundRequest['method'];
    const headers = Object.fromEntries(
      [...new Headers(init.headers)].filter(([name]) => sentHeaders.has(name)),
    );
    const known =
      method === 'GET' && conditional !== null ? knownAnswer(conditional, url) : undefined;
    const asked: OutboundRequest = {
      method,
      url,
      headers: { ...headers, ...(known && { 'if-none-match': known.headers['etag']! }) },
      body: typeof init.body === 'string' ? init.body : undefined,
    };
    let answer = await sendInTurn(asked);
    for (let count = 0; count < maxRedirects; count++) {
      const next = nextAddress(asked.url, method, answer);
      if (next === null) break;
      asked.url = next;
      answer = await sendInTurn(asked);
    }
    if (answer.status === 304 && known) return responseOf(known);
    if (resourceOf(asked.url) !== 'graphql') usage.restPoints += 1;
    if (answer.status === 200 && method === 'GET' && conditional !== null)
      keepAnswer(conditional, url, answer);
    return responseOf(answer);
  }

  return { fetch: send, unreached: () => unreached };
}

/** There was no answer, or it came too late or was too long. */
export const unreachedError = (error: OutboundError | null, method: string): GitHubError =>
  new GitHubError(
    `GitHub could not be asked: ${error?.message ?? 'there is no answer that can be read'}${
      error?.fault === 'refused'
        ? '; if it is your own server, add its host and port to the setting http_hosts'
        : ''
    }`,
    { fault: 'unreached', mayBeDone: method !== 'GET' && (error?.sent ?? true) },
  );

const bodiless = new Set([204, 205, 304]);

function responseOf({ status, headers, body }: OutboundAnswer): Response {
  const isOdd = status < 200 || status > 599 || (status >= 300 && status < 400 && status !== 304);
  // Octokit would take a redirect for a success.
  if (isOdd)
    throw new FinalError(
      new GitHubError(`GitHub answered ${status}, which leads elsewhere`, {
        fault: 'invalid',
        status,
      }),
    );
  return new Response(bodiless.has(status) ? null : body, { status, headers });
}
