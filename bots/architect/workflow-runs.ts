/** Workflows of default branches that wait for a runner for too long, or do not end. */
import type { CheckContext, CheckResult, ReportedFinding } from '../../src/bot.ts';
import { span } from '../parts/in-words.ts';
import { minuteMs } from '../parts/time.ts';
import { billingOf } from './billing.ts';
import type { Config } from './config.ts';
import { standingOf, unknownIn } from './standing.ts';
import { present, type RepositoryAnswer, type Suite } from './standing-query.ts';

/** A suite that waits for an approval of a deployment (WAITING) waits for a person. */
const waiting = new Set(['QUEUED', 'PENDING', 'REQUESTED']);

interface Late {
  name: string;
  owner: string;
  suite: Suite;
  run: NonNullable<Suite['workflowRun']>;
  ms: number;
  isWaiting: boolean;
}

/** A suite without a workflow belongs to an app, which may never report: GitHub makes one for each app that could. */
const lateIn = (name: string, found: RepositoryAnswer, config: Config, now: Date): Late[] =>
  present(found.defaultBranchRef?.target?.checkSuites).flatMap((suite) => {
    const { workflowRun: run, status, createdAt } = suite;
    const isWaiting = waiting.has(status);
    if (!run || found.isArchived || !(isWaiting || status === 'IN_PROGRESS')) return [];
    const ms = now.getTime() - createdAt.getTime();
    const most = isWaiting ? config.queued_minutes : config.running_minutes;
    return ms > most * minuteMs
      ? [{ name, owner: found.owner.login, suite, run, ms, isWaiting }]
      : [];
  });

export async function findStuck(config: Config, context: CheckContext): Promise<CheckResult> {
  const standing = await standingOf('workflow-runs', config, context);
  const { answered } = standing;
  const late = [...answered.found].flatMap(([name, found]) =>
    lateIn(name, found, config, context.now),
  );
  // One finding for each repository: its oldest one.
  const byName = new Map<string, Late[]>();
  for (const each of late.toSorted((a, b) => b.ms - a.ms))
    byName.set(each.name, [...(byName.get(each.name) ?? []), each]);
  return {
    examined: { count: answered.found.size, except: unknownIn(standing) },
    findings: [...byName.values()].slice(0, config.max_findings).map(findingOf),
    figures: [
      {
        name: 'workflows that wait for too long',
        value: late.filter(({ isWaiting }) => isWaiting).length,
      },
      {
        name: 'workflows that run for too long',
        value: late.filter(({ isWaiting }) => !isWaiting).length,
      },
    ],
    truncated: byName.size > config.max_findings,
  };
}

function findingOf(late: Late[]): ReportedFinding {
  const [{ name, owner, run, ms, isWaiting }] = late as [Late, ...Late[]];
  const workflow = (run.workflow?.name ?? 'A workflow').slice(0, 60);
  return {
    severity: 'medium',
    category: 'repositories',
    title: `Workflow of ${name.slice(0, 90)} ${isWaiting ? 'has waited' : 'has run'} for ${span(ms / 1_000)}`,
    description: isWaiting
      ? `No runner takes ${workflow}: there is none with its labels, none is free, or GitHub has an outage.`
      : `${workflow} does not end. Each minute may cost money, and later runs may wait for it.`,
    component: name,
    key: name,
    metadata: {
      workflow,
      run_id: run.databaseId ?? null,
      run_url: run.url,
      others: late.length - 1,
    },
    ...(isWaiting && { dependsOn: [billingOf(owner)] }),
  };
}
