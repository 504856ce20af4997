/**
 * Issues that Roundsman keeps are found again by a marker in the body, which says what the issue is about, and by a label. An issue
 * counts as ours only with both: anybody can write a marker into an issue of a public repository, but only who may write there can give
 * it a label.
 */
import type { GitHub } from './client.ts';
import { GitHubError } from './error.ts';

export interface IssuePlace {
  owner: string;
  repo: string;
  /** the label that all of them have */
  label: string;
  /** what the issue is about: letters, digits, spaces, `.`, `:` and single dashes */
  about: string;
  /** No issue about it is older. Then a search reads only what has changed since, however many issues there are. */
  since?: Date;
}

export interface Issue {
  number: number;
  title: string;
  body: string;
  isOpen: boolean;
}

/** How many pages are searched of the open issues, and of the closed ones, the newest first; of all that changed since. */
const maxPages = 10;
/** Ours have some 40,000 characters at most, so that a page of them is below the bound of an answer (send.ts). */
const pageSize = 50;
/** Those of other people may have 65,536, and GitHub writes some of them with six bytes each. */
const newestSize = 20;

/** Clocks of servers differ. */
const marginMs = 3_600_000;

export const markerOf = ({ about }: Pick<IssuePlace, 'about'>): string => {
  if (!/^[A-Za-z0-9.: ]+(-[A-Za-z0-9.: ]+)*$/.test(about))
    throw new Error('what an issue is about has to fit into a comment of HTML');
  return `<!-- roundsman: ${about} -->`;
};

export interface Listed {
  number: number;
  title: string;
  body: string | null;
  isOpen: boolean;
  labels: string[];
}

/**
 * An issue as GitHub answers it; null for a pull request. Throws {@link GitHubError} for what is no issue: ours may be behind it.
 * `mayBeDone`: it is the answer to a write.
 */
export function listed(item: unknown, mayBeDone = false): Listed | null {
  const { number, title, body, state, labels, pull_request } = Object(item) as Record<
    string,
    unknown
  >;
  if (pull_request) return null;
  if (!Number.isSafeInteger(number) || typeof title !== 'string' || !Array.isArray(labels))
    throw new GitHubError('GitHub answered something that is no issue', {
      fault: 'server',
      status: 200,
      mayBeDone,
    });
  const names = labels.map((each: unknown) =>
    typeof each === 'string' ? each : (Object(each) as { name?: unknown }).name,
  );
  return {
    number: number as number,
    title,
    body: typeof body === 'string' ? body : null,
    isOpen: state === 'open',
    labels: names.filter((name) => typeof name === 'string'),
  };
}

/** GitHub does not tell labels apart by capitals. */
export const hasLabel = (labels: readonly string[], label: string): boolean =>
  labels.some((each) => each.trim().toLowerCase() === label.trim().toLowerCase());

function ownIssue(item: unknown, place: IssuePlace): Issue | null {
  const found = listed(item);
  if (!found?.body?.startsWith(markerOf(place)) || !hasLabel(found.labels, place.label))
    return null;
  const { number, title, body, isOpen } = found;
  return { number, title, body, isOpen };
}

/** Open ones first, and of these the oldest: two processes that made one each come to the same. */
const inOrder = (a: Issue, b: Issue): number =>
  Number(b.isOpen) - Number(a.isOpen) || a.number - b.number;

const ownOf = (items: readonly unknown[], place: IssuePlace): Issue[] =>
  items.flatMap((item) => ownIssue(item, place) ?? []).toSorted(inOrder);

/** The issue of this number, if it is about this; null if it is not, or not there any more. */
async function numbered(client: GitHub, place: IssuePlace, number: number): Promise<Issue | null> {
  const { owner, repo } = place;
  try {
    const found = await client.ask((rest) =>
      rest.issues.get({ owner, repo, issue_number: number }),
    );
    const issue = ownIssue(found, place);
    // GitHub leads from an issue that was moved to where it is now: in another repository, mostly with another number. That number is
    // of an issue of other people here.
    return issue?.number === number && (await isHere(client, place, found)) ? issue : null;
  } catch (error) {
    // It was deleted, made a discussion, or moved to where the token sees nothing.
    if (!(error instanceof GitHubError) || error.fault !== 'gone') throw error;
    return null;
  }
}

/** Whether the issue is in this repository, also if the repository was renamed since. */
async function isHere(
  client: GitHub,
  { owner, repo }: IssuePlace,
  issue: unknown,
): Promise<boolean> {
  const { repository_url: home } = Object(issue) as { repository_url?: unknown };
  if (typeof home !== 'string') return true;
  const wanted = `/repos/${owner}/${repo}`.toLowerCase();
  if (home.toLowerCase().endsWith(wanted)) return true;
  const { url } = await client.ask((rest) => rest.repos.get({ owner, repo }));
  return url === home;
}

type State = 'open' | 'closed' | 'all';

/** The issues with the label, the newest first. */
async function list(client: GitHub, place: IssuePlace, state: State): Promise<Issue[]> {
  const { owner, repo, label, since } = place;
  const { items } = await client.pages(
    (rest, { page }) =>
      rest.issues.listForRepo({
        owner,
        repo,
        labels: label,
        state,
        ...(since && { since: new Date(since.getTime() - marginMs).toISOString() }),
        sort: 'created',
        direction: 'desc',
        per_page: pageSize,
        page,
      }),
    maxPages,
  );
  return ownOf(items, place);
}

/**
 * All issues about this among those with the label, open ones first. Without `since`, closed ones are looked for only where none is
 * open: an open issue may be older than hundreds of closed ones.
 */
export async function labelledIssues(client: GitHub, place: IssuePlace): Promise<Issue[]> {
  if (place.since) return list(client, place, 'all');
  const open = await list(client, place, 'open');
  return open.length > 0 ? open : list(client, place, 'closed');
}

/** Those among the newest issues of the repository: a list with a label may be behind by a minute. */
export async function newestIssues(client: GitHub, place: IssuePlace): Promise<Issue[]> {
  const { owner, repo } = place;
  const { items } = await client.pages(
    (rest) =>
      rest.issues.listForRepo({
        owner,
        repo,
        state: 'all',
        sort: 'created',
        direction: 'desc',
        per_page: newestSize,
      }),
    1,
  );
  return ownOf(items, place);
}

/**
 * The issue of this number if it is the one that is sought, else the first one with its marker, an open one before those that are
 * closed; null if there is none.
 */
export async function findIssue(
  client: GitHub,
  place: IssuePlace,
  number: number | null = null,
): Promise<Issue | null> {
  const known = number === null ? null : await numbered(client, place, number);
  if (known) return known;
  const [found] = await labelledIssues(client, place);
  return found ?? (await newestIssues(client, place))[0] ?? null;
}
