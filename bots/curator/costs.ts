/** Finds active apps and tools whose uses cost much more or less than their price, and than they usually do. */
import { sql } from '../../src/bot.ts';
import type { EventContext } from '../../src/bot.ts';
import { counted } from '../parts/in-words.ts';
import { daysBefore } from '../parts/time.ts';
import type { Config } from './config.ts';
import type { Counted } from '../parts/count-events.ts';
import { askedAbout, reportUses } from './count-uses.ts';
import type { Kind } from './kinds.ts';

interface OutOfLine extends Counted {
  price: number;
  usual: number | null;
  median: number;
}

/**
 * A use is out of line only if it differs both from the price and from the usual cost. An app that charges by the work it does always differs from its price; after a
 * change of the price every use differs from what was usual. Prices of 0 and 1 are compared as 1.
 */
export function findCostsOutOfLine(
  kind: Kind,
  { cost_factor, cost_days, usual_days, min_uses, min_users, max_findings }: Config,
  context: EventContext,
) {
  const uses = sql.table(kind.uses);
  const windowStart = daysBefore(context.now, cost_days);
  const differs = (compared: ReturnType<typeof sql>) => sql`(
    u.credits_used >= ${cost_factor}::numeric * greatest(${compared}, 1)
    OR ${compared} > 0 AND u.credits_used * ${cost_factor}::numeric <= ${compared})`;
  const countedUses = sql`
      SELECT a.key, a.price, usual.median AS usual, count(*)::int AS "of", count(DISTINCT coalesce(u.user_id::text, '')) AS users,
        (count(*) FILTER (WHERE out_of_line))::int AS bad, max(u.created_at) FILTER (WHERE out_of_line) AS newest,
        percentile_disc(0.5) WITHIN GROUP (ORDER BY u.credits_used) AS median
      FROM (${askedAbout(kind, context)}) a
      CROSS JOIN LATERAL (
        SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY u.credits_used) AS median FROM ${uses} u
        WHERE u.${kind.idColumn} = a.id AND u.created_at >= ${daysBefore(windowStart, usual_days)} AND u.created_at < ${windowStart}
          AND ${kind.isPaid}
      ) usual
      JOIN ${uses} u ON u.${kind.idColumn} = a.id AND u.created_at >= a.start AND u.created_at <= ${context.now} AND ${kind.isPaid}
      CROSS JOIN LATERAL (
        SELECT ${differs(sql`a.price`)} AND (usual.median IS NULL OR ${differs(sql`usual.median`)}) AS out_of_line
      ) judged
      GROUP BY a.key, a.price, usual.median`;
  const wrong = sql`"of" >= ${min_uses} AND users >= ${min_users} AND 2 * bad > "of"`;
  return reportUses<OutOfLine>(
    kind,
    { counted: countedUses, wrong, max: max_findings },
    context,
    ({ price, usual, median, bad, of }, component) => ({
      severity: median > price ? 'medium' : 'low',
      title: `${kind.noun} ${component} costs ${counted(median, 'credit')} a use, its price is ${price}`,
      description:
        `${bad} of ${counted(of ?? 0, 'use')} in ${counted(cost_days, 'day')} cost at least ${cost_factor} times as much, or that fraction. ` +
        (usual === null
          ? 'There was no use before these.'
          : `Before, a use cost ${counted(usual, 'credit')}.`),
      metadata: { price, usual, median, uses: of, out_of_line: bad, cost_days },
    }),
  );
}
