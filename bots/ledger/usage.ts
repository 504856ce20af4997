/** Uses of apps that cost credits, and for which nothing was debited. */
import { sql, z } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import { counted } from '../parts/in-words.ts';
import { maskedEmail, userInWords } from '../parts/people.ts';
import { openIds } from '../parts/open-findings.ts';
import { hoursBefore, minutesBefore } from '../parts/time.ts';

export interface UsageConfig {
  usage_hours: number;
  usage_grace_minutes: number;
  max_findings: number;
}

/** By how much a use may be written later than it happened. */
const maxWriteDelayMs = 3_600_000;

const memory = z.object({ read_to: z.iso.datetime() });

/** One run reads this many uses at most. */
const maxRead = 50_000;

interface Unpaid {
  id: string;
  user_id: string;
  app: string | null;
  /** of the user, masked */
  email: string | null;
  credits_used: number;
  created_at: string;
}

interface Counts {
  uses: number;
  newest: Date | null;
  count: number;
  found: Unpaid[];
}

/**
 * The documented schema ties no debit to a use. So a use counts as paid
 * - by a booking that names it (`usage_id` in its metadata, or a key that ends with its id);
 * - by a booking of its amount within the grace before or after it, where each such booking pays for one use;
 * - or where all debits around it are as high as all uses around it, because several uses may be debited at once.
 * Uses that failed,
 * uses of free apps, and uses of members whose organization has a pool to pay from need no debit of the user. Each run looks at
 * the uses since the last one, and at those of open findings.
 */
const unpaidUses = (
  { usage_grace_minutes, max_findings: max }: UsageConfig,
  from: Date,
  until: Date,
) => {
  const grace = sql`make_interval(secs => ${usage_grace_minutes * 60}::float8)`;
  const openUses = openIds('ledger', 'usage-without-debit');
  const isPaidUse = sql`u.credits_used > 0 AND u.success`;
  return sql<Counts>`
    WITH uses AS MATERIALIZED (
      SELECT u.id, u.user_id, u.app_id, u.credits_used, u.created_at FROM app_usage u
      WHERE ${isPaidUse} AND (u.created_at BETWEEN ${from} AND ${until} OR u.id = ANY (${openUses}))
        AND NOT EXISTS (
          SELECT FROM organization_members m JOIN organizations o ON o.id = m.organization_id
          WHERE m.user_id = u.user_id AND (o.credits_pool <> 0 OR o.plan <> 'free'))
        AND NOT EXISTS (SELECT FROM organizations o WHERE o.owner_id = u.user_id AND (o.credits_pool <> 0 OR o.plan <> 'free'))
      ORDER BY u.created_at LIMIT ${maxRead + 1}
    ), unpaid AS (
      SELECT u.* FROM uses u
      CROSS JOIN LATERAL (
        SELECT coalesce(-sum(c.amount), 0) AS credits, count(*) FILTER (WHERE c.amount = -u.credits_used) AS same
        FROM credits c WHERE c.user_id = u.user_id AND c.type = 'usage' AND c.amount < 0
          AND c.created_at BETWEEN u.created_at - ${grace} AND u.created_at + ${grace}
      ) debited
      CROSS JOIN LATERAL (
        SELECT sum(o.credits_used) AS credits,
          count(*) FILTER (WHERE o.credits_used = u.credits_used AND (o.created_at, o.id) <= (u.created_at, u.id)) AS nth
        FROM app_usage o WHERE o.user_id = u.user_id AND o.credits_used > 0 AND o.success
          AND o.created_at BETWEEN u.created_at - ${grace} AND u.created_at + ${grace}
      ) used
      WHERE debited.credits < used.credits AND debited.same < used.nth AND NOT EXISTS (
        SELECT FROM credits c WHERE c.user_id = u.user_id AND c.amount < 0
          AND (c.metadata ->> 'usage_id' = u.id::text OR right(c.idempotency_key, 36) = u.id::text))
    ), found AS (
      SELECT u.id, u.user_id, a.slug AS app, u.credits_used, u.created_at, count(*) OVER () AS count,
        row_number() OVER (ORDER BY u.created_at, u.id) AS place
      FROM unpaid u LEFT JOIN app_catalog a ON a.id = u.app_id ORDER BY place LIMIT ${max}
    )
    SELECT (SELECT count(*)::int FROM uses) AS uses, (SELECT max(created_at) FROM uses) AS newest, coalesce(max(count), 0)::int AS count,
      coalesce(json_agg(to_json(found) ORDER BY place), '[]') AS found
    FROM (SELECT *, ${maskedEmail(sql`found.user_id`)} AS email FROM found) found`;
};

export async function checkUsage(
  config: UsageConfig,
  { db, now, remembered }: CheckContext,
): Promise<CheckResult> {
  const { usage_hours, usage_grace_minutes, max_findings: max } = config;
  const known = memory.safeParse(remembered).data;
  const readTo = known ? Date.parse(known.read_to) - maxWriteDelayMs : -Infinity;
  const from = new Date(Math.max(hoursBefore(now, usage_hours).getTime(), readTo));
  const until = minutesBefore(now, usage_grace_minutes);
  const { rows } = await unpaidUses(config, from, until).execute(db);
  const { uses = 0, newest = null, count = 0, found = [] } = rows[0] ?? {};
  // Where there are too many uses, the oldest were read; the next run goes on with the rest.
  const judgedTo = uses > maxRead && newest ? newest.getTime() + maxWriteDelayMs : until.getTime();
  return {
    examined: { count: uses, except: [] },
    figures: [
      { name: 'uses that cost credits', value: uses },
      { name: 'uses without a debit', value: count },
    ],
    findings: found.map(({ id, user_id, app, email, credits_used, created_at }) => ({
      severity: 'medium',
      category: 'ledger',
      title: `Use of ${app ?? 'an unknown app'} for ${counted(credits_used, 'credit')} was not debited: user ${userInWords(user_id, email)}`,
      description: 'The app was used, and the ledger has no booking of the user for it.',
      component: 'app_usage',
      key: id,
      metadata: { usage_id: id, user_id, app, credits_used, created_at },
    })),
    truncated: count > max,
    // Without it, the next run looks again at what this one did not report.
    ...(count <= max && { remember: { read_to: new Date(judgedTo).toISOString() } }),
  };
}
