/** Checks that a default branch requires and that never report, so that nothing can be merged; and branches that require none. */
import { z } from '../../src/bot.ts';
import type { CheckContext, CheckResult, ReportedFinding } from '../../src/bot.ts';
import { counted } from '../parts/in-words.ts';
import { minutesBefore } from '../parts/time.ts';
import { askMany } from './ask-many.ts';
import type { Config } from './config.ts';
import { open, orSkip } from './open.ts';
import { activeRepositories, nextInTurn } from './turns.ts';

/** A quarter of a day: what a branch requires changes seldom, and each pull request is read with its checks. */
const days = 0.25;
/** How many of the newest pull requests are read. */
const maxPulls = 3;
/** A check that is missing from fewer of them may have been skipped by a filter of paths. */
const minPulls = 2;

interface Nodes<Item> {
  nodes?: (Item | null)[] | null | undefined;
}
interface Context {
  name?: string | undefined;
  context?: string | undefined;
}
interface Answer {
  defaultBranchRef?: {
    name: string;
    refUpdateRule?: { requiredStatusCheckContexts?: (string | null)[] | null } | null;
    rules?: Nodes<{
      parameters?: { requiredStatusChecks?: { context: string }[] | undefined } | null;
    }> | null;
  } | null;
  pullRequests?: Nodes<{
    number: number;
    isDraft: boolean;
    baseRefName: string;
    commits?: Nodes<{
      commit: {
        committedDate: Date;
        statusCheckRollup?: { contexts?: Nodes<Context> | null } | null;
      };
    }> | null;
  }> | null;
}

const list = (item: z.ZodType) => z.object({ nodes: z.array(item.nullable()).nullish() }).nullish();

const shape = z.object({
  defaultBranchRef: z
    .object({
      name: z.string(),
      refUpdateRule: z
        .object({ requiredStatusCheckContexts: z.array(z.string().nullable()).nullish() })
        .nullish(),
      rules: list(
        z.object({
          parameters: z
            .object({ requiredStatusChecks: z.array(z.object({ context: z.string() })).optional() })
            .nullish(),
        }),
      ),
    })
    .nullish(),
  pullRequests: list(
    z.object({
      number: z.number(),
      isDraft: z.boolean(),
      baseRefName: z.string(),
      commits: list(
        z.object({
          commit: z.object({
            committedDate: z.coerce.date(),
            statusCheckRollup: z
              .object({
                contexts: list(
                  z.object({ name: z.string().optional(), context: z.string().optional() }),
                ),
              })
              .nullish(),
          }),
        }),
      ),
    }),
  ),
}) as z.ZodType<Answer>;

/** `refUpdateRule` is the part of a branch protection that needs no right of an administrator. */
const fields = `
  defaultBranchRef {
    name
    refUpdateRule { requiredStatusCheckContexts }
    rules(first: 30) {
      nodes { parameters { ... on RequiredStatusChecksParameters { requiredStatusChecks { context } } } }
    }
  }
  pullRequests(first: ${maxPulls}, states: [OPEN, MERGED], orderBy: {field: CREATED_AT, direction: DESC}) {
    nodes {
      number isDraft baseRefName
      commits(last: 1) {
        nodes {
          commit {
            committedDate
            statusCheckRollup {
              contexts(first: 100) {
                nodes { ... on CheckRun { name } ... on StatusContext { context } }
              }
            }
          }
        }
      }
    }
  }`;

const present = <Item>(read: Nodes<Item> | null | undefined): Item[] =>
  (read?.nodes ?? []).filter((each): each is Item => each !== null);

function requiredIn({ defaultBranchRef }: Answer): string[] {
  const classic = defaultBranchRef?.refUpdateRule?.requiredStatusCheckContexts ?? [];
  const ruled = present(defaultBranchRef?.rules).flatMap(
    ({ parameters }) => parameters?.requiredStatusChecks?.map(({ context }) => context) ?? [],
  );
  return [...new Set([...classic, ...ruled])].filter((each) => each !== null).toSorted();
}

/** What was reported for each of the newest pull requests whose checks have had time to report. */
const reportedIn = ({ defaultBranchRef, pullRequests }: Answer, before: Date): Set<string>[] =>
  present(pullRequests)
    .filter(({ isDraft, baseRefName }) => !isDraft && baseRefName === defaultBranchRef?.name)
    .flatMap(({ commits }) => {
      const [head] = present(commits);
      const contexts = present(head?.commit.statusCheckRollup?.contexts);
      if (!head || head.commit.committedDate > before || contexts.length === 0) return [];
      return [new Set(contexts.flatMap(({ name, context }) => name ?? context ?? []))];
    });

export async function findMissingChecks(
  config: Config,
  context: CheckContext,
): Promise<CheckResult> {
  const { all } = await activeRepositories('required-checks', config, context);
  const { names, remember } = nextInTurn(all, context.remembered, days);
  const client = await open(config, context);
  const answered = await orSkip(config, context, () =>
    askMany(client, names, config.per_query, { fields, shape }),
  );
  const before = minutesBefore(context.now, config.required_grace_minutes);
  const findings = [...answered.found].flatMap(([name, found]) =>
    judge(name, found, config, before),
  );
  return {
    examined: [...answered.found.keys()],
    findings: findings.slice(0, config.max_findings),
    figures: [
      { name: 'repositories in this turn', value: names.length },
      { name: 'of', value: all.length },
      { name: 'points', value: answered.points },
    ],
    truncated: findings.length > config.max_findings,
    remember,
  };
}

function judge(name: string, found: Answer, config: Config, before: Date): ReportedFinding[] {
  const branch = found.defaultBranchRef?.name;
  if (branch === undefined) return [];
  const required = requiredIn(found);
  const reported = reportedIn(found, before);
  const finding = (severity: 'medium' | 'low', title: string, description: string) => [
    {
      severity,
      category: 'repositories',
      title,
      description,
      component: name,
      key: name,
      metadata: { branch, required: required.slice(0, 50), pull_requests: reported.length },
    },
  ];
  if (required.length === 0)
    return config.expects_required_checks && reported.length > 0
      ? finding(
          'low',
          `Branch ${branch.slice(0, 40)} of ${name.slice(0, 90)} requires no checks`,
          'Pull requests can be merged while their checks fail. Add a rule for the branch that requires them.',
        )
      : [];
  const missing = required.filter((check) => !reported.some((checks) => checks.has(check)));
  if (reported.length < minPulls || missing.length === 0) return [];
  return finding(
    'medium',
    `${counted(missing.length, 'required check')} of ${name.slice(0, 90)} never ${missing.length === 1 ? 'reports' : 'report'}`,
    `None of the newest ${reported.length} pull requests has ${missing.slice(0, 5).join(', ').slice(0, 300)}. Pull requests wait for ` +
      'it for ever, or are merged by an administrator past the rule. It was probably renamed.',
  );
}
