/** Why GitHub refuses to write issues: the error alone does not say whether it is the token, the repository or one issue. */
import { z } from 'zod';
import type { GitHub } from './client.ts';
import { GitHubError } from './error.ts';

const repository = z.object({
  archived: z.boolean().nullish(),
  disabled: z.boolean().nullish(),
  has_issues: z.boolean().nullish(),
});

/** `is`: what is refused; an issue is refused alone only where it exists, so that the token could write there before. */
interface Refused {
  owner: string;
  repo: string;
  is: 'repository' | 'issue';
}

/** The same error, with what the repository says of itself. Other errors, and those that asking it brings, leave it as it is. */
export async function explained(
  client: GitHub,
  { owner, repo, is }: Refused,
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof GitHubError) || !['forbidden', 'gone'].includes(error.fault)) return error;
  const { fault, status, message } = error;
  const name = `${owner}/${repo}`;
  const because = (words: string, of: 'repository' | 'issue') =>
    new GitHubError(words, { fault, status, of });
  try {
    const found = repository.safeParse(await client.ask((rest) => rest.repos.get({ owner, repo })));
    if (!found.success) return error;
    const { archived, disabled, has_issues } = found.data;
    if (archived)
      return because(`${name} is archived, so that nothing can be written there`, 'repository');
    if (disabled) return because(`${name} is disabled by GitHub`, 'repository');
    if (has_issues === false)
      return because(`the issues of ${name} are switched off`, 'repository');
    return because(`${name}: ${message}`, is);
  } catch (other) {
    if (!(other instanceof GitHubError)) throw other;
    return other.fault === 'gone'
      ? because(`there is no repository ${name}, or the token may not see it`, 'repository')
      : error;
  }
}
