/**
 * GitHub's API, through Octokit: its plugins for retries and throttling, our own guarded requests below it, and errors of one kind
 * above it. A client is made for one check, one remedy or one message, with the signal that ends it.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Octokit } from '@octokit/rest';
import { request } from '../outbound/request.ts';
import { untilStopped } from '../ground/until-stopped.ts';
import { credentialId, graphqlUrl, type GitHubAccess } from './access.ts';
import { GitHubError, type GitHubFault } from './error.ts';
import { gateOf } from './gate.ts';
import { FinalError, guardedFetch, unreachedError, type SendLimits, type Usage } from './send.ts';
import { forgetToken, signInOptions, tokenAgeMs } from './sign-in.ts';

export interface GitHub {
  /**
   * Sends one request of the REST API, or several. Reading is tried again once after a fault of the server; a write is not, because
   * it may have been carried out. Throws {@link GitHubError}.
   */
  ask<Answer>(question: (rest: Octokit['rest']) => Promise<{ data: Answer }>): Promise<Answer>;
  /**
   * Reads one page after the other, `maxPages` at most. `question` gets the number of the page, from 1, and for lists that GitHub
   * pages by a cursor what follows the page before; `by` says which of them it uses. `isWhole`: there are no others. Throws
   * {@link GitHubError}.
   */
  pages<Item>(
    question: (rest: Octokit['rest'], at: Page) => Promise<PageAnswer<Item>>,
    maxPages: number,
    by?: 'page' | 'cursor',
  ): Promise<{ items: Item[]; isWhole: boolean }>;
  /**
   * Sends a query of GraphQL. GitHub answers the parts that it can, and lists what is wrong with the others. Nothing of the answer
   * is checked: it may be anything. Throws {@link GitHubError} where there are no data.
   */
  query(text: string, variables?: Record<string, unknown>): Promise<GraphqlAnswer>;
  /** what was used so far */
  readonly usage: Readonly<Usage>;
}

export interface Page {
  page: number;
  after?: string;
}

interface PageAnswer<Item> {
  data: Item[];
  headers: { link?: string | undefined };
}

export interface GraphqlAnswer {
  data: unknown;
  errors: { type: string; path: (string | number)[] }[];
}

/** Nothing of a request or an answer is written anywhere. */
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** The version of the REST API that this code was written for. */
const apiVersion = '2022-11-28';

/** How a client may send: through the guard of `hosts`, or through one that its caller has. */
export type GitHubLimits = {
  signal: AbortSignal;
  /** the longest wait that GitHub may ask for, 10 s unless given; a longer one is an error of the kind `busy` */
  maxWaitMs?: number;
} & (
  | {
      /** the value of `http_hosts` in engine.settings */
      hosts: unknown;
      /** how long one request may take, from the lookup of the name to the last byte of the answer; 20 s unless given */
      timeoutMs?: number;
    }
  | { request: SendLimits['request'] }
);

const requesterOf = (limits: GitHubLimits): SendLimits['request'] => {
  if ('request' in limits) return limits.request;
  const { hosts, signal, timeoutMs = 20_000 } = limits;
  return (asked, { maxBytes }) => {
    // Without TLS the token would be readable on its way: only an admin may allow that, by naming the host.
    const publicly = asked.url.startsWith('https:');
    return request(asked, { hosts, publicly, signal, timeoutMs, maxBytes });
  };
};

/** Octokit is loaded here and not at the start: few processes need it. Throws {@link GitHubError} where the key is none. */
export async function openGitHub(access: GitHubAccess, limits: GitHubLimits): Promise<GitHub> {
  const { signal, maxWaitMs = 10_000 } = limits;
  const [{ Octokit: Base }, { retry }, { throttling }] = await Promise.all([
    import('@octokit/rest'),
    import('@octokit/plugin-retry'),
    import('@octokit/plugin-throttling'),
  ]);
  const id = credentialId(access);
  const gate = gateOf(id);
  const usage: Usage = { restPoints: 0, requests: 0 };
  const isPersonal = 'token' in access.credentials;
  const { fetch, unreached } = guardedFetch(
    { gate, conditional: isPersonal ? id : null, usage },
    { request: requesterOf(limits), signal, maxWaitMs },
  );
  const Client = Base.plugin(throttling, retry);
  const signIn = await signInOptions(access);
  const open = (throttles: boolean) =>
    new Client({
      ...signIn,
      baseUrl: access.baseUrl.replace(/\/+$/, ''),
      log: silent,
      request: { fetch, signal },
      // 429 is not among the plugin's own: repeated by itself, it would be asked again before the time that GitHub names.
      retry: { doNotRetry: [400, 401, 403, 404, 410, 422, 429, 451], retries: 1 },
      // Writes are sent a second apart, issues three, as GitHub asks for. Waiting and repeating is the gate's.
      throttle: {
        id,
        enabled: throttles,
        onRateLimit: () => false,
        onSecondaryRateLimit: () => false,
      },
    });
  const client = open(true);
  // The plugin counts each query as a write. Ours only read, and GitHub counts them by points.
  const graphql = open(false);
  for (const each of [client, graphql])
    each.hook.before('request', (options) => {
      options.headers['x-github-api-version'] = apiVersion;
      const isWrite = options.method !== 'GET' && !options.url.endsWith('/graphql');
      // A copy: the plugin for retries counts in this object, and all requests of a client would share it and wait longer and longer.
      options.request = { ...options.request, ...(isWrite && { retries: 0 }) };
    });

  const errorOf = (error: unknown): GitHubError => {
    if (error instanceof GitHubError) return error;
    if (error instanceof FinalError) return error.cause;
    const { response, request: asked } = error as {
      response?: { status?: number };
      request?: { method?: string; url?: string };
    };
    const status = response?.status ?? null;
    if (status === null) return unreachedError(unreached(), asked?.method ?? 'GET');
    const isServer = status >= 500 || status < 400;
    const isSignIn = asked?.url?.endsWith('/access_tokens') === true && status in signInMeanings;
    const meaning = (isSignIn ? signInMeanings : meanings)[status] ?? 'an error';
    const hint = [404, 406].includes(status) ? pathHint(access.baseUrl) : '';
    return new GitHubError(
      `${new URL(access.baseUrl).host} answered ${status}: ${meaning}${hint}`,
      {
        fault: isSignIn ? 'token' : (faults[status] ?? (isServer ? 'server' : 'invalid')),
        status,
        mayBeDone: isServer && asked?.method !== 'GET',
      },
    );
  };

  const carryOut = async <Answer>(work: () => Promise<Answer>, repeats = 0): Promise<Answer> => {
    try {
      return await untilStopped(signal, work);
    } catch (error) {
      signal.throwIfAborted();
      const known = errorOf(error);
      // What was refused was not carried out, so that a write is repeated, too.
      const isRefused = known.status === 401 || known.fault === 'forbidden';
      if (isRefused && repeats === 0 && tokenAgeMs(access) < settlingMs) {
        await wait(settleMs, undefined, { signal });
        return carryOut(work, 1);
      }
      if (known.status === 401 && repeats < 2 && forgetToken(access)) return carryOut(work, 2);
      throw known;
    }
  };

  return {
    usage,
    ask: (question) => carryOut(async () => (await question(client.rest)).data),
    async pages(question, maxPages, by = 'page') {
      const items = [];
      const seen = new Set<string>();
      let after: string | null = null;
      for (let page = 1; ; page++) {
        const at: Page = { page, ...(after !== null && { after }) };
        const { data, headers } = await carryOut(() => question(client.rest, at));
        if (!Array.isArray(data))
          throw new GitHubError('GitHub answered no list', { fault: 'server', status: 200 });
        items.push(...data);
        const next = nextPage(headers.link);
        if (next === null) return { items, isWhole: true };
        if (page === maxPages) return { items, isWhole: false };
        // A list that leads in a circle is not known to be whole, and nothing of it may be counted twice.
        const isNew = by === 'cursor' ? next.after !== null : (next.page ?? page + 1) === page + 1;
        if (!isNew || seen.has(next.url)) return { items, isWhole: false };
        seen.add(next.url);
        ({ after } = next);
      }
    },
    query: (text, variables = {}) =>
      carryOut(async () => {
        const answer = await graphql.request({
          method: 'POST',
          url: graphqlUrl(access.baseUrl),
          headers: {},
          query: text,
          variables,
        });
        return graphqlAnswer(answer.data);
      }),
  };
}

/** The page that GitHub names as the next one; null if there is none. */
function nextPage(
  link: string | undefined,
): { url: string; after: string | null; page: number | null } | null {
  const [, url] = /<([^<>]{1,2000})>;\s*rel="next"/.exec(link ?? '') ?? [];
  if (url === undefined || !URL.canParse(url)) return null;
  const given = new URL(url).searchParams;
  const page = given.get('page');
  return { url, after: given.get('after'), page: page === null ? null : Number(page) };
}

function graphqlAnswer(body: unknown): GraphqlAnswer {
  const { data, errors } = (body ?? {}) as { data?: unknown; errors?: unknown };
  const listed = Array.isArray(errors) ? (errors as Record<string, unknown>[]) : [];
  if (typeof data !== 'object' || data === null)
    throw new GitHubError('GitHub answered the query with no data', {
      fault: 'server',
      status: 200,
    });
  return {
    data,
    errors: listed.map((error) => ({
      type: typeof error?.['type'] === 'string' ? error['type'] : 'UNKNOWN',
      path: Array.isArray(error?.['path']) ? (error['path'] as string[]) : [],
    })),
  };
}

const faults: Record<number, GitHubFault> = {
  401: 'token',
  403: 'forbidden',
  404: 'gone',
  410: 'gone',
  451: 'gone',
};

/**
 * What GitHub answers for an installation of an app when a token is asked for
 * (docs.github.com/rest/apps/apps#create-an-installation-access-token-for-an-app).
 */
const signInMeanings: Record<number, string> = {
  401: 'it does not take the key of the app, or app_id is another app',
  403: 'the installation of the app is suspended',
  404: 'the app has no such installation (any more)',
};

/** A new token, and its permissions, reach all of GitHub within seconds (github.com/octokit/auth-app.js/issues/65 and 589). */
const settlingMs = 10_000;
const settleMs = 2_000;

/** GitHub's own address, and those of its Enterprise Cloud, begin with `api.`. */
function pathHint(baseUrl: string): string {
  const { hostname, pathname } = new URL(baseUrl);
  return pathname === '/' && !hostname.startsWith('api.')
    ? '. The API of a GitHub Enterprise Server is at https://HOST/api/v3'
    : '';
}

const meanings: Record<number, string> = {
  401: 'it does not take the token',
  403: 'the token lacks a permission, or the feature is off',
  404: 'it has no such object, or the token may not see it',
  410: 'it has no such object any more',
  422: 'it refuses what was sent',
  451: 'it may not show it',
};
