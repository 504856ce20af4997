/**
 * Issues at GitHub: one for each ticket, which is edited as the ticket changes, and closed with it. GitHub tells people of a new issue,
 * of a closed and of a reopened one, and not of an edit.
 */
import { openGitHub } from '../../github/client.ts';
import { GitHubError } from '../../github/error.ts';
import { upsertIssue, type IssuePlace } from '../../github/issues.ts';
import { defineChannel, type NotSent } from '../channel.ts';
import { accessOf, gitHubConfig, type GitHubConfig } from '../github/config.ts';
import { aboutOf, issueOf } from '../github/issue.ts';
import type { Message } from '../message.ts';

const placeOf = ({ repository, label }: GitHubConfig, message: Message): IssuePlace => {
  const [owner = '', repo = ''] = repository.split('/');
  return { owner, repo, label, about: aboutOf(message) };
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
      const { number } = await upsertIssue(client, placeOf(config, message), issueOf(message), {
        number: numberIn(before?.last),
        onMade: (issue) => (made = issue),
      });
      return { sent: true, reference: String(number) };
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
function notSentOf({ fault, message: why, waitMs }: GitHubError): NotSent {
  switch (fault) {
    case 'busy':
      return { sent: false, why, ...(waitMs !== null && { retryAfterMs: waitMs }) };
    case 'token':
      return { sent: false, why: `${why}: set the secret again`, final: 'channel' };
    case 'forbidden':
      return { sent: false, why: `${why}: it has to be allowed to write issues`, final: 'channel' };
    case 'gone':
      return {
        sent: false,
        why: `${why}: there is no such repository, its issues are off, or the token may not see it`,
        final: 'channel',
      };
    case 'invalid':
      return { sent: false, why, final: 'message' };
    case 'server':
    case 'unreached':
      return { sent: false, why };
  }
}
