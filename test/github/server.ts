/**
 * A real HTTP server that answers as GitHub does. What it is asked, and what it answers, is compared with GitHub's own OpenAPI
 * description and GraphQL schema; `problems` lists what does not fit, and `serveGitHub` expects none when the test ends.
 */
import { createHash, createPublicKey, verify } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, onTestFinished } from 'vitest';
import { serveHttp } from '../support/http-server.ts';
import { answerProblems, filled, operationOf, requestProblems } from './described.ts';
import { carryOut, notFound } from './graphql.ts';
import { asGraphql, type RepositoryState } from './state.ts';

type Json = Record<string, any>;

export interface IssueState {
  number: number;
  title: string;
  body: string;
  state: 'open' | 'closed';
  state_reason: string | null;
  labels: string[];
  locked?: boolean;
  updated_at?: string;
}

/** What has become of an issue: it was deleted or made a discussion (410), or moved to another repository (301). */
export type GoneIssue = { status: 410 } | { status: 301; location: string };

/** Answers one request in another way; `pass` goes on as usual. */
export type Instead = (
  request: { method: string; pathname: string; body: string },
  answer: ServerResponse,
) => 'pass' | void;

export interface GitHubState {
  token: string;
  repositories: RepositoryState[];
  /** old names in lower case, and the new ones */
  renamed: Map<string, string>;
  dependabot: { name: string; alert: Json }[];
  secrets: { name: string; alert: Json }[];
  /** paths that the token may not read, as their beginnings */
  forbidden: string[];
  issues: Map<string, IssueState[]>;
  /** by `owner/name#1` */
  goneIssues: Map<string, GoneIssue>;
  /** numbers of issues that no list with a label has yet: those lists are behind at times */
  unlisted: Set<number>;
  /** false: the account may write issues, and not label them */
  mayLabel: boolean;
  /** what GitHub limits of what is written: see {@link contentLimit} */
  contentLimit: { perMinute: number; retryAfter?: number; status?: 403 | 422 } | null;
  /** when something was written, by `performance.now()` */
  written: number[];
  runs: Map<number, Json>;
  /** the public key of an app, in PEM; requests of installations then need a token that this server gave out */
  app: { id: number; publicKey: string; becomes?: 'suspended' | 'removed' } | null;
  /** what answers instead: each is asked once for a request, and is removed when it answers */
  instead: Instead[];
  /** how far its clock is ahead, in ms */
  aheadMs: number;
  limit: { limit: number; remaining: number };
  /** what GitHub would count: points of queries, and answers of REST other than 304 */
  points: number;
  requests: { method: string; path: string; at: number; headers: IncomingMessage['headers'] }[];
  problems: string[];
  /** takes back all tokens of installations, as GitHub does when an installation is suspended */
  revoke(): void;
}

export async function serveGitHub(repositories: RepositoryState[] = []) {
  const given = new Set<string>();
  const taken = new Set<string>();
  const state: GitHubState = {
    revoke() {
      for (const token of given) taken.add(token);
    },
    token: 'ghp_0123456789abcdefghijABCDEFGHIJ012345',
    repositories,
    renamed: new Map(),
    dependabot: [],
    secrets: [],
    forbidden: [],
    issues: new Map(),
    goneIssues: new Map(),
    unlisted: new Set(),
    mayLabel: true,
    contentLimit: null,
    written: [],
    runs: new Map(),
    app: null,
    instead: [],
    aheadMs: 0,
    limit: { limit: 5_000, remaining: 4_990 },
    points: 0,
    requests: [],
    problems: [],
  };
  const isGiven = (token: string) => given.has(token) && !taken.has(token);
  const served = await serveHttp((request, answer) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      void answerTo(state, { given, isGiven }, request, text, answer).catch((error: unknown) => {
        state.problems.push(String(error));
        answer.destroy();
      });
    });
  });
  onTestFinished(() => expect(state.problems).toEqual([]));
  return { ...served, state };
}

/** Sends an answer as GitHub would: with its clock and its limits. */
export function reply(
  state: GitHubState,
  answer: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const now = Date.now() + state.aheadMs;
  answer.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    date: new Date(now).toUTCString(),
    'x-ratelimit-limit': String(state.limit.limit),
    'x-ratelimit-remaining': String(state.limit.remaining),
    'x-ratelimit-reset': String(Math.floor(now / 1_000) + 1_800),
    ...headers,
  });
  answer.end(body === undefined ? undefined : JSON.stringify(body));
}

async function answerTo(
  state: GitHubState,
  { given, isGiven }: { given: Set<string>; isGiven: (token: string) => boolean },
  request: IncomingMessage,
  text: string,
  answer: ServerResponse,
): Promise<void> {
  const url = new URL(request.url!, 'http://github.test');
  const method = request.method!;
  const pathname = url.pathname.replace(/^\/api\/v3/, '').replace(/^\/api\/graphql$/, '/graphql');
  const { headers } = request;
  state.requests.push({ method, path: pathname + url.search, at: performance.now(), headers });
  const instead = state.instead[0];
  if (instead && instead({ method, pathname, body: text }, answer) !== 'pass') {
    state.instead.splice(state.instead.indexOf(instead), 1);
    return;
  }
  const refuse = (status: number, message: string) => reply(state, answer, status, { message });
  if (headers['user-agent'] === undefined)
    return refuse(403, 'Request forbidden by administrative rules');
  const credentials = (headers.authorization ?? '').replace(/^(token|bearer) /i, '');
  if (pathname.startsWith('/app/')) {
    const why = state.app
      ? whyNoApp(credentials, state.app, Date.now() + state.aheadMs)
      : 'A JSON web token could not be decoded';
    if (why !== null) return refuse(401, why);
    if (state.app?.becomes === 'suspended')
      return refuse(403, 'This installation has been suspended');
    if (state.app?.becomes === 'removed') return refuse(404, 'Not Found');
  } else if (credentials !== state.token && !isGiven(credentials))
    return refuse(401, 'Bad credentials');

  if (pathname === '/graphql') return graphql(state, text, answer);
  const operation = operationOf(method, pathname);
  if (!operation) {
    state.problems.push(`GitHub does not describe ${method} ${pathname}`);
    return refuse(404, 'Not Found');
  }
  const body = text === '' ? undefined : (JSON.parse(text) as Json);
  state.problems.push(...requestProblems(operation, url.searchParams, body));
  const send = (status: number, content: unknown, more: Record<string, string> = {}) => {
    state.problems.push(...answerProblems(operation, status, content));
    const etag = `"${createHash('sha256')
      .update(JSON.stringify(content) ?? '')
      .digest('hex')
      .slice(0, 20)}"`;
    if (method === 'GET' && status === 200 && headers['if-none-match'] === etag)
      return reply(state, answer, 304, undefined, { etag });
    state.points += 1;
    reply(state, answer, status, content, { etag, ...more });
  };
  if (state.forbidden.some((begin) => pathname.startsWith(begin)))
    return send(403, { message: 'Resource not accessible by personal access token' });
  const { owner, repo } = operation.values;
  if (owner !== undefined) {
    const moved = state.renamed.get(`${owner}/${repo}`.toLowerCase());
    if (moved !== undefined) {
      const to = url.pathname.replace(`/repos/${owner}/${repo}`, `/repos/${moved}`) + url.search;
      return send(
        method === 'GET' ? 301 : 307,
        { message: 'Moved Permanently', url: to, documentation_url: '' },
        { location: to },
      );
    }
    const found = repositoryIn(state, owner, repo!);
    if (!found) return send(404, { message: 'Not Found' });
    if (method !== 'GET' && found.archived)
      return send(403, { message: 'Repository was archived so is read-only.' });
    if (pathname.includes('/issues') && found.hasIssues === false)
      // The list of such a repository is empty, or has its pull requests.
      return operation.path.endsWith('/issues') && method === 'GET'
        ? send(200, [])
        : send(410, { message: 'Issues has been disabled in this repository.' });
    if (method !== 'GET' && pathname.includes('/issues')) {
      const refusal = contentLimit(state);
      if (refusal) return reply(state, answer, ...refusal);
      state.written.push(performance.now());
    }
  }
  operations[`${operation.method} ${operation.path}`]!({
    state,
    origin: `http://${headers.host}`,
    given,
    url,
    values: operation.values,
    body,
    send,
  });
}

/**
 * GitHub limits what is written, issues and their edits: 80 a minute and 500 an hour by its documentation. It says so with 403, mostly
 * without a time, or with 422.
 */
function contentLimit({ contentLimit: limit, written }: GitHubState) {
  if (!limit) return null;
  const recent = written.filter((at) => performance.now() - at < 60_000).length;
  if (recent < limit.perMinute) return null;
  const headers: Record<string, string> =
    limit.retryAfter === undefined ? {} : { 'retry-after': String(limit.retryAfter) };
  const body =
    limit.status === 422
      ? {
          message: 'Validation Failed',
          errors: [
            {
              resource: 'Issue',
              code: 'custom',
              field: 'base',
              message: 'was submitted too quickly',
            },
          ],
        }
      : {
          message:
            'You have exceeded a secondary rate limit and have been temporarily blocked from content creation. Please retry your request again later.',
        };
  return [limit.status ?? 403, body, headers] as const;
}

const repositoryIn = ({ repositories }: GitHubState, owner: string, name: string) =>
  repositories.find(
    (each) => `${each.owner}/${each.name}`.toLowerCase() === `${owner}/${name}`.toLowerCase(),
  );

async function graphql(state: GitHubState, text: string, answer: ServerResponse): Promise<void> {
  const { query, variables } = JSON.parse(text) as { query: string; variables: Json };
  const { invalid, points, body } = await carryOut(query, variables, (cost) => ({
    repository({ owner, name }: { owner: string; name: string }) {
      const renamed = state.renamed.get(`${owner}/${name}`.toLowerCase());
      const [at, as] = renamed?.split('/') ?? [owner, name];
      const found = repositoryIn(state, at!, as!);
      if (!found) throw notFound(`a Repository with the name '${owner}/${name}'.`);
      return asGraphql(found);
    },
    rateLimit: {
      cost,
      ...state.limit,
      resetAt: new Date(Date.now() + 1_800_000).toISOString(),
    },
  }));
  state.problems.push(...invalid);
  state.points += points;
  reply(state, answer, invalid.length > 0 ? 400 : 200, body);
}

/** Why GitHub does not take a JWT, in its own words; null if it does. By its own clock, 60 s of difference are allowed. */
function whyNoApp(
  jwt: string,
  { id, publicKey }: { id: number; publicKey: string },
  now: number,
): string | null {
  const [head = '', claims = '', signature = ''] = jwt.split('.');
  const fits = verify(
    'sha256',
    Buffer.from(`${head}.${claims}`),
    createPublicKey(publicKey),
    Buffer.from(signature, 'base64url'),
  );
  if (!fits) return 'A JSON web token could not be decoded';
  const { iss, iat, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Json;
  if (String(iss) !== String(id)) return 'Integration not found';
  if (iat * 1_000 > now + 60_000)
    return "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued";
  if (exp * 1_000 <= now)
    return "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires";
  return exp * 1_000 > now + 660_000
    ? "'Expiration time' claim ('exp') is too far in the future"
    : null;
}

interface Asked {
  state: GitHubState;
  /** of this server, as answers name it */
  origin: string;
  given: Set<string>;
  url: URL;
  values: Record<string, string>;
  body: Json | undefined;
  send(status: number, content: unknown, headers?: Record<string, string>): void;
}

/** A page of a list, with the address of the next one in the header `link`. */
function page({ url, send }: Asked, items: Json[], byCursor = false): void {
  const size = Number(url.searchParams.get('per_page') ?? 30);
  const from = byCursor
    ? Number(url.searchParams.get('after') ?? 0)
    : (Number(url.searchParams.get('page') ?? 1) - 1) * size;
  const next = new URL(url);
  if (byCursor) next.searchParams.set('after', String(from + size));
  else next.searchParams.set('page', String(from / size + 2));
  const link = from + size < items.length ? { link: `<${next.href}>; rel="next"` } : undefined;
  send(200, items.slice(from, from + size), link);
}

const alertsOf = (schema: string, all: { name: string; alert: Json }[], withRepository: boolean) =>
  all.map(({ name, alert }) =>
    filled(schema, {
      ...alert,
      ...(withRepository && { repository: { full_name: name, name: name.split('/')[1] } }),
    }),
  );

const issuesOf = ({ state, values }: Asked): IssueState[] => {
  const found = repositoryIn(state, values['owner']!, values['repo']!)!;
  const name = `${found.owner}/${found.name}`;
  const issues = state.issues.get(name) ?? [];
  state.issues.set(name, issues);
  return issues;
};

const nameOfIssue = ({ values }: Asked, number: number | string): string =>
  `${values['owner']}/${values['repo']}#${number}`;

/** Answers for an issue that is not there any more; false if it is. */
function isGone(asked: Asked): boolean {
  const gone = asked.state.goneIssues.get(nameOfIssue(asked, asked.values['issue_number']!));
  if (gone?.status === 410) asked.send(410, { message: 'This issue was deleted' });
  if (gone?.status === 301)
    asked.send(
      301,
      { message: 'Moved Permanently', url: gone.location, documentation_url: '' },
      { location: gone.location },
    );
  return gone !== undefined;
}

const issueBody = (issue: IssueState, { values, origin }: Asked): Json =>
  filled('issue', {
    ...issue,
    repository_url: `${origin}/repos/${values['owner']}/${values['repo']}`,
    id: issue.number,
    labels: issue.labels.map((name) => ({ name })),
    html_url: `https://github.test/issues/${issue.number}`,
  });

const operations: Record<string, (asked: Asked) => void> = {
  'get /orgs/{org}/dependabot/alerts': (asked) => {
    const of = asked.state.dependabot.filter(({ name }) =>
      name.startsWith(`${asked.values['org']}/`),
    );
    page(asked, alertsOf('dependabot-alert-with-repository', of, true), true);
  },
  'get /orgs/{org}/secret-scanning/alerts': (asked) => {
    const of = asked.state.secrets.filter(({ name }) => name.startsWith(`${asked.values['org']}/`));
    page(asked, alertsOf('organization-secret-scanning-alert', of, true));
  },
  'get /repos/{owner}/{repo}/dependabot/alerts': (asked) => {
    const full = `${asked.values['owner']}/${asked.values['repo']}`;
    const of = asked.state.dependabot.filter(({ name }) => name === full);
    page(asked, alertsOf('dependabot-alert', of, false), true);
  },
  'get /repos/{owner}/{repo}/secret-scanning/alerts': (asked) => {
    const full = `${asked.values['owner']}/${asked.values['repo']}`;
    const of = asked.state.secrets.filter(({ name }) => name === full);
    page(asked, alertsOf('secret-scanning-alert', of, false));
  },
  'get /repos/{owner}/{repo}': ({ state, origin, values, send }) => {
    const found = repositoryIn(state, values['owner']!, values['repo']!)!;
    send(
      200,
      filled('full-repository', {
        name: found.name,
        full_name: `${found.owner}/${found.name}`,
        url: `${origin}/repos/${found.owner}/${found.name}`,
        archived: found.archived ?? false,
        disabled: found.disabled ?? false,
        has_issues: found.hasIssues ?? true,
      }),
    );
  },
  'get /repos/{owner}/{repo}/keys': (asked) => {
    const { keys } = repositoryIn(asked.state, asked.values['owner']!, asked.values['repo']!)!;
    page(
      asked,
      keys.map((key) => filled('deploy-key', key)),
    );
  },
  'get /repos/{owner}/{repo}/actions/permissions/workflow': ({ state, values, send }) =>
    send(200, repositoryIn(state, values['owner']!, values['repo']!)!.permissions),
  'get /repos/{owner}/{repo}/actions/runs/{run_id}': ({ state, values, send }) => {
    const run = state.runs.get(Number(values['run_id']));
    if (run) send(200, filled('workflow-run', { created_at: new Date().toISOString(), ...run }));
    else send(404, { message: 'Not Found' });
  },
  'post /repos/{owner}/{repo}/actions/runs/{run_id}/rerun-failed-jobs': ({
    state,
    values,
    send,
  }) => {
    const run = state.runs.get(Number(values['run_id']));
    if (!run) return send(404, { message: 'Not Found' });
    if (run['status'] !== 'completed')
      return send(403, { message: 'This workflow is already running' });
    const age = Date.now() - Date.parse(run['created_at'] ?? new Date().toISOString());
    if (age > 30 * 86_400_000)
      return send(403, {
        message: 'Unable to retry this workflow run because it was created over a month ago',
      });
    if (run['run_attempt'] >= 50)
      return send(403, { message: 'This workflow run cannot be retried' });
    Object.assign(run, { run_attempt: run['run_attempt'] + 1, status: 'queued', conclusion: null });
    send(201, {});
  },
  'get /repos/{owner}/{repo}/issues': (asked) => {
    const labels = (asked.url.searchParams.get('labels') ?? '').split(',').filter(Boolean);
    const wanted = asked.url.searchParams.get('state') ?? 'open';
    const since = asked.url.searchParams.get('since');
    const found = issuesOf(asked).filter(
      (issue) =>
        (wanted === 'all' || issue.state === wanted) &&
        (since === null || (issue.updated_at ?? '9') >= since) &&
        labels.every((label) => issue.labels.includes(label)) &&
        !(labels.length > 0 && asked.state.unlisted.has(issue.number)) &&
        !asked.state.goneIssues.has(nameOfIssue(asked, issue.number)),
    );
    page(
      asked,
      found.toSorted((a, b) => b.number - a.number).map((issue) => issueBody(issue, asked)),
    );
  },
  'post /repos/{owner}/{repo}/issues': (asked) => {
    const { title, body = '', labels = [] } = asked.body as Json;
    const issues = issuesOf(asked);
    const issue: IssueState = {
      number: issues.length + 1,
      title,
      body,
      state: 'open',
      state_reason: null,
      labels: asked.state.mayLabel ? labels : [],
      updated_at: new Date(Date.now() + asked.state.aheadMs).toISOString(),
    };
    issues.push(issue);
    asked.send(201, issueBody(issue, asked));
  },
  'get /repos/{owner}/{repo}/issues/{issue_number}': (asked) => {
    if (isGone(asked)) return;
    const found = issuesOf(asked).find(
      ({ number }) => number === Number(asked.values['issue_number']),
    );
    if (found) asked.send(200, issueBody(found, asked));
    else asked.send(404, { message: 'Not Found' });
  },
  'patch /repos/{owner}/{repo}/issues/{issue_number}': (asked) => {
    if (isGone(asked)) return;
    const found = issuesOf(asked).find(
      ({ number }) => number === Number(asked.values['issue_number']),
    );
    if (!found) return asked.send(404, { message: 'Not Found' });
    Object.assign(found, asked.body, {
      updated_at: new Date(Date.now() + asked.state.aheadMs).toISOString(),
    });
    asked.send(200, issueBody(found, asked));
  },
  'post /app/installations/{installation_id}/access_tokens': ({ given, send }) => {
    const token = `ghs_${String(given.size).padStart(36, '0')}`;
    given.add(token);
    const expires_at = new Date(Date.now() + 3_600_000).toISOString();
    send(
      201,
      filled('installation-token', { token, expires_at, permissions: { metadata: 'read' } }),
    );
  },
};
