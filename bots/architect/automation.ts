/** Storms of commits by a program: a bot that answers itself, or a schedule that writes in each run. */
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import { hoursBefore } from '../parts/time.ts';
import type { Config } from './config.ts';
import { standingOf, unknownIn } from './standing.ts';
import { maxCommits, present, type Commit } from './standing-query.ts';

/** The program that made the commit; null if it was a person. Accounts of apps have names that end with `[bot]`. */
function automationOf({ author }: Commit, { automations }: Config): string | null {
  const login = author?.user?.login;
  const names = [author?.name, login].filter((name) => typeof name === 'string');
  return names.find((name) => name.endsWith('[bot]') || automations.includes(name)) ?? null;
}

export async function findStorms(config: Config, context: CheckContext): Promise<CheckResult> {
  const standing = await standingOf('automation', config, context);
  const { answered } = standing;
  const from = hoursBefore(context.now, 1);
  const storms: { name: string; by: string; count: number }[] = [];
  let most = 0;
  for (const [name, found] of answered.found) {
    const counts = new Map<string, number>();
    for (const commit of present(found.defaultBranchRef?.target?.history)) {
      const by = commit.committedDate >= from ? automationOf(commit, config) : null;
      if (by !== null) counts.set(by, (counts.get(by) ?? 0) + 1);
    }
    for (const [by, count] of counts) {
      most = Math.max(most, count);
      if (count >= config.commits_an_hour) storms.push({ name, by, count });
    }
  }
  storms.sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
  return {
    examined: { count: answered.found.size, except: unknownIn(standing) },
    findings: storms.slice(0, config.max_findings).map(({ name, by, count }) => ({
      severity: 'medium',
      category: 'repositories',
      title: `Program ${by.slice(0, 50)} made ${count === maxCommits ? `${count} or more` : count} commits in ${name.slice(0, 80)} in an hour`,
      description:
        'It may answer its own commits, or commit in each run of a schedule. Each commit starts the workflows of the branch.',
      component: name,
      key: name,
      metadata: { automation: by, commits: count },
    })),
    figures: [
      { name: 'most commits of one program in an hour', value: most },
      { name: 'repositories with a storm', value: storms.length },
    ],
    truncated: storms.length > config.max_findings,
  };
}
