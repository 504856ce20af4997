/** What Slack's answers mean for a delivery, as it documents them for its methods and for incoming webhooks. */
import { safeLine } from '../words/safe.ts';
import type { NotSent } from '../channel.ts';

/** Slack has not taken the request, or it is not known whether it has. */
export class SlackRefusal extends Error {
  override readonly name = 'SlackRefusal';
  /** Slack's own error code: `channel_not_found`; null if it gave none */
  readonly code: string | null;
  readonly notSent: NotSent;

  constructor(notSent: NotSent, code: string | null = null) {
    super(notSent.why);
    this.notSent = notSent;
    this.code = code;
  }
}

/** What is wrong, or what a person has to do, by Slack's error code. Until then Slack takes no message of this channel. */
const whatToDo: Record<string, string> = {
  invalid_auth: 'it does not know the token: set the secret again',
  not_authed: 'no token was sent: set the secret',
  token_revoked: 'the token was revoked: install the app again, and set the secret',
  token_expired: 'the token has expired: set the secret again',
  account_inactive:
    'the app or its workspace was removed: install the app, and set the secret again',
  not_allowed_token_type: 'this is not a bot token, which begins with xoxb-',
  missing_scope: 'the app lacks the scope chat:write: add it, and install the app again',
  no_permission: 'the app lacks a right in the workspace',
  channel_not_found: 'there is no such channel, or the app may not see it: invite the app to it',
  is_archived: 'the channel is archived',
  channel_is_archived: 'the channel is archived',
  not_in_channel: 'the app is not in the channel: invite it',
  restricted_action: 'the workspace does not let the app write there',
  restricted_action_read_only_channel: 'the channel is read-only',
  restricted_action_thread_only_channel: 'the channel takes replies only',
  restricted_action_non_threadable_channel: 'the channel takes no replies',
  access_denied: 'the app may not use what it asks for',
  team_access_not_granted: 'the app was not let into the workspace',
  ekm_access_denied: 'the administrators have suspended messages',
  org_login_required: 'the workspace is being moved',
  enterprise_is_restricted: 'the method is closed to this organisation',
  method_deprecated: 'the method has ended',
  deprecated_endpoint: 'the method has ended',
  user_not_found: 'the person of the webhook is not there any more',
  action_prohibited: 'an administrator has closed the webhook',
  posting_to_general_channel_denied: 'the webhook may not write to #general',
  invalid_token: 'it does not know the webhook: set the secret again',
  no_service: 'the webhook was removed or switched off: make another one, and set the secret',
  no_service_id: 'this is not the address of a webhook: set the secret again',
  no_active_hooks: 'the webhook is switched off',
  no_team: 'the workspace of the webhook is not there any more',
  team_disabled: 'the workspace is disabled',
};

/** Slack refuses the form of a message, not the message: in a plainer or shorter one it may pass. */
const formRefused =
  /^(invalid_blocks(_format)?|msg_blocks_too_long|msg_too_long|invalid_(payload|arguments|metadata_format|metadata_schema)|metadata_(too_large|must_be_sent_from_app)|too_many_(blocks|attachments)|block_mismatch|blocks_.*|text_too_long)$/;

export const isFormRefused = (error: unknown): boolean =>
  error instanceof SlackRefusal && error.code !== null && formRefused.test(error.code);

/** The message of the ticket cannot be edited: it was deleted, belongs to an earlier app, or is too old. */
export const isGone = (error: unknown): boolean =>
  error instanceof SlackRefusal &&
  ['message_not_found', 'cant_update_message', 'edit_window_closed'].includes(error.code ?? '');

/** The wait that Slack asks for, in seconds; a wait of more than a day is cut to a day. */
const waitOf = (header: string | undefined): Pick<NotSent, 'retryAfterMs'> => {
  const seconds = Number(header);
  return header !== undefined && header.trim() !== '' && seconds >= 0
    ? { retryAfterMs: Math.min(seconds, 86_400) * 1_000 }
    : {};
};

/** The refusal for a status and Slack's error code. `header` is the value of `retry-after`. */
export function refusalOf(status: number, code: string | null, header?: string): SlackRefusal {
  const shown = code === null ? `status ${status}` : safeLine(code.slice(0, 100));
  if (status === 429 || code === 'ratelimited' || code === 'rate_limited')
    return new SlackRefusal(
      { sent: false, why: 'Slack asks to wait: too many messages', ...waitOf(header) },
      code,
    );
  const change = code === null ? undefined : whatToDo[code];
  if (change)
    return new SlackRefusal(
      { sent: false, why: `Slack refuses it: ${change} (${shown})`, final: 'channel' },
      code,
    );
  if (status === 410)
    return new SlackRefusal(
      {
        sent: false,
        why: `Slack refuses it: the address is gone for good (${shown})`,
        final: 'channel',
      },
      code,
    );
  const isUncertain =
    (status === 200 && code === null) || status >= 500 || uncertainCodes.has(shown);
  const why = isUncertain
    ? `Slack answered ${shown}; ${unknownOutcome}`
    : `Slack did not take it (${shown})`;
  return new SlackRefusal(
    { sent: false, why, ...waitOf(header), ...(isUncertain && { mayHaveArrived: true }) },
    code,
  );
}

/** Slack documents that it may have carried out a part of the request although it answers with one of these codes. */
const uncertainCodes = new Set([
  'internal_error',
  'fatal_error',
  'request_timeout',
  'rollup_error',
]);

const unknownOutcome = 'it is not known whether Slack took it, so a repeat may come';

/** For a request without an answer, or with one that does not say whether Slack took it. */
export const unansweredRefusal = (why: string, wasSent: boolean): SlackRefusal =>
  new SlackRefusal({
    sent: false,
    why: wasSent ? `${why}; ${unknownOutcome}` : why,
    ...(wasSent && { mayHaveArrived: true }),
  });
