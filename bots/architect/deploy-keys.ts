/** Deploy keys that are not used any more: each of them opens the repository to whoever has its other half. */
import { GitHubError, z, type GitHub } from '../../src/bot.ts';
import type { CheckContext, CheckResult, ReportedFinding } from '../../src/bot.ts';
import { counted } from '../parts/in-words.ts';
import { daysBefore } from '../parts/time.ts';
import type { Config } from './config.ts';
import { open, orSkip } from './open.ts';
import { readInTurn, type TurnRead } from './read-in-turn.ts';

const keys = z.array(
  z.object({
    id: z.number(),
    title: z.string(),
    read_only: z.boolean(),
    created_at: z.coerce.date(),
    last_used: z.coerce.date().nullish(),
  }),
);
type Key = z.infer<typeof keys>[number];

/** A key that was never used counts from its making. */
const isStale = ({ last_used, created_at }: Key, before: Date): boolean =>
  (last_used ?? created_at) <= before;

async function readKeys(client: GitHub, name: string): Promise<Key[]> {
  const [owner = '', repo = ''] = name.split('/');
  const found = await client.ask((rest) =>
    rest.repos.listDeployKeys({ owner, repo, per_page: 100 }),
  );
  const read = keys.safeParse(found);
  if (!read.success)
    throw new GitHubError('GitHub answered no list of keys', { fault: 'server', status: 200 });
  return read.data;
}

export async function findStaleKeys(config: Config, context: CheckContext): Promise<CheckResult> {
  const client = await orSkip(config, context, () => open(config, context));
  const read: TurnRead<Key[]> = await orSkip(config, context, () =>
    readInTurn('deploy-keys', config, context, (name) => readKeys(client, name)),
  );
  const before = daysBefore(context.now, config.unused_key_days);
  const findings = [...read.answers].flatMap(([name, found]) => {
    const stale = found.filter((key) => isStale(key, before));
    return stale.length > 0 ? [findingOf(name, stale, config)] : [];
  });
  return read.result(findings, client.usage.restPoints, 'deploy keys (Administration: read)');
}

function findingOf(name: string, stale: Key[], { unused_key_days }: Config): ReportedFinding {
  const writing = stale.filter(({ read_only }) => !read_only);
  return {
    severity: writing.length > 0 ? 'medium' : 'low',
    category: 'repositories',
    title: `${counted(stale.length, 'deploy key')} of ${name.slice(0, 90)} ${stale.length === 1 ? 'was' : 'were'} not used for ${unused_key_days} days`,
    description:
      `${counted(writing.length, 'of them may write', 'of them may write')}. Remove those that no server needs any more, in the settings of ` +
      'the repository.',
    component: name,
    key: name,
    metadata: {
      keys: stale.slice(0, 20).map(({ id, title, read_only, created_at, last_used }) => ({
        id,
        title: title.slice(0, 100),
        may_write: !read_only,
        created_at,
        last_used: last_used ?? null,
      })),
    },
  };
}
