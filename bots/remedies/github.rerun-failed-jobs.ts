/**
 * Has GitHub run the failed jobs of a workflow once more: a flaky test, or a registry that was away for a minute. The run is the one
 * that the finding names (`run_id`), in the repository that it is about. What the jobs do, a deployment for example, cannot be taken back.
 */
import { defineRemedy, GitHubError, NotAppliedError, z, type GitHub } from '../../src/bot.ts';
import type { RemedyContext } from '../../src/bot.ts';
import { openWith, orNotApplied, repositoryName, signIn } from '../parts/github-for-remedies.ts';

const params = z.strictObject(signIn);
type Params = z.infer<typeof params>;

const named = z.object({ run_id: z.int().positive() });
const shape = z.object({
  status: z.string(),
  conclusion: z.string().nullable(),
  run_attempt: z.int().default(1),
  head_sha: z.string().nullish(),
  created_at: z.coerce.date().nullish(),
});
type Run = z.infer<typeof shape>;

/** GitHub runs jobs again within 30 days of their first run (docs.github.com/actions/how-tos/manage-workflow-runs/re-run-workflows-and-jobs). */
const maxAgeMs = 30 * 86_400_000;

/** Throws {@link NotAppliedError} where the finding names no run of a workflow. */
function runOf({ target }: RemedyContext): { owner: string; repo: string; run_id: number } {
  const repository = repositoryName.safeParse(target.component).data;
  const run = named.safeParse(target.metadata).data;
  if (repository === undefined || run === undefined)
    throw new NotAppliedError('the finding names no run of a workflow');
  const [owner = '', repo = ''] = repository.split('/');
  return { owner, repo, run_id: run.run_id };
}

async function read(client: GitHub, run: ReturnType<typeof runOf>): Promise<Run> {
  const found = shape.safeParse(await client.ask((rest) => rest.actions.getWorkflowRun(run)));
  if (found.success) return found.data;
  throw new GitHubError('GitHub answered no run of a workflow', { fault: 'server', status: 200 });
}

const head = z.object({
  repository: z.object({ defaultBranchRef: z.object({ target: z.object({ oid: z.string() }) }) }),
});

/** The newest commit of the default branch; null where there is none. */
async function headOf(client: GitHub, owner: string, repo: string): Promise<string | null> {
  const { data } = await client.query(
    'query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { defaultBranchRef { target { oid } } } }',
    { owner, name: repo },
  );
  return head.safeParse(data).data?.repository.defaultBranchRef.target.oid ?? null;
}

/** Throws {@link NotAppliedError} where GitHub would refuse, or where old code might be deployed over newer one. */
async function refuseUseless(
  client: GitHub,
  { owner, repo }: ReturnType<typeof runOf>,
  run: Run,
  now: Date,
): Promise<void> {
  if (isRerun(run)) throw new NotAppliedError('the run goes on, or was run again already');
  if (run.created_at && now.getTime() - run.created_at.getTime() > maxAgeMs)
    throw new NotAppliedError('the run is older than 30 days, and GitHub runs none of these again');
  const newest = await headOf(client, owner, repo);
  if (run.head_sha && newest !== null && newest !== run.head_sha)
    throw new NotAppliedError(
      'the branch has a newer commit since: its own checks say whether it is repaired, and jobs of the older one might deploy it again',
    );
}

/** A run that goes on, succeeded, or was run again before is left as it is: once is enough to tell chance from a fault. */
const isRerun = ({ status, conclusion, run_attempt }: Run): boolean =>
  status !== 'completed' || conclusion === 'success' || run_attempt > 1;

/** GitHub answers the same to a token without a right and to a run that it does not run again. */
const refusalOf = (error: unknown): unknown =>
  error instanceof GitHubError && error.fault === 'forbidden'
    ? new NotAppliedError(
        `${error.message}; or the run goes on already, or GitHub does not run it again (it was run 50 times, or its workflow cannot be read)`,
      )
    : error;

export const rerunFailedJobs = defineRemedy<Params>({
  name: 'github.rerun-failed-jobs',
  title: 'Run the failed jobs of a workflow once more',
  risk: 'irreversible',
  outside: true,
  secrets: true,
  params,
  async isDone(given, context) {
    const run = runOf(context);
    return isRerun(await read(await openWith(given, context), run));
  },
  async apply(given, context) {
    const run = runOf(context);
    const client = await openWith(given, context);
    return orNotApplied(async () => {
      const before = await read(client, run);
      await refuseUseless(client, run, before, context.now);
      await client
        .ask((rest) => rest.actions.reRunWorkflowFailedJobs(run))
        .catch((error: unknown) => {
          throw refusalOf(error);
        });
      return {
        summary: `had GitHub run the failed jobs of run ${run.run_id} of ${context.target.component} again`,
        before,
        after: { run_id: run.run_id, run_attempt: before.run_attempt + 1 },
      };
    });
  },
});
