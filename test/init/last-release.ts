/** The release before this one, as far as the history of the checkout tells it. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

function git(...args: string[]): string | null {
  try {
    return execFileSync('git', args, { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim();
  } catch {
    return null;
  }
}

const first = (lines: string | null): string | null => lines?.split('\n')[0] || null;

/** From this version on, migrations are only added: what is older cannot be upgraded. */
const isRelease = (version: string | undefined): boolean =>
  /^(?!0\.0\.)\d+\.\d+\.\d+$/.test(version ?? '');

const versionAt = (commit: string): string | undefined =>
  /"version": "([^"]+)"/.exec(git('show', `${commit}:package.json`) ?? '')?.[1];

/**
 * The commit of the last release: that of the newest tag `v*`, without the one of the present commit; in a clone without tags the newest one
 * that has a released version which a later commit changes, else the one that has set the version of now. `commit` is null where the release is
 * this checkout itself, and the answer where nothing is known: a shallow clone, or no git.
 */
export function lastRelease(): { commit: string | null } | null {
  const head = git('rev-parse', 'HEAD');
  if (head === null) return null;
  const tags = (git('tag', '--list', 'v*', '--sort=-v:refname', '--merged', 'HEAD') ?? '')
    .split('\n')
    .filter((tag) => /^v\d+\.\d+\.\d+$/.test(tag));
  const commits = tags.map((tag) => git('rev-list', '-n', '1', tag));
  const older = commits.find((commit) => commit !== head);
  if (older) return { commit: older };
  if (commits.length > 0) return { commit: null };
  if (git('rev-parse', '--is-shallow-repository') === 'true') return null;
  const setBy = first(git('log', '--format=%H', '-G"version":', '--', 'package.json'));
  if (setBy === null) return null;
  const before = git('rev-parse', `${setBy}^`);
  if (before !== null && isRelease(versionAt(before))) return { commit: before };
  return isRelease(versionAt(setBy)) ? { commit: setBy } : null;
}
