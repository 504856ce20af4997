/**
 * Slack. With a bot token a ticket has one message, which is edited as the ticket changes, and its thread says what happened.
 * With an incoming webhook every message is a new one: Slack returns no timestamp for it, so it cannot be edited.
 */
import { defineChannel, type ChannelContext, type Delivery, type Sent } from '../channel.ts';
import type { Message } from '../message.ts';
import { isFormRefused, isGone, SlackRefusal } from '../slack/answer.ts';
import { historyBlocks, messageBlocks, shortest, type SlackText } from '../slack/blocks.ts';
import { openSlack, type Slack } from '../slack/client.ts';
import { hasToken, slackConfig, type SlackConfig } from '../slack/config.ts';
import { postToWebhook } from '../slack/webhook.ts';
import { linesOf, wordsOf } from '../words/words.ts';

type Context = ChannelContext<SlackConfig>;
type TokenConfig = Extract<SlackConfig, { token: string }>;

export const slack = defineChannel<SlackConfig>({
  kind: 'slack',
  title: 'Slack: one message per ticket with a bot token, or new messages by an incoming webhook',
  config: slackConfig,
  edits: hasToken,

  async deliver(message, context) {
    try {
      const { config } = context;
      return hasToken(config)
        ? await deliverByToken(message, config, context)
        : await deliverByWebhook(message, config.webhook_url, context);
    } catch (error) {
      if (error instanceof SlackRefusal) return error.notSent;
      throw error;
    }
  },

  preview(message, config) {
    const how = hasToken(config)
      ? `Slack, channel ${config.channel}: one message per ticket, edited as it changes; what happened goes into its thread`
      : 'Slack, by an incoming webhook: a new message each time, because a webhook cannot edit messages';
    return [how, '', ...linesOf(wordsOf(message, previewLimits))].join('\n');
  },
});

const previewLimits = { subject: 150, line: 300, body: 2_900, events: 10, tickets: 8 };

/** Slack does not notify people of an edit. So a reply about one of these events also appears in the channel. */
const broadcastEvents = new Set(['reopened', 'raised', 'escalated', 'reminded', 'woken']);

async function deliverByToken(
  message: Message,
  config: TokenConfig,
  context: Context,
): Promise<Delivery> {
  const client = await openSlack(config, context);
  const { channel } = config;
  if (message.kind !== 'ticket') {
    const { ts, notes } = await post(client, message, channel);
    return sent(ts, notes);
  }
  // The newest message is edited: an earlier one, if there is any, could not be edited any more (`isGone`).
  const newest = timestampIn(context.before?.last);
  const isNew = newest === null;
  const { ts, notes } = isNew
    ? await post(client, message, channel)
    : await edit(client, message, { channel, ts: newest });
  // The message itself says that the ticket was opened.
  const needsNoReply = isNew && message.events.every(({ event }) => event === 'opened');
  if (needsNoReply) return sent(ts, notes);
  try {
    const isBroadcast = !isNew && message.events.some(({ event }) => broadcastEvents.has(event));
    notes.push(...(await reply(client, message, { channel, ts }, isBroadcast)));
  } catch (error) {
    if (!(error instanceof SlackRefusal)) throw error;
    // The message itself is up to date. The next try edits it again, which changes nothing, and then posts the reply.
    if (error.notSent.final === undefined && error.code !== 'thread_not_found')
      throw new SlackRefusal(
        { ...error.notSent, partly: { reference: ts, recipients: [] } },
        error.code,
      );
    notes.push(`what happened is not in the thread: ${error.notSent.why}`);
  }
  return sent(ts, notes);
}

/** Null if the reference is not a Slack timestamp: a channel of another kind had this name before. */
const timestampIn = (reference: string | undefined): string | null =>
  reference !== undefined && /^\d+\.\d+$/.test(reference) ? reference : null;

const sent = (reference: string | null, notes: string[]): Sent => ({
  sent: true,
  reference,
  ...(notes.length > 0 && { note: notes.join('; ') }),
});

async function post(client: Slack, message: Message, channel: string) {
  const content = messageBlocks(message, message.kind === 'ticket');
  const { result, notes } = await sendInPlainerForms(content, message, (form) =>
    client.post({ channel }, form, message.id),
  );
  return { ts: result, notes };
}

async function edit(client: Slack, message: Message, target: { channel: string; ts: string }) {
  try {
    // Making an edit twice does no harm, so the message is not marked as a repeat.
    const content = messageBlocks({ ...message, repeats: 0 }, true);
    const { result, notes } = await sendInPlainerForms(content, message, (form) =>
      client.update(target, form),
    );
    return { ts: result, notes };
  } catch (error) {
    if (!isGone(error)) throw withoutMayBeThere(error);
    const { ts, notes } = await post(client, message, target.channel);
    return {
      ts,
      notes: [
        `its message can be edited no longer (${(error as SlackRefusal).code}), so it was posted anew`,
        ...notes,
      ],
    };
  }
}

function withoutMayBeThere(error: unknown): unknown {
  if (!(error instanceof SlackRefusal)) return error;
  const { mayHaveArrived, ...notSent } = error.notSent;
  return mayHaveArrived ? new SlackRefusal(notSent, error.code) : error;
}

async function reply(
  client: Slack,
  message: Extract<Message, { kind: 'ticket' }>,
  target: { channel: string; ts: string },
  isBroadcast: boolean,
): Promise<string[]> {
  const content = historyBlocks(message);
  if (content === null) return [];
  const { notes } = await sendInPlainerForms(content, message, (form) =>
    client.post(target, form, message.id, isBroadcast),
  );
  return notes;
}

/** Slack sometimes refuses blocks that are within its documented limits, or long text. Then a plainer form is sent. */
async function sendInPlainerForms<Result>(
  content: SlackText,
  message: Message,
  send: (form: SlackText) => Promise<Result>,
): Promise<{ result: Result; notes: string[] }> {
  const forms: { form: SlackText; notes: string[] }[] = [
    { form: content, notes: [] },
    {
      form: { text: content.text, blocks: [] },
      notes: ['Slack refused its blocks; it was sent as plain text'],
    },
    {
      form: { text: shortest(message), blocks: [] },
      notes: ['Slack refused its blocks and its text; only its first line was sent'],
    },
  ];
  let refused: unknown;
  for (const { form, notes } of forms)
    try {
      return { result: await send(form), notes };
    } catch (error) {
      if (!isFormRefused(error)) throw error;
      refused = error;
    }
  const { notSent, code } = refused as SlackRefusal;
  throw new SlackRefusal({ ...notSent, final: 'message' }, code);
}

async function deliverByWebhook(
  message: Message,
  url: string,
  context: Context,
): Promise<Delivery> {
  const content = messageBlocks(message, false);
  const { notes } = await sendInPlainerForms(content, message, (form) =>
    postToWebhook(url, form, context),
  );
  return sent(null, notes);
}
