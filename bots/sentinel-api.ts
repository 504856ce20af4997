/** Watches the answers of the platform's API in `api_logs`, endpoint by endpoint. */
import { defineBot } from '../src/bot.ts';
import { findMissingPaths, findRateLimited } from './sentinel-api/answers.ts';
import { config, type Config } from './sentinel-api/config.ts';
import { findSlow } from './sentinel-api/latency.ts';
import { findServerErrors } from './sentinel-api/server-errors.ts';
import { findSilent } from './sentinel-api/silent.ts';
import { findUnauthorized } from './sentinel-api/unauthorized.ts';

const windowSeconds = ({ window_minutes }: Config) => window_minutes * 60;

export const sentinelApi = defineBot({
  name: 'sentinel-api',
  displayName: 'API sentinel',
  description:
    'Watches api_logs for server errors, missing paths, slow and rate-limited endpoints, 401 spikes, and endpoints that have no requests any more.',
  schedule: '*/3 * * * *',
  needs: ['api_logs'],
  config,
  checks: [
    {
      name: 'server-errors',
      title: 'Do endpoints answer without 5xx?',
      events: true,
      windowSeconds,
      run: findServerErrors,
    },
    {
      name: 'missing-paths',
      title: 'Do the paths that callers ask for exist?',
      events: true,
      windowSeconds,
      run: findMissingPaths,
    },
    {
      name: 'latency',
      title: 'Do endpoints answer in time?',
      events: true,
      windowSeconds,
      run: findSlow,
    },
    {
      name: 'rate-limited',
      title: 'Does the rate limit refuse few requests?',
      events: true,
      windowSeconds,
      run: findRateLimited,
    },
    {
      name: 'unauthorized',
      title: 'Is the share of 401 answers as usual?',
      events: true,
      windowSeconds,
      run: findUnauthorized,
    },
    {
      name: 'silent',
      title: 'Does every endpoint have requests that has some on other days?',
      run: findSilent,
    },
  ],
  // Anchored: a path, or a text from outside that is quoted elsewhere, may contain any words.
  knowledge: [
    {
      name: 'api.server-errors',
      category: 'api',
      pattern: String.raw`^.{1,100}: \d+ of \d+ requests answered 5xx`,
      solution:
        'Read error_logs of the same minutes for this endpoint: the newest error_type usually names ' +
        'the cause. If the errors began with a deployment, roll it back; if they come from a service ' +
        'behind the endpoint, check that one first and tell its owner.',
      autonomy: 'suggest',
    },
    {
      name: 'api.missing-path',
      category: 'api',
      pattern: String.raw`^.{1,100}: \d+ of \d+ requests answered 404`,
      solution:
        'If the path ever existed, restore it or redirect it to its new place, and correct the page ' +
        'or client that still requests it. If it never existed, a scanner requests it: block its IP ' +
        'addresses.',
      autonomy: 'suggest',
    },
    {
      name: 'api.unauthorized',
      category: 'api',
      pattern: String.raw`^.{1,100}: \d+ of \d+ requests answered 401`,
      solution:
        'Check whether a key of sessions was changed when it began, or a clock is wrong: then all tokens are refused. ' +
        'If many IP addresses fail at the login, an attacker tries passwords: limit their rate. One IP address alone ' +
        'is a client with an old token: tell its owner.',
      autonomy: 'suggest',
    },
    {
      name: 'api.silent',
      category: 'api',
      pattern: String.raw`^.{1,100}: no request for an hour, \d+ are usual`,
      solution:
        'Send a request to the endpoint yourself. If it answers, look at its callers: a page or an app that stopped, a route that ' +
        'leads elsewhere, a job that no longer runs. If it was renamed or removed on purpose, the finding resolves by itself.',
      autonomy: 'suggest',
    },
    {
      name: 'api.slow',
      category: 'api',
      pattern: String.raw`^.{1,100}: slow, 95 % of \d+ requests took up to \d+ ms`,
      solution:
        'Compare the endpoint with the last deployment, and see whether sentinel-db has findings about slow statements or locks. ' +
        'If it calls another service, measure that one. If it is slow on purpose, raise max_p95_ms of sentinel-api.',
      autonomy: 'suggest',
    },
    {
      name: 'api.rate-limited',
      category: 'api',
      pattern: String.raw`^.{1,100}: \d+ of \d+ requests answered 429`,
      solution:
        'Group these rows of api_logs by ip_address and user_id. If a few callers have most of them, have these send fewer requests ' +
        'or block them. If all callers are refused, the limit is too low: raise it.',
      autonomy: 'suggest',
    },
  ],
});
