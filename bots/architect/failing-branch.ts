/** Whether the checks of a default branch have failed for its newest commits in a row, and since which one. */
import type { Config } from './config.ts';
import { present, type Commit, type RepositoryAnswer } from './standing-query.ts';

export interface Failure {
  /** as it was asked */
  name: string;
  branch: string;
  owner: string;
  /** commits with a result that fail, without one between them that succeeds */
  count: number;
  /** the newest and the oldest of them */
  newest: Commit;
  firstBad: Commit;
  /** the newest commit before them that succeeded; null if it is not among those that were read */
  lastGood: Commit | null;
}

const isBad = ({ statusCheckRollup }: Commit): boolean =>
  ['FAILURE', 'ERROR'].includes(statusCheckRollup?.state ?? '');
const isGood = ({ statusCheckRollup }: Commit): boolean => statusCheckRollup?.state === 'SUCCESS';

/**
 * Commits without a result do not count, neither way: of many commits that are pushed together only the last one is checked, and
 * those of the last minutes are being checked. Null where it fails less often than `failures_in_row`.
 */
export function failureIn(
  name: string,
  { isArchived, owner, defaultBranchRef }: RepositoryAnswer,
  { failures_in_row }: Config,
): Failure | null {
  if (isArchived || !defaultBranchRef) return null;
  const commits = present(defaultBranchRef.target?.history);
  const goodAt = commits.findIndex(isGood);
  const bad = commits.slice(0, goodAt === -1 ? undefined : goodAt).filter(isBad);
  const [newest] = bad;
  if (!newest || bad.length < failures_in_row) return null;
  return {
    name,
    branch: defaultBranchRef.name,
    owner: owner.login,
    count: bad.length,
    newest,
    firstBad: bad.at(-1)!,
    lastGood: goodAt === -1 ? null : commits[goodAt]!,
  };
}

/**
 * Whether a result is awaited after which the branch may fail as often as that: a push, or failed jobs that run again. Until then it
 * is not known whether the branch is repaired.
 */
export function isAwaited({ defaultBranchRef }: RepositoryAnswer): boolean {
  const commits = present(defaultBranchRef?.target?.history);
  const goodAt = commits.findIndex(isGood);
  const since = commits.slice(0, goodAt === -1 ? undefined : goodAt);
  return (
    since.some(isBad) &&
    since.some(({ statusCheckRollup }) => statusCheckRollup?.state === 'PENDING')
  );
}

/** The author of a commit as people would ask for them: `@login`, else the name in the commit. */
export function authorOf({ author }: Commit): string {
  if (author?.user) return `@${author.user.login}`;
  return author?.name?.trim() || 'an unknown author';
}
