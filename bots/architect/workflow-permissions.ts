/** Repositories whose workflows may write by default: a workflow that runs foreign code could change the code of the repository. */
import { GitHubError, z, type GitHub } from '../../src/bot.ts';
import type { CheckContext, CheckResult, ReportedFinding } from '../../src/bot.ts';
import type { Config } from './config.ts';
import { open, orSkip } from './open.ts';
import { readInTurn, type TurnRead } from './read-in-turn.ts';

const permissions = z.object({
  default_workflow_permissions: z.enum(['read', 'write']),
  can_approve_pull_request_reviews: z.boolean(),
});
type Permissions = z.infer<typeof permissions>;

async function readPermissions(client: GitHub, name: string): Promise<Permissions> {
  const [owner = '', repo = ''] = name.split('/');
  const found = await client.ask((rest) =>
    rest.actions.getGithubActionsDefaultWorkflowPermissionsRepository({ owner, repo }),
  );
  const read = permissions.safeParse(found);
  if (!read.success)
    throw new GitHubError('GitHub answered no permissions', { fault: 'server', status: 200 });
  return read.data;
}

export async function findWidePermissions(
  config: Config,
  context: CheckContext,
): Promise<CheckResult> {
  const client = await orSkip(config, context, () => open(config, context));
  const read: TurnRead<Permissions> = await orSkip(config, context, () =>
    readInTurn('workflow-permissions', config, context, (name) => readPermissions(client, name)),
  );
  const findings = [...read.answers].flatMap(([name, found]) => judge(name, found));
  return read.result(
    findings,
    client.usage.restPoints,
    'permissions of workflows (Administration: read)',
  );
}

/** That workflows may approve does no harm by itself: a token that may only read cannot approve. */
function judge(name: string, found: Permissions): ReportedFinding[] {
  if (found.default_workflow_permissions === 'read') return [];
  const approves = found.can_approve_pull_request_reviews;
  return [
    {
      severity: approves ? 'medium' : 'low',
      category: 'repositories',
      title: `Workflows of ${name.slice(0, 100)} may write${approves ? ' and approve pull requests' : ''} by default`,
      description:
        'Set the default to read (Settings, Actions, Workflow permissions), and let each workflow name the permissions that it needs.',
      component: name,
      key: name,
      metadata: { ...found },
    },
  ];
}
