/** Asks about the repositories that are in turn, one after the other. */
import { GitHubError } from '../../src/bot.ts';
import type { CheckContext, CheckResult, ReportedFinding } from '../../src/bot.ts';
import { counted } from '../parts/in-words.ts';
import type { Config } from './config.ts';
import { secretOf } from './open.ts';
import { activeRepositories, nextInTurn } from './turns.ts';

export interface TurnRead<Answer> {
  answers: Map<string, Answer>;
  /** The check's result. `what`: what the token has to be allowed to read, for the finding where it is not. */
  result(findings: ReportedFinding[], points: number, what: string): CheckResult;
}

const permissionKey = 'permission';

/** Faults about one repository; others stop the check. */
const isAboutOne = (error: unknown): error is GitHubError =>
  error instanceof GitHubError && ['forbidden', 'gone', 'invalid', 'server'].includes(error.fault);

/** Throws GitHubError where GitHub limits requests or takes no token, and where it answers nothing at all. */
export async function readInTurn<Answer>(
  check: string,
  config: Config,
  context: CheckContext,
  read: (name: string) => Promise<Answer>,
): Promise<TurnRead<Answer>> {
  const { all } = await activeRepositories(check, config, context);
  const { names, remember } = nextInTurn(all, context.remembered, config.slow_days);
  const answers = new Map<string, Answer>();
  const closed: string[] = [];
  let failed: GitHubError | undefined;
  for (const name of names)
    try {
      answers.set(name, await read(name));
    } catch (error) {
      if (!isAboutOne(error)) throw error;
      if (error.fault === 'forbidden' || error.fault === 'gone') closed.push(name);
      else failed = error;
    }
  if (failed && answers.size === 0 && closed.length === 0) throw failed;
  return {
    answers,
    result: (findings, points, what) => ({
      examined: [
        ...answers.keys(),
        ...(answers.size > 0 || closed.length > 0 ? [permissionKey] : []),
      ],
      findings: [
        ...findings.slice(0, config.max_findings),
        // A token that may read it of one repository lacks no permission: the others are special.
        ...(closed.length > 0 && answers.size === 0
          ? [permissionFinding(config, closed, what)]
          : []),
      ],
      figures: [
        { name: 'repositories in this turn', value: names.length },
        { name: 'of', value: all.length },
        { name: 'points', value: points },
      ],
      truncated: findings.length > config.max_findings,
      remember,
    }),
  };
}

const permissionFinding = (config: Config, names: string[], what: string): ReportedFinding => ({
  severity: 'low',
  category: 'repositories',
  title: `${secretOf(config)} may not read ${what}`,
  description: `GitHub refused it for ${counted(names.length, 'repository', 'repositories')}. The page github.md of the documentation lists the permissions.`,
  component: secretOf(config),
  key: permissionKey,
  metadata: { sample: names.slice(0, 20) },
});
