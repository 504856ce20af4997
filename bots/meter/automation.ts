/** Whether the engine itself does too much: runaway heals and runs, and runs beyond a cap. */
import { sql } from '../../src/bot.ts';
import type { EventContext, EventResult, ReportedFinding } from '../../src/bot.ts';
import { dayMs, hourMs } from '../parts/time.ts';
import type { Config } from './config.ts';

type Fragment = ReturnType<typeof sql>;

interface Counted {
  bad: number;
  newest: string | null;
}

/** More events than these are not counted: they are far beyond every limit. */
const maxCounted = 1_000_000;

interface Subject {
  key: string;
  /** SELECT of one column `at`, the time of each event since the given time */
  events(since: Fragment, until: Fragment): Fragment;
  /** up to how many of them in `periodMs` are no finding */
  max: number;
  periodMs: number;
  finding(count: number, rate: number): Omit<ReportedFinding, 'category' | 'component'>;
}

/**
 * Counts the events of each subject. After a cure the engine may ask about a longer time than the window, so the rate is compared
 * with the limit.
 */
async function measure(
  subjects: Subject[],
  { db, now, from, starts, only }: EventContext,
): Promise<
  Pick<EventResult, 'examined' | 'findings' | 'tallies'> & { counts: Map<string, number> }
> {
  const asked = subjects.filter(({ key }) => only === null || only.includes(key));
  const results = [];
  for (const subject of asked) {
    const since = starts.find(({ key }) => key === subject.key)?.from ?? from;
    const { rows } = await sql<Counted>`
      SELECT count(*)::int AS bad, to_json(max(at)) #>> '{}' AS newest
      FROM (SELECT at FROM (${subject.events(sql`${since}::timestamptz`, sql`${now}::timestamptz`)}) e LIMIT ${maxCounted}) counted`.execute(
      db,
    );
    const { bad, newest } = rows[0]!;
    const periods = Math.max(1, (now.getTime() - since.getTime()) / subject.periodMs);
    results.push({ subject, bad, newest, rate: bad / periods });
  }
  const unknown = (only ?? []).filter((key) => !asked.some((subject) => subject.key === key));
  const others = starts
    .map(({ key }) => key)
    .filter((key) => !asked.some((each) => each.key === key));
  return {
    examined: asked.map(({ key }) => key),
    counts: new Map(results.map(({ subject, bad }) => [subject.key, bad])),
    findings: results
      .filter(({ subject, rate }) => rate > subject.max)
      .map(({ subject, bad, rate }) =>
        Object.assign(subject.finding(bad, Math.round(rate)), {
          category: 'automation',
          component: subject.key,
        }),
      ),
    tallies: [
      ...results.map(({ subject, bad, newest }) => ({
        key: subject.key,
        bad,
        of: null,
        newestBadAt: newest === null ? null : new Date(newest),
      })),
      ...[...new Set([...unknown, ...others])].map((key) => ({
        key,
        bad: 0,
        of: null,
        newestBadAt: null,
      })),
    ],
  };
}

/** Heals begin without a person, and so do runs that remedies ask for: each may cause more of the other. */
export async function findRunaway(
  { max_heals_an_hour, max_unplanned_an_hour, runaway_times }: Config,
  context: EventContext,
): Promise<EventResult> {
  const { counts, ...result } = await measure(
    [
      {
        key: 'heals',
        // All steps of a heal count as one; an aborted action did nothing; an external one is of the platform's own code.
        events: (since, until) => sql`
          SELECT min(taken_at) AS at FROM bot_actions
          WHERE taken_at >= ${since} AND taken_at <= ${until} AND state <> 'aborted' AND fingerprint NOT LIKE 'external-%'
          GROUP BY heal_id`,
        max: max_heals_an_hour,
        periodMs: hourMs,
        finding: (count, rate) => ({
          severity: 'critical',
          title: `Runaway automation: ${rate} heals an hour`,
          description: `At most ${max_heals_an_hour} are usual. Healing acts on many components at once, or on one again and again.`,
          metadata: { heals: count, an_hour: rate, most: max_heals_an_hour },
        }),
      },
      {
        key: 'unplanned runs',
        // Runs without a slot: of remedies, of verifications, of people. Those of a backfill have a slot.
        events: (since, until) => sql`
          SELECT started_at AS at FROM bot_executions
          WHERE started_at >= ${since} AND started_at <= ${until} AND trigger IN ('manual', 'verify') AND status <> 'skipped'`,
        max: max_unplanned_an_hour,
        periodMs: hourMs,
        finding: (count, rate) => {
          const isRunaway = rate > runaway_times * max_unplanned_an_hour;
          return {
            severity: isRunaway ? 'critical' : 'medium',
            title: isRunaway
              ? `Runaway automation: ${rate} runs an hour that no schedule asked for`
              : `More runs than usual that no schedule asked for: ${rate} an hour`,
            description: `At most ${max_unplanned_an_hour} are usual. Remedies, verifications and people ask for such runs.`,
            metadata: { runs: count, an_hour: rate, most: max_unplanned_an_hour },
          };
        },
      },
    ],
    context,
  );
  return {
    ...result,
    figures: [...counts].map(([name, value]) => ({ name: `${name} in the window`, value })),
  };
}

export async function findTooManyRuns(
  { max_runs_a_day }: Config,
  context: EventContext,
): Promise<EventResult> {
  const { counts, ...result } = await measure(
    [
      {
        key: 'runs',
        events: (since, until) => sql`
          SELECT started_at AS at FROM bot_executions
          WHERE started_at >= ${since} AND started_at <= ${until} AND status <> 'skipped' AND trigger <> 'external'`,
        max: max_runs_a_day,
        periodMs: dayMs,
        finding: (count, rate) => ({
          severity: rate > 2 * max_runs_a_day ? 'high' : 'medium',
          title: `Bots run ${rate.toLocaleString('en')} times a day, more than the cap of ${max_runs_a_day.toLocaleString('en')}`,
          description: 'Each run costs time of a worker and rows of the database.',
          metadata: { runs: count, a_day: rate, most: max_runs_a_day },
        }),
      },
    ],
    context,
  );
  const runs = counts.get('runs') ?? 0;
  return {
    ...result,
    figures: [
      { name: 'runs', value: runs },
      { name: 'share of the cap', value: (100 * runs) / max_runs_a_day, unit: '%' },
    ],
  };
}
