/** What the test server knows: organisations, users, repositories, and what has become of them. */

export type RollupState = 'SUCCESS' | 'FAILURE' | 'ERROR' | 'PENDING' | 'EXPECTED' | null;

export interface CommitState {
  oid: string;
  at: Date;
  /** the login of a user, or the name of a program */
  by: { login: string } | { name: string };
  state: RollupState;
}

export interface SuiteState {
  status: 'COMPLETED' | 'IN_PROGRESS' | 'QUEUED' | 'WAITING';
  conclusion?: 'SUCCESS' | 'FAILURE' | 'STARTUP_FAILURE';
  at: Date;
  /** null: of an app that is no workflow */
  workflow: { name: string; run: number } | null;
  runs?: { name: string; conclusion: 'FAILURE' | 'SUCCESS'; annotations?: string[] }[];
}

export interface PullState {
  number: number;
  draft?: boolean;
  base?: string;
  at: Date;
  contexts: string[];
}

export interface RepositoryState {
  owner: string;
  name: string;
  ownerType: 'Organization' | 'User';
  archived?: boolean;
  disabled?: boolean;
  /** false: its issues are switched off */
  hasIssues?: boolean;
  lockReason?: 'BILLING' | 'MIGRATING';
  branch: string;
  commits: CommitState[];
  suites: SuiteState[];
  pulls: PullState[];
  required: string[];
  ruled: string[];
  keys: object[];
  permissions: {
    default_workflow_permissions: 'read' | 'write';
    can_approve_pull_request_reviews: boolean;
  };
}

const sha = (seed: number): string => seed.toString(16).padStart(8, '0').padEnd(40, 'c');
let nextSha = 1;

export const commitOf = (
  at: Date,
  state: RollupState,
  by: CommitState['by'] = { login: 'ada' },
): CommitState => ({ oid: sha(nextSha++), at, by, state });

/** A healthy repository. */
export const repositoryState = (
  fullName: string,
  now: Date,
  more: Partial<RepositoryState> = {},
): RepositoryState => {
  const [owner = '', name = ''] = fullName.split('/');
  const ago = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
  return {
    owner,
    name,
    ownerType: 'Organization',
    branch: 'main',
    commits: [120, 240, 360, 480].map((minutes) => commitOf(ago(minutes), 'SUCCESS')),
    suites: [
      {
        status: 'COMPLETED',
        conclusion: 'SUCCESS',
        at: ago(119),
        workflow: { name: 'CI', run: 9_001 },
      },
    ],
    pulls: [1, 2, 3].map((number) => ({
      number,
      at: ago(number * 300),
      contexts: ['build', 'lint'],
    })),
    required: ['build'],
    ruled: [],
    keys: [],
    permissions: { default_workflow_permissions: 'read', can_approve_pull_request_reviews: false },
    ...more,
  };
};

/** The repository as GraphQL shows it: a plain object whose fields have the names of GitHub's schema. */
export function asGraphql(found: RepositoryState): object {
  const list = (nodes: object[]) => (args: { first?: number; last?: number }) => ({
    nodes: args.last === undefined ? nodes.slice(0, args.first) : nodes.slice(-args.last),
    totalCount: nodes.length,
  });
  const suites = found.suites.map(({ status, conclusion = null, at, workflow, runs = [] }) => ({
    status,
    conclusion,
    createdAt: at.toISOString(),
    workflowRun: workflow && {
      databaseId: workflow.run,
      url: `https://github.com/${found.owner}/${found.name}/actions/runs/${workflow.run}`,
      workflow: { name: workflow.name },
    },
    checkRuns: ({ first, filterBy }: { first: number; filterBy?: { conclusions?: string[] } }) => ({
      nodes: runs
        .filter(({ conclusion }) => filterBy?.conclusions?.includes(conclusion) ?? true)
        .slice(0, first)
        .map(({ name, annotations = [] }) => ({
          name,
          annotations: list(annotations.map((message) => ({ message }))),
        })),
    }),
  }));
  const commits = found.commits.map(({ oid, at, by, state }) => ({
    __typename: 'Commit',
    oid,
    committedDate: at.toISOString(),
    author:
      'login' in by ? { name: by.login, user: { login: by.login } } : { name: by.name, user: null },
    statusCheckRollup: state && { state },
  }));
  const [head] = commits;
  return {
    nameWithOwner: `${found.owner}/${found.name}`,
    isArchived: found.archived ?? false,
    isDisabled: found.disabled ?? false,
    isLocked: found.lockReason !== undefined,
    lockReason: found.lockReason ?? null,
    owner: { __typename: found.ownerType, login: found.owner },
    defaultBranchRef: head
      ? {
          name: found.branch,
          target: { ...head, history: list(commits), checkSuites: list(suites) },
          refUpdateRule:
            found.required.length > 0 ? { requiredStatusCheckContexts: found.required } : null,
          rules: list([
            { parameters: { __typename: 'PullRequestParameters' } },
            ...(found.ruled.length > 0
              ? [
                  {
                    parameters: {
                      __typename: 'RequiredStatusChecksParameters',
                      requiredStatusChecks: found.ruled.map((context) => ({ context })),
                    },
                  },
                ]
              : []),
          ]),
        }
      : null,
    pullRequests: list(
      found.pulls.map(({ number, draft = false, base = found.branch, at, contexts }) => ({
        number,
        isDraft: draft,
        baseRefName: base,
        commits: list([
          {
            commit: {
              committedDate: at.toISOString(),
              statusCheckRollup:
                contexts.length > 0
                  ? {
                      contexts: list(
                        contexts.map((name, place) =>
                          place % 2 === 0
                            ? { __typename: 'CheckRun', name }
                            : { __typename: 'StatusContext', context: name },
                        ),
                      ),
                    }
                  : null,
            },
          },
        ]),
      })),
    ),
  };
}
