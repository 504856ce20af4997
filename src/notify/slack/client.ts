/** Slack's methods, through Slack's own client; every request is made by the channel's context, which checks the address. */
import type { FetchFunction, KnownBlock, Logger } from '@slack/web-api';
import { messageOf } from '../../ground/errors.ts';
import { OutboundError } from '../../outbound/error.ts';
import type { ChannelContext } from '../channel.ts';
import { safeLine } from '../words/safe.ts';
import { refusalOf, SlackRefusal, unansweredRefusal } from './answer.ts';

/** A channel, by its id, and a message in it, by its timestamp in Slack. */
export interface MessageTarget {
  channel: string;
  /** the message that is edited, or in whose thread a new message is posted */
  ts?: string;
}

interface Content {
  text: string;
  blocks: KnownBlock[];
}

/** Nothing of a request or an answer is written anywhere: Slack's client would print some of it. */
const silent: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  setLevel() {},
  getLevel: () => 'error' as never,
  setName() {},
};

/** Throws {@link SlackRefusal}. */
export async function openSlack(
  { token, api_url }: { token: string; api_url: string },
  { request }: Pick<ChannelContext<unknown>, 'request'>,
) {
  const { WebClient, WebAPIHTTPError, WebAPIPlatformError, WebAPIRequestError } =
    await import('@slack/web-api');
  // What the last answer said: the client does not pass all of it on.
  let status = 0;
  let retryAfter: string | undefined;

  const fetch: FetchFunction = async (url, init = {}) => {
    status = 0;
    const answer = await request({
      method: 'POST',
      url: String(url),
      headers: init.headers,
      body: String(init.body ?? ''),
    });
    status = answer.status;
    retryAfter = answer.headers['retry-after'];
    return responseOf(String(url), answer);
  };

  const client = new WebClient(token, {
    slackApiUrl: api_url,
    fetch,
    logger: silent,
    // The delivery tries again by itself, after the time for which Slack asks.
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    allowAbsoluteUrls: false,
  });

  const call = async (method: string, options: Record<string, unknown>): Promise<string> => {
    try {
      const { ts } = (await client.apiCall(method, options)) as { ts?: unknown };
      if (typeof ts === 'string') return ts;
      throw unansweredRefusal('Slack answered without the timestamp of the message', true);
    } catch (error) {
      if (error instanceof SlackRefusal) throw error;
      if (error instanceof WebAPIRequestError) {
        const { original } = error;
        const wasSent = !(original instanceof OutboundError) || original.sent;
        throw unansweredRefusal(safeLine(messageOf(original).slice(0, 300)), wasSent);
      }
      if (error instanceof WebAPIPlatformError)
        throw refusalOf(status, codeOf(error.data['error']), retryAfter);
      if (error instanceof WebAPIHTTPError) throw refusalOf(status, null, retryAfter);
      // A status of 429, with or without the time to wait.
      if (status === 429) throw refusalOf(status, null, retryAfter);
      // The client does not expect an answer such as `null`.
      if (status !== 0) throw refusalOf(status, null);
      throw error;
    }
  };

  // With these options Slack interprets nothing in a text: no links, no mentions, no previews of addresses.
  const asIs = { parse: 'none', link_names: false, unfurl_links: false, unfurl_media: false };

  return {
    /** Posts a new message, in the thread of `ts` if there is one; returns its timestamp. */
    post: ({ channel, ts }: MessageTarget, content: Content, id: string, broadcast = false) =>
      call('chat.postMessage', {
        channel,
        ...content,
        ...asIs,
        mrkdwn: false,
        metadata: { event_type: 'roundsman_message', event_payload: { id } },
        ...(ts !== undefined && { thread_ts: ts, ...(broadcast && { reply_broadcast: true }) }),
      }),
    /** Edits a message; returns its timestamp. Blocks are always given: without them Slack would keep the earlier ones. */
    update: ({ channel, ts }: Required<MessageTarget>, content: Content) =>
      call('chat.update', { channel, ts, ...content, parse: 'none', link_names: false }),
  };
}

export type Slack = Awaited<ReturnType<typeof openSlack>>;

/** Slack's error code; null for other text, because its client takes a body that is not JSON for the code. */
const codeOf = (error: unknown): string | null =>
  typeof error === 'string' && /^[a-z_]{1,60}$/.test(error) ? error : null;

function responseOf(
  url: string,
  { status, body, headers }: { status: number; body: string; headers: Record<string, string> },
): Awaited<ReturnType<FetchFunction>> {
  return {
    ok: status >= 200 && status < 300,
    status,
    statusText: '',
    url,
    headers: {
      get: (name) => headers[name.toLowerCase()] ?? null,
      entries: () => Object.entries(headers),
    },
    text: async () => body,
    json: async () => JSON.parse(body) as unknown,
    arrayBuffer: async () => new TextEncoder().encode(body).buffer,
  };
}
