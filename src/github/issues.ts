/**
 * Issues that Roundsman keeps, one for each ticket or problem. Each has a marker in its body, which says what it is about, and a label.
 * An issue counts as ours only with both: anybody can write a marker into an issue of a public repository, but only who may
 * write there can give it a label.
 */
import { printable } from '../ground/text.ts';
import type { GitHub } from './client.ts';
import { GitHubError } from './error.ts';

export interface IssuePlace {
  owner: string;
  repo: string;
  /** the label that all of them have */
  label: string;
  /** what the issue is about: letters, digits, spaces, `.`, `:` and single dashes */
  about: string;
}

export interface Issue {
  number: number;
  title: string;
  body: string;
  isOpen: boolean;
}

/** What an issue is to be. `state`: 'kept' leaves an issue that exists as open or closed as it is, and makes a new one open. */
export interface WantedIssue {
  title: string;
  /** without the marker */
  body: string;
  state: 'open' | 'closed' | 'kept';
}

/** What the issue of a problem is about, for {@link IssuePlace.about}. A fingerprint of other letters does not fit into a marker. */
export const aboutProblem = (fingerprint: string): string => `problem ${fingerprint}`;

/** How many pages of 100 are searched of the open issues, and of the closed ones, the newest first. */
const maxPages = 5;

const marker = ({ about }: IssuePlace): string => {
  if (!/^[A-Za-z0-9.: ]+(-[A-Za-z0-9.: ]+)*$/.test(about))
    throw new Error('what an issue is about has to fit into a comment of HTML');
  return `<!-- roundsman: ${about} -->`;
};

interface Listed {
  number: number;
  title: string;
  body: string | null;
  isOpen: boolean;
  labels: string[];
}

/** An issue as GitHub answers it; null for a pull request. Throws {@link GitHubError} for what is no issue: ours may be behind it. */
function listed(item: unknown): Listed | null {
  const { number, title, body, state, labels, pull_request } = Object(item) as Record<
    string,
    unknown
  >;
  if (pull_request) return null;
  if (!Number.isSafeInteger(number) || typeof title !== 'string' || !Array.isArray(labels))
    throw new GitHubError('GitHub answered something that is no issue', {
      fault: 'server',
      status: 200,
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
const hasLabel = (labels: readonly string[], label: string): boolean =>
  labels.some((each) => each.trim().toLowerCase() === label.trim().toLowerCase());

function ownIssue(item: unknown, place: IssuePlace): Issue | null {
  const found = listed(item);
  if (!found?.body?.startsWith(marker(place)) || !hasLabel(found.labels, place.label)) return null;
  const { number, title, body, isOpen } = found;
  return { number, title, body, isOpen };
}

/**
 * The issue of this number if it is the one that is sought, else the newest one with its marker, an open one before those that are
 * closed; null if there is none.
 */
export async function findIssue(
  client: GitHub,
  place: IssuePlace,
  number: number | null = null,
): Promise<Issue | null> {
  const { owner, repo } = place;
  if (number !== null)
    try {
      const found = await client.ask((rest) =>
        rest.issues.get({ owner, repo, issue_number: number }),
      );
      const issue = ownIssue(found, place);
      // GitHub leads from an issue that was moved to where it is now: in another repository, mostly with another number. That number is
      // of an issue of other people here.
      if (issue?.number === number) return issue;
    } catch (error) {
      // It was deleted, or moved to where the token sees nothing.
      if (!(error instanceof GitHubError) || error.fault !== 'gone') throw error;
    }
  // An open issue may be older than hundreds of closed ones.
  for (const state of ['open', 'closed'] as const)
    for (const item of await list(client, place, state)) {
      const issue = ownIssue(item, place);
      if (issue) return issue;
    }
  return null;
}

/** The issues with the label, the newest first. */
async function list(
  client: GitHub,
  { owner, repo, label }: Omit<IssuePlace, 'about'>,
  state: 'open' | 'closed',
): Promise<unknown[]> {
  const { items } = await client.pages(
    (rest, { page }) =>
      rest.issues.listForRepo({
        owner,
        repo,
        labels: label,
        state,
        sort: 'created',
        direction: 'desc',
        per_page: 100,
        page,
      }),
    maxPages,
  );
  return items;
}

export async function closeIssue(
  client: GitHub,
  { owner, repo }: Pick<IssuePlace, 'owner' | 'repo'>,
  issue_number: number,
): Promise<void> {
  await client.ask((rest) =>
    rest.issues.update({ owner, repo, issue_number, state: 'closed', state_reason: 'completed' }),
  );
}

/**
 * GitHub makes an issue without its label, and without an error, for an account that may not label it (docs.github.com/rest/issues/issues).
 * Such an issue would not be found again, and each change of its ticket would make another one.
 */
async function refuseUnlabelled(
  client: GitHub,
  place: IssuePlace,
  issue_number: number,
): Promise<never> {
  const { owner, repo, label } = place;
  await client
    .ask((rest) =>
      rest.issues.update({
        owner,
        repo,
        issue_number,
        state: 'closed',
        state_reason: 'not_planned',
      }),
    )
    .catch((error: unknown) => {
      if (!(error instanceof GitHubError)) throw error;
    });
  throw new GitHubError(
    `GitHub made the issue ${owner}/${repo}#${issue_number} without the label ${label}, by which it would be found again: the account may write issues there, and not label them (its role has to be Triage or higher)`,
    { fault: 'forbidden', status: 201 },
  );
}

/**
 * Makes the issue, or brings it up to date; nothing is sent where it is so already. It is looked for before it is made. `onMade` is
 * told the number of a new issue at once: it is open, even if it is to be closed. Throws {@link GitHubError}.
 */
export async function upsertIssue(
  client: GitHub,
  place: IssuePlace,
  wanted: WantedIssue,
  { number = null, onMade }: { number?: number | null; onMade?: (number: number) => void } = {},
): Promise<Issue & { made: boolean; changed: boolean }> {
  const { owner, repo, label } = place;
  const { title } = wanted;
  const body = `${marker(place)}\n${wanted.body}`;
  let issue = await findIssue(client, place, number);
  const made = issue === null;
  if (issue === null) {
    const created = await client.ask((rest) =>
      rest.issues.create({ owner, repo, title, body, labels: [label] }),
    );
    issue = { number: created.number, title, body, isOpen: true };
    onMade?.(issue.number);
    if (!hasLabel(listed(created)?.labels ?? [], label))
      await refuseUnlabelled(client, place, issue.number);
  }
  const isOpen = wanted.state === 'kept' ? issue.isOpen : wanted.state === 'open';
  // GitHub stores line ends as it likes.
  const isSame = issue.title === title && issue.body.replaceAll('\r\n', '\n') === body;
  if (isSame && issue.isOpen === isOpen) return { ...issue, made, changed: made };
  const { number: issue_number } = issue;
  await client.ask((rest) =>
    rest.issues.update({
      owner,
      repo,
      issue_number,
      title,
      body,
      ...(issue.isOpen !== isOpen &&
        (isOpen
          ? { state: 'open' as const, state_reason: 'reopened' as const }
          : { state: 'closed' as const, state_reason: 'completed' as const })),
    }),
  );
  return { number: issue_number, title, body, isOpen, made, changed: true };
}

/**
 * Text from outside as an issue may show it: in a fence, in which GitHub makes no mention, no link, no reference and no image. The
 * fence is longer than any in the text.
 */
export function inFence(given: readonly string[]): string {
  const lines = given.map(printable);
  const longest = Math.max(
    0,
    ...lines.flatMap((line) => line.match(/`+/g) ?? []).map((run) => run.length),
  );
  const fence = '`'.repeat(Math.max(3, longest + 1));
  return [`${fence}text`, ...lines, fence].join('\n');
}

/** A title shows no mention and no reference: `@name` and `#12` are written apart. GitHub takes 256 characters. */
export const safeTitle = (title: string): string =>
  printable(title)
    .replaceAll(/([@#])(?=[\p{L}\p{N}])/gu, '$1 ')
    .replaceAll('`', "'")
    .slice(0, 250)
    .replace(/[\ud800-\udbff]$/, '')
    .trim() || 'Roundsman';
