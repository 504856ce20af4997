/** Finds endpoints that answer 5xx: above fixed limits, unless they always do, and below them where they never did so much. */
import { sql } from '../../src/bot.ts';
import type { EventContext } from '../../src/bot.ts';
import { countRequests, type Usual } from './count-requests.ts';
import type { Config } from './config.ts';
import { usualFigures } from './past-weeks.ts';

/** Three standard deviations: by chance alone, one hour in some hundred has as many errors more. */
const spreads = 3;

export function findServerErrors(config: Config, context: EventContext) {
  const { min_requests, min_5xx, max_5xx_percent, critical_5xx_percent } = config;
  const above = sql`share > ${max_5xx_percent}::numeric`;
  const isSevere = sql`(requests >= ${min_requests} AND ${above})`;
  const isBeyondLimits = sql`(figure >= ${min_5xx} OR ${isSevere} OR figure >= least(2, ${min_5xx}) AND ${above})`;
  const expected = sql`(requests * usual_share / 100)`;
  // An endpoint of which most requests fail is broken, for however long. So is one of which nothing is usual.
  const isUsual = sql`coalesce(share <= ${critical_5xx_percent}::numeric AND (
    share <= ${config.worse_factor}::float8 * usual_share OR figure <= ${expected} + ${spreads} * sqrt(${expected})), false)`;
  const hasRisen = sql`coalesce(requests >= ${min_requests} AND figure >= ${config.min_rise_5xx}
    AND share > usual_share + ${config.rise_5xx_points}::float8 AND NOT ${isUsual}, false)`;
  const question = {
    bad: sql`status_code BETWEEN 500 AND 599`,
    badName: 'requests answered 5xx',
    wrong: sql`${isBeyondLimits} AND NOT ${isUsual} OR ${hasRisen}`,
    worst: sql`${isSevere} DESC, share DESC, figure DESC`,
    compare: {
      tables: sql`usual AS MATERIALIZED (${usualFigures(context, config)})`,
      tolerated: sql`${isBeyondLimits} AND ${isUsual}`,
    },
  };
  return countRequests<Usual>(
    config,
    context,
    question,
    ({ component, requests, figure, share, usual_share }) => {
      const sampled = share > critical_5xx_percent ? 'critical' : 'high';
      const severe = requests >= min_requests ? sampled : 'medium';
      const isRise =
        usual_share !== null &&
        requests >= min_requests &&
        figure >= config.min_rise_5xx &&
        share > usual_share + config.rise_5xx_points;
      return {
        severity: share > max_5xx_percent ? severe : isRise ? 'medium' : 'low',
        title: `${component}: ${figure} of ${requests} requests answered 5xx`,
        ...(usual_share !== null && {
          description: `In past weeks it was ${usual_share.toFixed(1)} % at this time of this weekday.`,
        }),
        metadata: { answered_5xx: figure, usual_percent: usual_share },
      };
    },
  );
}
