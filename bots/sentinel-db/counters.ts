/** Counters of the database, compared with what they were before: blocks in memory, rollbacks, deadlocks. */
import { sql, z } from '../../src/bot.ts';
import type { CheckContext, CheckResult, Figure, ReportedFinding } from '../../src/bot.ts';
import { number } from '../parts/in-words.ts';
import type { Config } from './config.ts';
import { category, databaseName } from './report.ts';

const counters = z.object({
  /** when they were read, in seconds */
  at: z.number(),
  /** when they were last reset, as PostgreSQL tells it */
  reset: z.string().nullable(),
  hit: z.number(),
  read: z.number(),
  commits: z.number(),
  rollbacks: z.number(),
  deadlocks: z.number(),
});
type Counters = z.infer<typeof counters>;

const kinds = ['hit', 'read', 'commits', 'rollbacks', 'deadlocks'] as const;

async function readCounters({ db, now }: CheckContext): Promise<Counters> {
  const { rows } = await sql<Omit<Counters, 'at'>>`
    SELECT stats_reset::text AS reset, blks_hit::float8 AS hit, blks_read::float8 AS read, xact_commit::float8 AS commits,
      xact_rollback::float8 AS rollbacks, deadlocks::float8 AS deadlocks
    FROM pg_stat_database WHERE datname = current_database()`.execute(db);
  return { at: Math.floor(now.getTime() / 1_000), ...rows[0]! };
}

/**
 * Counters begin at zero again after a reset, whose time PostgreSQL tells, and after a crash, which it does not tell. A reading of a
 * later time than now is from before the clock was set back.
 */
const isContinued = (before: Counters, after: Counters) =>
  before.at <= after.at &&
  before.reset === after.reset &&
  kinds.every((kind) => after[kind] >= before[kind]);

const daySeconds = 86_400;

interface Judged {
  figures: Figure[];
  findings: Omit<ReportedFinding, 'category' | 'component'>[];
}

/**
 * Judges what was counted since the last judgement. While that is too little for `isEnough`, the check reports nothing, and the next
 * run counts from the same reading, for a day at most.
 */
async function judgeSince(
  context: CheckContext,
  isEnough: (counted: Counters) => boolean,
  judge: (counted: Counters) => Judged,
): Promise<CheckResult> {
  const after = await readCounters(context);
  const before = counters.nullable().catch(null).parse(context.remembered);
  if (!before || !isContinued(before, after))
    return { examined: [], findings: [], remember: after };
  const counted = { ...after };
  for (const kind of kinds) counted[kind] -= before[kind];
  const { figures, findings } = judge(counted);
  const since = { name: 'time counted', value: after.at - before.at, unit: 's' };
  if (!isEnough(counted))
    return {
      examined: [],
      findings: [],
      figures: [since, ...figures],
      ...(after.at - before.at > daySeconds && { remember: after }),
    };
  const component = await databaseName(context);
  return {
    examined: [component],
    findings: findings.map((finding) => ({ ...finding, category, component })),
    figures: [since, ...figures],
    remember: after,
  };
}

const percent = (part: number, of: number) => (of > 0 ? (100 * part) / of : 0);

export const findColdCache = (config: Config, context: CheckContext) =>
  judgeSince(
    context,
    ({ hit, read }) => hit + read >= config.min_blocks,
    ({ hit, read }) => {
      const share = percent(hit, hit + read);
      return {
        figures: [
          { name: 'blocks read', value: hit + read },
          {
            name: 'share of blocks found in memory',
            value: Math.round(share * 100) / 100,
            unit: '%',
          },
        ],
        findings:
          share < config.min_cache_percent
            ? [
                {
                  severity: 'low',
                  title: `Cache: only ${number(share)} % of ${number(hit + read)} blocks were in memory`,
                  description: `At least ${config.min_cache_percent} % should be found in shared_buffers; the others come from the disk or the cache of the system.`,
                  metadata: { hit, read },
                },
              ]
            : [],
      };
    },
  );

export const findRollbacks = (config: Config, context: CheckContext) =>
  judgeSince(
    context,
    ({ commits, rollbacks }) => commits + rollbacks >= config.min_transactions,
    ({ commits, rollbacks }) => {
      const share = percent(rollbacks, commits + rollbacks);
      return {
        figures: [
          { name: 'transactions', value: commits + rollbacks },
          {
            name: 'share of transactions rolled back',
            value: Math.round(share * 100) / 100,
            unit: '%',
          },
        ],
        findings:
          share > config.max_rollback_percent
            ? [
                {
                  severity: 'medium',
                  title: `Rollbacks: ${number(share)} % of ${number(commits + rollbacks)} transactions were rolled back`,
                  description: 'Their statements failed, or their clients rolled back.',
                  metadata: { commits, rollbacks },
                },
              ]
            : [],
      };
    },
  );

/** A finding about deadlocks lasts for an hour. */
const hourSeconds = 3_600;

export async function findDeadlocks(config: Config, context: CheckContext): Promise<CheckResult> {
  const after = await readCounters(context);
  const known = z.array(counters).catch([]).parse(context.remembered);
  const before = known.filter(
    (each) => after.at - each.at <= hourSeconds && isContinued(each, after),
  );
  // After the counters began at zero again, only readings since then remain.
  const remember = [...before, after].slice(-61);
  const first = before[0];
  if (!first) return { examined: [], findings: [], remember };
  const deadlocks = after.deadlocks - first.deadlocks;
  const component = await databaseName(context);
  return {
    examined: [component],
    figures: [
      { name: 'deadlocks', value: deadlocks },
      { name: 'time counted', value: after.at - first.at, unit: 's' },
    ],
    findings:
      deadlocks >= config.min_deadlocks
        ? [
            {
              severity: 'medium',
              category,
              title: `Deadlocks: ${deadlocks} within an hour`,
              description:
                'Two transactions waited for each other, and PostgreSQL ended one of them.',
              component,
              metadata: { deadlocks },
            },
          ]
        : [],
    remember,
  };
}
