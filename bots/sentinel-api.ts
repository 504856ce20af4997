/** Watches the answers of the platform's API in `api_logs`, endpoint by endpoint. */
import { defineBot } from '../src/bot.ts';
import {
  findMissingPaths,
  findRateLimited,
  findServerErrors,
  findSlow,
} from './sentinel-api/answers.ts';
import { config, type Config } from './sentinel-api/config.ts';
import { findSilent } from './sentinel-api/silent.ts';
import { findUnauthorized } from './sentinel-api/unauthorized.ts';

const windowSeconds = ({ window_minutes }: Config) => window_minutes * 60;

export const sentinelApi = defineBot({
  name: 'sentinel-api',
  displayName: 'API sentinel',
  description:
    'Watches api_logs for server errors, missing paths, slow and rate-limited endpoints, 401 spikes, and endpoints that fell silent.',
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
      title: 'Do callers get through the rate limit?',
      events: true,
      windowSeconds,
      run: findRateLimited,
    },
    {
      name: 'unauthorized',
      title: 'Are callers recognised as usual?',
      events: true,
      windowSeconds,
      run: findUnauthorized,
    },
    {
      name: 'silent',
      title: 'Is every endpoint asked that is asked on other days?',
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
        'If the path ever existed, restore it or redirect it to where it went, and correct the page ' +
        'or client that still asks for it. If it never did, someone is scanning: block the source ' +
        'addresses.',
      autonomy: 'suggest',
    },
    {
      name: 'api.unauthorized',
      category: 'api',
      pattern: String.raw`^.{1,100}: \d+ of \d+ requests answered 401`,
      solution:
        'Look whether a key or secret of sessions was changed, or a clock is wrong, when it began: then all tokens are refused. ' +
        'If the callers are many addresses that fail at signing in, passwords are being tried: limit them. One address alone ' +
        'is a client with an old token: tell its owner.',
      autonomy: 'suggest',
    },
    {
      name: 'api.silent',
      category: 'api',
      pattern: String.raw`^.{1,100}: no request for an hour, \d+ are usual`,
      solution:
        'Ask the endpoint yourself. If it answers, look at what calls it: a page or an app that stopped, a route that leads ' +
        'elsewhere, a job that no longer runs. If it was renamed or taken away on purpose, this ends by itself.',
      autonomy: 'suggest',
    },
  ],
});
