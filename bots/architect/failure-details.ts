/** What failed at the head of a default branch: the workflows, their jobs, and whether it was the account's billing. */
import { GitHubError, z, type GitHub } from '../../src/bot.ts';
import type { CheckContext } from '../../src/bot.ts';
import { minuteMs } from '../parts/time.ts';
import { askMany } from './ask-many.ts';
import type { Failure } from './failing-branch.ts';
import { present } from './standing-query.ts';

export interface FailureDetails {
  workflows: { name: string; url: string; run_id: number | null; jobs: string[] }[];
  /** what GitHub said where the account, and no code, is the reason */
  billing: string | null;
}

/** One query of five costs one point. Where more branches fail, each run looks at the next five. */
const perRun = 5;

interface Nodes<Item> {
  nodes?: (Item | null)[] | null | undefined;
}

/** An answer of {@link fields}: a part is null where GitHub has nothing there. */
interface Answer {
  defaultBranchRef?: { target?: { checkSuites?: Nodes<FailedSuite> | null } | null } | null;
}

interface FailedSuite {
  conclusion?: string | null;
  workflowRun?: {
    databaseId?: number | null;
    url: string;
    workflow?: { name: string } | null;
  } | null;
  checkRuns?: Nodes<{ name: string; annotations?: Nodes<{ message: string }> | null }> | null;
}

const list = (item: z.ZodType) => z.object({ nodes: z.array(item.nullable()).nullish() }).nullish();

const suite = z.object({
  conclusion: z.string().nullish(),
  workflowRun: z
    .object({
      databaseId: z.number().nullish(),
      url: z.string(),
      workflow: z.object({ name: z.string() }).nullish(),
    })
    .nullish(),
  checkRuns: list(
    z.object({ name: z.string(), annotations: list(z.object({ message: z.string() })) }),
  ),
});

const shape = z.object({
  defaultBranchRef: z
    .object({ target: z.object({ checkSuites: list(suite) }).nullish() })
    .nullish(),
}) as z.ZodType<Answer>;

const fields = `
  defaultBranchRef {
    target {
      ... on Commit {
        checkSuites(first: 8) {
          nodes {
            conclusion
            workflowRun { databaseId url workflow { name } }
            checkRuns(first: 2, filterBy: {checkType: LATEST, conclusions: [FAILURE, STARTUP_FAILURE, TIMED_OUT]}) {
              nodes { name annotations(first: 1) { nodes { message } } }
            }
          }
        }
      }
    }
  }`;

/**
 * What GitHub writes on a job that it does not start. It is compared from its beginning on, because workflows write annotations, too,
 * and a failing test may speak of a spending limit.
 */
const aboutBilling =
  /^The job was not started because .{0,200}(payments? (have|has) failed|spending limit|billing|budget|quota|minutes)/i;

const failed = new Set(['FAILURE', 'STARTUP_FAILURE', 'TIMED_OUT']);

/** Never rejects for a fault of GitHub's: a finding without details is better than none. */
export async function readFailures(
  client: GitHub,
  failures: readonly Failure[],
  { now }: CheckContext,
): Promise<{ details: Map<string, FailureDetails>; points: number }> {
  const details = new Map<string, FailureDetails>();
  const begin =
    failures.length > perRun
      ? (Math.floor(now.getTime() / (15 * minuteMs)) * perRun) % failures.length
      : 0;
  const chosen = [...failures.slice(begin), ...failures.slice(0, begin)].slice(0, perRun);
  if (chosen.length === 0) return { details, points: 0 };
  try {
    const names = chosen.map(({ name }) => name);
    const answered = await askMany(client, names, perRun, { fields, shape });
    for (const [name, found] of answered.found) details.set(name, detailsOf(found));
    return { details, points: answered.points };
  } catch (error) {
    if (!(error instanceof GitHubError)) throw error;
    return { details, points: 1 };
  }
}

function detailsOf({ defaultBranchRef }: Answer): FailureDetails {
  const suites = present(defaultBranchRef?.target?.checkSuites).filter(({ conclusion }) =>
    failed.has(conclusion ?? ''),
  );
  const messages = suites.flatMap(({ checkRuns }) =>
    present(checkRuns).flatMap(({ annotations }) =>
      present(annotations).map(({ message }) => message),
    ),
  );
  return {
    workflows: suites.flatMap(({ workflowRun, checkRuns }) =>
      workflowRun
        ? [
            {
              name: workflowRun.workflow?.name ?? 'a workflow',
              url: workflowRun.url,
              run_id: workflowRun.databaseId ?? null,
              jobs: present(checkRuns).map(({ name }) => name),
            },
          ]
        : [],
    ),
    billing: messages.find((message) => aboutBilling.test(message))?.slice(0, 500) ?? null,
  };
}
