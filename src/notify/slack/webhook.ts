/** An incoming webhook of Slack: it takes a new message, and answers `ok` or an error code instead of the message's timestamp. */
import { messageOf } from '../../ground/errors.ts';
import { OutboundError } from '../../outbound/error.ts';
import type { ChannelContext } from '../channel.ts';
import { safeLine } from '../words/safe.ts';
import { refusalOf, SlackRefusal, unansweredRefusal } from './answer.ts';
import type { SlackText } from './blocks.ts';
import { isEncryptedOrLocal } from './config.ts';

/** Throws {@link SlackRefusal}. */
export async function postToWebhook(
  url: string,
  { text, blocks }: SlackText,
  { request }: Pick<ChannelContext<unknown>, 'request'>,
): Promise<void> {
  if (!isEncryptedOrLocal(url))
    throw new SlackRefusal({
      sent: false,
      why: 'webhook_url does not begin with https://: set the secret to the one that Slack gave',
      final: 'channel',
    });
  const asIs = { mrkdwn: false, unfurl_links: false, unfurl_media: false, link_names: false };
  const answer = await request({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify({ text, ...(blocks.length > 0 && { blocks }), ...asIs }),
  }).catch((error: unknown) => {
    if (!(error instanceof OutboundError)) throw error;
    throw unansweredRefusal(safeLine(messageOf(error).slice(0, 300)), error.sent);
  });
  if (answer.status === 200) return;
  const [code = ''] = answer.body.trim().split(/\s/, 1);
  throw refusalOf(
    answer.status,
    /^[a-z_]{1,60}$/.test(code) ? code : null,
    answer.headers['retry-after'],
  );
}
