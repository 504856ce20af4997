/**
 * Stripe's official package, which sends what it asks through the engine's own guarded requests: public addresses only, bounded
 * answers, one deadline. It only reads.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Stripe } from 'stripe';
import { OutboundError, request } from '../../src/bot.ts';
import type { CheckContext } from '../../src/bot.ts';
import { readHttpHosts } from '../parts/http-hosts.ts';
import type { Config } from './config.ts';

/** A page of 100 events; an event rarely has more than some 10 KB. */
const maxBytes = 16_000_000;
const timeoutMs = 20_000;
/** How often a request that Stripe answered with 429 is sent again, and the longest wait before that. */
const maxRepeats = 3;
const maxWaitMs = 5_000;

/** The headers that are sent to Stripe. The package would also send headers about this machine. */
const sentHeaders = new Set(['accept', 'authorization', 'stripe-version']);

/** A request to Stripe failed. Its message contains neither the key nor Stripe's own message. */
export class StripeRequestError extends Error {
  /** busy: it limits requests; key: it does not take the key; forbidden: the key may not read this; gone: it has no such object */
  readonly kind: 'busy' | 'key' | 'forbidden' | 'gone' | 'test-mode' | 'other';

  constructor(kind: StripeRequestError['kind'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** How long to wait: as `retry-after` says, in seconds; without it, twice as long each time. */
function waitMs(retryAfter: string | undefined, repeat: number): number {
  const asked = Number(retryAfter) * 1_000;
  return Math.min(asked >= 0 ? asked : 500 * 2 ** repeat, maxWaitMs);
}

export interface StripeClient {
  /** Sends one request or several, as the package does. Throws {@link StripeRequestError}. */
  ask<Answer>(question: (stripe: Stripe) => Promise<Answer>): Promise<Answer>;
}

/** The package is loaded here and not at the start: only this check needs it. */
export async function openStripe(
  key: string,
  { stripe_api }: Config,
  { db, signal }: CheckContext,
): Promise<StripeClient> {
  const { default: StripePackage } = await import('stripe');
  const hosts = await readHttpHosts(db);
  const server = new URL(stripe_api);
  let unreached: OutboundError | undefined;
  /** the status of the newest answer; the package forgets it where the answer is no JSON, or no error in Stripe's form */
  let status: number | undefined;

  async function send(url: string, given: RequestInit = {}): Promise<Response> {
    const headers = Object.fromEntries(
      [...new Headers(given.headers)].filter(([name]) => sentHeaders.has(name)),
    );
    for (let repeat = 0; ; repeat++) {
      signal.throwIfAborted();
      const answer = await request(
        { method: 'GET', url, headers },
        // Without TLS the key would be readable on its way: only an admin may allow that, by naming the host.
        {
          hosts,
          publicly: server.protocol === 'https:',
          signal,
          timeoutMs,
          maxBytes,
        },
      ).catch((error: unknown) => {
        if (error instanceof OutboundError) unreached = error;
        status = undefined;
        throw error;
      });
      ({ status } = answer);
      if (answer.status !== 429 || repeat === maxRepeats) {
        const { body } = answer;
        return new Response(status === 204 || status === 304 ? null : body, {
          status,
          headers: answer.headers,
        });
      }
      await wait(waitMs(answer.headers['retry-after'], repeat), undefined, { signal });
    }
  }

  const stripe = new StripePackage(key, {
    host: server.hostname,
    port: server.port || (server.protocol === 'https:' ? '443' : '80'),
    protocol: server.protocol === 'https:' ? 'https' : 'http',
    httpClient: StripePackage.createFetchHttpClient(send as typeof fetch),
    maxNetworkRetries: 1,
    timeout: timeoutMs * 2,
    telemetry: false,
  });

  return {
    async ask(question) {
      try {
        return await question(stripe);
      } catch (error) {
        signal.throwIfAborted();
        throw errorOf(error, stripe_api, { unreached, status });
      }
    },
  };
}

/** Stripe's own message is not repeated: it contains the end of a refused key. */
function errorOf(
  error: unknown,
  api: string,
  seen: { unreached: OutboundError | undefined; status: number | undefined },
): StripeRequestError {
  const { statusCode, code, type, message } = error as {
    statusCode?: number;
    code?: string;
    type?: string;
    message?: string;
  };
  const cause = { cause: error };
  if (statusCode === 401)
    return new StripeRequestError('key', 'Stripe refuses the key (401)', cause);
  if (statusCode === 403)
    return new StripeRequestError('forbidden', 'the key may not read this (403)', cause);
  // A proxy in front of Stripe may answer 429 in a form of its own.
  if (statusCode === 429 || seen.status === 429)
    return new StripeRequestError('busy', 'Stripe limits requests (429)', cause);
  if (code === 'resource_missing')
    return String(message).includes('in test mode')
      ? new StripeRequestError('test-mode', 'Stripe has it in test mode alone', cause)
      : new StripeRequestError('gone', 'Stripe has no such object (404)', cause);
  const answered = statusCode ?? (seen.status === 200 ? undefined : seen.status);
  if (answered !== undefined)
    return new StripeRequestError('other', `${api} answered ${answered}`, cause);
  const why = seen.unreached?.message ?? `${type ?? 'no answer that it understands'}`;
  return new StripeRequestError('other', `${api} could not be asked: ${why}`, cause);
}
