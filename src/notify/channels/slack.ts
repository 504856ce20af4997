/**
 * Slack. With a bot token a ticket has one message, which is edited as the ticket changes, and what happened stands in
 * its thread. With an incoming webhook there are only new messages: Slack gives those no name by which they are edited.
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
type Token = Extract<SlackConfig, { token: string }>;

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
      : 'Slack, by an incoming webhook: each time a new message, as Slack lets a webhook edit none';
    const { subject, ...words } = wordsOf(message, previewed);
    return [how, '', ...linesOf({ subject, ...words })].join('\n');
  },
});

const previewed = { subject: 150, line: 300, body: 2_900, events: 10, tickets: 8 };

/** Slack tells no person of an edit. These events are told in the channel, and not in the thread alone. */
const loud = new Set(['reopened', 'raised', 'escalated', 'reminded', 'woken']);

async function deliverByToken(
  message: Message,
  config: Token,
  context: Context,
): Promise<Delivery> {
  const client = await openSlack(config, context);
  const { channel } = config;
  if (message.kind !== 'ticket') {
    const { ts, notes } = await post(client, message, channel);
    return sent(ts, notes);
  }
  // The newest is the one that stands: an earlier one was deleted by a person.
  const standing = timestampIn(context.before?.last);
  const isNew = standing === null;
  const { ts, notes } = isNew
    ? await post(client, message, channel)
    : await edit(client, message, { channel, ts: standing });
  // The message itself says that the ticket was opened.
  const isTold = isNew && message.events.every(({ event }) => event === 'opened');
  if (isTold) return sent(ts, notes);
  try {
    const isLoud = !isNew && message.events.some(({ event }) => loud.has(event));
    notes.push(...(await reply(client, message, { channel, ts }, isLoud)));
  } catch (error) {
    if (!(error instanceof SlackRefusal)) throw error;
    // The next try edits the message that is there, which is the same then, and says in its thread what happened.
    if (error.notSent.final === undefined && error.word !== 'thread_not_found')
      throw new SlackRefusal(
        { ...error.notSent, partly: { reference: ts, recipients: [] } },
        error.word,
      );
    notes.push(`what happened is not in the thread: ${error.notSent.why}`);
  }
  return sent(ts, notes);
}

/** Null for what is no message of Slack: under the name of this channel there was one of another kind before. */
const timestampIn = (reference: string | undefined): string | null =>
  reference !== undefined && /^\d+\.\d+$/.test(reference) ? reference : null;

const sent = (reference: string | null, notes: string[]): Sent => ({
  sent: true,
  reference,
  ...(notes.length > 0 && { note: notes.join('; ') }),
});

async function post(client: Slack, message: Message, channel: string) {
  const content = messageBlocks(message, message.kind === 'ticket');
  const { result, note } = await inAnyForm(content, message, (form) =>
    client.post({ channel }, form, message.id),
  );
  return { ts: result, notes: note };
}

async function edit(client: Slack, message: Message, place: { channel: string; ts: string }) {
  try {
    // An edit that is made again is no repeat.
    const content = messageBlocks({ ...message, repeats: 0 }, true);
    const { result, note } = await inAnyForm(content, message, (form) =>
      client.update(place, form),
    );
    return { ts: result, notes: note };
  } catch (error) {
    if (!isGone(error)) throw withoutRepeat(error);
    const { ts, notes } = await post(client, message, place.channel);
    return {
      ts,
      notes: [
        `its message can be edited no longer (${(error as SlackRefusal).word}), so it was posted anew`,
        ...notes,
      ],
    };
  }
}

function withoutRepeat(error: unknown): unknown {
  if (!(error instanceof SlackRefusal)) return error;
  const { mayBeThere, ...notSent } = error.notSent;
  return mayBeThere ? new SlackRefusal(notSent, error.word) : error;
}

async function reply(
  client: Slack,
  message: Extract<Message, { kind: 'ticket' }>,
  place: { channel: string; ts: string },
  isLoud: boolean,
): Promise<string[]> {
  const content = historyBlocks(message);
  if (content === null) return [];
  const { note } = await inAnyForm(content, message, (form) =>
    client.post(place, form, message.id, isLoud),
  );
  return note;
}

/** Slack may refuse blocks that keep its documented limits, and long text: then it gets a plainer form. */
async function inAnyForm<Result>(
  content: SlackText,
  message: Message,
  send: (form: SlackText) => Promise<Result>,
): Promise<{ result: Result; note: string[] }> {
  const forms: { form: SlackText; note: string[] }[] = [
    { form: content, note: [] },
    {
      form: { text: content.text, blocks: [] },
      note: ['Slack refused its blocks; it was sent as plain text'],
    },
    {
      form: { text: shortest(message), blocks: [] },
      note: ['Slack refused its blocks and its text; only its first line was sent'],
    },
  ];
  let refused: unknown;
  for (const { form, note } of forms)
    try {
      return { result: await send(form), note };
    } catch (error) {
      if (!isFormRefused(error)) throw error;
      refused = error;
    }
  const { notSent, word } = refused as SlackRefusal;
  throw new SlackRefusal({ ...notSent, final: 'message' }, word);
}

async function deliverByWebhook(
  message: Message,
  url: string,
  context: Context,
): Promise<Delivery> {
  const content = messageBlocks(message, false);
  const { note } = await inAnyForm(content, message, (form) => postToWebhook(url, form, context));
  return sent(null, note);
}
