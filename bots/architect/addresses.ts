/** Apps whose repository_url names no repository: the architect cannot watch them. It asks GitHub nothing. */
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import { shortened } from '../parts/in-words.ts';
import type { Config } from './config.ts';
import { readRepositories } from './repositories.ts';

export async function findUnreadable(config: Config, context: CheckContext): Promise<CheckResult> {
  const { unreadable, apps, addressed, elsewhere, names, beyond, truncated } =
    await readRepositories(config, context);
  const { max_findings } = config;
  return {
    examined: { count: apps, except: [] },
    findings: unreadable.slice(0, max_findings).map(({ slug, address }) => ({
      severity: 'low',
      category: 'repositories',
      title: `App ${shortened(slug, 80)} has a repository_url that names no repository`,
      description: 'It has to be an address such as https://github.com/owner/name.',
      component: shortened(slug),
      key: slug,
      metadata: { repository_url: address.slice(0, 500) },
      certain: true,
    })),
    figures: [
      { name: 'apps with a repository', value: addressed },
      { name: 'of them at another host', value: elsewhere.length },
      { name: 'repositories that are watched', value: names.length },
      { name: 'left out by max_repositories', value: beyond.length },
    ],
    truncated: truncated || unreadable.length > max_findings,
  };
}
