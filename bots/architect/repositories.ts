/** The repositories that the architect watches: those of the active apps of `app_catalog`, and those of its settings. */
import { webHostOf } from '../../src/bot.ts';
import type { CheckContext } from '../../src/bot.ts';
import type { Config } from './config.ts';
import { repositoryOf } from './repository-name.ts';

export interface Repositories {
  /** `owner/name` in lower case, sorted */
  names: string[];
  /** those beyond max_repositories: nothing is known about them */
  beyond: string[];
  /** the slugs of apps whose repository is at another host */
  elsewhere: string[];
  /** apps whose repository_url names no repository, with that text */
  unreadable: { slug: string; address: string }[];
  /** active apps, and those of them with an address */
  apps: number;
  addressed: number;
  /** the catalogue is longer than what is read of it */
  truncated: boolean;
}

/** How many rows of the catalogue are read at most. */
const maxRows = 5_000;

export async function readRepositories(
  { repositories, ignore, base_url, max_repositories }: Config,
  { db }: Pick<CheckContext, 'db'>,
): Promise<Repositories> {
  const rows = await db
    .selectFrom('app_catalog')
    .select(['slug', 'repository_url'])
    .where('status', '=', 'active')
    .orderBy('slug')
    .limit(maxRows + 1)
    .execute();
  const host = webHostOf(base_url);
  const left = new Set(ignore.map((each) => each.toLowerCase()));
  const names = new Set(repositories.map((each) => each.toLowerCase()));
  const elsewhere: string[] = [];
  const unreadable: Repositories['unreadable'] = [];
  const read = rows.slice(0, maxRows);
  const addressed = read.flatMap(({ slug, repository_url }) => {
    const address = repository_url?.trim() ?? '';
    return address === '' ? [] : [{ slug, address }];
  });
  for (const { slug, address } of addressed) {
    const found = repositoryOf(address, host);
    if (found === null) unreadable.push({ slug, address });
    else if (found === 'elsewhere') elsewhere.push(slug);
    else names.add(found);
  }
  const watched = [...names].filter((name) => !left.has(name)).toSorted();
  return {
    names: watched.slice(0, max_repositories),
    beyond: watched.slice(max_repositories),
    elsewhere,
    unreadable,
    apps: read.length,
    addressed: addressed.length,
    truncated: rows.length > maxRows,
  };
}
