/** Default branches whose checks have failed for several commits in a row, with the first bad commit and whom to ask. */
import type { CheckContext, CheckResult, ReportedFinding } from '../../src/bot.ts';
import { counted, span } from '../parts/in-words.ts';
import { billingOf } from './billing.ts';
import type { Config } from './config.ts';
import { authorOf, isAwaited, type Failure } from './failing-branch.ts';
import type { FailureDetails } from './failure-details.ts';
import { standingOf, unknownIn } from './standing.ts';

export async function findFailing(config: Config, context: CheckContext): Promise<CheckResult> {
  const standing = await standingOf('default-branch', config, context);
  const { failures, details, answered, points } = standing;
  const failing = new Set(failures.map(({ name }) => name));
  const awaited = [...answered.found].flatMap(([name, found]) =>
    !failing.has(name) && isAwaited(found) ? [name] : [],
  );
  return {
    examined: { count: answered.found.size, except: [...unknownIn(standing), ...awaited] },
    findings: failures
      .slice(0, config.max_findings)
      .map((failure) => findingOf(failure, details.get(failure.name), context.now)),
    figures: [
      { name: 'repositories', value: answered.found.size },
      { name: 'failing default branches', value: failures.length },
      { name: 'repositories that could not be read', value: answered.unread.length },
      // The other checks of the run use the same answers.
      { name: 'points of the queries of all repositories', value: points },
      ...(answered.limit
        ? [{ name: 'points that the token has left', value: answered.limit.remaining }]
        : []),
    ],
    truncated: failures.length > config.max_findings,
    unrelated: true,
  };
}

const shortened = (oid: string): string => oid.slice(0, 10);

function findingOf(
  failure: Failure,
  details: FailureDetails | undefined,
  now: Date,
): ReportedFinding {
  const { name, branch, count, newest, firstBad, lastGood, owner } = failure;
  const ago = span(Math.max(0, (now.getTime() - firstBad.committedDate.getTime()) / 1_000));
  const since =
    lastGood === null ? 'or an earlier one' : `after ${shortened(lastGood.oid)} had succeeded`;
  const jobs =
    details?.workflows.flatMap((each) => each.jobs.map((job) => `${each.name}: ${job}`)) ?? [];
  const run = details?.workflows.find(({ run_id }) => run_id !== null);
  return {
    severity: 'high',
    category: 'repositories',
    title: `Branch ${branch.slice(0, 40)} of ${name.slice(0, 90)} fails: ${counted(count, 'commit')} in a row`,
    description:
      `The first bad commit is ${shortened(firstBad.oid)} of ${authorOf(firstBad).slice(0, 100)}, ${ago} ago, ${since}. ` +
      `Ask its author first.${jobs.length > 0 ? ` Failing now: ${jobs.slice(0, 5).join(', ').slice(0, 300)}.` : ''}`,
    component: name,
    key: name,
    metadata: {
      branch,
      failing_commits: count,
      first_bad: {
        oid: firstBad.oid,
        author: authorOf(firstBad),
        committed_at: firstBad.committedDate,
      },
      newest: { oid: newest.oid, author: authorOf(newest), committed_at: newest.committedDate },
      last_good: lastGood?.oid ?? null,
      ...(run && { run_id: run.run_id, run_url: run.url }),
      ...(details && { workflows: details.workflows.slice(0, 5) }),
    },
    // Code is not at fault where GitHub starts no job.
    ...(details?.billing && { dependsOn: [billingOf(owner)] }),
  };
}
