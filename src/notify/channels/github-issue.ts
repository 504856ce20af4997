/**
 * Issues at GitHub: one for each ticket, which is edited as the ticket changes, and closed with it. GitHub tells people of a new issue,
 * of a closed and of a reopened one, and not of an edit.
 */
import { openGitHub } from '../../github/client.ts';
import { GitHubError } from '../../github/error.ts';
import type { IssuePlace } from '../../github/find-issue.ts';
import { upsertIssue } from '../../github/issues.ts';
import { defineChannel, type NotSent } from '../channel.ts';
import { accessOf, gitHubConfig, type GitHubConfig } from '../github/config.ts';
import { aboutOf, issueOf, sinceOf } from '../github/issue.ts';
import type { Message } from '../message.ts';

const placeOf = ({ repository, label }: GitHubConfig, message: Message): IssuePlace => {
  const [owner = '', repo = ''] = repository.split('/');
  const since = sinceOf(message);
  return { owner, repo, label, about: aboutOf(message), ...(since && { since }) };
};

/** The number of an issue; null if the reference is of a channel of another kind that had this name before. */
const numberIn = (reference: string | undefined): number | null =>
  reference !== undefined && /^\d{1,9}$/.test(reference) ? Number(reference) : null;

export const gitHubIssue = defineChannel<GitHubConfig>({
  kind: 'github-issue',
  title: 'issues at GitHub: one per ticket, edited as it changes and closed with it',
  config: gitHubConfig,
  edits: () => true,

  async deliver(message, { config, request, signal, before }) {
    let made: number | null = null;
    try {
      // An attempt has 15 s: a longer wait is the delivery's.
      const client = await openGitHub(accessOf(config), { request, signal, maxWaitMs: 2_000 });
      const issue = await upsertIssue(client, placeOf(config, message), issueOf(message), {
        number: numberIn(before?.last),
        onMade: (issue) => (made = issue),
      });
      return issue
        ? { sent: true, reference: String(issue.number) }
        : { sent: true, reference: null, note: 'it had no issue there, so none was closed' };
    } catch (error) {
      if (!(error instanceof GitHubError)) throw error;
      return {
        ...notSentOf(error),
        ...(made !== null && { partly: { reference: String(made), recipients: [] } }),
      };
    }
  },

  preview(message, config) {
    const { title, body, state } = issueOf(message);
    const how = `GitHub, an issue in ${config.repository}${state === 'closed' ? ', closed' : ''}`;
    return [how, '', title, '', body].join('\n');
  },
});

/** What a fault means for the delivery. An issue that may have been made all the same is found by its marker at the next try. */
function notSentOf({ fault, message: why, waitMs, of }: GitHubError): NotSent {
  // It is gone since it was looked at: the next try looks for it again. What one issue is refused for is no fault of the channel.
  if (of === 'issue')
    return { sent: false, why, ...(fault === 'forbidden' && { final: 'message' as const }) };
  switch (fault) {
    case 'busy':
      return { sent: false, why, ...(waitMs !== null && { retryAfterMs: waitMs }) };
    case 'token':
      return {
        sent: false,
        why: `${why}: put that right, or set the secret again`,
        final: 'channel',
      };
    case 'forbidden':
    case 'gone':
      return { sent: false, why, final: 'channel' };
    case 'invalid':
      return { sent: false, why, final: 'message' };
    case 'server':
    case 'unreached':
      return { sent: false, why };
  }
}
