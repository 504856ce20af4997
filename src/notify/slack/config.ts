/** What the settings say about a Slack channel. */
import { z } from 'zod';

/** Only requests to this machine may go unencrypted: the token or the address is a secret. */
export const isEncryptedOrLocal = (address: string): boolean => {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname } = new URL(address);
  return (
    protocol === 'https:' ||
    (protocol === 'http:' && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname))
  );
};

const text = z.string().min(1).max(2_000);

export const slackConfig = z.union([
  z
    .strictObject({
      token: text.describe("a bot token with the scope chat:write: '{{secret:SLACK_TOKEN}}'"),
      channel: z
        .string()
        .regex(/^[CGD][A-Z0-9]{2,30}$/, 'the id of a channel begins with C, G or D: C0123456789')
        .describe(
          'the id of the channel, as its details in Slack show it; the app has to be in it',
        ),
      api_url: z
        .string()
        .refine(isEncryptedOrLocal, 'has to begin with https://')
        .default('https://slack.com/api/')
        .describe('where the API is; for GovSlack https://slack-gov.com/api/'),
    })
    .describe('one message per ticket, edited as it changes, with its history in the thread'),
  z
    .strictObject({
      webhook_url: text.describe("an incoming webhook: '{{secret:SLACK_WEBHOOK}}'"),
    })
    .describe('only new messages: a webhook cannot edit messages'),
]);

export type SlackConfig = z.output<typeof slackConfig>;

/** Only a bot token lets Slack edit what was sent. */
export const hasToken = (config: SlackConfig): config is Extract<SlackConfig, { token: string }> =>
  'token' in config;
