/** Asks an app for its page, and follows redirects as long as they stay within the site, each through the same guard. */
import { OutboundError, request } from '../../src/bot.ts';
import type { OutboundAnswer } from '../../src/bot.ts';
import type { Config } from './config.ts';
import { isSameSite } from './site.ts';

export type Seen =
  | { what: 'answer'; answer: OutboundAnswer; url: string; redirects: number; ms: number }
  /** `why`: the end of a sentence that begins with the app */
  | { what: 'redirect'; why: string; to: string; status: number; ms: number }
  | Failure;

/** Our own rules do not allow the request; a certificate cannot be trusted; or there was no answer. */
type Failure =
  | { what: 'refused'; why: string; redirected: boolean }
  | { what: 'certificate'; why: string }
  | { what: 'failure'; why: string };

export interface Asking {
  config: Pick<Config, 'timeout_seconds' | 'max_body_bytes' | 'max_redirects'>;
  hosts: unknown;
  signal: AbortSignal;
  /** is told of each address before it is asked */
  visit?: (url: URL) => void;
}

const redirecting = new Set([301, 302, 303, 307, 308]);

const headers = {
  accept: 'text/html, application/json;q=0.9, */*;q=0.8',
  'cache-control': 'no-cache',
};

/** What an app answers at an address. Never rejects. */
export async function ask(
  address: string,
  { config, hosts, signal, visit }: Asking,
): Promise<Seen> {
  let url = new URL(address);
  let ms = 0;
  for (let redirects = 0; ; redirects += 1) {
    let answer: OutboundAnswer;
    visit?.(url);
    try {
      answer = await request(
        { method: 'GET', url: url.href, headers },
        {
          hosts,
          // An admin of the platform has set this address; where a redirect leads is judged by the same rules.
          publicly: true,
          signal,
          timeoutMs: config.timeout_seconds * 1_000,
          maxBytes: config.max_body_bytes,
          cut: true,
        },
      );
    } catch (error) {
      return failureOf(error, redirects > 0);
    }
    ms += answer.ms;
    const { location } = answer.headers;
    if (!redirecting.has(answer.status) || location === undefined)
      return { what: 'answer', answer, url: url.href, redirects, ms };
    const why = whyNotFollowed(url, location, redirects, config);
    if (why !== null)
      return { what: 'redirect', why, to: location.slice(0, 500), status: answer.status, ms };
    url = new URL(location, url);
  }
}

/** What is wrong with a certificate is what the check `certificates` says, of each host on the way. */
function failureOf(error: unknown, redirected: boolean): Failure {
  if (!(error instanceof OutboundError))
    return { what: 'failure', why: error instanceof Error ? error.message : String(error) };
  const why = error.message;
  if (error.fault === 'refused') return { what: 'refused', why, redirected };
  return error.fault === 'certificate' ? { what: 'certificate', why } : { what: 'failure', why };
}

/** Why a redirect is a finding, as the end of a sentence that begins with the app; null where it is followed. */
function whyNotFollowed(
  from: URL,
  location: string,
  redirects: number,
  { max_redirects }: Asking['config'],
): string | null {
  if (!URL.canParse(location, from.href)) return 'redirects to what is no address';
  const to = new URL(location, from);
  if (!/^https?:$/.test(to.protocol)) return `redirects to an address of ${to.protocol}`;
  if (!isSameSite(from.hostname, to.hostname)) return `redirects to another site, ${to.host}`;
  if (from.protocol === 'https:' && to.protocol === 'http:')
    return `redirects from https to http, at ${to.host}`;
  return redirects >= max_redirects ? `redirects more than ${max_redirects} times` : null;
}
