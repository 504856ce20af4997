/**
 * Has GitHub run the failed jobs of a workflow once more: a flaky test, or a registry that was away for a minute. The run is the one
 * that the finding names (`run_id`), in the repository that it is about. What the jobs do, a deployment for example, cannot be taken back.
 */
import { defineRemedy, NotAppliedError, z, type GitHub } from '../../src/bot.ts';
import type { RemedyContext } from '../../src/bot.ts';
import { openWith, orNotApplied, repositoryName, signIn } from '../parts/github-for-remedies.ts';

const params = z.strictObject(signIn);
type Params = z.infer<typeof params>;

const named = z.object({ run_id: z.int().positive() });
const shape = z.object({
  status: z.string(),
  conclusion: z.string().nullable(),
  run_attempt: z.int().default(1),
});

/** Throws {@link NotAppliedError} where the finding names no run of a workflow. */
function runOf({ target }: RemedyContext): { owner: string; repo: string; run_id: number } {
  const repository = repositoryName.safeParse(target.component).data;
  const run = named.safeParse(target.metadata).data;
  if (repository === undefined || run === undefined)
    throw new NotAppliedError('the finding names no run of a workflow');
  const [owner = '', repo = ''] = repository.split('/');
  return { owner, repo, run_id: run.run_id };
}

const read = async (client: GitHub, run: ReturnType<typeof runOf>) =>
  shape.parse(await client.ask((rest) => rest.actions.getWorkflowRun(run)));

/** A run that goes on, succeeded, or was run again before is left as it is: once is enough to tell chance from a fault. */
const isRerun = ({ status, conclusion, run_attempt }: z.infer<typeof shape>): boolean =>
  status !== 'completed' || conclusion === 'success' || run_attempt > 1;

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
      if (isRerun(before)) throw new NotAppliedError('the run goes on, or was run again already');
      await client.ask((rest) => rest.actions.reRunWorkflowFailedJobs(run));
      return {
        summary: `had GitHub run the failed jobs of run ${run.run_id} of ${context.target.component} again`,
        before,
        after: { run_id: run.run_id, run_attempt: before.run_attempt + 1 },
      };
    });
  },
});
