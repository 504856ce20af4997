/** Finds paths that are missing and endpoints that refuse their callers, by the answers of the last minutes alone. */
import { sql } from '../../src/bot.ts';
import type { EventContext } from '../../src/bot.ts';
import { countRequests } from './count-requests.ts';
import type { Config } from './config.ts';

export function findMissingPaths(config: Config, context: EventContext) {
  const question = {
    bad: sql`status_code = 404`,
    badName: 'requests answered 404',
    // A scanner asks again and again for what was never there; a broken link is followed by several clients.
    wrong: sql`figure >= ${config.min_404} AND share > ${config.max_404_percent}::numeric
      AND (clients IS NULL OR clients >= ${config.min_404_clients})`,
    worst: sql`figure DESC`,
  };
  return countRequests(config, context, question, ({ component, requests, figure }) => ({
    severity: 'medium',
    title: `${component}: ${figure} of ${requests} requests answered 404`,
    metadata: { answered_404: figure },
  }));
}

export function findRateLimited(config: Config, context: EventContext) {
  const question = {
    bad: sql`status_code = 429`,
    badName: 'requests answered 429',
    wrong: sql`figure >= ${config.min_429} AND share > ${config.max_429_percent}::numeric`,
    worst: sql`share DESC, figure DESC`,
  };
  return countRequests(config, context, question, ({ component, requests, figure }) => ({
    severity: 'medium',
    title: `${component}: ${figure} of ${requests} requests answered 429`,
    metadata: { answered_429: figure },
  }));
}
