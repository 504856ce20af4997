/** Makes, edits and closes the issues that Roundsman keeps, one for each ticket or problem. */
import type { GitHub } from './client.ts';
import { GitHubError } from './error.ts';
import {
  findIssue,
  hasLabel,
  labelledIssues,
  listed,
  markerOf,
  newestIssues,
  type Issue,
  type IssuePlace,
} from './find-issue.ts';
import { explained } from './refusal.ts';

/** What an issue is to be. */
export interface WantedIssue {
  title: string;
  /** without the marker */
  body: string;
  /** 'kept' leaves an issue that exists as open or closed as it is, and makes a new one open */
  state: 'open' | 'closed' | 'kept';
  /** false: where there is no issue, none is made */
  makes?: boolean;
}

/** What the issue of a problem is about, for {@link IssuePlace.about}. A fingerprint of other letters does not fit into a marker. */
export const aboutProblem = (fingerprint: string): string => `problem ${fingerprint}`;

type Where = Pick<IssuePlace, 'owner' | 'repo'>;

type Edit = { title?: string; body?: string } & (
  | { state: 'open'; state_reason: 'reopened' }
  | { state: 'closed'; state_reason: 'completed' | 'not_planned' }
  | { state?: never }
);

/** Edits the issue. Throws {@link GitHubError}, also where the answer is not the issue as it was to be: a proxy may answer anything. */
async function edit(
  client: GitHub,
  { owner, repo }: Where,
  issue_number: number,
  to: Edit,
): Promise<void> {
  const answer = await client
    .ask((rest) => rest.issues.update({ owner, repo, issue_number, ...to }))
    .catch(async (error: unknown) => {
      throw await explained(client, { owner, repo, is: 'issue' }, error);
    });
  const found = listed(answer, true);
  const isDone =
    found?.number === issue_number && (!to.state || found.isOpen === (to.state === 'open'));
  if (!isDone)
    throw new GitHubError(`GitHub did not edit the issue ${owner}/${repo}#${issue_number}`, {
      fault: 'server',
      status: 200,
      mayBeDone: true,
    });
}

export const closeIssue = (client: GitHub, place: Where, number: number): Promise<void> =>
  edit(client, place, number, { state: 'closed', state_reason: 'completed' });

/** Closes what should not be there. A fault of GitHub's leaves it open, because another error is being reported. */
const closeUnwanted = (client: GitHub, place: Where, number: number): Promise<void> =>
  edit(client, place, number, { state: 'closed', state_reason: 'not_planned' }).catch(
    (error: unknown) => {
      if (!(error instanceof GitHubError)) throw error;
    },
  );

/** Keeps the first of these issues, and closes the other open ones: each was made by a process that did not know of the first. */
async function keepFirst(client: GitHub, place: Where, found: readonly Issue[]): Promise<void> {
  for (const { number, isOpen } of found.slice(1))
    if (isOpen) await closeUnwanted(client, place, number);
}

/**
 * GitHub makes an issue without its label, and without an error, for an account that may not label it (docs.github.com/rest/issues/issues).
 * Such an issue would not be found again, and each change of its ticket would make another one.
 */
async function refuseUnlabelled(
  client: GitHub,
  { owner, repo, label }: IssuePlace,
  number: number,
): Promise<never> {
  await closeUnwanted(client, { owner, repo }, number);
  throw new GitHubError(
    `GitHub made the issue ${owner}/${repo}#${number} without the label ${label}, by which it would be found again: the account may ` +
      'write issues there, and not label them (its role has to be Triage or higher), or not make the label, which then has to be made by hand',
    { fault: 'forbidden', status: 201, of: 'repository' },
  );
}

/** Makes the issue. Where another process made one about the same at the same time, the older one is kept, and returned. */
async function make(
  client: GitHub,
  place: IssuePlace,
  { title, body }: { title: string; body: string },
  onMade?: (number: number) => void,
): Promise<Issue> {
  const { owner, repo, label } = place;
  const answer = await client
    .ask((rest) => rest.issues.create({ owner, repo, title, body, labels: [label] }))
    .catch(async (error: unknown) => {
      throw await explained(client, { owner, repo, is: 'repository' }, error);
    });
  const created = listed(answer, true);
  if (!created)
    throw new GitHubError('GitHub made no issue', {
      fault: 'server',
      status: 201,
      mayBeDone: true,
    });
  const made: Issue = { number: created.number, title, body, isOpen: true };
  onMade?.(made.number);
  if (!hasLabel(created.labels, label)) await refuseUnlabelled(client, place, made.number);
  const others = (await newestIssues(client, place)).filter(
    ({ number, isOpen }) => isOpen && number !== made.number,
  );
  const all = [...others, made].toSorted((a, b) => a.number - b.number);
  await keepFirst(client, place, all);
  const first = all[0]!;
  if (first !== made) onMade?.(first.number);
  return first;
}

const stateIn = (state: WantedIssue['state'], isOpen: boolean): boolean =>
  state === 'kept' ? isOpen : state === 'open';

/**
 * Makes the issue, or brings it up to date; nothing is sent where it is so already. It is looked for before it is made: `number` is
 * where it was last, if that is known. `onMade` is told the number of a new issue at once: it is open, even if it is to be closed. Null
 * where there is none, and none is to be made. Throws {@link GitHubError}.
 */
export async function upsertIssue(
  client: GitHub,
  place: IssuePlace,
  wanted: WantedIssue,
  { number = null, onMade }: { number?: number | null; onMade?: (number: number) => void } = {},
): Promise<(Issue & { made: boolean; changed: boolean }) | null> {
  const { title, state, makes = true } = wanted;
  const body = `${markerOf(place)}\n${wanted.body}`;
  const found = await findIssue(client, place, number).catch(async (error: unknown) => {
    throw await explained(client, { ...place, is: 'repository' }, error);
  });
  if (!found && !makes) return null;
  const issue = found ?? (await make(client, place, { title, body }, onMade));
  const isOpen = stateIn(state, issue.isOpen);
  // GitHub stores line ends as it likes.
  const isSame = issue.title === title && issue.body.replaceAll('\r\n', '\n') === body;
  const isSameState = issue.isOpen === isOpen;
  if (!isSame || !isSameState)
    await edit(client, place, issue.number, {
      title,
      body,
      ...(!isSameState &&
        (isOpen
          ? { state: 'open' as const, state_reason: 'reopened' as const }
          : { state: 'closed' as const, state_reason: 'completed' as const })),
    });
  // What a killed process left is closed at the latest with the issue itself.
  if (found && !isOpen && !isSameState && place.since) {
    const others = (await labelledIssues(client, place)).filter(
      (each) => each.number !== issue.number,
    );
    await keepFirst(client, place, [issue, ...others]);
  }
  const made = found === null;
  return {
    number: issue.number,
    title,
    body,
    isOpen,
    made,
    changed: made || !isSame || !isSameState,
  };
}
