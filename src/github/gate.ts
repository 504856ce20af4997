/**
 * Holds requests back while GitHub limits them. When one request is told to wait, all others of the same credentials wait, too:
 * GitHub lengthens the wait, or blocks the account, if requests go on (docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api).
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { OutboundAnswer, OutboundRequest } from '../outbound/request.ts';
import { retryAfterMsOf } from '../outbound/retry-after.ts';

/** GitHub counts these apart. */
export type Resource = 'core' | 'graphql' | 'search';

export const resourceOf = (url: string): Resource => {
  const { pathname } = new URL(url);
  if (pathname.endsWith('/graphql')) return 'graphql';
  return /(^|\/)search\//.test(pathname) ? 'search' : 'core';
};

/**
 * Without any hint of when to come back, GitHub asks for a minute, and for a longer wait each time after that. What limits the making
 * of content mostly gives no hint, and lasts up to an hour.
 */
const fallbackMs = 60_000;
/** The primary limit is renewed each hour. A wait that is longer is a mistake of a server. */
const maxWaitMs = 3_600_000;

/** Whether the answer says that GitHub limits requests: then it has not done what was asked. */
export const isLimit = (answer: OutboundAnswer): boolean => {
  const { status, headers, body } = answer;
  return (
    status === 429 ||
    (status === 403 &&
      (headers['retry-after'] !== undefined ||
        headers['x-ratelimit-remaining'] === '0' ||
        secondaryLimit.test(body.slice(0, 2_000)))) ||
    (status === 422 && isTooQuick(body)) ||
    (status === 200 && limitWords.test(body.slice(0, 2_000)) && isLimitOfGraphql(body))
  );
};

/** The second words are those of older servers. */
const secondaryLimit = /\bsecondary rate limit\b|\babuse detection mechanism\b/i;
const limitWords = /"RATE_LIMIT(?:ED)?"|\bsecondary rate limit\b/i;

/**
 * One of the limits for the making of issues is stated as an error of validation (github.com/cli/cli/issues/4801). Only the whole
 * message counts: other errors repeat text that was sent.
 */
function isTooQuick(body: string): boolean {
  if (!body.includes('submitted too quickly')) return false;
  const { errors } = parsed(body) as { errors?: unknown };
  return (Array.isArray(errors) ? errors : []).some((each: unknown) => {
    const { message } = Object(each) as { message?: unknown };
    return /^was submitted too quickly\.?$/.test(String(message ?? each));
  });
}

/** An empty object where the text is no JSON, or no object. */
function parsed(body: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(body)) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/**
 * GraphQL states its limits with status 200: the primary one as an error of the type RATE_LIMITED, and sometimes RATE_LIMIT, the secondary
 * one by its message (docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api). Only errors and the message are
 * read, because data hold text from outside.
 */
function isLimitOfGraphql(body: string): boolean {
  const { data, errors, message } = parsed(body);
  const stated = (Array.isArray(errors) ? errors : []) as ({
    type?: unknown;
    message?: unknown;
  } | null)[];
  if (stated.some((each) => /^RATE_LIMIT(?:ED)?$/.test(String(each?.type)))) return true;
  const hasData = data !== undefined && data !== null;
  return (
    !hasData &&
    [message, ...stated.map((each) => each?.message)].some(
      (text) => typeof text === 'string' && secondaryLimit.test(text),
    )
  );
}

/**
 * How long GitHub asks to wait after this answer; null if it does not. Both times are GitHub's own, so that clocks need not agree.
 * `before`: how many such answers without a hint came just before it.
 */
export function askedWaitMs(
  answer: OutboundAnswer,
  before = 0,
  now = Date.now(),
): { ms: number; isHinted: boolean } | null {
  const { headers } = answer;
  const sentAt = Date.parse(headers['date'] ?? '');
  const theirNow = Number.isFinite(sentAt) ? sentAt : now;
  const limited = isLimit(answer);
  const hinted = (ms: number) => ({ ms: Math.min(ms, maxWaitMs), isHinted: true });
  const after = limited ? retryAfterMsOf(headers, theirNow) : null;
  if (after !== null) return hinted(after);
  const reset = Number(headers['x-ratelimit-reset']) * 1_000;
  if (headers['x-ratelimit-remaining'] === '0' && reset > 0)
    // The times are whole seconds: one more, so that the limit is renewed by then.
    return hinted(Math.max(reset - theirNow, 0) + 1_000);
  if (!limited) return null;
  return { ms: Math.min(fallbackMs * 2 ** before, maxWaitMs), isHinted: false };
}

/** Until when requests of these credentials wait, in the time of `performance.now()`: it does not jump. */
const until = new Map<string, number>();

/** How many limits without a hint came in a row, for reading and for writing: GitHub still serves reads while it blocks writes. */
const inRow = new Map<string, number>();

export interface Gate {
  /** How long the next request has to wait. */
  waitMs(resource: Resource): number;
  /** Waits until the gate is open, also if it closes again meanwhile. Rejects when the signal aborts. */
  pass(resource: Resource, signal: AbortSignal): Promise<void>;
  /** Closes the gate if the answer to the request asks for it. Returns for how long, in ms; null if it does not. */
  note(asked: Pick<OutboundRequest, 'method' | 'url'>, answer: OutboundAnswer): number | null;
}

/** One gate for all clients of this process that use the same credentials. */
export function gateOf(id: string): Gate {
  const nameOf = (resource: Resource | 'all'): string => `${id} ${resource}`;
  const waitMs = (resource: Resource): number => {
    const now = performance.now();
    const ends = [until.get(nameOf(resource)) ?? 0, until.get(nameOf('all')) ?? 0];
    return Math.max(0, ...ends.map((end) => end - now));
  };
  return {
    waitMs,
    async pass(resource, signal) {
      for (let ms = waitMs(resource); ms > 0; ms = waitMs(resource))
        await wait(Math.ceil(ms), undefined, { signal });
      signal.throwIfAborted();
    },
    note({ method, url }, answer) {
      const resource = resourceOf(url);
      const row = `${id} ${method === 'GET' || resource === 'graphql' ? 'reading' : 'writing'}`;
      const before = inRow.get(row) ?? 0;
      const asked = askedWaitMs(answer, before);
      if (asked && !asked.isHinted) inRow.set(row, before + 1);
      else if (answer.status < 400) inRow.delete(row);
      if (asked === null) return null;
      const { ms } = asked;
      // The secondary limits are about all requests, the primary ones about one resource.
      const isPrimary = answer.headers['x-ratelimit-remaining'] === '0';
      const name = nameOf(isPrimary ? resource : 'all');
      until.set(name, Math.max(until.get(name) ?? 0, performance.now() + ms));
      return ms;
    },
  };
}
